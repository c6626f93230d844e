"""Run the transferability experiment on Tiny ImageNet and collect its rows for the app.

    python -m models.transferability.worker.experiment DATA OUT --split random --seeds 0 1 2   run (again: resume)
    python -m models.transferability.worker.experiment DATA OUT --collect FILE                 write all rows as CSV

DATA is Tiny ImageNet's published folder. OUT takes one small file a network, written when it is done: a network that
was interrupted starts anew, the others stay. Several processes may work on different seeds in one OUT.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.frame8.tiny_imagenet import Pictures, read_pictures
from models.pictures import images
from models.storage.files import write_atomically
from models.transferability import experiment
from models.transferability.experiment import EIGHT, SPLITS, Cell, Row, Schedule
from models.transferability.worker.train import Chain, Task, accuracy, train

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
DEFAULT = Schedule(epochs=6)


def is_natural(wnid: str) -> bool:
    """Whether a WordNet id is an animal, a plant, a fungus, their fruit, or a piece of land, and nobody made it."""
    animal, land_or_plant = wnid < "n02512000", wnid[:3] in ("n09", "n11", "n12", "n13")
    produce = "n07712000" <= wnid < "n07770000"  # vegetables, fruits and mushrooms, not dishes
    return animal or land_or_plant or produce


def halves(wnids: tuple[str, ...], split: str, seed: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the classes of A and B: equally many, no class in both, drawn by the seed.

    A random split has half of all classes in each; of natural and man-made things there are as many as the rarer has.
    """
    rng = np.random.default_rng(seed)
    if split == "random":
        order = rng.permutation(len(wnids))
        return np.sort(order[: len(order) // 2]), np.sort(order[len(order) // 2 :])
    natural = np.array([is_natural(wnid) for wnid in wnids])
    kinds = [rng.permutation(np.flatnonzero(natural)), rng.permutation(np.flatnonzero(~natural))]
    size = min(len(kind) for kind in kinds)
    first, second = (np.sort(kind[:size]) for kind in kinds)
    return (first, second) if split == "natural to man-made" else (second, first)


def task(training: Pictures, validation: Pictures, classes: NDArray[np.int64]) -> Task:
    """Return the pictures of some classes, numbered anew from 0."""
    number = np.full(len(training.names), -1)
    number[classes] = np.arange(len(classes))
    parts = []
    for pictures in (training, validation):
        chosen = np.flatnonzero(number[pictures.labels] >= 0)
        parts += [pictures.images[chosen], number[pictures.labels[chosen]]]
    return Task(*parts)


def shrunk(pictures: Pictures) -> Pictures:
    """Return the pictures at the size the experiment's network takes."""
    parts = [
        images.resize(pictures.images[i : i + 1000], EIGHT.height, EIGHT.width)
        for i in range(0, len(pictures.images), 1000)
    ]
    return Pictures(np.concatenate(parts), pictures.labels, pictures.names)


def run(cell: Cell, tasks: dict[str, Task], schedule: Schedule, out: Path) -> Row:
    """Return the row of a cell, training its network unless OUT has it; bases leave their weights too."""
    name = f"{experiment.digest(EIGHT, schedule)}-{cell.split}-{cell.seed}".replace(" ", "_")
    path = out / f"{name}-{cell.treatment}-{cell.n}.json"
    if path.exists():
        return Row(**json.loads(path.read_text()))
    base = _base(cell.source, tasks, out / f"{name}-{cell.source}.npz") if cell.source else None
    target = tasks["A" if cell.treatment == "baseA" else "B"]
    started = time.perf_counter()
    chain = train(cell, target, EIGHT, schedule, base)
    seconds = time.perf_counter() - started
    if not cell.n:
        buffer = io.BytesIO()
        np.savez(buffer, *chain.weights())
        write_atomically(out / f"{name}-{cell.treatment}.npz", buffer.getvalue())
    reached = accuracy(chain, target.validation_images, target.validation_labels)
    row = Row(
        **asdict(cell),
        epochs=schedule.epochs,
        accuracy=reached,
        classes=target.classes,
        pictures=len(target.validation_labels),
        seconds=seconds,
        digest=experiment.digest(EIGHT, schedule),
    )
    write_atomically(path, json.dumps(asdict(row)).encode())
    print(json.dumps(asdict(row)), flush=True)
    return row


def _base(source: str, tasks: dict[str, Task], path: Path) -> Chain:
    chain = Chain(EIGHT, tasks[source[-1]].classes, seed=0)
    with np.load(path, allow_pickle=False) as saved:
        chain.set_weights([saved[name] for name in saved.files])
    return chain


def collect(out: Path, file: Path) -> None:
    """Write the rows of all finished networks as CSV."""
    rows = [Row(**json.loads(path.read_text())) for path in sorted(out.glob("*.json"))]
    write_atomically(file, experiment.to_csv(rows).encode())


def main(arguments: list[str] | None = None) -> None:
    """Read the command line and run, or collect."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--split", choices=SPLITS, default="random")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--epochs", type=int, default=DEFAULT.epochs)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--collect", type=Path)
    options = parser.parse_args(arguments)
    if options.collect:
        collect(options.out, options.collect)
        return
    tf.config.threading.set_intra_op_parallelism_threads(options.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    if options.bfloat16:
        tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    options.out.mkdir(parents=True, exist_ok=True)
    wnids = tuple((options.data / "wnids.txt").read_text().split())
    training, validation = (shrunk(read_pictures(options.data, part)) for part in ("train", "val"))
    for seed in options.seeds:
        a, b = halves(wnids, options.split, seed)
        tasks = {"A": task(training, validation, a), "B": task(training, validation, b)}
        for cell in experiment.cells(EIGHT.depth, options.split, seed):
            run(cell, tasks, Schedule(epochs=options.epochs), options.out)


if __name__ == "__main__":
    main()
