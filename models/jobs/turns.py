"""Turns: which waiting job starts next, fair to all visitors, and short work beside the long work of others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from models.storage import runs

SHORT_S: Final = 5.0  # work predicted to take no longer does not wait for the jobs of others
LANES: Final = ("jobs", "interactive")  # resources of the workers: every job may take the first, a short one both


@dataclass(frozen=True, slots=True)
class Running:
    """A job that was given to a worker: its run, Dask's future, and the resource of the worker that it takes."""

    run: runs.Run
    future: Any
    lane: str = LANES[0]


def is_short(run: runs.Run) -> bool:
    """Whether a run was predicted to take so little that it need not wait for the jobs of others."""
    return run.seconds is not None and run.seconds <= SHORT_S


def order(waiting: Sequence[runs.Run], running: Iterable[Running], served: Mapping[str, float]) -> list[runs.Run]:
    """Return the waiting runs in the order they will start: visitors take turns, each in his own order.

    Args:
        waiting: In the order they were asked for.
        running: What workers have.
        served: When a job of a visitor was last started.
    """
    busy = {job.run.owner for job in running if job.lane == LANES[0]}
    turn = {run.owner: (run.owner in busy, served.get(run.owner, 0.0)) for run in waiting}
    rank: dict[str, int] = {}
    keyed = []
    for position, run in enumerate(waiting):
        rank[run.owner] = rank.get(run.owner, -1) + 1
        keyed.append(((rank[run.owner] + turn[run.owner][0], turn[run.owner][1], position), run))
    return [run for _, run in sorted(keyed, key=lambda pair: pair[0])]


def next_run(ordered: Sequence[runs.Run], running: Iterable[Running], lane: str) -> runs.Run | None:
    """Return the waiting run that goes into `lane` next: a visitor has at most one running in each lane."""
    busy = {job.run.owner for job in running if job.lane == lane}
    fitting = (run for run in ordered if lane == LANES[0] or is_short(run))
    return next((run for run in fitting if run.owner not in busy), None)
