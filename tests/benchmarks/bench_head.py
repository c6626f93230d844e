"""How fast a head is trained on a frozen backbone, against the usual two ways of doing it with Keras.

    python -m tests.benchmarks.bench_head [pairs] [--share S] [--threads T]

The same work for everybody: 1,000 pictures of 96 x 96, MobileNetV2 with random weights (nothing is fetched), a head of
Dense(256, ReLU) and a softmax over five classes, 10 epochs, batches of 32, weights saved in the end by nobody.

ours         `Loop` on features computed once by the folded prefix, the very functions the app trains with
fit frozen   `fit` of the whole classifier, the backbone frozen; runs a share of the epochs and is scaled: the first
             epoch, with its compilation, counts once, the mean of the others as often as there are others
cached fit   features once by `predict`, then `fit` of the head on them

The same with EfficientNet-Lite0 at 128 x 128 and Frame8 at 64 x 64. And with a tail that learns, Frame8 frozen up to
conv3: 375 of the pictures at 64 x 64 are learnt from, 125 are watched after every epoch, as every training of the app
does:

ours tail    `Loop` on the activations at the frozen boundary, computed once
fit tail     `fit` of the whole classifier with the same layers trainable, on the same batches

Ways alternate within a pair, so that a busy machine slows all of them; figures are medians of the pairs' ratios.
Building the backbone is not measured; compiling is. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

import keras
import numpy as np
import tensorflow as tf

from models.backbones.worker import build
from models.pictures.datasets import Split
from models.storage.progress import SILENT
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import classifier as training_classifier
from models.training.worker import course
from models.training.worker.classifier import freeze, split_at_frozen
from models.training.worker.examples import forget, prepare_examples
from models.training.worker.loop import Loop

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PICTURES, CLASSES, BATCH, EPOCHS = 1000, 5, 32, 10
SPEC = TrainingSpec(head=HeadSpec(widths=(256,)), batch=BATCH, epochs=EPOCHS)


def pictures(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 (N, side, side, 3) and int64 (N,): noise whose brightness tells the class."""
    random = np.random.default_rng(0)
    labels = random.integers(CLASSES, size=PICTURES)
    images = random.integers(0, 160, (PICTURES, side, side, 3)) + 20 * labels[:, None, None, None]
    return images.astype(np.uint8), labels


def classifier(backbone: str, side: int) -> keras.Model:
    """Return a new classifier with random weights, the backbone frozen."""
    network = training_classifier.attach(build.build(backbone, side=side, weights="random"), SPEC.head, CLASSES, 0)
    freeze(network, (), "hold")
    return network


def ours(network: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Train and return the accuracy on the training pictures."""
    rows = np.arange(len(labels))
    material = course.Material(images, labels, Split(rows, rows[:0], rows[:0]))
    parts = split_at_frozen(network)
    forget()
    loop = Loop(SPEC, parts, prepare_examples(parts, material.images, material.labels, SILENT))
    for epoch in range(EPOCHS):
        last = loop.epoch(epoch, rows, SILENT.check)
    return last["accuracy"]


def _compiled(network: keras.Model) -> keras.Model:
    network.compile(keras.optimizers.Adam(SPEC.learning_rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return network


def fit_frozen(network: keras.Model, images: np.ndarray, labels: np.ndarray, share: float) -> float:
    """Return the seconds ten epochs of `fit` take, from the first and the mean of a share of the others."""
    others = max(1, round(share * (EPOCHS - 1)))
    floats = images.astype(np.float32)
    started = time.perf_counter()
    _compiled(network).fit(floats, labels, batch_size=BATCH, epochs=1, verbose=0)
    first = time.perf_counter() - started
    started = time.perf_counter()
    network.fit(floats, labels, batch_size=BATCH, epochs=others, verbose=0)
    return first + (time.perf_counter() - started) / others * (EPOCHS - 1)


def cached_fit(network: keras.Model, images: np.ndarray, labels: np.ndarray) -> float:
    """Train the head on features from `predict`; return the last training accuracy."""
    pooled = network.get_layer("head_average").output
    features = keras.Model(network.input, pooled).predict(images.astype(np.float32), batch_size=64, verbose=0)
    head = _compiled(keras.Model(pooled, network.output))
    return float(head.fit(features, labels, batch_size=BATCH, epochs=EPOCHS, verbose=0).history["accuracy"][-1])


def compare(backbone: str, side: int, pairs: int, share: float) -> dict[str, float]:
    """Return the medians of the ratios to our time, and the accuracies of ours and of the cached way."""
    images, labels = pictures(side)
    ratios: dict[str, list[float]] = {"vs_fit_frozen": [], "vs_cached_fit": []}
    seconds, accuracies = [], []
    for pair in range(pairs):
        started = time.perf_counter()
        network = classifier(backbone, side)
        building = time.perf_counter() - started
        started = time.perf_counter()
        own = ours(network, images, labels)
        mine = time.perf_counter() - started
        network = classifier(backbone, side)
        started = time.perf_counter()
        peer = cached_fit(network, images, labels)
        ratios["vs_cached_fit"].append((time.perf_counter() - started) / mine)
        ratios["vs_fit_frozen"].append(fit_frozen(classifier(backbone, side), images, labels, share) / mine)
        seconds.append(mine)
        accuracies.append((own, peer))
        print(f"{backbone} pair {pair + 1}: ours {mine:.2f} s (building {building:.2f} s), "
              + ", ".join(f"{name} {values[-1]:.2f}" for name, values in ratios.items())
              + f", accuracy {own:.3f} and {peer:.3f}", flush=True)  # fmt: skip
        keras.backend.clear_session()
    middle = {name: statistics.median(values) for name, values in ratios.items()}
    return {**middle, "seconds": statistics.median(seconds), "accuracy": accuracies[-1][0], "peer": accuracies[-1][1]}


TAIL = TrainingSpec(
    head=HeadSpec(),
    batch=BATCH,
    epochs=EPOCHS,
    learning_rate=1e-3,
    trainable=("conv4", "conv4_bn", "conv5", "conv5_bn"),
)


def compare_tail(pairs: int) -> dict[str, float]:
    """Return the median of `fit`'s time over ours with the same trainable tail, and how far answers lie apart.

    The answers are those after the first epoch: later on every training carries its rounding further.
    """
    images, labels = (part[:500] for part in pictures(64))
    learnt, watched = np.arange(375), np.arange(375, 500)
    floats = images.astype(np.float32)
    ratios, apart = [], []
    for pair in range(pairs):
        both = [training_classifier.attach(build.build("frame8", side=64), TAIL.head, CLASSES, 0) for _ in range(2)]
        for network in both:
            freeze(network, TAIL.trainable, "hold")
        started = time.perf_counter()
        parts = split_at_frozen(both[0])
        forget()
        loop = Loop(TAIL, parts, prepare_examples(parts, images, labels, SILENT))
        seen = []
        for epoch in range(TAIL.epochs):
            loop.epoch(epoch, learnt, SILENT.check)
            seen.append(loop.predict(watched, BATCH, SILENT.check))
        mine = time.perf_counter() - started
        started = time.perf_counter()
        _compiled(both[1])
        for epoch in range(TAIL.epochs):
            order = np.random.default_rng([TAIL.seed, epoch]).permutation(learnt)
            both[1].fit(floats[order], labels[order], batch_size=BATCH, shuffle=False, verbose=0)
            answers = both[1].predict(floats[watched], batch_size=BATCH, verbose=0)
            if epoch == 0:
                apart.append(float(np.abs(answers - seen[0]).max()))
        ratios.append((time.perf_counter() - started) / mine)
        print(f"tail pair {pair + 1}: ours {mine:.2f} s, {ratios[-1]:.2f}, answers apart {apart[-1]:.1e}", flush=True)
        if apart[-1] > 0.01:
            raise SystemExit("Expected the same answers from both ways after an epoch, up to rounding.")
        keras.backend.clear_session()
    return {"tail_vs_fit": statistics.median(ratios), "apart": max(apart)}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pairs", type=int, nargs="?", default=7)
    parser.add_argument("--share", type=float, default=0.2, help="of the epochs the slowest way really runs")
    parser.add_argument("--threads", type=int, default=1, help="of every way; the app's workers have one")
    options = parser.parse_args()
    # The workers' threads for everybody; not their deterministic operations, which would slow down `fit` more than us.
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    compare("frame8", 64, 1, 0.2)  # the first network of a process pays for loading
    networks = (("mobilenetv2", 96), ("frame8", 64), ("lite0", 128))
    wide, own, lite0 = (compare(*which, options.pairs, options.share) for which in networks)
    tail = compare_tail(options.pairs)
    print(
        json.dumps(
            {
                "tail_vs_fit": round(tail["tail_vs_fit"], 2),
                "tail_answers_apart": float(f"{tail['apart']:.1e}"),
                "vs_fit_frozen": round(wide["vs_fit_frozen"], 2),
                "vs_cached_fit": round(wide["vs_cached_fit"], 2),
                "frame8_vs_fit_frozen": round(own["vs_fit_frozen"], 2),
                "frame8_vs_cached_fit": round(own["vs_cached_fit"], 2),
                "lite0_vs_fit_frozen": round(lite0["vs_fit_frozen"], 2),
                "lite0_vs_cached_fit": round(lite0["vs_cached_fit"], 2),
                "seconds": round(wide["seconds"], 2),
                "lite0_seconds": round(lite0["seconds"], 2),
                "frame8_seconds": round(own["seconds"], 2),
                "threads": options.threads,
                "pairs": options.pairs,
                "load": round(os.getloadavg()[0], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
