"""What one run took of the process it ran in: its peak of memory, and seconds of the processor; without Keras."""

from __future__ import annotations

import ctypes
import gc
import resource
import time
from contextlib import suppress
from pathlib import Path

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
