"""How fast squares are hidden one after the other, against whole forward passes and against Xplique.

    python -m tests.benchmarks.bench_occlusion [pairs] [--only small|lite0|mobilenetv2|vgg16] [--threads T]

Needs Xplique in an environment of its own: `tests/benchmarks/requirements.txt` says how to make it.

    small         six convolutions and two dense layers, 96 x 96, squares of 16 px every 8 px: 121 places
    lite0         EfficientNet-Lite0 with a head of ten classes, 128 x 128, squares of 16 px every 8 px: 225 places
    mobilenetv2   224 x 224 with its 1,000 classes, 32 px every 16 px: 169 places
    vgg16         the same

ours      `hide.compute`, all that the app does: what is hidden, tables of places, windows, all classes
full      a whole forward pass per place, the best that can be done without windows: BatchNorm folded, one traced
          function, pictures made in batches of 8, 16 or 32, whichever is fastest
xplique   `xplique.attributions.Occlusion`, batches of 32, the same squares

The weights are random and scaled so that hiding a part moves the logits. Ways alternate within a pair; a pair of the
large networks gives the slow ways every fourth place, or squares without overlap, and compares the time per place.
Figures are medians of the pairs' ratios. `flop_limit` is how many times fewer multiplications are needed at least,
`flops_saved` how many times fewer are done, `max_abs_diff` is in logits, against `full` on the same weights, and
`spread` tells how much they vary. `peak_mb`: the peak of a process that does nothing but ours, building the network
included; `chunk`: the most squares computed together. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from models.backbones.worker import build
from models.backbones.worker.graphs import fold_batch_norm
from models.networks.worker import opened
from models.occlusion import occlusion
from models.occlusion.scores import OcclusionSpec, PatchScores
from models.occlusion.worker import hide
from models.occlusion.worker.hide import Plan, Squares
from models.training.spec import HeadSpec
from models.training.worker.classifier import attach
from tests.models.occlusion import occluders

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
CASES = {
    "small": (16, 8, 1),
    "lite0": (16, 8, 1),
    "mobilenetv2": (32, 16, 4),
    "vgg16": (32, 16, 4),
}  # patch, stride, share of places
BATCHES = (8, 16, 32)
FILL = "grey"


def small() -> keras.Model:
    """Return a plain network of six convolutions and two dense layers, as in many tutorials."""
    x = inputs = keras.Input((96, 96, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0)(x)
    for filters in (32, 64, 128):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Dense(128, activation="relu")(layers.Flatten()(x))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def network(case: str) -> opened.Network:
    """Return the case's network with weights that respond to what is hidden."""
    keras.utils.set_random_seed(7)
    if case == "small":
        built = small()
    elif case == "lite0":
        built = attach(build.build(case, side=128, weights="random"), HeadSpec(), 10, 0)
    else:
        built = build.build(case, side=224, weights="random", include_top=True)
    model = occluders.responding(built)
    _, height, width, _ = model.input_shape
    return opened.Network(case, model, tuple(map(str, range(model.output_shape[1]))), height, width)


class Whole:
    """Whole forward passes of pictures with one square each, in batches."""

    def __init__(self, model: keras.Model) -> None:
        fast = fold_batch_norm(model)
        dense = fast.layers[-1]
        features = keras.Model(fast.input, dense.input)
        shape = tf.TensorSpec([None, *model.input_shape[1:]], tf.float32)
        self._logits = tf.function(
            lambda pictures: tf.matmul(features(pictures, training=False), dense.kernel) + dense.bias,
            input_signature=[shape],
            autograph=False,
        )

    def __call__(self, image: np.ndarray, places: np.ndarray, patch: int, batch: int) -> np.ndarray:
        """Return the logits (n, C) with squares at `places` (n, 2)."""
        hidden, found = occlusion.filling(image, FILL, patch), []
        for start in range(0, len(places), batch):
            part = places[start : start + batch]
            pictures = np.repeat(image[None], len(part), axis=0)
            for picture, (row, col) in zip(pictures, part, strict=True):
                window = np.s_[row : row + patch, col : col + patch]
                picture[window] = hidden[window]
            found.append(self._logits(tf.constant(pictures, tf.float32)).numpy())
        return np.concatenate(found)


def timed(work: Callable[[], object]) -> float:
    """Return the seconds some work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def compare(case: str, pairs: int) -> dict[str, float]:
    """Measure one case."""
    from xplique.attributions import Occlusion

    patch, stride, every = CASES[case]
    made = network(case)
    image = occluders.picture(made.height, made.width)
    spec = OcclusionSpec("", "", patch, stride, FILL)
    rows, cols = (occlusion.patch_origins(side, patch, stride) for side in (made.height, made.width))
    places = np.stack(np.meshgrid(rows, cols, indexing="ij"), axis=-1).reshape(-1, 2)
    some = places[::every]
    whole, pixels = Whole(made.model), image[None].astype(np.float32)
    step = patch if every > 1 else stride  # of Xplique: it cannot leave places out, but its squares can lie apart
    theirs = Occlusion(made.model, batch_size=32, patch_size=patch, patch_stride=step, occlusion_value=128.0)
    n_theirs = ((made.height - patch) // step + 1) * ((made.width - patch) // step + 1)
    target = np.eye(made.model.output_shape[1], dtype=np.float32)[:1]
    scores = hide.compute(made, image, spec)
    plan = Plan(Squares(made, image, spec), "")
    right = whole(image, some, patch, 16)
    theirs(pixels, target)
    ratios: dict[str, list[float]] = {"vs_full": [], "vs_xplique": []}
    for batch in BATCHES:
        whole(image, some[:batch], patch, batch)
    for pair in range(pairs):
        ours = timed(lambda: hide.compute(made, image, spec)) / len(places)
        full = min(timed(lambda size=batch: whole(image, some, patch, size)) for batch in BATCHES) / len(some)
        peer = timed(lambda: theirs(pixels, target)) / n_theirs
        ratios["vs_full"].append(full / ours)
        ratios["vs_xplique"].append(peer / ours)
        print(f"{case} pair {pair + 1}: {1e3 * ours:.2f} ms a place, full {full / ours:.2f}, Xplique {peer / ours:.2f}",
              flush=True)  # fmt: skip
    found = scores.logits.reshape(len(places), -1)[::every]
    return {
        **{name: round(statistics.median(values), 2) for name, values in ratios.items()},
        **operations(scores),
        "max_abs_diff": float(f"{np.abs(found - right).max():.2g}"),
        "spread": float(f"{np.ptp(right, axis=0).min():.2g}"),
        "ms_a_place": round(1e3 * ours, 2),
        "chunk": max(len(part.members) for part in plan.parts(np.arange(len(places)))),
        "peak_mb": peak_memory(case),
    }


def operations(scores: PatchScores) -> dict[str, float]:
    """Return how many times fewer multiplications are needed at least, and how many times fewer are done."""
    share = (scores.layer_windows / scores.layer_maps).prod(axis=1)
    least = float((scores.layer_macs_full * share).sum())
    return {
        "flop_limit": round(scores.macs_full / least, 2),
        "flops_saved": round(scores.macs_full / scores.macs_done, 2),
    }


def peak_memory(case: str) -> int:
    """Return the MB at the peak of a process of its own that builds the network and hides squares our way."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_occlusion", "--memory", case]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def memory(case: str) -> None:
    """Print what `peak_memory` reads."""
    made, (patch, stride, _) = network(case), CASES[case]
    image = occluders.picture(made.height, made.width)
    hide.compute(made, image, OcclusionSpec("", "", patch, stride, FILL))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=7)
    parser.add_argument("--only", choices=CASES)
    parser.add_argument("--threads", type=int, default=1, help="of every way; the app's workers have one")
    parser.add_argument("--memory", choices=CASES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if options.memory:
        memory(options.memory)
        return
    chosen = [options.only] if options.only else list(CASES)
    figures: dict[str, object] = {case: compare(case, options.pairs) for case in chosen}
    figures |= {"threads": options.threads, "pairs": options.pairs, "load": round(os.getloadavg()[0], 1)}
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
