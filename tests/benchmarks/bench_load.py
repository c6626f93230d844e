"""How long the shipped backbones take to load once TensorFlow is up.

    python -m tests.benchmarks.bench_load [repetitions]

Building the graph and reading the shipped weights, as a worker does when somebody opens a page: Frame8 and
EfficientNet-Lite0, bare and with their own classifiers. Nothing is cached between repetitions; Frame8's first also pays
what Keras does once, and Lite0's weights have been read from their package before, as on a machine that has used them.
The last line is one JSON object with seconds: first, median and slowest of each, and the median of the processor's
time, which is what counts on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time

import tensorflow as tf

from models.backbones import lite0
from models.backbones.worker import build

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
LIMIT_S = {"frame8": 0.3, "lite0": 0.5}


def seconds(backbone: str, include_top: bool) -> tuple[float, float]:
    """Return the seconds one load takes, by the clock and of the processor."""
    started, before = time.perf_counter(), time.process_time()
    build.build(backbone, include_top=include_top)
    return time.perf_counter() - started, time.process_time() - before


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repetitions", type=int, nargs="?", default=7)
    repetitions = parser.parse_args().repetitions
    build.prepare_tensorflow()
    tf.zeros(1).numpy()  # TensorFlow is up
    found: dict[str, object] = {}
    lite0.prepared()
    for backbone, include_top in ((backbone, top) for backbone in LIMIT_S for top in (False, True)):
        name = f"{backbone}_{'with_top' if include_top else 'bare'}"
        measured = [seconds(backbone, include_top) for _ in range(repetitions)]
        times = [clock for clock, _ in measured]
        print(name, " ".join(f"{value:.3f}" for value in times))
        found[name] = {
            "first": round(times[0], 3),
            "median": round(statistics.median(times), 3),
            "slowest": round(max(times), 3),
            "processor": round(statistics.median(processor for _, processor in measured), 3),
        }
    print(json.dumps({**found, "limits": LIMIT_S, "repetitions": repetitions, "load": round(os.getloadavg()[0], 1)}))


if __name__ == "__main__":
    main()
