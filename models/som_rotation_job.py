"""The plain map and the rotation-invariant one on the same pictures, several seeds of each. A job; a worker runs it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models import answers, datasets, images, runs
from models.errors import InputError
from models.runs import Progress
from models.som import SomSpec
from models.som_measures import Floats
from models.som_purity import majority, purity
from models.som_rotation import TURNS, match, poses, snapshots

FILE = "rotation.npz"
SIDE = 24  # pixels of a side
MAX_SIDE_OF_MAP, MAX_EPOCHS, MAX_SEEDS = 16, 60, 10
SPLIT = 0  # seed of the split: the maps see its training part, and are judged on the rest


@dataclass(frozen=True)
class RotationTask:
    """What to compare.

    Attributes:
        dataset: Its pictures, in grey.
        rows, columns: Of both maps, 1 to 16.
        epochs: Of both maps, 1 to 60.
        turns: Poses of the second map in a full turn: 4, 8 or 16.
        mirror: Whether the second map mirrors pictures, too.
        seeds: How many maps of each kind, 1 to 10.
    """

    dataset: str = "galaxies"
    rows: int = 10
    columns: int = 10
    epochs: int = 30
    turns: int = 16
    mirror: bool = True
    seeds: int = 5

    def __post_init__(self) -> None:
        datasets.get(self.dataset)
        limits = {"rows": MAX_SIDE_OF_MAP, "columns": MAX_SIDE_OF_MAP, "epochs": MAX_EPOCHS, "seeds": MAX_SEEDS}
        for name, most in limits.items():
            if not 1 <= (value := getattr(self, name)) <= most:
                raise InputError(f"Expected {name} between 1 and {most}. Received {value}.")
        if self.turns not in TURNS:
            raise InputError(f"Expected turns out of {', '.join(map(str, TURNS))}. Received {self.turns}.")

    @property
    def n_poses(self) -> int:
        """Return how many poses of a picture the second map tries."""
        return self.turns * (1 + self.mirror)

    def spec(self, seed: int) -> SomSpec:
        """Return the map of one seed: its radius falls from half its longer side to half a unit."""
        radius = max(self.rows, self.columns, 2) / 2
        decay = math.log(2 * radius)
        size = SomSpec(self.rows, self.columns, epochs=self.epochs)
        return replace(size, radius0=radius, decay=decay, start="sample", seed=seed, snapshots=2)


@dataclass(frozen=True)
class RotationResult:
    """Both maps, plain first; S seeds.

    Attributes:
        purity: Of pictures the maps never saw, float64 (2, S): share whose unit's majority class is theirs.
        seen: The same of the pictures they were trained on, float64 (2, S).
        n_test: Pictures the maps never saw.
        mosaics: The weights of the first seed's maps as pictures, uint8 (2, rows * SIDE, columns * SIDE).
        unit_classes: Their units' majority classes, int64 (2, rows * columns), -1 where no picture landed.
        unit_shares: The share of that class in the unit, float64 (2, rows * columns).
    """

    purity: NDArray[np.float64]
    seen: NDArray[np.float64]
    n_test: int
    mosaics: NDArray[np.uint8]
    unit_classes: NDArray[np.int64]
    unit_shares: NDArray[np.float64]


def grey(dataset: str) -> Floats:
    """Return all pictures of a data set as float32 (N, SIDE * SIDE): grey, the sky at 0, equally bright (norm 1)."""
    small = images.resize(datasets.load(dataset).images, SIDE, SIDE).mean(axis=-1, dtype=np.float32)
    light = small - np.median(small, axis=(1, 2), keepdims=True)
    norm = np.sqrt(np.square(light).sum(axis=(1, 2), keepdims=True))
    found: Floats = (light / np.maximum(norm, 1e-6)).reshape(len(small), -1)
    return found


def compare(task: RotationTask, progress: Progress = runs.SILENT) -> RotationResult:
    """Train both maps with every seed and measure their purity. See RotationResult."""
    parts = datasets.split(task.dataset, SPLIT)
    test = np.concatenate([parts.validation, parts.test])
    labels = datasets.labels(task.dataset)
    turned = poses(SIDE, task.turns, task.mirror)
    kinds = (turned[:1], turned)
    samples = (turned[0] @ grey(task.dataset).T).T  # both see the same pixels: the disc, where turns are fine
    measured = np.zeros((2, 2, task.seeds))
    units = task.rows * task.columns
    mosaics, classes, shares = [], [], []
    for number in range(2 * task.seeds):
        seed, kind = divmod(number, 2)
        name = ("plain", "rotation-invariant")[kind]
        progress.event(share=number / (2 * task.seeds), note=f"Map {number + 1} of {2 * task.seeds}, {name}")
        *_, last = snapshots(samples[parts.train], task.spec(seed), kinds[kind], progress.check)
        named, share = majority(last.bmu, labels[parts.train], units, len(datasets.get(task.dataset).classes))
        known = np.flatnonzero(named >= 0)
        flat = last.codebook.reshape(units, -1)
        unseen = known[match(samples[test], flat[known], kinds[kind], progress.check).best]
        measured[:, kind, seed] = purity(unseen, labels[test], named), purity(last.bmu, labels[parts.train], named)
        if seed == 0:
            mosaics.append(_mosaic(last.codebook))
            classes.append(named)
            shares.append(share)
    judged, seen = measured
    return RotationResult(judged, seen, len(test), np.stack(mosaics), np.stack(classes), np.stack(shares))


def _mosaic(codebook: Floats) -> NDArray[np.uint8]:
    """Return weights (rows, columns, SIDE * SIDE) as one picture, every unit between its darkest and its brightest."""
    rows, columns, _ = codebook.shape
    low, high = codebook.min(axis=-1, keepdims=True), codebook.max(axis=-1, keepdims=True)
    scaled = np.sqrt((codebook - low) / np.maximum(high - low, 1e-9)) * 255
    tiles: NDArray[np.uint8] = scaled.round().astype(np.uint8).reshape(rows, columns, SIDE, SIDE).transpose(0, 2, 1, 3)
    return tiles.reshape(rows * SIDE, columns * SIDE)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Compare what `spec` (the JSON of a RotationTask) asks for and leave the result in the folder."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(1):
        result = compare(RotationTask(**spec), progress)
    runs.write_atomically(folder / FILE, answers.encode(result))


def load(run: runs.Run) -> RotationResult | None:
    """Return what a run measured; None before its end, and for a damaged file."""
    return answers.read(run.path(FILE), RotationResult)
