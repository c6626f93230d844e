"""How fast a map is trained in batch, against the usual libraries and against the matrix product it cannot do without.

    pip install minisom xpysom==1.0.7 matplotlib somoclu   # where there is a CUDA compiler: PATH=/usr/bin:/bin pip …
    python -m tests.benchmarks.bench_som [pairs] [--quick]
    python -m tests.benchmarks.bench_som [pairs] --versus FOLDER   # this version against one in another folder

The same work for everybody: the 1,797 digits, a 20 x 20 lattice, 100 epochs, a Gaussian neighbourhood whose radius
falls exponentially from 10 to 0.25, PCA start, one thread, processor time. Every peer is measured next to one of our
own runs, in turns, so that a busy machine slows both; figures are medians of the pairs' ratios. MiniSom trains online
with the same radii; it does a tenth of the steps and is scaled, and its quantization error comes from one whole
training. Then one epoch of 50,000 samples of 256 values on 50 x 50 units, and the peak memory of a training on
1,000,000 memory-mapped samples.

`qe_ratio` is our quantization error over the best of the peers' (all float32 codebooks, measured by our `quality`).
`--versus` compares with an earlier version instead, one of `git worktree add FOLDER 08c3fc5`, say: the digits again,
with the first and the last moment kept and with every moment, each version in a process of its own, in turns;
`times_as_long` and `times_as_long_every_moment` are medians of the pairs' ratios, below 1 where this version is faster.

`gemm_share` is the time of nothing but samples times weights, once an epoch, over our whole training. A peer that is
not installed is named, and null in the result. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from models.som.measures import quality
from models.som.samples import digits
from models.som.spec import SomSpec
from models.som.steps import batch_step
from models.som.training import snapshots

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
SIDE, EPOCHS, RADIUS, END_RADIUS = 20, 100, 10.0, 0.25
DECAY = math.log(RADIUS / END_RADIUS)
SPEC = SomSpec(SIDE, SIDE, "batch", EPOCHS, radius0=RADIUS, decay=DECAY, start="pca", snapshots=2)
LARGE = (50_000, 256, 50)  # samples, features, side
MEMORY = (1_000_000, 64, 30)
CONTEST = """
import importlib, json, os, sys, time
import numpy as np
try:
    training, spec = importlib.import_module("models.som.training"), importlib.import_module("models.som.spec")
except ImportError:  # before the core had wings
    training = spec = importlib.import_module("models.som")
samples, settings = np.load(sys.argv[1]), json.loads(os.environ["SPEC"])
for line in sys.stdin:
    started = time.process_time()
    list(training.snapshots(samples, spec.SomSpec(**{**settings, "snapshots": int(line)})))
    print(time.process_time() - started, flush=True)
"""
Train = Callable[[np.ndarray, int], np.ndarray]


def ours(samples: np.ndarray, _: int = 1) -> np.ndarray:
    """Return our codebook."""
    return list(snapshots(samples, SPEC))[-1].codebook


def xpysom(samples: np.ndarray, _: int = 1) -> np.ndarray:
    """Return XPySom's codebook; its `std_coeff` of 0.5 would halve every radius."""
    from xpysom import XPySom

    depth = samples.shape[1]
    som = XPySom(SIDE, SIDE, depth, sigma=RADIUS, sigmaN=END_RADIUS, std_coeff=1, random_seed=0, xp=np)
    som.pca_weights_init(samples)
    som.train(samples, EPOCHS)
    return som.get_weights().astype(np.float32)


def somoclu(samples: np.ndarray, _: int = 1) -> np.ndarray:
    """Return Somoclu's codebook; its `std_coeff` of 0.5 would halve every radius."""
    from somoclu import Somoclu

    som = Somoclu(SIDE, SIDE, compactsupport=False, std_coeff=1, initialization="pca")
    som.train(samples, EPOCHS, RADIUS, END_RADIUS, "exponential")
    return np.array(som.codebook, np.float32)


def minisom(samples: np.ndarray, share: int = 1) -> np.ndarray:
    """Return MiniSom's codebook after 1 / share of the steps."""
    from minisom import MiniSom

    steps = len(samples) * EPOCHS // share
    fall = {"decay_function": lambda rate, step, _: rate * math.exp(-step * DECAY / steps)}
    som = MiniSom(SIDE, SIDE, samples.shape[1], sigma=RADIUS, random_seed=0, **fall)
    som._sigma_decay_function = fall["decay_function"]
    som.pca_weights_init(samples)
    som.train_random(samples, steps)
    return som.get_weights().astype(np.float32)


def seconds(train: Callable[[], object]) -> float:
    """Return the processor time that a call takes: with one thread, what a busy machine stretches least."""
    start = time.process_time()
    train()
    return time.process_time() - start


def against_peers(pairs: int, minisom_share: int, result: dict[str, float | None]) -> None:
    """Digits: ratios and quantization errors."""
    samples = digits().features
    mine = quality(samples, ours(samples))
    print(f"ours: quantization error {mine[1]:.4f}, topographic error {mine[2]:.3f}")
    best = math.inf
    for peer, share in ((xpysom, 1), (somoclu, 1), (minisom, minisom_share)):
        name = f"vs_{peer.__name__}"
        result[name] = None
        try:
            theirs = quality(samples, peer(samples, 1))
        except (ImportError, NameError) as error:  # Somoclu without its binary lacks a name
            print(f"{peer.__name__} is not installed: {error}")
            continue
        best = min(best, theirs[1])
        ratios = []
        for _ in range(pairs):
            own = seconds(lambda: ours(samples))
            ratios.append(share * seconds(lambda peer=peer, share=share: peer(samples, share)) / own)
        result[name] = round(statistics.median(ratios), 2)
        shown = ", ".join(f"{ratio:.1f}" for ratio in ratios)
        print(f"{peer.__name__}: quantization error {theirs[1]:.4f}, topographic {theirs[2]:.3f}; times ours: {shown}")
    result["qe_ratio"] = round(mine[1] / best, 3) if best < math.inf else None


def against_the_product(pairs: int, result: dict[str, float | None]) -> None:
    """Digits: how much of a training is the one product that it needs in every epoch."""
    samples = digits().features
    codebook = ours(samples).reshape(SIDE * SIDE, -1)
    scores = np.empty((len(samples), len(codebook)), np.float32)

    def product() -> None:
        for _ in range(EPOCHS):
            np.matmul(samples, codebook.T, out=scores)

    product()
    shares = [seconds(product) / seconds(lambda: ours(samples)) for _ in range(pairs)]
    result["gemm_share"] = round(statistics.median(shares), 2)
    print(f"share of the product: {', '.join(f'{share:.2f}' for share in shares)}")


def large(pairs: int, result: dict[str, float | None]) -> None:
    """One epoch of 50,000 x 256 on 50 x 50, against XPySom and against the product."""
    count, depth, side = LARGE
    rng = np.random.default_rng(0)
    samples = rng.standard_normal((count, depth), np.float32)
    codebook = samples[: side * side].reshape(side, side, depth).copy()
    block = np.empty((2000, side * side), np.float32)

    def product() -> None:
        for start in range(0, count, len(block)):
            np.matmul(samples[start : start + len(block)], codebook.reshape(-1, depth).T, out=block)

    def theirs() -> None:
        from xpysom import XPySom

        XPySom(side, side, depth, sigma=side / 2, std_coeff=1, random_seed=0, xp=np).train(samples, 1)

    ratios, shares = [], []
    for _ in range(pairs):
        own = seconds(lambda: batch_step(samples, codebook, side / 2))
        shares.append(seconds(product) / own)
        try:
            ratios.append(seconds(theirs) / own)
        except ImportError:
            continue
    result["vs_xpysom_large"] = round(statistics.median(ratios), 2) if ratios else None
    result["gemm_share_large"] = round(statistics.median(shares), 2)
    print(f"one epoch of {count:,} x {depth} on {side} x {side}: XPySom {ratios}, product {shares}")


def against_version(folder: Path, pairs: int, result: dict[str, float | None]) -> None:
    """Digits: how many times as long this version takes as the one in a folder."""
    environment = {**os.environ, "SPEC": json.dumps(asdict(SPEC))}
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        np.save(file.name, digits().features)
        command = [sys.executable, "-c", CONTEST, file.name]
        pipe = subprocess.PIPE
        both = [
            subprocess.Popen(command, cwd=where, env=environment, stdin=pipe, stdout=pipe, text=True)
            for where in (Path(__file__).parents[2], folder)
        ]

        def asked(kept: int) -> list[float]:
            taken = []
            for process in both:
                print(kept, file=process.stdin, flush=True)
                taken.append(float(process.stdout.readline()))
            return taken

        for name, kept in (("times_as_long", 2), ("times_as_long_every_moment", EPOCHS + 1)):
            asked(kept)
            measured = [asked(kept) for _ in range(pairs)]
            ratios = [own / other for own, other in measured]
            result[name] = round(statistics.median(ratios), 3)
            print(f"{kept} moments kept: {min(measured)[0]:.3f} s, times {', '.join(f'{r:.2f}' for r in ratios)}")
        for process in both:
            process.stdin.close()
            process.wait(60)


def memory() -> None:
    """Print the peak memory (MB) of this process, before and after a training on a memory-mapped file."""
    count, depth, side = MEMORY
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    with tempfile.NamedTemporaryFile(suffix=".npy") as file:
        samples = np.lib.format.open_memmap(file.name, "w+", np.float32, (count, depth))
        rng = np.random.default_rng(0)
        for start in range(0, count, 50_000):
            samples[start : start + 50_000] = rng.standard_normal((50_000, depth), np.float32)
        samples.flush()
        checks: list[float] = []
        spec = SomSpec(side, side, "batch", 2, radius0=side / 2, snapshots=2, start="pca")
        took = seconds(lambda: list(snapshots(np.load(file.name, "r"), spec, lambda: checks.append(time.monotonic()))))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    longest = max(np.diff(checks))
    print(
        json.dumps({"before_mb": round(before), "peak_mb": round(after), "seconds": took, "longest_check_s": longest})
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=7)
    parser.add_argument("--quick", action="store_true", help="two pairs, digits only")
    parser.add_argument("--memory", action="store_true", help="only the memory of a million samples, in this process")
    parser.add_argument("--versus", type=Path, help="a folder with another version of this program")
    arguments = parser.parse_args()
    if arguments.memory:
        return memory()
    pairs = 2 if arguments.quick else arguments.pairs
    result: dict[str, float | None] = {}
    if arguments.versus:
        against_version(arguments.versus, 3 * pairs, result)
        return print(json.dumps(result))
    against_peers(pairs, 50 if arguments.quick else 10, result)
    against_the_product(3 * pairs, result)
    if not arguments.quick:
        large(pairs, result)
        command = [sys.executable, "-m", "tests.benchmarks.bench_som", "--memory"]
        measured = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        print(f"a million samples: {measured}")
        result["peak_mb"] = measured["peak_mb"]
    print(json.dumps(result))


if __name__ == "__main__":
    main()
