"""How long a sweep over freeze depths takes, against training every cell plainly with Keras's `fit`.

    python -m tests.benchmarks.bench_sweep [pairs] [--share S]

The same cells for everybody: Frame8 on 500 digits of 64 x 64 pixels, frozen up to conv1 ... conv5, three seeds, ten
epochs, batches of 32, watched on 360 pictures after every epoch and tested on 359 others.

ours       the job the app runs, as a process of its own: one thread a process, two processes where there are two cores
plain      every cell built, compiled and trained by `fit`, one after the other, in a process with as many threads as
           there are cores; it runs a share of the epochs of every cell and is scaled: the first epoch, with its
           compilation, counts once, the mean of the others as often as there are others

Ways alternate within a pair; figures are medians of the pairs' ratios. Starting Python and TensorFlow is in all of
them. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from models.storage import runs
from models.sweeps import cells
from models.sweeps.spec import SWEEP, SweepSpec
from models.training.spec import HeadSpec, TrainingSpec

ROOT = Path(__file__).resolve().parents[2]
BASE = TrainingSpec(
    dataset="digits", shots=50, epochs=10, batch=32, learning_rate=1e-3, schedule="cosine",
    head=HeadSpec("average+max", batch_norm=True),
)  # fmt: skip
SPEC = SweepSpec("depth", ("conv1", "conv2", "conv3", "conv4", "conv5"), base=BASE, seeds=3)


def ours() -> tuple[float, float]:
    """Run the job in a home folder of its own; return the seconds and the mean accuracy."""
    with tempfile.TemporaryDirectory() as home:
        os.environ["FREEZEFRAME_HOME"] = home
        run = runs.create(SWEEP.kind, SPEC.to_json(), owner="b" * 32, title="bench")
        started = time.perf_counter()
        _python(
            f"from models.jobs import execute; assert execute.execute('{run.id}') == 'done'",
            FREEZEFRAME_HOME=home,
        )
        seconds = time.perf_counter() - started
        return seconds, statistics.fmean(row.accuracy for row in cells.finished(run.folder))


def plain(threads: int, share: float) -> tuple[float, float]:
    """Train every cell by `fit` in a new process; return the scaled seconds and the mean accuracy (of a share)."""
    call = f"from tests.benchmarks import bench_sweep; bench_sweep.train_plainly({threads}, {share})"
    started = time.perf_counter()
    told = json.loads(_python(call).splitlines()[-1])
    whole = time.perf_counter() - started
    return whole - told["run"] + told["scaled"], told["accuracy"]


def _python(code: str, **more: str) -> str:
    environment = {
        **os.environ, **more, "PYTHONPATH": str(ROOT), "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1",
        "FREEZEFRAME_RATES": "default",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(done.stderr[-3000:])
    return done.stdout


def train_plainly(threads: int, share: float) -> None:
    """Train all cells and print what it took, as JSON; called in a process of its own."""
    import keras
    import numpy as np
    import tensorflow as tf

    from models.backbones.worker import build
    from models.training.worker import classifier, train

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    run = scaled = 0.0
    accuracies = []
    for cell in SPEC.cells():
        spec, started = cell.spec, time.perf_counter()
        material = train.material_of(spec)
        x, y, split = material.images.astype("float32"), material.labels, material.split
        network = classifier.attach(build.build(spec.backbone, side=spec.side), spec.head, 10, spec.seed)
        classifier.freeze(network, spec.trainable, spec.batch_norm)
        steps = -(-len(split.train) // spec.batch)
        rate = keras.optimizers.schedules.CosineDecay(spec.learning_rate, spec.epochs * steps)
        network.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
        order = [np.random.default_rng([spec.seed, epoch]).permutation(split.train) for epoch in range(spec.epochs)]
        watched = (x[split.validation], y[split.validation])
        others = max(1, round(share * (spec.epochs - 1)))
        _fit(network, x, y, order[0], watched, spec.batch)
        between = time.perf_counter()
        for epoch in range(1, 1 + others):
            _fit(network, x, y, order[epoch], watched, spec.batch)
        each = (time.perf_counter() - between) / others
        probability = network.predict(x[split.test], verbose=0)
        run += time.perf_counter() - started
        scaled += time.perf_counter() - started + each * (spec.epochs - 1 - others)
        accuracies.append(float((probability.argmax(axis=1) == y[split.test]).mean()))
    print(json.dumps({"run": run, "scaled": scaled, "accuracy": statistics.fmean(accuracies)}))


def _fit(network, x, y, order, watched, batch: int) -> None:  # type: ignore[no-untyped-def]
    network.fit(x[order], y[order], batch_size=batch, shuffle=False, validation_data=watched, verbose=0)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=7)
    parser.add_argument("--share", type=float, default=0.2, help="of the epochs the plain way really runs; 1 for all")
    options = parser.parse_args()
    cores = len(os.sched_getaffinity(0))
    ratios, seconds = [], []
    for pair in range(options.pairs):
        mine, accuracy = ours()
        theirs, peer = plain(cores, options.share)
        ratios.append(theirs / mine)
        seconds.append(mine)
        print(
            f"pair {pair + 1}: ours {mine:.0f} s, plain {theirs:.0f} s with {cores} threads; "
            f"accuracy {accuracy:.4f} and {peer:.4f} (after {options.share:.0%} of the epochs)", flush=True,
        )  # fmt: skip
    print(
        json.dumps(
            {
                "vs_plain": round(statistics.median(ratios), 2),
                "seconds": round(statistics.median(seconds)),
                "cells": len(SPEC.cells()),
                "cores": cores,
                "pairs": options.pairs,
                "load": round(os.getloadavg()[0], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
