"""How well the cost of a training is told before it runs: predicted against what happened, on Frame8 and MobileNetV2.

    python -m tests.benchmarks.bench_costs [rounds] [--only NAME ...]

Every training runs in a process of its own, as the first job of a worker does: it loads TensorFlow, measures the rates
of the machine (about a second: `models/training/worker/measure_rates.py`), predicts, and trains on Galaxies with few
pictures and epochs. Recipes alternate, round after round; figures are medians. MobileNetV2 has random weights, so that
nothing is fetched; that changes no cost.

time        predicted seconds / the processor's seconds; wall: the same against the clock, which is what a person waits
            for, and on a busy machine says more about the neighbours. The rates' own second is not in it.
memory      predicted peak / the peak of the process

The last line is one JSON object: the ratios per recipe; of each the worst (the furthest from 1, as a factor) and the
median of these factors over the recipes.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

from models.backbones import tables
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec

HEAD = HeadSpec("average+max", batch_norm=True)
TURNED = AugmentationSpec(flip_horizontal=True, rotation=15.0, zoom=0.1, brightness=0.1)


def trainable(backbone: str, side: int, share: float) -> tuple[str, ...]:
    """Return the layers with weights in the last `share` of a backbone's blocks."""
    table = tables.table(backbone, side)
    blocks = [block.name for block in table.blocks if block.parameters]
    learning = set(blocks[len(blocks) - max(1, round(share * len(blocks))) :])
    return tuple(row.name for row in table.layers if row.parameters and row.block in learning)


def recipes() -> dict[str, TrainingSpec]:
    """Return what is trained, by name."""
    found = {}
    for backbone, side in (("frame8", 64), ("mobilenetv2", 96)):
        base = TrainingSpec(backbone=backbone, weights="random", side=side, head=HEAD, shots=40)
        last = replace(base, trainable=trainable(backbone, side, 0.2))
        everything = replace(base, trainable=trainable(backbone, side, 1.0), epochs=2)
        found |= {
            f"{backbone} features once": replace(base, epochs=60),
            f"{backbone} last block": replace(last, epochs=8),
            f"{backbone} everything": replace(everything, batch_norm="train"),
            f"{backbone} everything, BatchNorm held, batch 16": replace(everything, batch=16),
            f"{backbone} augmented": replace(base, epochs=4, augmentation=TURNED),
            f"{backbone} two phases": replace(last, epochs=6, head_epochs=40),
        }
    return found


def train_here(spec: TrainingSpec) -> dict[str, float]:
    """Measure rates, predict and train in this process; return predicted and measured seconds and MB."""
    from models.backbones.worker import build
    from models.storage.progress import SILENT
    from models.training import recipes as training_recipes
    from models.training.worker import measure_rates, train

    build.prepare_tensorflow()
    measure_rates.once()
    cost = training_recipes.estimate(spec)
    with tempfile.TemporaryDirectory() as folder:
        train.train(spec, SILENT, Path(folder))
        summary = json.loads(Path(folder, "summary.json").read_bytes())
    return {
        "predicted_s": cost.seconds,
        "processor_s": summary["processor_seconds"],
        "wall_s": summary["seconds"]["total"],
        "predicted_mb": cost.peak_mb,
        "peak_mb": summary["peak_mb"],
        "base_mb": summary["base_mb"],
    }


def train_apart(spec: TrainingSpec, home: Path) -> dict[str, float]:
    """Return what `train_here` says, from a new process with a worker's environment."""
    (home / "rates.json").unlink(missing_ok=True)
    environment = {**os.environ, "FREEZEFRAME_HOME": str(home), "FREEZEFRAME_RATES": "", "OMP_NUM_THREADS": "1"}
    environment |= {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", "OPENBLAS_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.benchmarks.bench_costs", "--spec", json.dumps(spec.to_json())]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return answer


def factors(values: list[float]) -> list[float]:
    """Return how many times each prediction is off, whichever way."""
    return [max(value, 1 / value) for value in values]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=1)
    parser.add_argument("--only", nargs="*", help="recipes whose name holds one of these words")
    parser.add_argument("--spec", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.spec:
        print(json.dumps(train_here(TrainingSpec.from_json(json.loads(options.spec)))))
        return
    chosen = {n: s for n, s in recipes().items() if not options.only or any(word in n for word in options.only)}
    measured: dict[str, list[dict[str, float]]] = {name: [] for name in chosen}
    with tempfile.TemporaryDirectory() as home:
        for _ in range(options.rounds):
            for name, spec in chosen.items():
                one = train_apart(spec, Path(home))
                measured[name].append(one)
                print(f"{name:48}", " ".join(f"{key} {value:7.1f}" for key, value in one.items()), flush=True)
    ratios = {
        name: {
            "time": statistics.median(one["predicted_s"] / one["processor_s"] for one in all_rounds),
            "wall": statistics.median(one["predicted_s"] / one["wall_s"] for one in all_rounds),
            "memory": statistics.median(one["predicted_mb"] / one["peak_mb"] for one in all_rounds),
        }
        for name, all_rounds in measured.items()
    }
    off = {key: factors([ratio[key] for ratio in ratios.values()]) for key in ("time", "wall", "memory")}
    worst = {key: round(max(values), 2) for key, values in off.items()}
    median = {key: round(statistics.median(values), 2) for key, values in off.items()}
    shown = {name: {key: round(value, 2) for key, value in ratio.items()} for name, ratio in ratios.items()}
    load = round(os.getloadavg()[0], 1)
    print(json.dumps({**shown, "worst": worst, "median": median, "rounds": options.rounds, "load": load}))


if __name__ == "__main__":
    main()
