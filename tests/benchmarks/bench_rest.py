"""What the compute processes cost while nobody clicks, against the same processes with Dask's own settings.

    python -m tests.benchmarks.bench_rest [pairs]

Scheduler and two workers, TensorFlow loaded in one of them, left alone for 15 seconds: seconds of the processor per
second, all of them together. Ways alternate within a pair; figures are medians. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time

import psutil

from models.jobs import cluster
from models.jobs.engine import Engine

_REST_S = 15.0


def at_rest(settings: dict[str, str]) -> float:
    """Start the processes with these settings of Dask, and return their share of a core once they rest."""
    cluster.QUIET = settings
    engine = Engine()
    engine.thread.start()
    try:
        engine.ready.wait(120)
        engine.call("warm", 120, {})
        time.sleep(3)
        assert engine.cluster is not None
        processes = [psutil.Process(process.pid) for process in engine.cluster.processes.values()]
        before = _seconds(processes)
        time.sleep(_REST_S)
        return (_seconds(processes) - before) / _REST_S
    finally:
        engine.stop()


def _seconds(processes: list[psutil.Process]) -> float:
    return sum(sum(process.cpu_times()[:2]) for process in processes)


def main() -> None:
    """Measure and print."""
    pairs = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    os.environ["FREEZEFRAME_HOME"] = tempfile.mkdtemp()
    quiet, shares = cluster.QUIET, []
    for pair in range(pairs):
        ours, theirs = at_rest(quiet), at_rest({})
        shares.append((ours, theirs))
        print(f"pair {pair + 1}: {ours:.1%} of a core, {theirs:.1%} with Dask's own settings", flush=True)
    middle = [statistics.median(column) for column in zip(*shares, strict=True)]
    ratio = statistics.median(theirs / ours for ours, theirs in shares)
    print(
        json.dumps(
            {
                "vs_dask_settings": round(ratio, 1),
                "share": round(middle[0], 3),
                "share_dask_settings": round(middle[1], 3),
                "pairs": pairs,
                "load": round(os.getloadavg()[0], 1),
            }
        )
    )


if __name__ == "__main__":
    main()
