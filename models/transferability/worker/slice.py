"""Trains all networks of the live slice, the transferability experiment on the digits.

A row is written as soon as its network is finished. Started again after a kill, the job keeps the finished rows and
trains the others; the base networks those need are trained again, which gives the same weights.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter

import numpy as np
import tensorflow as tf

from models.backbones.worker import build
from models.pictures import datasets
from models.storage.files import write_atomically
from models.storage.progress import SILENT, Progress
from models.transferability import experiment
from models.transferability.experiment import FOUR, Cell, Row, cells
from models.transferability.slice import DATASET, EXAMPLE, ROWS, SPLIT, SliceSpec, read_rows
from models.transferability.worker.train import Chain, Task, accuracy, train


def train_table(spec: SliceSpec, progress: Progress, folder: Path) -> None:
    """Train every network of a slice whose row is not in `folder` yet, and write its row there.

    Raises:
        Cancelled: By `progress`, at any step.
    """
    build.prepare_tensorflow()
    tf.get_logger().setLevel(logging.ERROR)  # every network is traced anew, which TensorFlow warns about
    found = {(row.treatment, row.n, row.seed): row for row in read_rows(folder / ROWS)}
    for number in range(spec.seeds):
        seed = spec.first_seed + number
        networks = SeedNetworks(spec, seed, progress)
        for cell in cells(FOUR.depth, SPLIT, seed):
            if (cell.treatment, cell.n, seed) in found:
                continue
            progress.event(share=len(found) / spec.networks, note=_note(cell, number, spec.seeds))
            row = networks.row(cell)
            found[row.treatment, row.n, seed] = row
            write_atomically(folder / ROWS, experiment.to_csv(found.values()).encode())


class SeedNetworks:
    """The two tasks of one seed, and its base networks once they are trained."""

    def __init__(self, spec: SliceSpec, seed: int, progress: Progress) -> None:
        self.spec, self.progress = spec, progress
        self.digest = experiment.digest(FOUR, spec.schedule)
        self.tasks = {"A": task(spec.a, seed, spec.shots), "B": task(spec.b, seed, spec.shots)}
        self.bases: dict[str, Chain] = {}

    def row(self, cell: Cell) -> Row:
        """Return what the network of a cell reaches, training it; the base it is copied from first, if need be."""
        target = self.tasks["A" if cell.treatment == "baseA" else "B"]
        if cell.source and cell.source not in self.bases:
            self.row(replace(cell, treatment=cell.source, n=0))
        base = self.bases[cell.source] if cell.source else None
        started = perf_counter()
        chain = train(cell, target, FOUR, self.spec.schedule, base, self.progress.check)
        seconds = perf_counter() - started
        if not cell.n:
            self.bases[cell.treatment] = chain
        return Row(
            **asdict(cell),
            epochs=self.spec.epochs,
            accuracy=accuracy(chain, target.validation_images, target.validation_labels),
            classes=target.classes,
            pictures=len(target.validation_labels),
            seconds=seconds,
            digest=self.digest,
        )


def _note(cell: Cell, number: int, seeds: int) -> str:
    """Return in words which network is in training."""
    kept = "" if not cell.n else ", 1 layer given" if cell.n == 1 else f", {cell.n} layers given"
    return f"Training {cell.treatment}{kept} (seed {number + 1} of {seeds})"


def task(digits: tuple[int, ...], seed: int, shots: int | None) -> Task:
    """Return the scans (N, 8, 8, 1) of some digits, numbered from 0, to learn from and to measure on.

    Nothing is chosen on validation pictures here, so that they and the test pictures both measure.
    """
    data, parts = datasets.load(DATASET), datasets.split(DATASET, seed, shots)
    number = np.full(len(data.spec.classes), -1)
    number[list(digits)] = np.arange(len(digits))
    pieces = []
    for indices in (parts.train, np.sort(np.concatenate([parts.validation, parts.test]))):
        chosen = indices[number[data.labels[indices]] >= 0]
        pieces += [data.images[chosen][..., :1], number[data.labels[chosen]]]
    return Task(*pieces)


def ship() -> None:
    """Train the default slice anew and write its rows to where the app ships them."""
    EXAMPLE.parent.mkdir(exist_ok=True)
    EXAMPLE.unlink(missing_ok=True)
    train_table(SliceSpec(), SILENT, EXAMPLE.parent)
