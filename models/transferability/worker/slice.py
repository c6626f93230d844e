"""The job of the live slice: all networks of the transferability experiment on the digits. Imports Keras: workers only.

    python -m models.transferability.worker.slice      trains the default slice and writes the rows that are shipped

A row is written as soon as its network is finished. Started again after a kill, the job keeps the finished rows and
trains the others; the base networks those need are trained again, which gives the same weights.
"""

from __future__ import annotations

import logging
from dataclasses import asdict, replace
from pathlib import Path
from time import perf_counter
from typing import Any

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


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Train every network that `spec` (the JSON of a SliceSpec) asks for and `rows.csv` does not hold yet."""
    asked = SliceSpec.from_json(spec)
    build.prepare_tensorflow()
    tf.get_logger().setLevel(logging.ERROR)  # every network is traced anew, which TensorFlow warns about
    found = {(row.treatment, row.n, row.seed): row for row in read_rows(folder / ROWS)}
    for number in range(asked.seeds):
        seed = asked.first_seed + number
        bench = _Bench(asked, seed, progress)
        for cell in cells(FOUR.depth, SPLIT, seed):
            if (cell.treatment, cell.n, seed) in found:
                continue
            progress.event(share=len(found) / asked.networks, note=_note(cell, number, asked.seeds))
            row = bench.row(cell)
            found[row.treatment, row.n, seed] = row
            write_atomically(folder / ROWS, experiment.to_csv(found.values()).encode())


class _Bench:
    """The tasks of one seed, and its base networks once they are trained."""

    def __init__(self, asked: SliceSpec, seed: int, progress: Progress) -> None:
        self.asked, self.progress = asked, progress
        self.digest = experiment.digest(FOUR, asked.schedule)
        self.tasks = {"A": task(asked.a, seed, asked.shots), "B": task(asked.b, seed, asked.shots)}
        self.bases: dict[str, Chain] = {}

    def row(self, cell: Cell) -> Row:
        """Return what the network of a cell reaches, training it; the base it is copied from first, if need be."""
        target = self.tasks["A" if cell.treatment == "baseA" else "B"]
        if cell.source and cell.source not in self.bases:
            self.row(replace(cell, treatment=cell.source, n=0))
        base = self.bases[cell.source] if cell.source else None
        started = perf_counter()
        chain = train(cell, target, FOUR, self.asked.schedule, base, self.progress.check)
        seconds = perf_counter() - started
        if not cell.n:
            self.bases[cell.treatment] = chain
        return Row(
            **asdict(cell),
            epochs=self.asked.epochs,
            accuracy=accuracy(chain, target.validation_images, target.validation_labels),
            classes=target.classes,
            pictures=len(target.validation_labels),
            seconds=seconds,
            digest=self.digest,
        )


def _note(cell: Cell, number: int, seeds: int) -> str:
    """Return what is in training, for people."""
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


def record() -> None:
    """Train the default slice anew and write its rows to where the app ships them."""
    EXAMPLE.parent.mkdir(exist_ok=True)
    EXAMPLE.unlink(missing_ok=True)
    run_job(EXAMPLE.parent, SliceSpec().to_json(), SILENT)


if __name__ == "__main__":
    record()
