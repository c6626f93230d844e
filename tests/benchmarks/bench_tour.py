"""How long a class waits that takes the tour together: a real server, visitors over websockets, loopback.

    python -m tests.benchmarks.bench_tour [--visitors 40] [--seconds 10]

Every visitor opens Home and then presses "Take the tour", evenly spread over so many seconds; the server has just
started, and nothing is in its home folder.

example_p50, example_most  seconds from the press to the end of the script that draws the first stop with the example
head_p50, head_most        seconds from the press to the end of the visitor's own run
queued_most                the most runs that were neither done nor begun at the same time
errors                     visitors who saw one, runs that did not end well, and tracebacks in any log

The last line is one JSON object. It means something on a quiet machine only.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.crowds import finished
from tests.benchmarks.visitors import Server, Visitor

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Class:
    """What the visitors waited for, in seconds, and what went wrong."""

    example: list[float] = field(default_factory=list)
    head: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    queued: list[int] = field(default_factory=list)


async def take_the_tour(server: Server, after: float, seen: Class) -> None:
    """Be one visitor, who presses the button after so many seconds."""
    try:
        async with Visitor(server.port) as visitor:
            seen.errors += (await visitor.open()).errors
            await asyncio.sleep(after)
            pressed = time.perf_counter()
            answer = await visitor.change(visitor.press("home_tour"))
            while "tour_end" not in visitor.widgets:  # the page changes in the middle of the script
                answer = await visitor.change()
            seen.example.append(time.perf_counter() - pressed)
            seen.errors += answer.errors
            run = visitor.asked("tour").partition("-")[2]
            state = await finished(server, visitor, run, watch=False)
            seen.head.append(time.perf_counter() - pressed)
            seen.errors += [] if state == "done" else [f"a run ended as {state}"]
    except Exception as error:  # whatever befell this visitor, the others go on
        seen.errors.append(f"{type(error).__name__}: {error}")


async def look(server: Server, seen: Class) -> None:
    """Count twice a second how many runs wait."""
    while True:
        states = [json.loads(path.read_text())["state"] for path in server.home.glob("runs/*/status.json")]
        seen.queued.append(states.count("queued"))
        await asyncio.sleep(0.5)


async def together(server: Server, visitors: int, seconds: float) -> Class:
    """Let so many visitors take the tour within so many seconds."""
    seen = Class()
    looking = asyncio.create_task(look(server, seen))
    await asyncio.gather(*(take_the_tour(server, n * seconds / visitors, seen) for n in range(visitors)))
    looking.cancel()
    return seen


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=10.0, help="within which all of them press the button")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-tour-") as folder:
        with Server(ROOT / "dashboard" / "app.py", ROOT, Path(folder)) as server:
            seen = asyncio.run(together(server, options.visitors, options.seconds))
        errors = len(seen.errors) + server.tracebacks()
    print(seen.errors[:5])
    found = {"visitors": options.visitors, "errors": errors, "queued_most": max(seen.queued, default=0)}
    for name, seconds in (("example", seen.example), ("head", seen.head)):
        found |= {f"{name}_p50": round(statistics.median(seconds), 2), f"{name}_most": round(max(seconds), 2)}
    print(json.dumps({**found, "load": round(os.getloadavg()[0], 1)}))


if __name__ == "__main__":
    main()
