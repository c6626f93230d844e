"""Run directories: the truth about every job, readable by any process, whole after a kill at any moment.

    <home>/runs/<run id>/
        spec.json      what was asked for; written once
        status.json    the latest state; replaced atomically
        events.jsonl   what happened, one JSON object a line; only ever appended
        cancel         exists once the visitor asked to stop
        …              whatever the job writes, each file replaced atomically

A run id is 128 random bits: who knows it may see the run. The shipped runs have the ids "example" and "fine-tuned" and
are everybody's.
Nobody but the server's own user may look into `runs/`.
"""

from __future__ import annotations

import json
import math
import os
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from models.errors import Cancelled, InputError, RunNotFound, StorageUnavailable
from models.storage.files import ASSETS, FULL, home, private_folder, saving, write_atomically
from models.storage.specs import PlainSpec

EXAMPLE = "example"
FINE_TUNED = "fine-tuned"  # the same pictures and head, but the last block learnt, too
SHIPPED = {EXAMPLE: ASSETS / EXAMPLE, FINE_TUNED: ASSETS / "fine_tuned"}
EXAMPLE_WEIGHTS = (ASSETS / "frame8" / "frame8.npz", ASSETS / EXAMPLE / "head.npz")  # all of its network
MOST_BYTES = 8_000_000_000  # of all runs together
State = Literal["queued", "running", "done", "cancelled", "failed"]
_OLDEST_DAYS = 14  # runs nobody touched for so long are cleared away when the server starts
_RUN_ID = re.compile(r"[0-9a-f]{32}")
_FIELDS: dict[str, Any] = {"kind": str, "title": str, "owner": str, "created": (int, float), "spec": dict}


@dataclass(frozen=True, slots=True)
class RunStatus(PlainSpec):
    """The latest state of a run; times are seconds since the epoch, `share` lies in 0..1."""

    state: State
    message: str = ""  # why it failed, or what to know about the end
    share: float = 0.0
    note: str = ""  # what it is doing
    started: float | None = None
    finished: float | None = None

    @property
    def active(self) -> bool:
        """Whether the run still waits or works."""
        return self.state in ("queued", "running")


@dataclass(frozen=True, slots=True)
class Run:
    """One run directory."""

    id: str
    folder: Path

    def path(self, name: str) -> Path:
        """Return the path of one of the run's files, whether it is there or not."""
        return self.folder / name

    @property
    def record(self) -> dict[str, Any]:
        """Return the whole of `spec.json`: kind, title, owner, created, spec."""
        return _read_record(self.folder / "spec.json")

    @property
    def kind(self) -> str:
        """Return what sort of job this is: "training", "som", …"""
        return str(self.record["kind"])

    @property
    def title(self) -> str:
        """Return the run's name as it is shown."""
        return str(self.record["title"])

    @property
    def owner(self) -> str:
        """Return the visitor's id; empty for the shipped runs."""
        return str(self.record["owner"])

    @property
    def parent(self) -> str:
        """Return the id of the sweep whose cell this run is; empty for a run of its own."""
        return str(self.record.get("parent", ""))

    @property
    def created(self) -> float:
        """Return when the run was asked for, in seconds since the epoch."""
        return float(self.record["created"])

    @property
    def seconds(self) -> float | None:
        """Return how long the work was predicted to take; None where nothing was predicted."""
        predicted = self.record.get("seconds")
        return float(predicted) if isinstance(predicted, int | float) else None

    @property
    def spec(self) -> dict[str, Any]:
        """Return what was asked for, as the job reads it."""
        return dict(self.record["spec"])

    @property
    def status(self) -> RunStatus:
        """Return the latest state.

        What the visitor cancelled is cancelled, whatever its worker wrote before it heard; a run whose status file is
        missing or unreadable counts as failed.
        """
        try:
            status = RunStatus.from_json(json.loads((self.folder / "status.json").read_bytes()))
        except (OSError, ValueError, InputError):
            return RunStatus("failed", message="This run's folder is incomplete. Start it again.")
        return replace(status, state="cancelled") if status.state != "failed" and self.cancel_asked else status

    def set_status(self, status: RunStatus) -> None:
        """Replace the state."""
        write_atomically(self.folder / "status.json", json.dumps(status.to_json()).encode())

    def events(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the recorded events from number `since` on; a line cut short by a kill is left out."""
        try:
            lines = (self.folder / "events.jsonl").read_bytes().split(b"\n")
        except OSError:
            return []
        found = []
        for line in lines:
            try:
                found.append(json.loads(line))
            except ValueError:
                continue
        return found[since:]

    def cancel(self) -> None:
        """Ask the job to stop; it does so at its next check."""
        (self.folder / "cancel").touch()

    @property
    def cancel_asked(self) -> bool:
        """Whether the visitor asked to stop."""
        return (self.folder / "cancel").exists()


@lru_cache(maxsize=4096)
def _read_record(path: Path) -> dict[str, Any]:
    """Return `spec.json`, which never changes once written."""
    record: dict[str, Any] = json.loads(path.read_bytes())
    if not isinstance(record, dict) or not all(isinstance(record.get(name), kind) for name, kind in _FIELDS.items()):
        raise ValueError(f"Expected a record with {', '.join(sorted(_FIELDS))}. Received another.")
    return record


class RunProgress:
    """The `Progress` of a run directory: events are appended, the status is kept up to date."""

    def __init__(self, run: Run, clock: Callable[[], float] = time.time) -> None:
        self.run, self.clock = run, clock
        self.status = RunStatus("running", started=clock())
        self._end_a_torn_line()
        self._write(self.status)

    def _write(self, status: RunStatus) -> None:
        """Replace the state; what the visitor cancels before or while this is written is left cancelled.

        Whoever cancels makes the file `cancel` first and writes "cancelled" after it: either that comes last, or the
        file is there by now.
        """
        self.run.set_status(status)
        if status.state != "cancelled" and self.run.cancel_asked:
            self.run.set_status(replace(status, state="cancelled", message="", finished=self.clock()))

    def _end_a_torn_line(self) -> None:
        path = self.run.path("events.jsonl")
        if path.exists() and (data := path.read_bytes()) and not data.endswith(b"\n"):
            with open(path, "ab") as file:
                file.write(b"\n")

    def event(self, **fields: Any) -> None:
        """Append an event and show its `share` and `note`; of a cancelled run the state stays as it is."""
        line = json.dumps({"at": self.clock(), **fields}).encode() + b"\n"
        with open(self.run.path("events.jsonl"), "ab") as file:
            file.write(line)
        self.check()
        shown: dict[str, Any] = {key: fields[key] for key in ("share", "note") if key in fields}
        if shown:
            self.status = replace(self.status, **shown)
            self._write(self.status)

    def check(self) -> None:
        """Raise `Cancelled` when the visitor asked to stop."""
        if self.run.cancel_asked:
            raise Cancelled

    def finish(self, state: State, message: str = "") -> None:
        """Record the end."""
        share = 1.0 if state == "done" else self.status.share
        ended = replace(self.status, state=state, message=message, share=share, finished=self.clock())
        try:
            self._write(ended)
        except OSError as error:
            if error.errno not in FULL:
                raise
            self.run.path("events.jsonl").unlink(missing_ok=True)  # the end is worth more than the way
            self._write(ended)


def create(kind: str, spec: Mapping[str, Any], *, owner: str, title: str, seconds: float | None = None) -> Run:
    """Make the directory of a new run, queued; it appears whole or not at all. `seconds` is how long it should take.

    Raises:
        StorageUnavailable: It cannot be written.
    """
    run_id = secrets.token_hex(16)
    folder = home() / "runs" / run_id
    building = folder.with_name(f".{run_id}.tmp")
    record = {"version": 1, "kind": kind, "title": title, "owner": owner, "created": time.time(), "spec": dict(spec)}
    if seconds is not None and math.isfinite(seconds):
        record["seconds"] = seconds
    try:
        with saving():
            private_folder("runs")
            building.mkdir(mode=0o700)
            write_atomically(building / "spec.json", json.dumps(record).encode())
            write_atomically(building / "status.json", json.dumps(RunStatus("queued").to_json()).encode())
            os.replace(building, folder)
    except (OSError, StorageUnavailable):
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Run(run_id, folder)


def get(run_id: str) -> Run:
    """Return the run with this id.

    Raises:
        RunNotFound: The id is malformed, or its folder is gone or unreadable.
    """
    if run_id in SHIPPED:
        folder = SHIPPED[run_id]
    elif _RUN_ID.fullmatch(run_id):
        folder = home() / "runs" / run_id
    else:
        raise RunNotFound("Expected the id of a run: 32 characters out of 0-9 and a-f. The link may be cut short.")
    try:
        if not (folder / "spec.json").exists():  # the record may still be remembered
            raise FileNotFoundError(folder)
        _read_record(folder / "spec.json")
    except (OSError, ValueError) as error:
        raise RunNotFound("This run is not here any more. Train again, or choose another run.") from error
    return Run(run_id, folder)


def everything() -> list[Run]:
    """Return every run of this server, oldest first, the shipped ones left out; broken folders are passed over."""
    found = []
    for folder in (home() / "runs").glob("*/"):
        try:
            found.append(get(folder.name))
        except RunNotFound:
            continue
    return sorted(found, key=lambda run: run.created)


def publish(folder: Path, run_id: str, record: Mapping[str, Any], *, started: float) -> Run:
    """Make a folder with the results of finished work the run `run_id`; it appears whole or not at all.

    Args:
        folder: In the home folder; it is moved.
        run_id: Of a run that is not there yet.
        record: Kind, title, owner, spec, and the `parent` it is a part of.
        started: When the work began, in seconds since the epoch.

    Raises:
        InputError: The id is malformed.
    """
    if not _RUN_ID.fullmatch(run_id):
        raise InputError(f"Expected the id of a run: 32 characters out of 0-9 and a-f. Received {run_id[:40]!r}.")
    now = time.time()
    write_atomically(folder / "spec.json", json.dumps({"version": 1, "created": now, **record}).encode())
    status = RunStatus("done", share=1.0, started=started, finished=now)
    write_atomically(folder / "status.json", json.dumps(status.to_json()).encode())
    folder.chmod(0o700)
    os.replace(folder, private_folder("runs") / run_id)
    return get(run_id)


def listing(owner: str, kind: str | None = None) -> list[Run]:
    """Return one visitor's runs, newest first; the cells of sweeps are not among them."""
    mine = [run for run in everything() if run.owner == owner and kind in (None, run.kind) and not run.parent]
    return mine[::-1]


def remove(run: Run) -> None:
    """Delete the folder of a run that has ended, with all its results; one that waits or works stays."""
    if run.id not in SHIPPED and not run.status.active:
        shutil.rmtree(run.folder, ignore_errors=True)


def clear_old(now: float | None = None) -> int:
    """Delete what nobody needs any more, and return how many folders that were.

    Runs that nothing was written to for two weeks; half-made ones after a day; and of the others those that ended
    longest ago, until all runs together fit into `MOST_BYTES`. Files that a killed writer left half written go after a
    day too.
    """
    now = time.time() if now is None else now
    for stray in home().glob("*/.*.tmp"):
        with suppress(OSError):  # a folder, or another process was faster
            if now - stray.stat().st_mtime > 86400:
                stray.unlink()
    gone = total = 0
    with suppress(OSError):  # nothing can be written here: nothing is there to be cleared away either
        private_folder("runs")
    for (written, size), folder in sorted(((_usage(f), f) for f in (home() / "runs").glob("*/")), reverse=True):
        half_made = folder.name.startswith(".")
        total += size
        old = now - written > (1 if half_made else _OLDEST_DAYS) * 86400
        if old or (total > MOST_BYTES and not half_made and not Run(folder.name, folder).status.active):
            shutil.rmtree(folder, ignore_errors=True)
            total -= size
            gone += 1
    return gone


def _usage(folder: Path) -> tuple[float, int]:
    """Return when something was last written to a folder (seconds since the epoch) and how many bytes it holds."""
    stats = []
    for path in [*folder.glob("*"), folder]:
        with suppress(OSError):  # another process may be faster
            stats.append(path.stat())
    files = stats[:-1] or stats
    return max((stat.st_mtime for stat in files), default=math.inf), sum(stat.st_size for stat in files)
