"""What one run took of the process it ran in: its peak of memory, and seconds of the processor; without Keras."""

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

_PROCESS = Path("/proc/self")
_MB = 1024.0  # kB


def tidy() -> None:
    """Give back to the system what earlier work left in this process; a fifth of a second."""
    gc.collect()
    with suppress(AttributeError, OSError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)


class Watch:
    """Begins when it is made: the kernel's mark of the highest memory is set back then, where that is allowed."""

    def __init__(self) -> None:
        with suppress(OSError):  # not every container allows it
            (_PROCESS / "clear_refs").write_text("5")
        self.base_mb = _status("VmRSS")
        self._processor = time.process_time()

    def facts(self) -> dict[str, float]:
        """Return `base_mb` (the process at the beginning), `peak_mb` (at its highest since), `processor_seconds`."""
        return {
            "base_mb": self.base_mb,
            "peak_mb": _status("VmHWM"),
            "processor_seconds": time.process_time() - self._processor,
        }


def _status(name: str) -> float:
    """Return a line of the process's status in MB; elsewhere than on Linux the highest memory of its whole life."""
    with suppress(OSError, StopIteration):
        lines = (_PROCESS / "status").read_text().splitlines()
        return int(next(line for line in lines if line.startswith(f"{name}:")).split()[1]) / _MB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / _MB


# FOLDED models/jobs/cluster.py: The compute processes: a Dask scheduler and its workers on this machine, or the
# address of others. Everything speaks TLS with credentials made for this one start, on loopback and on ports the
# system chooses: a scheduler that anyone can reach runs anyone's code. The processes end with the one that started
# them (`models.jobs.lifeline`).

SMALL_MACHINE = 2 * 1024**3  # bytes of memory below which one worker serves clicks and jobs


def available_memory() -> int:
    """Return the bytes this server may use: the container's limit where there is one, else the machine's memory."""
    limit = Path("/sys/fs/cgroup/memory.max")
    total = int(psutil.virtual_memory().total)
    try:
        return min(total, int(limit.read_text()))
    except (OSError, ValueError):  # no such file, or "max"
        return total


# FOLDED models/training/costs/layers.py: How much memory a training takes at its peak, from the layer tables;
# without Keras. What is held at the same time is added up for the two stages that may be the peak: the frozen part
# computed once, and the epochs. Beyond what a worker needs anyway (`WORKER_MB`), within about a quarter.

WORKER_MB = 740  # a worker with TensorFlow loaded that has trained something small
MB = 2.0**20


def memory_limit_mb() -> float:
    """Return how much memory a run may take: `FREEZEFRAME_MEMORY_MB`, else what machine and container have left.

    On a small machine the one worker that will carry the run is up already, and part of what is used.
    """
    if stated := os.environ.get("FREEZEFRAME_MEMORY_MB"):
        return float(stated)
    import psutil

    up = WORKER_MB if available_memory() < SMALL_MACHINE else 0
    free = float(psutil.virtual_memory().available) / MB + up
    try:
        folder = Path("/sys/fs/cgroup")
        left = int((folder / "memory.max").read_text()) - int((folder / "memory.current").read_text())
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return free
    return min(free, left / MB + up)


# FOLDED models/training/costs/layers.py: How long the parts of a training take on one thread, from the layer tables
# and the rates of a machine; no Keras. A layer takes its multiply-accumulates over a rate, or the bytes it moves
# over another: MobileNetV2 has a third of Frame8's multiply-accumulates and takes as long. Factors that are
# constants here are ratios of one machine, measured once (`tests/benchmarks/bench_costs.py` tells how well they
# hold); what differs between machines are the rates.

FLOAT = 4


@dataclass(frozen=True, slots=True)
class Warmth:
    """A worker that has TensorFlow loaded: its process id."""

    pid: int


WARM = Task("warm", "models.training.worker.measure_rates:warm", Warmth)
