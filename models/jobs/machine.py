"""The machine that the work runs on: its memory, what a run takes of it, and the task that warms a worker up."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from models.jobs.job import Task

MB = 2.0**20  # bytes
FLOAT = 4  # bytes of a float32
SMALL_MACHINE = 2 * 1024**3  # bytes of memory below which one worker serves clicks and jobs
WORKER_MB = 740  # a worker with TensorFlow loaded that has trained something small
_KB = 1024  # bytes
_PROCESS, _CONTAINER = Path("/proc/self"), Path("/sys/fs/cgroup")


def available_memory() -> int:
    """Return the bytes this server may use: the container's limit where there is one, else the machine's memory."""
    total = int(psutil.virtual_memory().total)
    limit = _container("memory.max")
    return total if limit is None else min(total, limit)


def memory_limit_mb() -> float:
    """Return how much memory a run may take: `FREEZEFRAME_MEMORY_MB`, else what machine and container have left.

    On a small machine the one worker that will carry the run is up already, and part of what is used.
    """
    if stated := os.environ.get("FREEZEFRAME_MEMORY_MB"):
        return float(stated)
    up = WORKER_MB if available_memory() < SMALL_MACHINE else 0
    free = float(psutil.virtual_memory().available)
    limit, used = _container("memory.max"), _container("memory.current")
    if limit is not None and used is not None:
        free = min(free, limit - used)
    return free / MB + up


def _container(name: str) -> int | None:
    """Return a number of bytes that the container states; None outside of one, or without a limit ("max")."""
    try:
        return int((_CONTAINER / name).read_text())
    except (OSError, ValueError):
        return None


class Watch:
    """Begins when it is made: the kernel's mark of the highest memory is set back then, where that is allowed."""

    def __init__(self) -> None:
        with suppress(OSError):  # not every container allows it
            (_PROCESS / "clear_refs").write_text("5")
        self.base_mb = _memory_mb("VmRSS")
        self._processor = time.process_time()

    def facts(self) -> dict[str, float]:
        """Return `base_mb` (the process at the beginning), `peak_mb` (at its highest since), `processor_seconds`."""
        return {
            "base_mb": self.base_mb,
            "peak_mb": _memory_mb("VmHWM"),
            "processor_seconds": time.process_time() - self._processor,
        }


def _memory_mb(name: str) -> float:
    """Return a line of the process's status in MB; elsewhere than on Linux the highest memory of its whole life."""
    with suppress(OSError, StopIteration):
        lines = (_PROCESS / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) * _KB / MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KB / MB


def tidy() -> None:
    """Give back to the system what earlier work left in this process; a fifth of a second."""
    gc.collect()
    with suppress(AttributeError, OSError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True, slots=True)
class Warmth:
    """A worker that has TensorFlow loaded: its process id."""

    pid: int


WARM = Task("warm", "models.training.worker.measure_rates:warm", Warmth)
