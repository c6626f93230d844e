"""What a map costs to train, known before it trains, and which size would fit where it does not."""

from __future__ import annotations

from dataclasses import dataclass, replace

from models.errors import TooLarge
from models.jobs.machine import FLOAT, MB, memory_limit_mb
from models.som.search import BLOCK_SAMPLES, BLOCK_VALUES
from models.som.spec import SomSpec
from models.wording import file_size, grouped

_COPIES = 8  # of the weights, at the most, that a step and a snapshot hold at once
# Measured on one thread of an AMD EPYC with AVX-512 and doubled, since most laptops do less.
_BATCH_STEP_S, _ONLINE_STEP_S = 1e-3, 5e-5
PRODUCT_S, _SCORE_S = 1.3e-10, 2e-9  # one multiply-add of a matrix product; one distance of a sample to a unit
_WEIGHT_S, _UNIT_S = 3e-9, 3e-8  # online: one weight, one unit of the neighbourhood


@dataclass(frozen=True, slots=True)
class SomCost:
    """What one training costs.

    Attributes:
        units, samples, features: Sizes; every unit has one weight a feature.
        poses: In how many poses each sample is compared; 1 unless the map ignores rotations.
        memory_mb: At the peak, the process itself left out.
        seconds: Wall time on one thread; rough.
        number: Bytes of a value: 8 for rows of a table, whose digits float32 would lose.
    """

    units: int
    samples: int
    features: int
    poses: int
    memory_mb: float
    seconds: float
    number: int = FLOAT


def estimate(som: SomSpec, samples: int, features: int, poses: int = 1, number: int = FLOAT) -> SomCost:
    """Return the cost of training a map on so many samples with so many features of `number` bytes each."""
    units, steps = som.rows * som.columns, som.steps(samples)
    if som.method == "batch":
        seconds = steps * (_BATCH_STEP_S + samples * units * poses * (features * PRODUCT_S + _SCORE_S))
    else:
        seconds = steps * (_ONLINE_STEP_S + units * (features * _WEIGHT_S + _UNIT_S))
    return SomCost(units, samples, features, poses, memory_mb(som, samples, features, poses, number), seconds, number)


def memory_mb(som: SomSpec, samples: int, features: int, poses: int = 1, number: int = FLOAT) -> float:
    """Memory that a training needs at its peak, in MB (2^20 bytes): samples, weights, BMUs; not the process itself."""
    units = som.rows * som.columns
    copies = _COPIES + (poses if poses > 1 else 0)
    values = samples * features + copies * units * features + BLOCK_SAMPLES * (units + features) + 2 * BLOCK_VALUES
    return (values * number + 40 * samples) / MB


def refuse_too_large(som: SomSpec, cost: SomCost) -> None:
    """Raise TooLarge where a training does not fit into this machine; the message says which square map would."""
    limit = memory_limit_mb()
    if cost.memory_mb <= limit:
        return

    def fits(side: int) -> bool:
        square = replace(som, rows=side, columns=side, toroid=False)
        return memory_mb(square, cost.samples, cost.features, cost.poses, cost.number) <= limit

    side, most = 0, max(som.rows, som.columns)
    while side < most and fits(side + 1):
        side += 1
    would = f"A map of {side} x {side} units would fit." if side else "Choose data with fewer samples or features."
    raise TooLarge(
        f"Expected a map that fits into the {file_size(1e6 * limit)} left. Received one of {som.rows} x {som.columns} "
        "units "
        f"with {grouped(cost.features)} weights each for {grouped(cost.samples)} samples, which needs "
        f"{file_size(1e6 * cost.memory_mb)}. "
        f"{would}"
    )
