"""What transfer buys: a head on the shipped backbone, on the same network with random weights, training from scratch.

    python -m tests.benchmarks.bench_transfer [seeds] [--data galaxies textures digits] [--parts 20 all]
                                              [--ways pretrained random scratch] [--epochs N] [--keep FILE]

Tested on the held-out pictures after training on 20 of each class and on all training pictures. The heads follow the
default recipe on frozen Frame8. From scratch every layer learns from random weights, BatchNorm with its statistics, the
same head on top, at a rate of 1e-3 with the same cosine, for as many epochs as `SCRATCH_EPOCHS` says. That is what
takes long: on all pictures some minutes a seed, without it two minutes in all. With `--keep` every accuracy is written
into a file as soon as it is known, and what stands there is not measured again: a benchmark that was stopped goes on,
and one of three seeds adds a third to two. A seed decides new weights and the order of the pictures.

Intervals are Student's 95 % over the seeds: they say how far luck in training reaches, not in the choice of pictures;
for that each line ends with the half width of Wilson's interval for so many test pictures. The last line is one JSON
object: {data set: {20 or all: {pretrained, random, scratch: {mean, low, high, seeds}}}}.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.backbones import tables
from models.backbones.worker import build
from models.intervals import wilson
from models.pictures import datasets, images
from models.storage.progress import SILENT
from models.training import recipes
from models.training.spec import TrainingSpec
from models.training.worker import classifier as training_classifier
from models.training.worker.classifier import freeze, split_at_frozen
from models.training.worker.course import Course
from models.training.worker.examples import Examples, prepare_examples
from models.training.worker.loop import Loop

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
PARTS: dict[str, int | None] = {"20": 20, "all": None}  # training pictures of each class
WAYS = ("pretrained", "random", "scratch")
SCRATCH_EPOCHS = {"20": 60, "all": 45}
STUDENT = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776, 6: 2.571, 7: 2.447, 8: 2.365, 9: 2.306, 10: 2.262}  # 97.5 %


def spec_of(dataset: str, part: str, way: str, seed: int, epochs: int | None = None) -> TrainingSpec:
    """Return what is trained; `epochs` are those from scratch, None for the usual number."""
    weights = "pretrained" if way == "pretrained" else "random"
    spec = replace(recipes.DEFAULT, dataset=dataset, weights=weights, seed=seed, shots=PARTS[part])
    if way != "scratch":
        return spec
    table = tables.table(spec.backbone, spec.side)
    every = tuple(row.name for row in table.layers if row.parameters)
    return replace(spec, trainable=every, batch_norm="train", learning_rate=1e-3, epochs=epochs or SCRATCH_EPOCHS[part])


def accuracy(spec: TrainingSpec, kept: dict[str, Examples]) -> float:
    """Train as `spec` says and return the accuracy of the best epoch's weights on the test pictures.

    `kept` holds what the epochs read: the features of a frozen backbone, or the pictures themselves.
    """
    data = datasets.load(spec.dataset)
    backbone = build.build(spec.backbone, side=spec.side, weights=spec.weights, seed=spec.seed)
    classifier = training_classifier.attach(backbone, spec.head, len(data.spec.classes), spec.seed)
    freeze(classifier, spec.trainable, spec.batch_norm)
    parts = split_at_frozen(classifier)
    key = "pictures" if spec.trainable else spec.weights if spec.weights == "pretrained" else f"random {spec.seed}"
    if key not in kept:
        pictures = images.resize(data.images, spec.side, spec.side)
        kept[key] = prepare_examples(parts, pictures, data.labels, SILENT)
    split = datasets.split(spec.dataset, shots=spec.shots)
    with tempfile.TemporaryDirectory() as folder:
        course = Course(spec, Loop(spec, parts, kept[key]), Path(folder) / "checkpoint.npz")
        return trained(course, data.labels, split, 128 if spec.trainable else 1024)


def trained(course: Course, labels: np.ndarray, split: datasets.Split, chunk: int = 1024) -> float:
    """Train to the end and return the accuracy of the best epoch's weights on the test pictures."""
    while not course.over:
        row = course.loop.epoch(len(course.history), split.train, SILENT.check)
        course.record(row, course.loop.predict(split.validation, chunk, SILENT.check), labels[split.validation], 0.0)
    course.use_best()
    probability = course.loop.predict(split.test, chunk, SILENT.check)
    return float((probability.argmax(axis=1) == labels[split.test]).mean())


def summary(values: list[float]) -> dict[str, object]:
    """Return mean, Student's 95 % interval (None for one seed) and the values themselves."""
    mean, n = statistics.fmean(values), len(values)
    half = STUDENT[min(n, 10)] * statistics.stdev(values) / n**0.5 if n > 1 else None
    ends = {"low": None, "high": None} if half is None else {"low": mean - half, "high": mean + half}
    rounded = {name: end if end is None else round(min(max(end, 0.0), 1.0), 4) for name, end in ends.items()}
    return {"mean": round(mean, 4), **rounded, "seeds": [round(value, 4) for value in values]}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    parser.add_argument("--data", nargs="+", choices=datasets.DATASETS, default=list(datasets.DATASETS))
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--keep", type=Path, help="a file of accuracies that are known already, and to be known")
    parser.add_argument("--epochs", type=int, help="of the trainings from scratch, to see whether they were too short")
    options = parser.parse_args()
    build.prepare_tensorflow()
    known = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    found: dict[str, dict[str, dict[str, object]]] = {}
    for dataset in options.data:
        kept: dict[str, Examples] = {}
        n_test = len(datasets.split(dataset).test)
        for part in options.parts:
            for way in options.ways:
                started, values = time.perf_counter(), []
                for seed in range(options.seeds):
                    longer = f" {options.epochs} epochs" if way == "scratch" and options.epochs else ""
                    name = f"{dataset} {part} {way} {seed}{longer}"
                    if name not in known:
                        known[name] = accuracy(spec_of(dataset, part, way, seed, options.epochs), kept)
                        if options.keep:
                            options.keep.write_text(json.dumps(known, indent=1))
                    values.append(known[name])
                said = found.setdefault(dataset, {}).setdefault(part, {})[way] = summary(values)
                share = wilson(round(float(np.mean(values)) * n_test), n_test)
                print(
                    f"{dataset:9} {part:>3} a class  {way:10} {said['mean']:.1%} ({said['low']}-{said['high']}), "
                    f"test pictures ±{(share.high - share.low) / 2:.1%}, {time.perf_counter() - started:.0f} s",
                    flush=True,
                )
    print(json.dumps(found))


if __name__ == "__main__":
    main()
