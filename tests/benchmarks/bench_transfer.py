"""What transfer buys: accuracy of the default head on the shipped backbone, pretrained against random weights.

    python -m tests.benchmarks.bench_transfer [seeds]

Frame8 frozen, the default recipe, all training pictures and 20 of each class, tested on the held-out pictures. A seed
decides the head, the order of the pictures and the random backbone. The last line is one JSON object: mean accuracy of
{data set: {all or 20: {pretrained, random}}}.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

from models import backbone_builder, datasets, heads, images, networks, recipes
from models.checkpoints import Course
from models.examples import Examples, prepare_examples
from models.freezing import freeze, split_at_frozen
from models.runs import SILENT
from models.training_loop import Loop

SHOTS = 20


def accuracies(dataset: str, weights: str, seed: int, features: dict[str, Examples]) -> Iterator[tuple[str, float]]:
    """Yield ("all" or "20", test accuracy) of one frozen backbone; keeps `features`, pretrained ones for all seeds."""
    data = datasets.load(dataset)
    for name, shots in (("all", None), (str(SHOTS), SHOTS)):
        spec = replace(recipes.DEFAULT, dataset=dataset, weights=weights, seed=seed, shots=shots)
        backbone = backbone_builder.build(spec.backbone, side=spec.side, weights=weights, seed=seed)
        classifier = heads.attach(backbone, spec.head, len(data.spec.classes), seed)
        freeze(classifier, (), "hold")
        parts = split_at_frozen(classifier)
        key = weights if weights == "pretrained" else f"random {seed}"
        if key not in features:
            pictures = images.resize(data.images, spec.side, spec.side)
            features[key] = prepare_examples(parts, pictures, data.labels, SILENT)
        with tempfile.TemporaryDirectory() as folder:
            course = Course(spec, Loop(spec, parts, features[key]), Path(folder) / "checkpoint.npz")
            yield name, trained(course, data.labels, datasets.split(dataset, shots=shots))


def trained(course: Course, labels: np.ndarray, split: datasets.Split) -> float:
    """Train to the end and return the accuracy of the best epoch's weights on the test pictures."""
    while not course.over:
        row = course.loop.epoch(len(course.history), split.train, SILENT.check)
        course.record(row, course.loop.predict(split.validation, 1024, SILENT.check), labels[split.validation], 0.0)
    course.use_best()
    probability = course.loop.predict(split.test, 1024, SILENT.check)
    return float((probability.argmax(axis=1) == labels[split.test]).mean())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    seeds = range(parser.parse_args().seeds)
    networks.prepare_tensorflow()
    means: dict[str, dict[str, dict[str, float]]] = {}
    for dataset in datasets.DATASETS:
        found: dict[tuple[str, str], list[float]] = {}
        features: dict[str, Examples] = {}
        started = time.perf_counter()
        for weights in ("pretrained", "random"):
            for seed in seeds:
                for name, accuracy in accuracies(dataset, weights, seed, features):
                    found.setdefault((name, weights), []).append(accuracy)
        for (name, weights), values in found.items():
            means.setdefault(dataset, {}).setdefault(name, {})[weights] = round(float(np.mean(values)), 4)
        print(dataset, means[dataset], f"{time.perf_counter() - started:.0f} s", flush=True)
    print(json.dumps(means))


if __name__ == "__main__":
    main()
