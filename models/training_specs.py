"""The specification of a training run, as plain data: head, recipe, augmentation, all of it as JSON. Without Keras."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from models.augmentation_spec import OFF, AugmentationSpec
from models.plain_specs import PlainSpec

Pooling = Literal["average", "max", "average+max", "flatten"]
BatchNormPolicy = Literal["hold", "train"]
Optimizer = Literal["adam", "sgd", "rmsprop"]
Schedule = Literal["constant", "cosine", "exponential"]
Weights = Literal["pretrained", "random"]
Preprocessing = Literal["own", "scaled twice"]


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
class TrainingSpec(PlainSpec):
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
        keep_epochs: Keep the weights after every epoch (see `models/kept_epochs.py`); changes no number.
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


def head_seeds(seed: int) -> Iterator[int]:
    """Yield the seeds of a head's layers, input first: numbers that hang on the seed of the run alone."""
    generator = np.random.default_rng([seed, 0x6865_6164])  # "head": apart from the backbone's and the epochs' numbers
    while True:
        yield int(generator.integers(2**31))
