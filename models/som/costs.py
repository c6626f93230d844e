"""What a map will cost, told before it trains, and what would fit where it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.errors import TooLarge
from models.jobs.machine import FLOAT, MB, memory_limit_mb
from models.networks import layers
from models.pictures import datasets
from models.som import data, tables
from models.som.data import COLOURS, SomTask, picture_shape
from models.som.rotation import FILM_TURNS
from models.som.spec import SomSpec
from models.som.training import memory_mb

POSES = 2 * FILM_TURNS  # of a picture, for a map that ignores rotations
# Measured on one thread of an AMD EPYC with AVX-512 and doubled, since most laptops do less.
_BATCH_STEP_S, _ONLINE_STEP_S = 1e-3, 5e-5
_PRODUCT_S, _SCORE_S = 1.3e-10, 2e-9  # one multiply-add of a matrix product; one distance of a sample to a unit
_WEIGHT_S, _UNIT_S = 3e-9, 3e-8  # online: one weight, one unit of the neighbourhood


@dataclass(frozen=True, slots=True)
class SomCost:
    """What one training will cost.

    Attributes:
        units, samples, features: Sizes; every unit has one weight a feature.
        memory_mb: At the peak, the process itself left out.
        seconds: Wall time on one thread, the network's part included; rough.
    """

    units: int
    samples: int
    features: int
    memory_mb: float
    seconds: float


def sizes(task: SomTask) -> tuple[int, int]:
    """Return how many samples a task trains on, and how many features each has, without making them.

    Raises:
        InputError: The layer, the data set or the table is not there.
    """
    if task.source in data.SHAPES:
        return data.POINTS, 2 if task.source == "points" else 3
    if task.source == "table":
        return len(tables.load(task.table).values), len(task.columns)
    if task.source == "features":
        channels = layers.layer(task.network, task.layer).shape[-1]
        return datasets.get(task.dataset).size, channels
    if task.source in ("digits", "pictures"):
        dataset = task.dataset or "digits"
        height, width, channels = picture_shape(dataset)
        return datasets.get(dataset).size, height * width * channels
    return COLOURS, 3


def estimate(task: SomTask) -> SomCost:
    """Return the cost of a task."""
    samples, features = sizes(task)
    units = task.som.rows * task.som.columns
    steps = task.som.steps(samples)
    if task.som.method == "batch":
        products = samples * units * (POSES if task.rotations else 1)
        seconds = steps * (_BATCH_STEP_S + products * (features * _PRODUCT_S + _SCORE_S))
    else:
        seconds = steps * (_ONLINE_STEP_S + units * (features * _WEIGHT_S + _UNIT_S))
    if task.source == "features":
        seconds += layers.seconds(task.network, samples)
    return SomCost(units, samples, features, _memory_mb(task, task.som, samples, features), seconds)


def _memory_mb(task: SomTask, som: SomSpec, samples: int, features: int) -> float:
    turned = POSES * som.rows * som.columns * features * FLOAT / MB if task.rotations else 0.0
    return memory_mb(som, samples, features) + turned


def refuse(task: SomTask, cost: SomCost) -> None:
    """Raise TooLarge where a task does not fit into this machine; the message says which square map would."""
    limit = memory_limit_mb()
    if cost.memory_mb <= limit:
        return
    side, most = 0, max(task.som.rows, task.som.columns)
    while side < most and _memory_mb(task, _square(task.som, side + 1), cost.samples, cost.features) <= limit:
        side += 1
    would = f"A map of {side} x {side} units would fit." if side else "Choose data with fewer samples or features."
    raise TooLarge(
        f"Expected a map that fits into the {limit:,.0f} MB left. Received one of {task.som.rows} x "
        f"{task.som.columns} units with {cost.features:,} weights each, which needs {cost.memory_mb:,.0f} MB. {would}"
    )


def _square(som: SomSpec, side: int) -> SomSpec:
    return replace(som, rows=side, columns=side, toroid=False)
