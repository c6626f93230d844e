"""Trainings as plain data: augmentation, head, and the whole recipe; the job that carries it out.

How much a picture changes in an epoch hangs on (seed, epoch, number of the picture) alone, not on its batch, nor on
what was drawn before. A training that is taken up again, and the preview on a page, thus see the same pictures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry, tables
from models.errors import InputError
from models.jobs.job import Job, JobSpec, Task
from models.pictures import datasets
from models.storage.specs import PlainSpec
from models.wording import fixed, significant, whole_percent

Pooling = Literal["average", "max", "average+max", "flatten"]
BatchNormPolicy = Literal["hold", "train"]
Optimizer = Literal["adam", "sgd", "rmsprop"]
Schedule = Literal["constant", "cosine", "exponential"]
Weights = Literal["pretrained", "random"]
Preprocessing = Literal["own", "scaled twice"]

_STREAM = 0x6175676D  # "augm": apart from the numbers that decide the order of the pictures and dropout

# What `draws` returns, column by column.
COLUMNS = (
    "flip_horizontal", "flip_vertical", "degrees", "down", "right", "scale", "brightness", "contrast", "saturation",
    "hue", "cutout", "cut_row", "cut_col",
)  # fmt: skip
# The largest value of every setting that is a number; 0 is off.
LIMITS: dict[str, float] = {
    "rotation": 180.0,
    "shift": 0.5,
    "zoom": 0.5,
    "brightness": 0.5,
    "contrast": 0.9,
    "saturation": 1.0,
    "hue": 180.0,
    "cutout": 0.8,
}


@dataclass(frozen=True, slots=True)
class AugmentationSpec(PlainSpec):
    """What may change in a picture that is learnt from; all of it off by default.

    Every amount is drawn evenly between its two ends, anew for every picture in every epoch.

    Attributes:
        flip_horizontal, flip_vertical: Mirror half of the pictures, left to right or top to bottom.
        rotation: Turn by up to so many degrees, either way.
        shift: Move by up to this share of the height and of the width, either way.
        zoom: Enlarge by a factor between 1 - zoom and 1 + zoom.
        brightness: Add up to this share of the whole range of 0 to 255, or take it away.
        contrast, saturation: Multiply the distance of every value from the picture's mean grey, or from the pixel's own
            grey, by a factor between 1 - amount and 1 + amount.
        hue: Turn colours around the grey axis by up to so many degrees, either way.
        cutout: Cover a square of this share of the shorter side with mid-grey, anywhere.
    """

    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    cutout: float = 0.0

    @property
    def on(self) -> bool:
        """Whether anything changes."""
        return any(asdict(self).values())

    def check(self) -> None:
        """Raise InputError if a setting is outside its limits."""
        for name, largest in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value <= largest:
                raise InputError(
                    f"Expected the augmentation's {name} from 0 to {significant(largest, 6)}. Received "
                    f"{significant(value, 6)}."
                )


OFF = AugmentationSpec()
GENTLE = AugmentationSpec(flip_horizontal=True, rotation=15.0, shift=0.1, zoom=0.1, brightness=0.1, contrast=0.2)


def draws(spec: AugmentationSpec, seed: int, epoch: int, numbers: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return how much some pictures change in one epoch, float32 (n, columns) in the order of `COLUMNS`.

    Args:
        spec: What may change.
        seed: Of the run.
        epoch: From 0.
        numbers: int (n,), at least 0: the pictures, by their place in the data set.

    Returns:
        Flips are 0 or 1, degrees counter-clockwise, shifts in shares of height and width, scale, contrast and
        saturation factors around 1, brightness a share of 255, hue in degrees, and of the covered square its side, its
        middle row and its middle column in shares.
    """
    # Filled row by row: the numbers of a picture do not depend on how many follow.
    count = int(np.max(numbers, initial=0)) + 1
    generator = np.random.default_rng([seed, epoch, _STREAM])
    u = generator.random((count, len(COLUMNS)), np.float32)[numbers]
    either_way = 2 * u - 1
    largest = np.array(
        [0, 0, spec.rotation, spec.shift, spec.shift, spec.zoom, spec.brightness, spec.contrast, spec.saturation,
         spec.hue, 0, 0, 0],
        np.float32,
    )  # fmt: skip
    found = either_way * largest
    found[:, [5, 7, 8]] += 1  # factors
    found[:, 0] = (u[:, 0] < 0.5) & spec.flip_horizontal
    found[:, 1] = (u[:, 1] < 0.5) & spec.flip_vertical
    found[:, 10] = spec.cutout
    found[:, 11:] = u[:, 11:]
    return np.asarray(found, np.float32)


def words(spec: AugmentationSpec, row: NDArray[np.floating]) -> str:
    """Return in a few words what happens to one picture (one row of `draws`); "unchanged" if nothing does."""
    drawn = dict(zip(COLUMNS, map(float, row), strict=True))
    changes = [
        ("mirrored", drawn["flip_horizontal"]),
        ("upside down", drawn["flip_vertical"]),
        (f"turned {fixed(drawn['degrees'], 0, signed=True)}°", spec.rotation),
        (
            f"moved {whole_percent(drawn['down'], signed=True)} down, {whole_percent(drawn['right'], signed=True)} "
            "right",
            spec.shift,
        ),
        (f"× {fixed(drawn['scale'], 2)}", spec.zoom),
        (f"brightness {whole_percent(drawn['brightness'], signed=True)}", spec.brightness),
        (f"contrast × {fixed(drawn['contrast'], 2)}", spec.contrast),
        (f"saturation × {fixed(drawn['saturation'], 2)}", spec.saturation),
        (f"hue {fixed(drawn['hue'], 0, signed=True)}°", spec.hue),
        ("a square covered", spec.cutout),
    ]
    return ", ".join(text for text, applies in changes if applies) or "unchanged"


@dataclass(frozen=True, slots=True)
class AugmentedPictures:
    """One picture and what epochs of a training make of it.

    Attributes:
        picture: uint8 (H, W, 3), as the network would see it without augmentation.
        changed: uint8 (n, H, W, 3), one per epoch; training sees the same values before they are rounded.
        words: n texts: what was done.
    """

    picture: np.ndarray
    changed: np.ndarray
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeadSpec:
    """The new layers on top of the backbone; a softmax over the classes always follows.

    Attributes:
        pooling: How the backbone's last maps become one vector ("flatten" keeps every position).
        widths: Units of the hidden ReLU layers, from the backbone upwards; () for none.
        dropout: Share of the values set to 0 in training, before every dense layer; 0 <= dropout < 1.
        batch_norm: Normalise the pooled features, and every hidden layer before its ReLU.
        weight_decay: lambda of the penalty lambda * sum(w^2) on the head's kernels.
        max_norm: Longest allowed vector of weights into one unit, held by projection after every step; 0 = off.
    """

    pooling: Pooling = "average"
    widths: tuple[int, ...] = ()
    dropout: float = 0.0
    batch_norm: bool = False
    weight_decay: float = 0.0
    max_norm: float = 0.0


@dataclass(frozen=True, slots=True)
class TrainingSpec(JobSpec):
    """One training run, whole: the same spec on the same machine gives the same numbers.

    Attributes:
        backbone, weights, dataset, side: Ids of the registries; `side` in pixels, pictures are resized to it.
        trainable: Backbone layers that learn; () is feature extraction. The head always learns.
        batch_norm: What BatchNorm does in trainable layers. "hold": statistics, scale and shift stay as they are;
            "train": all of them move. In frozen layers it never moves.
        batch_norm_except: Blocks of the backbone in which BatchNorm does the other of the two.
        learning_rate, schedule: The rate of the first step and how it falls: "cosine" to 0 at the last step,
            "exponential" to a hundredth.
        patience: Stop after so many epochs without a better validation accuracy (ties: lower loss); 0 = never.
        seed: Decides the new weights, the order of the pictures, dropout, augmentation, and which labels are wrong.
        shots: Training pictures per class; None for all.
        keep_epochs: Keep the weights after every epoch (see `models/training/kept_epochs.py`); changes no number.
        split_seed: Which of the splits into training, validation and test; 0 is the one that all pages begin with.
        label_noise: Share of the training labels that are replaced by another class, 0..1; validation and test
            labels stay right.
        label_smoothing: Share of the target that is spread evenly over all classes, 0 <= share < 1, in the training
            loss only: the validation loss stays the plain cross-entropy.
        head_epochs, head_rate: With `head_epochs` above 0 there are two phases: first the head alone learns at
            `head_rate`, on features computed once; then, from its best epoch, `trainable` layers learn too, with
            `learning_rate`, `epochs` and an optimiser that begins anew. Patience counts in each phase for itself.
        augmentation: What changes in every training picture in every epoch; of two phases, in the second only.
        preprocessing: "own": pictures are scaled as the backbone expects. "scaled twice" is wrong on purpose: they
            are divided by 255 before the backbone scales them itself, in training and ever after.
        leaked: Wrong on purpose: share of the test pictures, 0..1, of which exact copies lie among the training
            pictures; not together with label noise, which would change test labels too.
    """

    backbone: str = "frame8"
    weights: Weights = "pretrained"
    dataset: str = "galaxies"
    side: int = 64
    trainable: tuple[str, ...] = ()
    batch_norm: BatchNormPolicy = "hold"
    batch_norm_except: tuple[str, ...] = ()
    head: HeadSpec = field(default_factory=HeadSpec)
    optimizer: Optimizer = "adam"
    learning_rate: float = 1e-3
    schedule: Schedule = "constant"
    batch: int = 32
    epochs: int = 30
    patience: int = 0
    seed: int = 0
    shots: int | None = None
    keep_epochs: bool = False
    split_seed: int = 0
    label_noise: float = 0.0
    label_smoothing: float = 0.0
    head_epochs: int = 0
    head_rate: float = 3e-3
    augmentation: AugmentationSpec = OFF
    preprocessing: Preprocessing = "own"
    leaked: float = 0.0

    @classmethod
    def from_json(cls, data: Any) -> Self:
        """Return the recipe that `to_json` wrote; fields that it left out have their defaults.

        Raises:
            InputError: A field is unknown or of another type, or names what this version does not have.
        """
        spec = super(TrainingSpec, cls).from_json(data)  # `super()` alone fails in a dataclass with slots
        spec.check_names()
        return spec

    def check_names(self) -> None:
        """Check that backbone, data, side, layers and blocks are those of this version.

        Raises:
            InputError: One of them is not.
        """
        backbones, sets = registry.BACKBONES, datasets.DATASETS
        expect(self.backbone in backbones, f"a backbone among {', '.join(backbones)}", repr(self.backbone))
        expect(self.dataset in sets, f"a data set among {', '.join(sets)}", repr(self.dataset))
        sides = backbones[self.backbone].sides
        expect(self.side in sides, f"a side among {', '.join(map(str, sides))} pixels", self.side)
        table = tables.table(self.backbone, self.side)
        for what, names, known in (
            ("trainable layers", self.trainable, {row.name for row in table.layers}),
            ("blocks", self.batch_norm_except, {block.name for block in table.blocks}),
        ):
            unknown = ", ".join([name for name in names if name not in known][:3])
            expect(not unknown, f"{what} of {self.backbone}", f"{unknown}, which it does not have")

    @property
    def title(self) -> str:
        """The name a run goes by: data, backbone, and what learns in it."""
        parts = [
            f"{datasets.DATASETS[self.dataset].title}: {registry.BACKBONES[self.backbone].title}"
            f"{' head, then' if self.head_epochs else ''}"
            f" {self._what_learns() if self.learning else 'frozen'}",
            "random weights" if self.weights == "random" else "",
            self.data_summary,
            "augmented" if self.augmentation.on else "",
        ]
        return ", ".join(filter(None, parts))

    @property
    def data_summary(self) -> str:
        """What differs from all pictures of the first split, in a few words; "" if nothing does."""
        differences = [
            (f"{self.shots} shots", self.shots),
            (f"{whole_percent(self.label_noise)} wrong labels", self.label_noise),
            (f"split {self.split_seed}", self.split_seed),
            ("scaled twice", self.preprocessing == "scaled twice"),
            (f"{whole_percent(self.leaked)} of the test leaked", self.leaked),
        ]
        return ", ".join(text for text, applies in differences if applies)

    @property
    def learning(self) -> tuple[str, ...]:
        """The backbone layers whose weights training changes, input first; all others are frozen, held BatchNorm too.

        Costs, proof, tables and titles count by this.
        """
        chosen = set(self.trainable)
        return tuple(
            row.name
            for row in tables.table(self.backbone, registry.BACKBONES[self.backbone].default_side).layers  # at any side
            if row.name in chosen
            and row.parameters
            and (not row.has_batch_norm or self.batch_norm_in(row.block) == "train")
        )

    def _what_learns(self) -> str:
        """Return the blocks that learn where these are whole and the last ones, else the number of layers."""
        blocks = tables.table(self.backbone, registry.BACKBONES[self.backbone].default_side).weighted_blocks
        free = [name for name, layers in blocks.items() if set(self.trainable) & set(layers)]
        whole = set(self.trainable) >= {layer for name in free for layer in blocks[name]}
        if not whole or free != [*blocks][-len(free) :]:
            return "1 layer learns" if len(self.learning) == 1 else f"{len(self.learning)} layers learn"
        if len(free) == len(blocks):
            return "all blocks learn"
        if len(free) == 1:
            return f"{free[0]} learns"
        return f"{free[0]} {'and' if len(free) == 2 else 'to'} {free[-1]} learn"

    def batch_norm_in(self, block: str) -> BatchNormPolicy:
        """Return what BatchNorm does in trainable layers of a block."""
        if block not in self.batch_norm_except:
            return self.batch_norm
        return "train" if self.batch_norm == "hold" else "hold"

    def phases(self) -> tuple[TrainingSpec, ...]:
        """Return what is done one after the other, each as a spec of a single phase."""
        only = replace(self, head_epochs=0)
        if not self.head_epochs:
            return (only,)
        head = replace(only, trainable=(), epochs=self.head_epochs, learning_rate=self.head_rate, augmentation=OFF)
        return head, only


def expect(condition: bool, expected: str, received: object) -> None:
    """Raise InputError with both halves of its sentence unless `condition` holds."""
    if not condition:
        raise InputError(f"Expected {expected}. Received {received}.")


TRAINING: Final[Job[TrainingSpec, Any]] = Job(
    "training", TrainingSpec, "models.training.worker.train:train", keeps=True
)
AUGMENTED_PICTURES: Final = Task(
    "augmented_pictures", "models.training.worker.augment:augmented_pictures", AugmentedPictures
)
