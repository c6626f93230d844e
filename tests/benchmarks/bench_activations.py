"""How fast the strongest answers of every channel are found, against one pass with all outputs and one per layer.

    python -m tests.benchmarks.bench_activations [pairs] [--backbone NAME] [--side PX] [--share S] [--fast]

The same work for all: 2,000 Galaxies, all layers of a backbone (Frame8's shipped weights, 17 layers; of others random
ones), the nine strongest answers of every channel, at most one per picture, on one thread.

streaming    `models.features.worker.patches.search`, the very function of the app: one pass, numbers only leave it
one pass     one traced `keras.Model` with all layers as outputs, of every map the largest value, the top nine kept from
             batch to batch; it does not note where in the map the values lie
with places  the same, which also notes where: `argmax` of every map
per layer    `keras.Model(inputs, layer.output).predict` for each layer, whole arrays, then a sort

Each runs in a process of its own, so that its memory is its own. First each does all 2,000 pictures once: this gives
the memory above the start (highest resident size less that before the run, network and pictures loaded) and the
winners, which have to be the same. Then rounds with a share of the pictures, one way after the other, so that a busy
machine slows all; ratios are medians of the rounds'. `per layer`, which takes many times as long, runs in the first
three rounds only, and with `--fast` not at all. In the rounds building and tracing are not measured. The last line is
one JSON object.
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
WAYS = ("streaming", "one_pass", "with_places", "per_layer")
SLOW_ROUNDS = 3  # of the last of them
MB = 2**20
Winners = dict[str, np.ndarray]


def streaming(network, names: list[str], pictures: np.ndarray) -> Winners:
    """What the app does."""
    from models.features.worker.patches import search

    found = search(network, names, len(pictures), lambda start, stop: pictures[start:stop])
    return {"value": found.value, "picture": found.picture, "place": found.place}


def one_pass(network, names: list[str], pictures: np.ndarray) -> Winners:
    """All layers at once, batch by batch, the strongest kept; places are not noted."""
    return _running(network, names, pictures, with_places=False)


def with_places(network, names: list[str], pictures: np.ndarray) -> Winners:
    """The same, and where in its map every value lies."""
    return _running(network, names, pictures, with_places=True)


def _running(network, names: list[str], pictures: np.ndarray, *, with_places: bool) -> Winners:
    peaks, kept = _peaks(network, names, with_places), None
    for start in range(0, len(pictures), BATCH):
        value, place = (part.numpy() for part in peaks(pictures[start : start + BATCH]))
        number = np.broadcast_to(np.arange(start, start + len(value))[:, None], value.shape)
        new = (value, number, place) if with_places else (value, number)
        kept = new if kept is None else [np.concatenate(pair) for pair in zip(kept, new, strict=True)]
        order = np.argsort(-kept[0], axis=0, kind="stable")[:TOP]
        kept = [np.take_along_axis(part, order, axis=0) for part in kept]
    return dict(zip(("value", "picture", "place"), kept, strict=False))


def _peaks(network, names: list[str], with_places: bool) -> Callable[..., list[object]]:
    """A traced function of pictures to the largest value of every map (N, C) and its place, made once."""
    import keras
    import tensorflow as tf

    if "" not in parts:
        model = keras.Model(network.model.input, [network.model.get_layer(name).output for name in names])

        def peaks(x):
            maps = [tf.reshape(y, [tf.shape(y)[0], -1, y.shape[-1]]) for y in model(x, training=False)]
            value = tf.concat([tf.reduce_max(y, axis=1) for y in maps], 1)
            return value, tf.concat([tf.argmax(y, axis=1) for y in maps], 1) if with_places else value

        shape = (None, network.height, network.width, 3)
        parts[""] = tf.function(
            lambda x: peaks(tf.cast(x, tf.float32)), input_signature=[tf.TensorSpec(shape, tf.uint8)]
        )
    return parts[""]


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


def compare(folder: Path, peer: str) -> tuple[int, int]:
    """Assert that a peer found our winners; return how many there are, and how many of equal values swapped places.

    Fused and plain kernels round differently, so that values which differ by less than rounding may swap.
    """
    ours, theirs = (np.load(folder / f"{way}.npz") for way in ("streaming", peer))
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
    parser.add_argument("--fast", action="store_true", help="without the way that takes a predict per layer")
    parser.add_argument("--serve", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve(globals()[arguments.serve], arguments.backbone, arguments.side, arguments.folder)
        return
    with tempfile.TemporaryDirectory() as folder:
        ways = WAYS[:-1] if arguments.fast else WAYS
        contestants = {way: Contestant(way, arguments, Path(folder)) for way in ways}
        try:
            print(json.dumps(measure(contestants, Path(folder), arguments)))
        finally:
            for contestant in contestants.values():
                contestant.stop()


def measure(contestants: dict[str, Contestant], folder: Path, arguments: argparse.Namespace) -> dict[str, object]:
    """Let all do everything once, then rounds of a share; return what is to be printed."""
    whole = {way: contestant.run(N_PICTURES) for way, contestant in contestants.items()}
    result: dict[str, object] = {f"peak_extra_mb_{way}": round(seen["extra_mb"]) for way, seen in whole.items()}
    result |= {f"whole_run_s_{way}": round(seen["seconds"], 1) for way, seen in whole.items()}
    swapped = {way: compare(folder, way) for way in contestants if way != "streaming"}
    ratios: dict[str, list[float]] = {way: [] for way in swapped}
    for number in range(arguments.pairs):
        asked = [way for way in contestants if way != "per_layer" or number < SLOW_ROUNDS]
        seconds = {way: contestants[way].run(round(arguments.share * N_PICTURES))["seconds"] for way in asked}
        for way in asked[1:]:
            ratios[way].append(seconds[way] / seconds["streaming"])
        print(f"round {number + 1}:", ", ".join(f"{way} {taken:.2f} s" for way, taken in seconds.items()), flush=True)
    result |= {f"vs_{way}": round(statistics.median(found), 2) for way, found in ratios.items()}
    result |= {f"range_vs_{way}": [round(min(found), 2), round(max(found), 2)] for way, found in ratios.items()}
    return {
        **result,
        "network": f"{arguments.backbone} {arguments.side} px, {contestants['streaming'].layers} layers",
        "pictures": N_PICTURES,
        "winners": swapped["one_pass"][0],
        "swapped_within_rounding": {way: count for way, (_, count) in swapped.items()},
        "rounds": arguments.pairs,
        "load": round(os.getloadavg()[0], 1),
    }


if __name__ == "__main__":
    main()
