"""How fast the strongest answers of every channel are found, against one `predict` per layer.

    python -m tests.benchmarks.bench_activations [pairs] [--backbone NAME] [--side PX] [--share S]

The same work for both: 2,000 Galaxies, all layers of a backbone (Frame8's shipped weights, 17 layers; of others random
ones), the nine strongest answers of every channel, at most one per picture, on one thread.

streaming   `models.features.worker.patch_search.search`, the very function of the app: one pass, numbers only leave it
per layer   `keras.Model(inputs, layer.output).predict` for each layer, whole arrays, then a sort

Each runs in a process of its own, so that its memory is its own. First each does all 2,000 pictures once: this gives
the memory above the start (highest resident size less that before the run, network and pictures loaded) and the
winners, which have to be the same. Then pairs of a share of the pictures, one after the other within a pair, so that a
busy machine slows both; the ratio is the median of the pairs'. In the pairs building and tracing are not measured. The
last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
N_PICTURES, TOP, BATCH = 2000, 9, 32
MB = 2**20
Winners = dict[str, np.ndarray]


def streaming(network, names: list[str], pictures: np.ndarray) -> Winners:
    """What the app does."""
    from models.features.worker.patch_search import search

    found = search(network, names, len(pictures), lambda start, stop: pictures[start:stop])
    return {"value": found.value, "picture": found.picture, "place": found.place}


def per_layer(network, names: list[str], pictures: np.ndarray) -> Winners:
    """One `predict` per layer."""
    found = []
    for name in names:
        maps = part(network, name).predict(pictures, batch_size=BATCH, verbose=0)
        maps = maps.reshape(len(maps), -1, maps.shape[-1])
        value, place = maps.max(axis=1), maps.argmax(axis=1)
        order = np.argsort(-value, axis=0, kind="stable")[:TOP]
        found.append([np.take_along_axis(value, order, 0), order, np.take_along_axis(place, order, 0)])
    value, picture, place = (np.concatenate(each, axis=1) for each in zip(*found, strict=True))
    return {"value": value, "picture": picture, "place": place}


parts: dict[str, object] = {}


def part(network, name: str):
    """The network up to a layer, made once."""
    import keras

    if name not in parts:
        parts[name] = keras.Model(network.model.input, network.model.get_layer(name).output)
    return parts[name]


def serve(way: Callable[..., Winners], backbone: str, side: int, folder: Path) -> None:
    """Load everything, then answer every line on stdin (a number of pictures) with a line of JSON."""
    from models.backbones.worker import build
    from models.networks import layers
    from models.networks.worker import opened
    from models.pictures import galaxies, images

    build.prepare_tensorflow()
    weights = "" if backbone == "frame8" else ":random"
    network = opened.load(f"backbone:{backbone}:{side}{weights}")
    names = [layer.name for layer in layers.layers(network.id)]
    pictures = images.resize(np.stack([galaxies.draw(i % 5, i)[0] for i in range(N_PICTURES)]), side, side)
    before = psutil.Process().memory_info().rss
    print(json.dumps({"layers": len(names)}), flush=True)
    for line in sys.stdin:
        started = time.perf_counter()
        found = way(network, names, pictures[: int(line)])
        seconds = time.perf_counter() - started
        if int(line) == N_PICTURES:
            np.savez(folder / f"{way.__name__}.npz", **found)
        extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 - before
        print(json.dumps({"seconds": seconds, "extra_mb": extra / MB}), flush=True)


class Contestant:
    """A process that does the work one way."""

    def __init__(self, way: str, arguments: argparse.Namespace, folder: Path) -> None:
        command = [sys.executable, "-m", "tests.benchmarks.bench_activations", "--serve", way, "--folder", str(folder)]
        command += ["--backbone", arguments.backbone, "--side", str(arguments.side)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.layers = self._answer()["layers"]

    def _answer(self) -> dict[str, float]:
        return json.loads(self.process.stdout.readline())

    def run(self, n_pictures: int) -> dict[str, float]:
        print(n_pictures, file=self.process.stdin, flush=True)
        return self._answer()

    def stop(self) -> None:
        self.process.stdin.close()
        self.process.wait(60)


def compare(folder: Path) -> tuple[int, int]:
    """Assert that both found the same winners; return how many there are, and how many of equal values swapped places.

    Fused and plain kernels round differently, so that values which differ by less than rounding may swap.
    """
    ours, theirs = (np.load(folder / f"{way.__name__}.npz") for way in (streaming, per_layer))
    tolerance = 1e-4 * np.abs(theirs["value"]).max(axis=0) + 1e-5
    assert (np.abs(ours["value"] - theirs["value"]) <= tolerance).all()
    other = ours["picture"] != theirs["picture"]
    value = np.concatenate([theirs["value"], np.full_like(theirs["value"][:1], -np.inf)])
    steps = np.abs(np.diff(value, axis=0))
    tied = (steps <= 2 * tolerance) | np.concatenate([np.zeros_like(steps[:1], bool), steps[:-1] <= 2 * tolerance])
    tied[-1] = True  # the tenth, which nobody kept, may be as strong as the ninth
    assert not (other & ~tied).any()
    return int(other.size), int(other.sum())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pairs", nargs="?", type=int, default=7)
    parser.add_argument("--backbone", default="frame8")
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--share", type=float, default=0.15, help="of the 2,000 pictures in each pair")
    parser.add_argument("--serve", choices=("streaming", "per_layer"), help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(globals()[arguments.serve], arguments.backbone, arguments.side, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = (Contestant(way, arguments, Path(folder)) for way in ("streaming", "per_layer"))
        try:
            whole = ours.run(N_PICTURES), theirs.run(N_PICTURES)
            n_winners, swapped = compare(Path(folder))
            ratios, few = [], round(arguments.share * N_PICTURES)
            for number in range(arguments.pairs):
                fast, slow = ours.run(few)["seconds"], theirs.run(few)["seconds"]
                ratios.append(slow / fast)
                print(f"pair {number + 1}: {fast:.2f} s, {slow:.2f} s, {ratios[-1]:.1f}x", flush=True)
        finally:
            ours.stop()
            theirs.stop()
    result = {
        "vs_per_layer": round(statistics.median(ratios), 2),
        "peak_extra_mb": round(whole[0]["extra_mb"]),
        "per_layer_peak_extra_mb": round(whole[1]["extra_mb"]),
        "whole_run_s": round(whole[0]["seconds"], 1),
        "per_layer_whole_run_s": round(whole[1]["seconds"], 1),
        "network": f"{arguments.backbone} {arguments.side} px, {ours.layers} layers",
        "pictures": N_PICTURES,
        "winners": n_winners,
        "swapped_within_rounding": swapped,
        "pairs": len(ratios),
        "range": [round(min(ratios), 2), round(max(ratios), 2)],
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
