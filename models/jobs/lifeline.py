"""The lifeline of a compute process: it ends with the process that started it, and leaves others the first turn."""

from __future__ import annotations

import os
import sys
import threading


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()  # returns when the other end of the pipe is gone, however it went
    os._exit(0)


def dask_setup(_server: object) -> None:
    """Dask calls this once the process is up."""
    os.nice(int(os.environ.get("FREEZEFRAME_NICENESS", "0")))
    begin()


def begin() -> None:
    """End this process when its standard input ends, which its parent holds open."""
    threading.Thread(target=_end_with_the_parent, daemon=True, name="lifeline").start()
