"""How fast the app is, what it takes, and what many visitors feel: real servers, visitors over websockets, loopback.

    python -m tests.benchmarks.bench_app [--pairs 7] [--visitors 40] [--many 100] [--seconds 40] [--parts …]

first
    first_element_ratio  from the start of the process over the healthy server to the first element of the first page,
                         against a bare page (one line of text) under the same `config.toml`; both start anew every time
    visit_ratio          the same for a new visitor of servers that run: from the connection to the first element
    rerun_ratio          a rerun of Activations with the shipped example, nothing changed, against the bare page's;
                         medians of `RERUNS` reruns that alternate with the other's on two warm servers
    rerun_stock_ratio    the same against the bare page as Streamlit runs it by itself, without our `config.toml`
job
    page_rss_mb          resident memory of the page process after one visitor has opened every page of the table
    total_pss_mb         the highest proportional memory of page process, scheduler and workers, while every page is
                         opened and during the main job: train with the defaults, evaluate, activations of every block,
                         occlusion, a map of the network's features
crowds                   on Activations, from sending a change (picture, layer, block or channel) to the end of the
                         script; every crowd meets a server that has just started, its caches empty
    alone_…              40 visitors
    training_…           40 visitors while two others train with the defaults, again and again. A server runs one
                         training at a time, by design: the two take turns, and one ran `training_share` of the time
    many_…               100 visitors, nobody trains
errors                   elements that tell of one, lost reruns, and tracebacks in any log

Ratios are medians over pairs that alternate, so that a busy machine slows both. Everything ends by itself after about
six minutes. What visitors wait for means something on a quiet machine only: `load` is the higher load average of
start and end. The last line is one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dashboard.pages import HOME, PAGES
from tests.benchmarks.crowds import crowd_alone, crowd_and_trainings, finished
from tests.benchmarks.visitors import Answer, Server, Visitor

ROOT = Path(__file__).resolve().parents[2]
ADDRESSES = ["" if name == HOME else name for name in PAGES]
PARTS = ("first", "job", "crowds")
RERUNS = 7  # of each in a pair


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


async def new_visit(server: Server) -> float:
    """Return the seconds from a new visitor's connection to the first element of the first page."""
    started = time.perf_counter()
    async with Visitor(server.port) as visitor:
        connected = time.perf_counter()
        return connected - started + (await visitor.open()).first


async def visit_ratio(bench: Bench, ours: Server, pairs: int) -> float:
    """Return the median of the ratios of what new visitors of running servers wait for; the first of each warms up."""
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    with bench.server("bare") as bare:
        for pair in range(pairs + 1):
            for name, server in (("bare", bare), ("ours", ours)):
                taken = await new_visit(server)
                seconds[name] += [taken] if pair else []
    return ratio("first element, server running", "bare", seconds)


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


async def everything(server: Server) -> dict[str, Any]:
    """Open every page, then do the main job; return memory and errors."""
    with peak_memory(server) as samples:
        async with Visitor(server.port) as visitor:
            errors = [error for page in ADDRESSES for error in (await visitor.open(page)).errors]
        page_rss, after_pages = server.rss(), max(samples)
        errors += await main_job(server)
    print(
        f"memory: page {page_rss:.0f} MB after {len(ADDRESSES)} pages, all processes {after_pages:.0f} MB at most "
        f"until then and {max(samples):.0f} MB in all; {errors[:5]}",
        flush=True,
    )
    return {"page_rss_mb": round(page_rss), "total_pss_mb": round(max(samples)), "errors": len(errors)}


def crowds(bench: Bench, visitors: int, many: int, seconds: float) -> Iterator[dict[str, Any]]:
    """Yield what every crowd met, and how many tracebacks its server logged."""
    for number, name in ((visitors, "alone"), (many, "many")):
        with bench.server("ours") as server:
            yield asyncio.run(crowd_alone(server, name, number, seconds))
            yield {"errors": server.tracebacks()}
    with bench.server("ours") as server:
        yield asyncio.run(crowd_and_trainings(server, visitors, seconds))
        yield {"errors": server.tracebacks()}


def measure(bench: Bench, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Yield what each part finds."""
    if "first" in options.parts:
        yield {"first_element_ratio": first_element_ratio(bench, options.pairs)}
        with bench.server("ours") as ours:
            yield asyncio.run(rerun_ratios(bench, ours, options.pairs))
            yield {"visit_ratio": asyncio.run(visit_ratio(bench, ours, options.pairs))}
            yield {"errors": ours.tracebacks()}
    if "job" in options.parts:
        with bench.server("ours") as ours:
            yield asyncio.run(everything(ours))
            yield {"errors": ours.tracebacks()}
    if "crowds" in options.parts:
        yield from crowds(bench, options.visitors, options.many, options.seconds)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--many", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=40.0, help="of each of the three crowds")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"load at the start {load:.1f} on {os.cpu_count()} processors", flush=True)
    found: dict[str, Any] = {"errors": 0}
    with tempfile.TemporaryDirectory(prefix="bench-app-") as folder:
        for part in measure(Bench(Path(folder)), options):
            errors = found["errors"] + part.get("errors", 0)
            found |= {name: round(value, 2) for name, value in part.items()} | {"errors": errors}
            print(part, flush=True)
    print(json.dumps({**found, "pairs": options.pairs, "load": round(max(load, os.getloadavg()[0]), 1)}))


if __name__ == "__main__":
    main()
