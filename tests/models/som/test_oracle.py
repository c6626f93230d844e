"""Our online training against MiniSom's: the same data, initial codebook, order of samples and laws of decay."""

import math

import numpy as np
import pytest
from minisom import MiniSom

from models.som.lattice import ROW_HEIGHT
from models.som.measures import quality
from models.som.spec import SomSpec
from models.som.steps import sample_order
from models.som.training import snapshots

SAMPLES = np.random.default_rng(11).random((40, 4), np.float32)
DECAYS = {"inverse": "inverse_decay_to_one", "linear": "linear_decay_to_one"}


class Bounded(MiniSom):
    """MiniSom whose weights stay within the range of the samples, as ours do with the Mexican hat."""

    def update(self, *arguments: object) -> None:
        super().update(*arguments)
        self._weights = self._weights.clip(SAMPLES.min(axis=0), SAMPLES.max(axis=0))


def oracle(spec: SomSpec, start: np.ndarray) -> MiniSom:
    """MiniSom, trained as the spec says on the same samples in the same order."""
    rows, columns, depth = start.shape
    steps = spec.steps(len(SAMPLES))
    som = (Bounded if spec.neighbourhood == "mexican hat" else MiniSom)(
        rows,
        columns,
        depth,
        spec.radius0,
        spec.rate0,
        decay_function=lambda rate, step, _: spec.decayed(rate, step, steps),
        neighborhood_function=spec.neighbourhood.replace(" ", "_"),
        sigma_decay_function=DECAYS.get(spec.law, "asymptotic_decay"),
    )
    if spec.law == "exponential":  # which MiniSom does not offer for sigma
        som._sigma_decay_function = lambda sigma, step, _: sigma * math.exp(-step * spec.decay / steps)
    if spec.lattice == "hexagonal":
        # Its hexagons are places of ours: the same shifted rows, but 1 apart instead of sqrt(3)/2.
        som._xx, som._yy = np.meshgrid(np.arange(float(rows)) * ROW_HEIGHT, np.arange(float(columns)))
        som._yy[:, 1::2] += 0.5
    som._weights = start.astype(float)
    som.train(SAMPLES[sample_order(spec, len(SAMPLES))].astype(float), steps)
    return som


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"law": "linear"},
        {"law": "inverse"},
        {"neighbourhood": "mexican hat", "rate0": 0.02},
        {"lattice": "hexagonal"},
        {"rows": 1, "columns": 12},
    ],
    ids=str,
)
def test_online_codebooks_equal_minisoms(settings: dict[str, object]) -> None:
    # With this decay the radius ends at 1, as MiniSom's own laws do.
    fields = {"rows": 5, "columns": 6, "radius0": 2.5, "decay": math.log(2.5), "epochs": 5, "seed": 2, **settings}
    spec = SomSpec(method="online", snapshots=2, **fields)
    first, last = snapshots(SAMPLES, spec)
    som = oracle(spec, first.codebook)
    assert last.codebook == pytest.approx(som.get_weights(), abs=1e-5)
    assert abs(last.codebook - first.codebook).max() > 0.1
    if spec.lattice == "rectangular":
        _, quantization, topographic = quality(SAMPLES, last.codebook)
        assert quantization == pytest.approx(som.quantization_error(SAMPLES), abs=1e-5)
        if spec.rows > 1:
            assert topographic == pytest.approx(som.topographic_error(SAMPLES))
