"""What the shipped backbones are worth on real pictures, beside random weights, and MobileNetV2 if it is here.

    python -m tests.benchmarks.bench_folder FOLDER [seeds] [--shots N]

FOLDER holds one folder of pictures a class, such as TensorFlow's flower photos. 60 % of each class train, 20 % choose
the best epoch, 20 % test, drawn by the seed, which also decides the head; with `--shots` only so many of each class
train. The recipe is the app's default. MobileNetV2 takes part when its ImageNet weights are among the downloads of
FREEZEFRAME_HOME. The last line is one JSON object: mean accuracy and its standard deviation over the seeds of every
backbone.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from models.backbones import weights
from models.backbones.worker import build
from models.pictures import images
from models.pictures.datasets import Split
from models.pictures.uploads import decode
from models.storage.progress import SILENT
from models.training import recipes
from models.training.worker import classifier as training_classifier
from models.training.worker.classifier import freeze, split_at_frozen
from models.training.worker.course import Course
from models.training.worker.examples import prepare_examples
from models.training.worker.loop import Loop
from tests.benchmarks.bench_transfer import trained

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
NETWORKS = (
    ("frame8", "pretrained", 64),
    ("frame8", "random", 64),
    ("lite0", "pretrained", 128),
    ("mobilenetv2", "pretrained", 96),
)


def read(folder: Path, side: int) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Return the pictures squeezed to a square, their classes, and the names of the classes."""
    classes = sorted(path.name for path in folder.iterdir() if path.is_dir())
    files = [(path, i) for i, name in enumerate(classes) for path in sorted((folder / name).iterdir())]
    pictures = np.stack([images.resize(decode(path.read_bytes()), side, side) for path, _ in files])
    return pictures, np.array([label for _, label in files]), classes


def split(labels: np.ndarray, seed: int, shots: int | None = None) -> Split:
    """Return 60, 20 and 20 % of every class, of the first part at most `shots` pictures of each."""
    rng = np.random.default_rng(seed)
    parts: list[list[np.ndarray]] = [[], [], []]
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        for part, chosen in zip(
            parts, np.split(members, [len(members) * 6 // 10, len(members) * 8 // 10]), strict=True
        ):
            part.append(chosen[:shots] if part is parts[0] else chosen)
    return Split(*(np.sort(np.concatenate(part)) for part in parts))


def accuracies(folder: Path, backbone: str, kind: str, side: int, seeds: int, shots: int | None) -> list[float]:
    """Return the test accuracy of the default head for every seed; the features are computed once where they can be."""
    pictures, labels, classes = read(folder, side)
    found, examples = [], None
    for seed in range(seeds):
        spec = replace(recipes.DEFAULT, backbone=backbone, weights=kind, side=side, seed=seed)
        network = build.build(backbone, side=side, weights=kind, seed=seed)
        classifier = training_classifier.attach(network, spec.head, len(classes), seed)
        freeze(classifier, (), "hold")
        parts = split_at_frozen(classifier)
        if examples is None or kind == "random":
            examples = prepare_examples(parts, pictures, labels, SILENT)
        with tempfile.TemporaryDirectory() as course_folder:
            course = Course(spec, Loop(spec, parts, examples), Path(course_folder) / "checkpoint.npz")
            found.append(trained(course, labels, split(labels, seed, shots)))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("seeds", type=int, nargs="?", default=3)
    parser.add_argument("--shots", type=int, help="training pictures a class; all where it is left out")
    options = parser.parse_args()
    build.prepare_tensorflow()
    result = {}
    for backbone, kind, side in NETWORKS:
        if kind == "pretrained" and not weights.available(backbone):
            print(f"{backbone}: no weights on this machine")
            continue
        found = accuracies(options.folder, backbone, kind, side, options.seeds, options.shots)
        result[f"{backbone} {kind} {side} px"] = {
            "mean": round(float(np.mean(found)), 4),
            "sd": round(float(np.std(found, ddof=1)), 4),
        }
        print(backbone, kind, found, flush=True)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
