"""How fast the app is, what it takes, and what forty visitors feel: real servers, visitors over websockets, loopback.

    python -m tests.benchmarks.bench_app [--pairs 7] [--visitors 40] [--seconds 40]

first_element_ratio  from the start of the process over the healthy server to the first element of the first page,
                     against a bare page (one line of text) under the same `config.toml`; both start anew in every pair
rerun_ratio          a rerun of Activations with the shipped example, nothing changed, against the bare page's; medians
                     of `RERUNS` reruns that alternate with the other's on two warm servers
rerun_stock_ratio    the same against the bare page as Streamlit runs it by itself, without our `config.toml`
page_rss_mb          resident memory of the page process after one visitor has opened every page
total_pss_mb         the highest proportional memory of page process, scheduler and workers during the main job: train
                     with the defaults, evaluate, activations of every block, occlusion, a map of the network's features
visitors40_…         from sending a change (picture, layer, block or channel) to the end of the script, on Activations;
                     then while two other visitors train with the defaults, again and again: their trainings take turns
                     on the one worker for jobs, so that one trains and one waits at all times
errors               elements that tell of one, lost reruns, and tracebacks in any log

Ratios are medians over pairs that alternate, so that a busy machine slows both. Everything ends by itself after about
four minutes. What visitors wait for means something on a quiet machine only: `load` is the higher load average of
start and end. The last line is one JSON object; its keys keep the name visitors40 whatever `--visitors` says.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.visitors import Answer, Server, Visitor

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("", "data", "backbone", "train", "evaluate", "activations", "features", "occlusion", "som")
RERUNS = 7  # of each in a pair
THINK_S = (2.0, 6.0)  # between an answer and the next change
_JOB_S = 180.0  # after which a job counts as lost


class Bench:
    """The apps that are compared, each in its folder, and fresh homes for their servers."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.homes = folder, 0
        for name in ("bare", "stock"):
            (folder / name).mkdir()
            (folder / name / "page.py").write_text('import streamlit as st\n\nst.write("Hello")\n')
        shutil.copytree(ROOT / ".streamlit", folder / "bare" / ".streamlit")

    def server(self, name: str) -> Server:
        """Start "ours", the "bare" page under our `config.toml`, or the "stock" one without."""
        self.homes += 1
        home = self.folder / f"home{self.homes}"
        if name == "ours":
            return Server(ROOT / "dashboard" / "app.py", ROOT, home)
        return Server(self.folder / name / "page.py", self.folder / name, home)


async def first_element(server: Server) -> float:
    """Return the seconds from the start of the process to the first element of the first page."""
    async with Visitor(server.port) as visitor:
        connected = time.perf_counter()
        answer = await visitor.open()
        return connected + answer.first - server.born


def first_element_ratio(bench: Bench, pairs: int) -> float:
    """Return the median of the ratios of our first element to the bare page's."""
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(pairs):
        for name in ("bare", "ours"):
            with bench.server(name) as server:
                seconds[name].append(asyncio.run(first_element(server)))
    return ratio("first element", "bare", seconds)


def ratio(what: str, peer: str, seconds: dict[str, list[float]]) -> float:
    """Print the medians of ours and of a peer, and return the median of their ratios."""
    ours, theirs = seconds["ours"], seconds[peer]
    found = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
    middle, peers = 1000 * statistics.median(ours), 1000 * statistics.median(theirs)
    print(f"{what}: ours {middle:.0f} ms, {peer} {peers:.0f} ms, ratio {found:.2f}", flush=True)
    return found


async def rerun_ratios(bench: Bench, ours: Server, pairs: int) -> dict[str, float]:
    """Return the medians of the ratios of a rerun of Activations to a rerun of the bare pages."""
    seconds: dict[str, list[float]] = {"ours": [], "bare": [], "stock": []}
    with bench.server("bare") as bare, bench.server("stock") as stock:
        async with Visitor(ours.port) as visitor, Visitor(bare.port) as plain, Visitor(stock.port) as usual:
            await visitor.open("activations")
            await visitor.change(visitor.press("activations_next_picture"))  # answered once the workers are warm
            await plain.open()
            await usual.open()
            for pair in range(pairs + 1):
                taken: dict[str, list[float]] = {name: [] for name in seconds}
                for _ in range(RERUNS):
                    for name, one in (("bare", plain), ("ours", visitor), ("stock", usual)):
                        taken[name].append((await one.change()).seconds)
                for name in seconds if pair else ():  # the first pair warms up
                    seconds[name].append(statistics.median(taken[name]))
    return {f"rerun_{key}ratio": ratio("rerun", name, seconds) for key, name in (("", "bare"), ("stock_", "stock"))}


@contextlib.contextmanager
def peak_memory(server: Server) -> Iterator[list[float]]:
    """Sample the memory of all processes until the block ends; the list's maximum is the peak."""
    samples, ended = [server.pss()], threading.Event()

    def watch() -> None:
        while not ended.wait(0.25):
            samples.append(server.pss())

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield samples
    finally:
        ended.set()
        thread.join()


async def finished(server: Server, visitor: Visitor, run: str, *, watch: bool = True) -> str:
    """Wait for the end of a run and return its state; meanwhile the page runs again once a second, if it is watched."""
    path, start = server.home / "runs" / run / "status.json", time.perf_counter()
    while time.perf_counter() - start < _JOB_S:
        state = str(json.loads(path.read_text())["state"])
        if state not in ("queued", "running"):
            return state
        await asyncio.sleep(1.0)
        if watch:
            await visitor.change()
    return "lost"


async def main_job(server: Server) -> list[str]:
    """Train with the defaults and look at everything; return the errors."""
    errors: list[str] = []

    def note(answer: Answer) -> None:
        errors.extend(answer.errors)

    async with Visitor(server.port) as visitor:
        note(await visitor.open("train"))
        start = time.perf_counter()
        note(await visitor.change(visitor.press("train_start")))
        state = await finished(server, visitor, visitor.asked("run"))
        print(f"main job: training {state} after {time.perf_counter() - start:.1f} s")
        errors += [] if state == "done" else [f"the training ended as {state}"]
        for page in ("evaluate", "activations"):
            note(await visitor.open(page))
        for block in list(visitor.widgets["activations_block"].options):
            note(await visitor.change(visitor.choose("activations_block", block)))
        for page in ("occlusion", "som"):
            note(await visitor.open(page))
        note(await visitor.change(visitor.choose("som_source", "Features of the network")))
        note(await visitor.change(visitor.press("som_train")))
        state = await finished(server, visitor, visitor.asked("map"))
        print(f"main job: map of features {state}, {time.perf_counter() - start:.1f} s in all")
        errors += [] if state == "done" else [f"the map ended as {state}"]
    return errors


@dataclass
class Crowd:
    """What visitors met: seconds of their first pages and of their changes, and what they asked the network for."""

    opened: list[float] = field(default_factory=list)
    changed: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)  # picture and layer after every change

    def report(self, name: str) -> tuple[float, float]:
        """Print a line and return the median and the 95 % quantile of the changes in ms."""
        p50, p95, p99, most = (float(1000 * np.quantile(self.changed, share)) for share in (0.5, 0.95, 0.99, 1.0))
        new = len(set(self.asked)) / max(len(self.asked), 1)
        print(
            f"{name}: {len(self.changed)} changes, {new:.0%} ask for a picture and layer nobody asked for before, p50 "
            f"{p50:.0f} ms, p95 {p95:.0f}, p99 {p99:.0f}, most {most:.0f}; first pages p50 "
            f"{1000 * statistics.median(self.opened):.0f} ms, most {1000 * max(self.opened):.0f}; {self.errors[:3]}"
        )
        return p50, p95


def next_change(visitor: Visitor, chance: random.Random) -> Any:
    """Return the state of one widget that a reader of Activations might change."""
    kind = chance.choices(("picture", "next", "layer", "block", "channel"), (40, 10, 25, 10, 15))[0]
    if kind == "picture":
        shown = visitor.data("activations_pictures")["rows"][0]["pictures"]
        return visitor.trigger("activations_pictures", "picture", chance.choice(shown))
    if kind == "next":
        return visitor.press("activations_next_picture")
    if kind == "channel":
        return visitor.type_number(
            "activations_channel", chance.randint(0, int(visitor.widgets["activations_channel"].max))
        )
    key = f"activations_{kind}"
    return visitor.choose(key, chance.choice(visitor.widgets[key].options))


async def wander(port: int, number: int, end: float, crowd: Crowd) -> None:
    """Be one visitor of Activations until `end` on the clock `perf_counter`."""
    chance = random.Random(number)
    try:
        async with Visitor(port) as visitor:
            answer = await visitor.open("activations")
            crowd.opened.append(answer.seconds)
            crowd.errors += answer.errors
            while (pause := chance.uniform(*THINK_S)) < end - time.perf_counter():
                await asyncio.sleep(pause)
                answer = await visitor.change(next_change(visitor, chance))
                crowd.changed.append(answer.seconds)
                crowd.errors += answer.errors
                picture = visitor.data("activations_pictures")["selected"]
                crowd.asked.append((picture, visitor.chosen("activations_layer")))
    except Exception as error:  # whatever befell this visitor, the others go on
        crowd.errors.append(f"{type(error).__name__}: {error}")


async def visit(port: int, visitors: int, seconds: float, *, seed: int) -> Crowd:
    """Send visitors to Activations, one every tenth of a second, for so many seconds."""
    crowd, end, tasks = Crowd(), time.perf_counter() + seconds, []
    for number in range(visitors):
        tasks.append(asyncio.create_task(wander(port, 1000 * seed + number, end, crowd)))
        await asyncio.sleep(0.1)
    await asyncio.gather(*tasks)
    return crowd


async def keep_training(server: Server, trained: list[str]) -> None:
    """Be a visitor who trains with the defaults, again and again."""
    async with Visitor(server.port) as visitor:
        await visitor.open("train")
        while True:
            await visitor.change(visitor.press("train_start"))
            trained.append(await finished(server, visitor, visitor.asked("run"), watch=False))
            await visitor.change()


@contextlib.asynccontextmanager
async def trainings(server: Server, count: int) -> AsyncIterator[list[str]]:
    """Have so many visitors train while the block runs; the list gets the state of every training that ends."""
    ended: list[str] = []
    tasks = [asyncio.create_task(keep_training(server, ended)) for _ in range(count)]
    await asyncio.sleep(2.0)
    try:
        yield ended
    finally:
        failed = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ended += [f"lost: {error}" for error in failed]


async def use(server: Server, visitors: int, seconds: float) -> dict[str, Any]:
    """Open every page, do the main job, and let visitors come, first alone and then while others train."""
    async with Visitor(server.port) as visitor:
        errors = [error for page in PAGES for error in (await visitor.open(page)).errors]
    page_rss = server.rss()
    with peak_memory(server) as samples:
        errors += await main_job(server)
    print(f"memory: page {page_rss:.0f} MB after all pages, all processes {max(samples):.0f} MB at most", flush=True)
    before = server.cpu()
    alone = await visit(server.port, visitors, seconds, seed=1)
    page_cpu = 1000 * (server.cpu() - before) / max(len(alone.opened) + len(alone.changed), 1)
    print(f"the page process works {page_cpu:.0f} ms of processor time per rerun, whatever else this machine does")
    async with trainings(server, 2) as ended:
        beside = await visit(server.port, visitors, seconds, seed=2)
    (p50, p95), (training_p50, training_p95) = alone.report("alone"), beside.report("while two train")
    errors += alone.errors + beside.errors + [state for state in ended if state != "done"]
    print(
        f"{len(ended)} trainings ended meanwhile; page {server.rss():.0f} MB, all {server.pss():.0f} MB; {errors[:5]}"
    )
    return {
        "page_rss_mb": round(page_rss),
        "total_pss_mb": round(max(samples)),
        "visitors40_p50_ms": round(p50),
        "visitors40_p95_ms": round(p95),
        "visitors40_training_p50_ms": round(training_p50),
        "visitors40_training_p95_ms": round(training_p95),
        "errors": len(errors) + server.tracebacks(),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=40.0, help="of each of the two crowds")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load at the start {load:.1f} on {os.cpu_count()} processors", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-app-") as folder:
        bench = Bench(Path(folder))
        found: dict[str, Any] = {"first_element_ratio": first_element_ratio(bench, options.pairs)}
        with bench.server("ours") as ours:
            found |= asyncio.run(rerun_ratios(bench, ours, options.pairs))
            found = {name: round(value, 2) for name, value in found.items()}
            found |= asyncio.run(use(ours, options.visitors, options.seconds))
    print(json.dumps({**found, "pairs": options.pairs, "load": round(max(load, os.getloadavg()[0]), 1)}))


if __name__ == "__main__":
    main()
