"""The transferability experiment of Yosinski et al. in miniature: treatments, architectures, schedule, rows.

Two tasks A and B share no class. `base` networks are trained on one of them; for n = 1..N-1 the first n layers of a
base network are copied, the layers above start anew, and the whole is trained on B:

    BnB   copied from baseB, the copied layers frozen     AnB   copied from baseA, frozen
    BnB+  copied from baseB, everything learns            AnB+  copied from baseA, everything learns
    RnB   the first n layers random and frozen: what the layers above can make of noise

Source: Yosinski, Clune, Bengio, Lipson, "How transferable are features in deep neural networks?", NeurIPS 2014.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from models.errors import InputError

BASES = ("baseA", "baseB")
TREATMENTS = ("BnB", "AnB", "BnB+", "AnB+", "RnB")
SPLITS = ("random", "natural to man-made", "man-made to natural")


@dataclass(frozen=True, slots=True)
class Architecture:
    """A chain of convolutional and dense layers, each but the last followed by BatchNorm and a ReLU.

    Attributes:
        height, width, channels: Of the pictures.
        convolutions: (filters, kernel, stride, pooled afterwards) of each convolution; pooling is 2 x 2.
        dense: Widths of the dense layers below the last one.
    """

    height: int
    width: int
    channels: int
    convolutions: tuple[tuple[int, int, int, bool], ...]
    dense: tuple[int, ...]

    @property
    def depth(self) -> int:
        """Number of layers with weights, the last one among them."""
        return len(self.convolutions) + len(self.dense) + 1


EIGHT = Architecture(
    32, 32, 3, ((24, 5, 2, True), (48, 3, 1, False), (64, 3, 1, True), (96, 3, 1, False), (96, 3, 1, False)), (192, 192)
)
FOUR = Architecture(8, 8, 1, ((16, 3, 1, False), (32, 3, 1, True)), (48,))


@dataclass(frozen=True, slots=True)
class Schedule:
    """How every network of an experiment is trained; the same for all treatments.

    The rate rises over the first tenth of the steps and then follows half a cosine down to 0.
    """

    epochs: int
    batch: int = 128
    peak_rate: float = 0.1
    weight_decay: float = 4e-3  # decoupled: each step also takes rate * weight_decay of every kernel
    mirror: bool = True  # half of the pictures, chosen anew in every epoch, are seen mirrored


@dataclass(frozen=True, slots=True)
class Cell:
    """One network of the experiment: which treatment, how many layers copied (0 for a base), split and seed."""

    treatment: str
    n: int
    split: str
    seed: int

    def __post_init__(self) -> None:
        if self.treatment not in (*BASES, *TREATMENTS):
            known = ", ".join((*BASES, *TREATMENTS))
            raise InputError(f"Expected a treatment among {known}. Received {self.treatment}.")

    @property
    def frozen(self) -> bool:
        """Whether the first `n` layers stay as they are."""
        return self.treatment in ("BnB", "AnB", "RnB")

    @property
    def source(self) -> str | None:
        """The base network whose first layers are copied, if any."""
        return {"A": "baseA", "B": "baseB"}.get(self.treatment[0]) if self.n else None


@dataclass(frozen=True, slots=True)
class Row:
    """What one network of the experiment reached.

    Attributes:
        treatment, n, split, seed: The cell.
        epochs: Of its training.
        accuracy: Top-1 on the validation pictures of its task (B, or A for baseA) after the last epoch, 0..1.
        classes, pictures: Of its task; `pictures` are those `accuracy` was measured on.
        seconds: Its training took.
        digest: Of everything else that decides the result: architecture and schedule.
    """

    treatment: str
    n: int
    split: str
    seed: int
    epochs: int
    accuracy: float
    classes: int
    pictures: int
    seconds: float
    digest: str


def cells(depth: int, split: str, seed: int) -> tuple[Cell, ...]:
    """Return all networks of one split and seed, the bases first."""
    bases = [Cell(base, 0, split, seed) for base in BASES]
    return (*bases, *(Cell(treatment, n, split, seed) for n in range(1, depth) for treatment in TREATMENTS))


def digest(architecture: Architecture, schedule: Schedule) -> str:
    """Return 12 hex digits that change with any value of either."""
    text = json.dumps([asdict(architecture), asdict(schedule)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def to_csv(rows: Iterable[Row]) -> str:
    """Return the rows as CSV with a header, in a fixed order."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [field.name for field in fields(Row)], lineterminator="\n")
    writer.writeheader()
    for row in sorted(rows, key=lambda row: (row.split, row.seed, row.treatment, row.n)):
        writer.writerow(asdict(row) | {"accuracy": f"{row.accuracy:.4f}", "seconds": f"{row.seconds:.1f}"})
    return text.getvalue()


def read_csv(path: Path) -> tuple[Row, ...]:
    """Return the rows that `to_csv` wrote."""
    with path.open(newline="") as file:
        return tuple(
            Row(
                line["treatment"],
                int(line["n"]),
                line["split"],
                int(line["seed"]),
                int(line["epochs"]),
                float(line["accuracy"]),
                int(line["classes"]),
                int(line["pictures"]),
                float(line["seconds"]),
                line["digest"],
            )
            for line in csv.DictReader(file)
        )
