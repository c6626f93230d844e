"""Progress: what a long computation reports to, and how a part of a larger one reports."""

from __future__ import annotations

from collections.abc import Callable
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

    def event(self, **_: Any) -> None:
        pass

    def check(self) -> None:
        pass


SILENT: Progress = _Silent()


@dataclass(frozen=True, slots=True)
class Part:
    """The progress of a part of a larger work, shown as the stretch from `start` to `end` (0..1) of the whole's."""

    whole: Progress
    start: float
    end: float

    def event(self, **fields: Any) -> None:
        """Pass an event on, its share moved into the stretch; raises `Cancelled` when asked to stop."""
        if "share" in fields:
            fields["share"] = self.start + (self.end - self.start) * fields["share"]
        self.whole.event(**fields)

    def check(self) -> None:
        """Raise `Cancelled` when asked to stop."""
        self.whole.check()


@dataclass(frozen=True, slots=True)
class Checked:
    """The progress of a part whose events nobody sees: each only asks whether to stop.

    Attributes:
        check: Raises `Cancelled` when asked to stop, as the `check` of the whole's progress does.
    """

    check: Callable[[], None]

    def event(self, **_: Any) -> None:
        """Raise `Cancelled` when asked to stop."""
        self.check()
