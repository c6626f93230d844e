"""Linear CKA: how alike two networks represent the same pictures, layer by layer.

Two layers are alike where they find the same pictures alike. The measure, centred kernel alignment with a linear
kernel, is 1 where one layer is the other turned, mirrored or scaled as a whole, whatever their sizes, and 0 where they
share nothing. With few pictures and many values the plain measure is too high, so the unbiased estimate of HSIC is
used; it is added up over small batches, so that no matrix grows with the number of pictures.

Sources: Kornblith, Norouzi, Lee and Hinton, Similarity of neural network representations revisited, ICML 2019; Nguyen,
Raghu and Kornblith, Do wide and deep networks learn the same things?, ICLR 2021 (eq. 3); Song et al., Feature selection
via dependence maximization, JMLR 13 (2012), eq. 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Job, PricedSpec
from models.networks import layers as networks_layers
from models.pictures import datasets
from models.representations.probe import probed_layers

PICTURES: Final = 256
BATCH: Final = 64  # pictures in one Gram matrix
_FEWEST: Final = 4  # pictures that the unbiased estimate needs
_ROUNDING: Final = 1e-9  # of the mean squared Gram entry: float32 products of equal rows differ by about 1e-7 of each
_START_SECONDS: Final = 3.0


@dataclass(frozen=True, slots=True)
class CkaSpec(PricedSpec):
    """Two networks, by id, and the data set whose test pictures both are shown."""

    first: str
    second: str
    dataset: str = "galaxies"

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        for network in (self.first, self.second):
            compared_layers(network)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"{datasets.get(self.dataset).title}: the layers of two networks"

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        networks = {self.first, self.second}
        return _START_SECONDS + sum(networks_layers.seconds(network, PICTURES) for network in networks)


@dataclass(frozen=True, slots=True, eq=False)
class Likeness:
    """How alike the layers of two networks are; files name this class.

    Attributes:
        first, second: The names of their layers, from the input up: (A) and (B).
        cka: float64 (A, B); 1 alike, 0 not, and a little below 0 by chance.
        pictures: How many both were shown.
        dataset: Of the pictures.
    """

    first: tuple[str, ...]
    second: tuple[str, ...]
    cka: NDArray[np.float64]
    pictures: int
    dataset: str

    @property
    def diagonal(self) -> dict[str, float]:
        """Return the CKA of every layer that both networks have."""
        return {
            name: float(self.cka[place, self.second.index(name)])
            for place, name in enumerate(self.first)
            if name in self.second
        }


def compared_layers(network: str) -> tuple[str, ...]:
    """Return the last layer of every block, the head's hidden layers, and its output.

    Raises:
        InputError: The id is malformed, or names an unknown backbone or side.
        RunNotFound: There is no such run.
    """
    last = networks_layers.layers(network)[-1]
    names = [layer.name for layer in probed_layers(network)]
    return (*names, *([last.name] if last.name not in names else []))


def pictures(spec: CkaSpec) -> NDArray[np.intp]:
    """Return the pictures that are shown: test pictures of the first network's split, evenly spaced."""
    test = networks_layers.test_pictures(spec.first, spec.dataset)
    return np.asarray(test[np.unique(np.linspace(0, len(test) - 1, PICTURES).round().astype(np.intp))])


def unbiased_hsic(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return the unbiased estimate of HSIC from two Gram matrices (n, n) of the same n > 3 pictures.

    Source: Song et al. 2012, eq. 5; the diagonals do not count.
    """
    n = len(first)
    if n < _FEWEST:
        raise InputError(f"Expected Gram matrices of {_FEWEST} pictures or more. Received {n}.")
    k, l = (np.array(gram, np.float64) for gram in (first, second))  # noqa: E741, the letters of the paper
    np.fill_diagonal(k, 0)
    np.fill_diagonal(l, 0)
    apart = np.sum(k * l)
    means = k.sum() * l.sum() / ((n - 1) * (n - 2))
    rows = 2 * (k.sum(axis=0) @ l.sum(axis=0)) / (n - 2)
    return float((apart + means - rows) / (n * (n - 3)))


def _own(gram: NDArray[np.floating]) -> float:
    """Return a layer's HSIC with itself; 0 where it is no more than the rounding of a layer that never changes."""
    found = unbiased_hsic(gram, gram)
    return found if found > _ROUNDING * float(np.mean(np.square(gram, dtype=np.float64))) else 0.0


class Sums:
    """Adds up HSIC over batches, for every pair of layers of two networks."""

    def __init__(self, first: int, second: int) -> None:
        """Begin with the numbers of layers."""
        self.cross, self.one, self.two = np.zeros((first, second)), np.zeros(first), np.zeros(second)

    def add(self, first: Sequence[NDArray[np.floating]], second: Sequence[NDArray[np.floating]]) -> None:
        """Add one batch: the Gram matrix (n, n) of every layer, of both networks."""
        self.one += [_own(gram) for gram in first]
        self.two += [_own(gram) for gram in second]
        self.cross += [[unbiased_hsic(a, b) for b in second] for a in first]

    def cka(self) -> NDArray[np.float64]:
        """Return float64 (A, B); 0 for a layer that answers the same to every picture."""
        size = np.sqrt(np.outer(np.maximum(self.one, 0.0), np.maximum(self.two, 0.0)))
        return np.asarray(np.divide(self.cross, size, out=np.zeros_like(self.cross), where=size > 0))


CKA = Job("likeness", CkaSpec, "models.representations.worker.cka:measure", Likeness)
