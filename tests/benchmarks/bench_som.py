"""How fast a map is trained in batch, against the usual libraries.

    pip install minisom xpysom==1.0.7
    python -m tests.benchmarks.bench_som [pairs]

The same work for everybody: the 1,797 digits, a 20 x 20 lattice, 100 epochs, one BLAS thread. Ways alternate, so that a
busy machine slows all of them; figures are medians of the pairs' ratios. MiniSom trains a tenth of the epochs and is
scaled. Quantization errors depend on the radius at the end, so ours ends at 0.25 as XPySom does (0.854 and 0.848 were
measured). A library that is not installed is left out. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

from models.som import SomSpec, snapshots
from models.som_data import digits
from models.som_measures import quality

SIDE, EPOCHS, MINISOM_SHARE = 20, 100, 10
SPEC = SomSpec(SIDE, SIDE, "batch", EPOCHS, radius0=10, decay=math.log(10 / 0.25), start="pca", snapshots=2)


def ours(samples: np.ndarray) -> np.ndarray:
    """Return our codebook."""
    return list(snapshots(samples, SPEC))[-1].codebook


def xpysom(samples: np.ndarray) -> np.ndarray:
    """Return XPySom's codebook."""
    from xpysom import XPySom

    som = XPySom(SIDE, SIDE, samples.shape[1], sigma=10, sigmaN=0.25, random_seed=0, xp=np)
    som.pca_weights_init(samples)
    som.train(samples, EPOCHS)
    return som.get_weights().astype(np.float32)


def minisom(samples: np.ndarray) -> np.ndarray:
    """Return MiniSom's codebook after a share of the steps."""
    from minisom import MiniSom

    som = MiniSom(SIDE, SIDE, samples.shape[1], sigma=10, random_seed=0)
    som.random_weights_init(samples)
    som.train_random(samples, len(samples) * EPOCHS // MINISOM_SHARE)
    return som.get_weights().astype(np.float32)


def seconds(train: Callable[[np.ndarray], np.ndarray], samples: np.ndarray) -> tuple[float, float]:
    """Return how long a training takes and its quantization error."""
    start = time.perf_counter()
    codebook = train(samples)
    return time.perf_counter() - start, quality(samples, codebook)[1]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=5)
    pairs = parser.parse_args().pairs
    samples = digits().features
    ratios: dict[str, list[float]] = {}
    ours(samples)
    for _ in range(pairs):
        mine, error = seconds(ours, samples)
        print(f"ours {mine:.3f} s, quantization error {error:.3f}")
        for peer, scale in ((xpysom, 1), (minisom, MINISOM_SHARE)):
            try:
                took, error = seconds(peer, samples)
            except ImportError:
                continue
            print(f"{peer.__name__} {took * scale:.3f} s, quantization error {error:.3f}")
            ratios.setdefault(f"vs_{peer.__name__}", []).append(took * scale / mine)
    print(json.dumps({name: round(statistics.median(values), 2) for name, values in ratios.items()}))


if __name__ == "__main__":
    main()
