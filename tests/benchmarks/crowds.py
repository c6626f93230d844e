"""Crowds for `bench_app`: visitors who read Activations, alone or while others train, and what they wait for."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import statistics
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from tests.benchmarks.visitors import Server, Visitor

THINK_S = (2.0, 6.0)  # between an answer and the next change
_JOB_S = 180.0  # after which a job counts as lost


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


async def look(server: Server, running: list[bool]) -> None:
    """Note twice a second whether a training runs."""
    while True:
        states = [json.loads(path.read_text())["state"] for path in server.home.glob("runs/*/status.json")]
        running.append("running" in states)
        await asyncio.sleep(0.5)


@contextlib.asynccontextmanager
async def trainings(server: Server, count: int) -> AsyncIterator[tuple[list[str], list[bool]]]:
    """Have so many visitors train while the block runs; states of trainings that ended, and `look`'s notes."""
    ended: list[str] = []
    running: list[bool] = []
    tasks = [asyncio.create_task(keep_training(server, ended)) for _ in range(count)]
    tasks.append(asyncio.create_task(look(server, running)))
    while not any(running) and not any(task.done() for task in tasks):
        await asyncio.sleep(0.1)
    try:
        yield ended, running
    finally:
        failed = [task.exception() for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        ended += [f"lost: {error}" for error in failed]


async def warmed(server: Server) -> None:
    """Wait until the workers answer, as the first visitor of a server does; his picture is the only one then known."""
    async with Visitor(server.port) as visitor:
        await visitor.open("activations")
        await visitor.change(visitor.press("activations_next_picture"))


async def crowd_alone(server: Server, name: str, visitors: int, seconds: float) -> dict[str, Any]:
    """Send a crowd to a server that has just started."""
    await warmed(server)
    before = server.cpu()
    crowd = await visit(server.port, visitors, seconds, seed=1)
    page_cpu = 1000 * (server.cpu() - before) / max(len(crowd.opened) + len(crowd.changed), 1)
    print(f"the page process works {page_cpu:.0f} ms of processor time per rerun, whatever else this machine does")
    p50, p95 = crowd.report(f"{name}, {visitors} visitors")
    return {f"{name}_p50_ms": round(p50), f"{name}_p95_ms": round(p95), "errors": len(crowd.errors)}


async def crowd_and_trainings(server: Server, visitors: int, seconds: float) -> dict[str, Any]:
    """Send a crowd to a server that has just started, and on which two others train."""
    await warmed(server)
    async with trainings(server, 2) as (ended, running):
        running.clear()
        crowd = await visit(server.port, visitors, seconds, seed=1)
        share = statistics.fmean(running)
    p50, p95 = crowd.report(f"{visitors} visitors, one of two trainings runs {share:.0%} of the time")
    errors = crowd.errors + [state for state in ended if state != "done"]
    print(f"{len(ended)} trainings ended meanwhile; {errors[:5]}")
    found = {"training_p50_ms": round(p50), "training_p95_ms": round(p95), "training_share": round(share, 2)}
    return {**found, "errors": len(errors)}
