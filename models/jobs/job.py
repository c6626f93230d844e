"""A kind of work: what is asked, who does it, what it leaves. Declared once, beside its spec, as plain data.

A `Job` is long: it has a run with a folder, progress and a cancel. A `Task` is quick: its answer comes back at once.
`models.catalogue` lists all of them; a worker finds what it is to do there, by the name that is on disk and in links.
"""

from __future__ import annotations

import hashlib
import importlib
import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from models.errors import FreezeframeError
from models.storage import files, runs
from models.storage.files import ASSETS
from models.storage.specs import PlainSpec

SHIPPED = ASSETS / "shipped"


class JobSpec(PlainSpec, ABC):
    """What a job is asked to do; mix it into a frozen dataclass of plain data."""

    __slots__ = ()

    @property
    @abstractmethod
    def title(self) -> str:
        """The name that a run of this spec goes by."""


class PricedSpec(JobSpec):
    """A spec that says beforehand how long its work takes, so that a page can offer it."""

    __slots__ = ()

    @property
    @abstractmethod
    def seconds(self) -> float:
        """About how long a worker takes."""


Spec = TypeVar("Spec", bound=JobSpec)
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Job(Generic[Spec, Result]):
    """A kind of long work.

    Attributes:
        kind: Its name on disk and in links; never changes.
        spec: The class of what is asked.
        work: "module:function" of a worker. It gets the spec and a `Progress` and returns the result; a job that
            `keeps` its own files gets its run's folder too, and returns nothing.
        result: The class of what is left in the file `file`; None for a job that leaves files of its own.
        keeps: Whether `work` writes the run's files itself, while it goes on or at its end.
        file: Name of the result's file in the run's folder; "" is the kind with the ending ".npz".
        weights: Files on which shipped results depend: with others they are not shown.
        examples: Returns the specs whose results are shipped with the app (`python -m models.ship`).
        holds: (spec, result) -> whether the result is what the spec asks for; None where every one is. An earlier
            version may have measured something else: what it left is not shown.
    """

    kind: str
    spec: type[Spec]
    work: str
    result: type[Result] | None = None
    keeps: bool = False
    file: str = ""
    weights: tuple[Path, ...] = ()
    examples: Callable[[], tuple[Spec, ...]] | None = None
    holds: Callable[[Spec, Result], bool] | None = None

    def spec_of(self, run: runs.Run) -> Spec:
        """Return what a run of this kind was asked to do.

        Raises:
            InputError: The run is of another version, or its folder is damaged.
            RunNotFound: The spec names a run that is not there.
        """
        return self.spec.from_json(run.spec)

    def problem(self, run: runs.Run) -> str:
        """Return why a run of this kind cannot be shown by this version; "" where it can."""
        return _problem(self.spec, json.dumps(run.spec))

    def path(self, run: runs.Run) -> Path:
        """Return where the result of a run lies."""
        return run.path(self.file or f"{self.kind}.npz")

    def load(self, run: runs.Run) -> Result | None:
        """Return the result of a run as far as it has come; None where there is none that can be read, or `holds`."""
        found = None if self.result is None else files.read(self.path(run), self.result)
        if found is None or self.holds is None:
            return found
        try:
            return found if self.holds(self.spec_of(run), found) else None
        except FreezeframeError:  # what the spec names is gone
            return None

    def version(self, run: runs.Run) -> int:
        """Return a number that changes with every write of the result; 0 while there is none."""
        try:
            written = self.path(run).stat()
        except OSError:
            return 0
        return written.st_mtime_ns ^ written.st_ino  # two writes may fall into one tick of the file system's clock

    def mine(self, spec: Spec, owner: str) -> list[runs.Run]:
        """Return the visitor's runs for this very spec, the newest first, however they ended."""
        written = spec.to_json()
        return [run for run in runs.listing(owner, self.kind) if run.spec == written or self._reads(run, spec)]

    def _reads(self, run: runs.Run, spec: Spec) -> bool:
        """Whether a run of an earlier version has this spec: fields that it did not know have their defaults."""
        try:
            return self.spec_of(run) == spec
        except FreezeframeError:
            return False

    def newest(self, spec: Spec, owner: str) -> runs.Run | None:
        """Return the visitor's newest run for this very spec, however it ended."""
        return next(iter(self.mine(spec, owner)), None)

    def shipped_path(self, spec: Spec) -> Path:
        """Return where the result for `spec` and the weights that come with the app is shipped, if it is."""
        asked = json.dumps([spec.to_json(), [_digest(path) for path in self.weights]], sort_keys=True)
        return SHIPPED / f"{self.kind}-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.npz"

    def shipped(self, spec: Spec) -> Result | None:
        """Return the result that comes with the app, made with the weights that come with it; None for other specs."""
        if self.result is None or self.examples is None:
            return None
        return files.read(self.shipped_path(spec), self.result)

    def ship(self, results: Mapping[Spec, Result]) -> None:
        """Put results, made with the weights that come with the app, in the place of all that are shipped."""
        SHIPPED.mkdir(exist_ok=True)
        for old in SHIPPED.glob(f"{self.kind}-*.npz"):
            old.unlink()
        for spec, result in results.items():
            files.write_atomically(self.shipped_path(spec), files.pack(result))


@dataclass(frozen=True, slots=True)
class Task(Generic[Result]):
    """A question that a worker answers within a second or two.

    Attributes:
        name: Recorded answers are found by it; never changes.
        work: "module:function" of a worker; its arguments are ids, numbers, texts and specs.
        answer: The class of what it returns, a frozen dataclass of arrays, numbers, texts and tuples.
    """

    name: str
    work: str
    answer: type[Result]


def function(work: str) -> Callable[..., Any]:
    """Return the function that "module:function" names, importing its module; for workers."""
    module, name = work.split(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a task's arguments as JSON values: specs as what they are on disk."""
    return {name: value.to_json() if isinstance(value, PlainSpec) else value for name, value in arguments.items()}


@lru_cache(maxsize=16)
def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@lru_cache(maxsize=256)
def _problem(spec: type[JobSpec], written: str) -> str:
    try:
        spec.from_json(json.loads(written))
    except FreezeframeError as error:
        return f"This run cannot be shown: it was made by another version, or its folder is damaged. {error}"
    return ""
