"""Run directories: the truth about every job, readable by any process, whole after a kill at any moment.

    <home>/runs/<run id>/
        spec.json      what was asked for; written once
        status.json    the latest state; replaced atomically
        events.jsonl   what happened, one JSON object a line; only ever appended
        cancel         exists once the visitor asked to stop
        …              whatever the job writes, each file replaced atomically

A run id is 128 random bits: who knows it may see the run. The shipped example has the id "example" and is everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


class Progress(Protocol):
    """What a long computation reports to; it never knows who listens."""

    def event(self, **fields: Any) -> None:
        """Record what happened; `share` (0..1) and `note` are shown. Raises `Cancelled` when asked to stop."""

    def check(self) -> None:
        """Raise `Cancelled` when asked to stop; cheap enough for every batch."""


class _Silent:
    """A listener that hears nothing and never cancels."""

    def event(self, **fields: Any) -> None:
        pass

    def check(self) -> None:
        pass


SILENT: Progress = _Silent()


@dataclass(frozen=True, slots=True)
class Cancellable:
    """Listens to a part of a larger job: keeps the part's own share to itself and asks whether to stop."""

    whole: Progress

    def event(self, **_: Any) -> None:
        """Raise `Cancelled` when asked to stop."""
        self.whole.check()

    def check(self) -> None:
        """Raise `Cancelled` when asked to stop."""
        self.whole.check()


# FOLDED models/training/worker/course.py: The phases of a training, one after the other: what learns, what its
# epochs read. Imports Keras: workers only. Most runs have a single phase. With two, the head alone learns first, on
# features computed once; then, from its best epoch and with a new optimiser, the chosen layers of the backbone
# learn too.


@dataclass(frozen=True, slots=True)
class _Window:
    """The progress of one phase, as a stretch of the whole run's."""

    progress: Progress
    start: float
    end: float

    def event(self, **fields: Any) -> None:
        """Pass an event on, its share moved into the stretch."""
        share = {"share": self.start + (self.end - self.start) * fields["share"]} if "share" in fields else {}
        self.progress.event(**{**fields, **share})

    def check(self) -> None:
        """Raise Cancelled when asked to stop."""
        self.progress.check()
