"""Weights made random from the top down: whose maps are followed, and which fail to change.

A map that stays the same when the network forgets what it learned cannot show what it learned.

Source: Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, Sanity checks for saliency maps (NeurIPS 2018), arXiv
1810.03292. Known limits: Binder et al., Shortcomings of top-down randomization-based sanity checks (CVPR 2023), arXiv
2211.12486: noisy maps change more than smooth ones, however good they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.attribution.maps import TESTED, ExplanationSpec
from models.errors import InputError
from models.ids import NetworkId, PictureId
from models.intervals import Estimate, mean
from models.jobs.job import Job, PricedSpec
from models.networks import layers
from models.networks.layers import LayerChoice
from models.pictures import datasets
from models.storage.runs import EXAMPLE, EXAMPLE_WEIGHTS

MEASURES: Final = ("rank", "structure")
PICTURES: Final = 8  # the chosen one and as many test pictures as make this number
MOST_LEVELS: Final = 8
KEEPS: Final = 0.5  # a map that keeps more than this rank correlation has not changed
TRAINED: Final = "as trained"


@dataclass(frozen=True, slots=True)
class Level:
    """Layers whose weights become random together, and what they are called."""

    title: str
    layers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RandomisedSpec(PricedSpec):
    """Which picture's maps are followed as the weights of which classifier are made random, and with which seed."""

    network: str
    picture: str
    class_index: int
    seed: int = 1

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return "Maps of random weights"

    @property
    def dataset(self) -> str:
        """The data that the run was trained on; the other pictures come from its test part."""
        return layers.dataset(self.network)

    @property
    def others(self) -> tuple[str, ...]:
        """The test pictures that stand beside the chosen one, evenly spaced over those of the run's own split."""
        test = layers.test_pictures(self.network, self.dataset)
        spread = test[np.linspace(0, len(test) - 1, PICTURES).round().astype(np.intp)]
        found = [str(PictureId(self.dataset, index)) for index in spread.tolist()]
        return tuple(picture for picture in found if picture != self.picture)[: PICTURES - 1]

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        one = ExplanationSpec(self.network, self.picture, "logit", self.class_index).with_fewest()
        passes = sum(method.passes(one) for method in TESTED.values())
        return layers.seconds(self.network, PICTURES * passes * (len(levels(layers.layers(self.network))) + 1))


def levels(choices: tuple[LayerChoice, ...]) -> tuple[Level, ...]:
    """Return the blocks from the head down to the input; of many, the lowest ones together, `MOST_LEVELS` at most."""
    blocks: dict[str, list[str]] = {}
    for layer in reversed(choices):
        blocks.setdefault(layer.block, []).append(layer.name)
    found = [Level(title, tuple(names)) for title, names in blocks.items()]
    step = -(-(len(found) - 1) // (MOST_LEVELS - 1))
    joined = [found[0]]
    for start in range(1, len(found), max(step, 1)):
        part = found[start : start + step]
        joined.append(Level(part[-1].title, tuple(name for level in part for name in level.layers)))
    return tuple(joined)


@dataclass(frozen=True, slots=True, eq=False)
class RandomisedResult:
    """How similar the maps stay as the weights become random.

    Attributes:
        network, picture: Ids.
        levels: L names, `TRAINED` first: down to which block everything from the head on is random.
        methods: M names.
        strips: (M, L, H, W) float16, the maps of the chosen picture, each divided by its largest |value|.
        rank, structure: (M, L, P) float32, rank correlation and SSIM of |map| with that of the trained network, for
            P pictures, the chosen one first; NaN where a map is flat or not finite.
        unrelated: (M, P) float32, the rank correlation of the trained network's maps of two different pictures: what
            remains of a similarity that says nothing.
        seed: Of the random weights.
        others: Ids of the pictures beside the chosen one; () in results of version 0.4 and before, which took them
            from the test pictures of split 0.
    """

    network: str
    picture: str
    levels: tuple[str, ...]
    methods: tuple[str, ...]
    strips: NDArray[np.float16]
    rank: NDArray[np.float32]
    structure: NDArray[np.float32]
    unrelated: NDArray[np.float32]
    seed: int
    others: tuple[str, ...] = ()

    def similarity(self, method: str, level: int, measure: str = "rank") -> Estimate:
        """Return the mean similarity over the pictures with its Student interval."""
        if measure not in MEASURES:
            raise InputError(f"Expected a measure out of {', '.join(MEASURES)}. Received {measure!r}.")
        values = self.rank if measure == "rank" else self.structure
        return mean(values[self.methods.index(method), level])

    def stays(self, method: str) -> int:
        """Return the deepest level down to which a method's mean rank correlation stays above `KEEPS`.

        0 where it falls as soon as the head is random. A method that does not has failed: only the head knows classes.
        """
        level = 0
        while level + 1 < len(self.levels) and self.similarity(method, level + 1).value > KEEPS:
            level += 1
        return level

    def unchanged(self) -> tuple[str, ...]:
        """Return the methods that fail to change when the head becomes random."""
        return tuple(method for method in self.methods if self.stays(method))


def of_own_test(spec: RandomisedSpec, result: RandomisedResult) -> bool:
    """Return whether the pictures beside the chosen one are those that the spec takes today."""
    return result.others == spec.others if result.others else layers.split_seed(spec.network) == 0


RANDOMISED = Job(
    "randomised",
    RandomisedSpec,
    "models.attribution.worker.randomised:measure",
    RandomisedResult,
    weights=EXAMPLE_WEIGHTS,
    examples=lambda: (
        RandomisedSpec(str(NetworkId(EXAMPLE)), str(PictureId("galaxies", datasets.get("galaxies").cover)), 1),
    ),
    holds=of_own_test,
)
