"""Visitors without a browser: a server to visit, and Streamlit's websocket protocol as far as a measurement needs it.

A visitor answers like the browser does: it knows the widgets on its page, sends the state of the one it changes, and
keeps the address the server gave it. It sends no timers of fragments and asks for no pictures.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs

import psutil
import websockets
from streamlit.proto.Alert_pb2 import Alert
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState

_PATIENCE_S = 60.0  # after which a rerun counts as lost
_TRIGGER = "$$STREAMLIT_INTERNAL_KEY_{}__events"  # where a component's own events go


class Server:
    """`streamlit run` on loopback and a free port, with a home folder of its own; a context manager."""

    def __init__(self, script: Path, folder: Path, home: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.log = home, home / "server.log"
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={self.port}"]
        command += ["--server.address=127.0.0.1", "--server.headless=true"]
        environment = {**os.environ, "FREEZEFRAME_HOME": str(home)}
        self.born = time.perf_counter()
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)

    def __enter__(self) -> Server:
        """Wait until the server says that it is healthy."""
        while time.perf_counter() - self.born < _PATIENCE_S and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=1) as answer:
                    answer.read()
                return self
            except OSError:
                time.sleep(0.005)
        self.process.kill()
        raise RuntimeError(f"Expected a healthy server. Received: {self.log.read_text()[-2000:]}")

    def __exit__(self, *_: object) -> None:
        """End the server and whatever it started."""
        workers = psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        for left in psutil.wait_procs(workers, timeout=10)[1]:
            left.kill()

    def rss(self) -> float:
        """Return the resident memory of the page process in MB."""
        return float(psutil.Process(self.process.pid).memory_info().rss / 1e6)

    def cpu(self) -> float:
        """Return the processor time of the page process so far in seconds."""
        times = psutil.Process(self.process.pid).cpu_times()
        return float(times.user + times.system)

    def pss(self) -> float:
        """Return the memory in MB of the page process and everything it started; shared pages count once."""
        total = 0
        for process in [psutil.Process(self.process.pid), *psutil.Process(self.process.pid).children(recursive=True)]:
            try:
                rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
            except OSError:  # it has just ended
                continue
            total += next((int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:")), 0)
        return total * 1024 / 1e6

    def tracebacks(self) -> int:
        """Return how many tracebacks the server and its workers have logged."""
        logs = [self.log, *self.home.glob("logs/*.log")]
        return sum(log.read_text(errors="replace").count("Traceback (most recent call last)") for log in logs)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one rerun: seconds to its first element and to its end, bytes received, what went wrong."""

    first: float
    seconds: float
    size: int
    errors: tuple[str, ...]


class Visitor:
    """One websocket session; `async with Visitor(port) as visitor: await visitor.open("activations")`."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.widgets: dict[str, Any] = {}  # key -> the element as it was last delivered
        self.pages: dict[str, str] = {}  # address -> hash
        self.page = self.query = ""

    async def __aenter__(self) -> Visitor:
        """Connect."""
        address = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self.socket = await websockets.connect(
            address, subprotocols=[websockets.Subprotocol("streamlit")], max_size=None, open_timeout=_PATIENCE_S
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Hang up."""
        await self.socket.close()

    async def open(self, page: str = "") -> Answer:
        """Go to the page with this address, as the first page or by the sidebar."""
        message = BackMsg()
        message.rerun_script.page_name = page
        message.rerun_script.page_script_hash = self.pages.get(page, "")
        self.query = ""
        return await self._run(message)

    async def change(self, *states: WidgetState) -> Answer:
        """Run the page again after these widgets have changed; without any, as the key R does."""
        message = BackMsg()
        message.rerun_script.page_script_hash, message.rerun_script.query_string = self.page, self.query
        message.rerun_script.widget_states.widgets.extend(states)
        return await self._run(message)

    async def _run(self, message: BackMsg) -> Answer:
        start, first, size = time.perf_counter(), 0.0, 0
        errors: list[str] = []
        await self.socket.send(message.SerializeToString())
        while True:
            data = await asyncio.wait_for(self.socket.recv(), _PATIENCE_S)
            size += len(data)
            received = ForwardMsg.FromString(data)
            kind = received.WhichOneof("type")
            if kind == "delta" and received.delta.WhichOneof("type") == "new_element":
                first = first or time.perf_counter() - start
                errors += self._take(received.delta.new_element)
            elif kind == "new_session":
                self.page = received.new_session.page_script_hash
                self.widgets.clear()
            elif kind == "navigation":
                self.page = received.navigation.page_script_hash
                self.pages = {page.url_pathname: page.page_script_hash for page in received.navigation.app_pages}
            elif kind == "page_info_changed":
                self.query = received.page_info_changed.query_string
            elif kind == "script_finished" and received.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                if received.script_finished != ForwardMsg.FINISHED_SUCCESSFULLY:
                    errors.append("the script did not finish")
                return Answer(first, time.perf_counter() - start, size, tuple(errors))

    def _take(self, delivered: Any) -> list[str]:
        """Keep a widget; return what an element says that tells of an error."""
        kind = str(delivered.WhichOneof("type"))
        element = getattr(delivered, kind)
        name = str(getattr(element, "id", ""))
        if name.startswith("$$ID-"):  # $$ID-<digest>-<key>
            self.widgets[name.split("-", 2)[2]] = element
        if kind == "exception":
            return [f"{element.type}: {element.message[:200]}"]
        if kind == "alert" and element.format == Alert.ERROR:
            return [element.body[:200]]
        return []

    def asked(self, name: str) -> str:
        """Return what the address says about `name` ("run"), else an empty text."""
        return parse_qs(self.query).get(name, [""])[0]

    def press(self, key: str) -> WidgetState:
        """Return the state of a button that was pressed."""
        return WidgetState(id=self.widgets[key].id, trigger_value=True)

    def choose(self, key: str, option: str) -> WidgetState:
        """Return the state of a select box with another option."""
        return WidgetState(id=self.widgets[key].id, string_value=option)

    def type_number(self, key: str, number: float) -> WidgetState:
        """Return the state of a number input with another number."""
        return WidgetState(id=self.widgets[key].id, double_value=number)

    def trigger(self, key: str, event: str, value: str | int) -> WidgetState:
        """Return the state of a component that reports an event."""
        events = json.dumps([{"event": event, "value": value}])
        return WidgetState(id=_TRIGGER.format(self.widgets[key].id), json_trigger_value=events)

    def chosen(self, key: str) -> str:
        """Return the option a select box shows."""
        box = self.widgets[key]
        return str(box.raw_value if box.HasField("raw_value") else box.options[box.default])

    def data(self, key: str) -> dict[str, Any]:
        """Return what a component was given."""
        component = self.widgets[key]
        found: dict[str, Any] = json.loads(component.json or component.mixed.json)
        return found
