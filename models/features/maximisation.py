"""Pictures made for one unit by activation maximisation: the spec, the film of the ascent, what is shipped."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO
from typing import Final, Literal, get_args

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from models.errors import InputError
from models.features import patches
from models.features.ascent import SWITCHES, checked
from models.features.patches import NETWORK, PatchSpec
from models.jobs.job import Job, PricedSpec
from models.networks import layers
from models.pictures import datasets, images
from models.storage import files
from models.storage.runs import EXAMPLE_WEIGHTS

STEPS: Final = (64, 128, 256)
LARGEST_SEED: Final = 999
FRAMES: Final = 24  # of a film, its start left out
Place = Literal["everywhere", "centre"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)
End = Literal["", "done", "flat", "overflow"]
SHEET: Final = files.ASSETS / "maximisation" / "sheet.npz"
_FIRST_LAYER, _FIRST_DATA = "conv3_relu", "galaxies"  # of a first visit
_START_SECONDS = 2.0
_PASSES_A_STEP = 3.5  # a forward and a backward pass, and what the switches do, in forward passes


@dataclass(frozen=True, slots=True)
class MaximisationSpec(PricedSpec):
    """Which unit is to answer strongly, and how the picture is looked for.

    Attributes:
        network, layer, channel: The unit; ids and a number.
        place: Its answers "everywhere" in the picture together, or the one in the "centre"; units of dense layers
            have one value, and no centre.
        frequency, jitter, turn, blur, decay: Strengths of the switches; 0 is off.
        steps: How many.
        seed: Fixes the start and everything that is random.
    """

    network: str
    layer: str
    channel: int
    place: Place = "everywhere"
    frequency: float = SWITCHES["frequency"].usual
    jitter: float = SWITCHES["jitter"].usual
    turn: float = SWITCHES["turn"].usual
    blur: float = 0.0
    decay: float = SWITCHES["decay"].usual
    steps: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        layer = layers.layer(self.network, self.layer)
        if not 0 <= self.channel < layer.shape[2]:
            raise InputError(
                f"Expected a channel of {self.layer} from 0 to {layer.shape[2] - 1}. Received {self.channel}."
            )
        if self.steps not in STEPS or not 0 <= self.seed <= LARGEST_SEED:
            raise InputError(
                f"Expected {', '.join(map(str, STEPS))} steps and a seed from 0 to {LARGEST_SEED}. "
                f"Received {self.steps} steps and seed {self.seed}."
            )
        if self.place not in PLACES or (self.place == "centre" and not layer.is_map):
            offered = ", ".join(PLACES) if layer.is_map else f"{PLACES[0]} for {self.layer}, whose units have one value"
            raise InputError(f"Expected a place among {offered}. Received {self.place[:20]!r}.")
        checked(self.strengths)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"Picture for {self.channel} of {self.layer}"

    @property
    def unit(self) -> tuple[str, str, int, Place]:
        """The unit and where it is to answer, whatever the other settings."""
        return self.network, self.layer, self.channel, self.place

    @property
    def strengths(self) -> dict[str, float]:
        """The strength of every switch."""
        return {name: getattr(self, name) for name in SWITCHES}

    @property
    def bare(self) -> MaximisationSpec:
        """The same from the same start with every switch off."""
        return replace(self, frequency=0.0, jitter=0.0, turn=0.0, blur=0.0, decay=0.0)

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return _START_SECONDS + layers.seconds(self.network, round(_PASSES_A_STEP * self.steps))


def canonical(network: str, layer: str) -> str:
    """Return the id of the backbone where a run left the layer as it was: what is known of one holds for the other."""
    same = [known for known in layers.sources(network) if layer in {choice.name for choice in layers.layers(known)}]
    return same[-1] if same else network


@dataclass(frozen=True, slots=True, eq=False)
class Film:
    """A film, whole or as far as it has come.

    Attributes:
        steps: int64 (F,), after how many steps each frame was taken.
        values: float64 (F,), what the unit answers to exactly the frame's picture.
        data, sizes: The frames as lossless WebP files, uint8 one after the other, and the length of each, int64 (F,).
        height, width: Of the pictures, px.
        total: Steps of the spec.
        end: "" while it is made, "done", "flat" where no pixel changed the answer, "overflow" where the network's
            numbers left the range of numbers.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]
    data: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    height: int
    width: int
    total: int
    end: End

    def __post_init__(self) -> None:
        if not len(self.steps):
            raise ValueError("Expected a film with one frame at least. Received none.")

    @property
    def frames(self) -> tuple[bytes, ...]:
        """The frames as WebP files."""
        ends = np.cumsum(self.sizes).tolist()
        return tuple(self.data[e - n : e].tobytes() for e, n in zip(ends, self.sizes.tolist(), strict=True))

    def picture(self, frame: int = -1) -> NDArray[np.uint8]:
        """Return a frame as uint8 (H, W, 3)."""
        return np.asarray(Image.open(BytesIO(self.frames[frame])).convert("RGB"))


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Maximised pictures of some channels of several layers.

    Attributes:
        networks, layers: Of every picture.
        channels: int64 (n,).
        data, sizes: The pictures as lossless WebP files, uint8 one after the other, and the length of each, int64 (n,).
        digest: Of the weights they were made with.
    """

    networks: tuple[str, ...]
    layers: tuple[str, ...]
    channels: NDArray[np.int64]
    data: NDArray[np.uint8]
    sizes: NDArray[np.int64]
    digest: str

    def of(self, network: str, layer: str) -> dict[int, bytes]:
        """Return the pictures of a layer by channel, as WebP files."""
        ends = np.cumsum(self.sizes).tolist()
        return {
            int(channel): self.data[end - size : end].tobytes()
            for at_network, at_layer, channel, end, size in zip(
                self.networks, self.layers, self.channels, ends, self.sizes, strict=True
            )
            if (at_network, at_layer) == (network, layer)
        }


class FilmMaker:
    """Gathers frames while an ascent goes on."""

    def __init__(self, height: int, width: int, total: int) -> None:
        self.size, self.total = (height, width), total
        self._found: list[tuple[int, float, bytes]] = []

    @property
    def count(self) -> int:
        """How many frames there are."""
        return len(self._found)

    def add(self, step: int, value: float, picture: NDArray[np.uint8]) -> None:
        """Take in a frame (H, W, 3)."""
        self._found.append((step, value, images.webp(picture, lossless=True)))

    def film(self, end: End) -> Film:
        """Return what was gathered; one frame at least."""
        steps, values, frames = zip(*self._found, strict=True)
        data = np.frombuffer(b"".join(frames), np.uint8)
        sizes = np.array([len(frame) for frame in frames], np.int64)
        return Film(np.array(steps, np.int64), np.array(values), data, sizes, *self.size, self.total, end)


def moments(steps: int, frames: int = FRAMES) -> frozenset[int]:
    """Return after which steps a frame is taken: often at first, when most happens, and at the end."""
    return frozenset(np.rint(steps * np.linspace(0, 1, frames + 1) ** 1.5).astype(int).tolist())


def first() -> MaximisationSpec:
    """Return the spec of a first visit: the channel that tells most of the data's classes."""
    found = patches.shipped(PatchSpec(NETWORK, _FIRST_DATA))
    channel = 0 if found is None else found.of(_FIRST_LAYER).telling(datasets.labels(_FIRST_DATA))
    return MaximisationSpec(NETWORK, _FIRST_LAYER, channel)


def sheet() -> Sheet | None:
    """Return the shipped pictures, if they were made with the weights that are shipped."""
    found = files.read(SHEET, Sheet)
    return found if found is not None and found.digest == weights_digest() else None


@lru_cache(maxsize=1)
def weights_digest() -> str:
    """Return hex digits that change with the shipped weights: Frame8's and those of the example's head."""
    return hashlib.sha256(b"".join(path.read_bytes() for path in EXAMPLE_WEIGHTS)).hexdigest()


MAXIMISATION = Job(
    "maximisation",
    MaximisationSpec,
    "models.features.worker.maximisation:make",
    Film,
    keeps=True,
    file="maximisation.npz",
    weights=EXAMPLE_WEIGHTS,
    examples=lambda: (first(), first().bare),
)
