"""The finished cells of a sweep: one small file each, in the sweep's folder."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from models import runs
from models.errors import FreezeframeError
from models.plain_specs import PlainSpec
from models.sweeps import Cell, Key

_CELLS = "cells"


@dataclass(frozen=True, slots=True)
class Finished(PlainSpec):
    """A finished cell.

    Attributes:
        line, value, number: Of the cell.
        run: Id of its run; "" where the run is not kept (shipped results).
        accuracy, tested: Share of the test pictures that it gets right, and how many there are.
        train_accuracy: Share of the training pictures right during the epoch that was kept; NaN without one.
        seconds: It took, its part of what cells share included.
    """

    line: str
    value: str
    number: int
    run: str
    accuracy: float
    tested: int
    train_accuracy: float
    seconds: float

    @property
    def key(self) -> Key:
        """Return the key of its cell."""
        return self.line, self.value, self.number


def run_id(sweep: str, cell: Cell) -> str:
    """Return the id of a cell's run: the same after a kill, and known to nobody who does not know the sweep's."""
    return hashlib.sha256("/".join((sweep, cell.line, cell.value, str(cell.number))).encode()).hexdigest()[:32]


def record(folder: Path, found: Finished) -> None:
    """Write a finished cell into the folder of its sweep."""
    name = hashlib.sha256(repr(found.key).encode()).hexdigest()[:16]
    path = folder / _CELLS / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    runs.write_atomically(path, json.dumps(found.to_json()).encode())


def finished(folder: Path) -> tuple[Finished, ...]:
    """Return the cells of a sweep that are finished; files that cannot be read are passed over."""
    found = []
    for path in sorted((folder / _CELLS).glob("*.json")):
        try:
            found.append(Finished.from_json(json.loads(path.read_bytes())))
        except (OSError, ValueError, FreezeframeError):
            continue
    return tuple(found)
