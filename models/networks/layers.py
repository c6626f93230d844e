"""The layers of a network: their names, shapes and receptive fields, read from tables without opening it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from models.backbones import registry, tables
from models.backbones.receptive_field import Field
from models.errors import InputError
from models.ids import NetworkId
from models.pictures import datasets
from models.storage import runs
from models.training.costs import rates
from models.training.costs.estimate import frozen_prefix
from models.training.costs.layers import STEP_SECONDS, Layers
from models.training.head import head_layers
from models.training.spec import TRAINING, TrainingSpec

HEAD = "head"


@dataclass(frozen=True, slots=True)
class LayerChoice:
    """One layer to look into.

    Attributes:
        name: In the network.
        block: The group of layers it belongs to.
        shape: Rows, columns and channels; 1 x 1 for dense layers.
        field: What one value sees, in pixels of the network's picture; None where that is all of it, as in the head.
    """

    name: str
    block: str
    shape: tuple[int, int, int]
    field: Field | None = None

    @property
    def is_map(self) -> bool:
        """Whether its channels are maps; those of dense layers are single values."""
        return self.shape[:2] != (1, 1)

    @property
    def receptive_field(self) -> int | None:
        """Side in pixels of the square that one value can depend on, not cut at the border; None for all pixels."""
        return None if self.field is None else self.field.size

    @property
    def jump(self) -> int | None:
        """Pixels between the centres of what neighbouring values see."""
        return None if self.field is None else self.field.jump

    def window(self, row: int, col: int) -> tuple[int, int, int, int] | None:
        """Return what the value at (row, col) can depend on, as first row, first col, last row, last col in pixels.

        The window is not cut at the border of the picture; None where the value sees all of it.
        """
        if self.field is None:
            return None
        (top, bottom), (left, right) = self.field.window(row), self.field.window(col)
        return top, left, bottom, right


def settings(network: str) -> tuple[str, int, TrainingSpec | None]:
    """Return the backbone, the side in pixels of the square pictures, and the settings of the run if it is one.

    Raises:
        InputError: The id is malformed, or names the classifier of a pretraining that is not here.
        RunNotFound: There is no such run.
    """
    known = NetworkId.parse(network)
    if known.weights == "top" and not registry.has_top(known.backbone, known.side):
        raise InputError(f"Expected a network such as run:<id> or backbone:frame8:64. Received {network[:60]!r}.")
    if not known.run:
        return known.backbone, known.side, None
    spec = TRAINING.spec_of(runs.get(known.run))
    return spec.backbone, spec.side, spec


def side(network: str) -> int:
    """Return the side in pixels of the square pictures the network takes."""
    return settings(network)[1]


def split_seed(network: str) -> int:
    """Return the split that a run's network was trained with; 0, which all pages begin with, for a bare backbone."""
    run = NetworkId.parse(network).run
    return TRAINING.spec_of(runs.get(run)).split_seed if run else 0


def split(network: str, data: str, shots: int | None = None) -> datasets.Split:
    """Return the parts of a data set for what is fitted to a network, chosen by and judged on: a run's own.

    Whatever measures a network takes its pictures from here, and so judges no run on pictures it has learnt from.

    Args:
        network: A network id.
        data: Id of the data set.
        shots: Keep only so many training pictures of each class; None keeps all.

    Raises:
        InputError: The id is malformed, there is no such data set, or a class has fewer training pictures.
        RunNotFound: There is no such run.
    """
    return datasets.split(data, split_seed(network), shots)


def test_pictures(network: str, data: str) -> NDArray[np.int64]:
    """Return the pictures of a data set that a network is judged on, sorted int64 (N,): those of `split`."""
    return np.asarray(split(network, data).test, np.int64)


def dataset(network: str) -> str:
    """Return the data set that a run's classifier was trained on.

    Raises:
        InputError: The id is malformed, or names a bare backbone.
        RunNotFound: There is no such run.
    """
    spec = settings(network)[2]
    if spec is None:
        raise InputError("Expected a trained classifier. Received a bare backbone, which has no classes.")
    return spec.dataset


def random_twin(network: str) -> str:
    """Return the id of the same backbone, as large, with random weights."""
    backbone, pixels, _ = settings(network)
    return str(NetworkId(backbone=backbone, side=pixels, weights="random"))


@lru_cache(maxsize=64)
def layers(network: str) -> tuple[LayerChoice, ...]:
    """Return the layers of a network from the input up, preprocessing left out; its head with them if it is a run's.

    Dropout is left out: it does nothing in inference.

    Raises:
        InputError: The id is malformed, or names an unknown backbone or side.
        RunNotFound: There is no such run.
    """
    backbone, pixels, spec = settings(network)
    table = tables.table(backbone, pixels)
    rows = [row for row in table.layers if row.name not in registry.PREPROCESSING_LAYERS]
    found = [LayerChoice(row.name, row.block, row.output, None if row.sees_all else row.field) for row in rows]
    if spec is not None:
        head = head_layers(spec.head, rows[-1].output, len(datasets.get(spec.dataset).classes))
        found += [LayerChoice(row.name, HEAD, (1, 1, row.units)) for row in head if row.kind != "dropout"]
    return tuple(found)


def layer(network: str, name: str) -> LayerChoice:
    """Return the layer called `name`.

    Raises:
        InputError: The network has no such layer.
    """
    for choice in layers(network):
        if choice.name == name:
            return choice
    raise InputError(f"Expected a layer of the network. Received {name[:60]!r}.")


def interesting(network: str) -> LayerChoice:
    """Return the layer to begin with: the deepest rectified one whose maps are large enough to read as pictures.

    Where no layer says that it is rectified (VGG's convolutions do it themselves), the deepest with such maps.
    """
    choices = layers(network)
    readable = [choice for choice in choices if min(choice.shape[:2]) >= 14]
    rectified = [choice for choice in readable if choice.name.endswith(("relu", "_out"))]
    return (rectified or readable or [choice for choice in choices if min(choice.shape[:2]) > 1] or list(choices))[-1]


def reached(network: str) -> tuple[LayerChoice, ...]:
    """Return the backbone layers whose answers training could change: those that learn, and all that read them.

    () where the whole backbone is frozen, and for a bare backbone.
    """
    backbone, pixels, spec = settings(network)
    if spec is None:
        return ()
    table = tables.table(backbone, pixels)
    untouched = frozen_prefix(table, set(spec.learning))
    return tuple(choice for choice in layers(network) if choice.block != HEAD and choice.name not in untouched)


def moved_most(network: str) -> LayerChoice | None:
    """Return the layer to begin with where training is looked at: the deepest that it reached, rectified if one is."""
    maps = [choice for choice in reached(network) if choice.is_map]
    rectified = [choice for choice in maps if choice.name.endswith(("relu", "_out"))]
    return rectified[-1] if rectified else maps[-1] if maps else None


def seconds(network: str, passes: float) -> float:
    """Return about how long so many forward passes of single pictures take in a warm worker.

    By what every layer multiplies and moves, at the rates of this machine: multiplications alone say a quarter of it of
    MobileNetV2.
    """
    backbone, pixels, _ = settings(network)
    return passes * (_forward_seconds(backbone, pixels, rates.current()) + STEP_SECONDS)


@lru_cache(maxsize=64)
def _forward_seconds(backbone: str, pixels: int, machine: rates.Rates) -> float:
    """Return the seconds of a backbone's forward pass of one picture; its BatchNorm is not folded."""
    table = tables.table(backbone, pixels)
    return Layers(table).forward({row.name for row in table.layers}, machine, folded=False)


def sources(network: str) -> Iterator[str]:
    """Yield the networks whose answers are those of `network`, itself first.

    Training leaves frozen layers as they were, to the last bit (the proof of freezing says so of every run), so that a
    run which froze its whole backbone and started from pretrained weights answers in it as the bare backbone does.
    """
    yield network
    backbone, pixels, spec = settings(network)
    if spec is not None and not spec.trainable and spec.weights == "pretrained":
        yield str(NetworkId(backbone=backbone, side=pixels))
