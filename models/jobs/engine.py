"""The engine: sends clicks and jobs to the compute workers, keeps the queue fair, and survives what may happen to them.

The page calls the functions at the end of this module; one engine serves the whole server. The run directories are the
truth: whatever dies (a worker, the scheduler, this server), unfinished runs are found there and taken up again.
"""

from __future__ import annotations

import atexit
import logging
import math
import secrets
import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

from models.errors import EngineUnavailable, FreezeframeError, InputError, QueueFull, StorageUnavailable
from models.jobs import execute, shipped, turns
from models.jobs.cluster import Cluster
from models.jobs.job import Job, PricedSpec, Spec, Task
from models.jobs.machine import WARM
from models.jobs.turns import LANES, Running
from models.storage import runs

MOST_JOBS = 4  # of one visitor: one running and three waiting
MOST_WAITING = 40  # of all visitors together
_CLEAR_S = 3600.0  # between two clearings of old runs
_TICK_S = 0.1
_CALL_S = 60.0  # how long a click waits for its answer at most
_GRACE_S = 6.0  # how long a cancelled job may take to stop before its worker is ended
_FAILURES = 3  # starts that failed in a row, after which a click is refused at once
_log = logging.getLogger(__name__)

Answer = TypeVar("Answer")


class Engine:
    """A cluster, a queue, and the thread that looks after both."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.waiting: list[runs.Run] = []  # in the order they were asked for
        self.running: dict[str, Running] = {}  # by run id
        self.served: dict[str, float] = {}  # visitor -> when one of his jobs was last started
        self.cancelled_at: dict[str, float] = {}
        self.ready = threading.Event()
        self.problem = ""
        self.failures = 0  # in a row
        self.clear_next = 0.0
        self.stopping = threading.Event()
        self.cluster: Cluster | None = None
        self.client: Any = None
        self.warming: dict[str, Any] = {}  # held, or Dask would drop the tasks
        self.jobs_wanted = False  # a page that starts jobs was opened
        self.thread = threading.Thread(target=self._work, daemon=True, name="freezeframe-engine")

    # -- the engine's own thread ------------------------------------------------------------------------------------

    def _work(self) -> None:
        try:
            found = [run for run in runs.everything() if run.status.active]
        except OSError as error:
            found = []
            _log.warning("unfinished runs could not be read: %s", error)
        with self.lock:
            known = {run.id for run in self.waiting}
            self.waiting[:0] = [run for run in found if run.id not in known]
        while not self.stopping.is_set():
            try:
                if self.client is None or not self._healthy():
                    self._connect()
                if self.jobs_wanted:
                    self._warm("jobs")
                self._reap()
                self._dispatch()
                self._clear()
                self.stopping.wait(_TICK_S)
            except EngineUnavailable as error:
                self._lost(str(error))
            except Exception as error:  # whatever Dask raises while its world falls apart
                _log.warning("the engine starts again after %s: %s", type(error).__name__, error)
                self._lost("The compute processes are starting again. Try once more in a few seconds.")

    def _connect(self) -> None:
        from distributed import Client

        if self.cluster is not None:
            self.cluster.stop()
            self.cluster = None
        self.cluster = Cluster()
        address = self.cluster.start()
        self.client = Client(address, security=self.cluster.security(), set_as_default=False, timeout=15)
        self.problem, self.failures = "", 0
        self.ready.set()
        self.warming.clear()
        self._warm("interactive")

    def _warm(self, resource: str) -> None:
        """Have the worker that offers `resource` load TensorFlow, once."""
        if resource not in self.warming:
            self.warming[resource] = self.client.submit(
                execute.interactive, WARM.name, {"resource": resource}, resources={resource: 1}, pure=False, priority=10
            )

    def _clear(self) -> None:
        """Clear old runs away at the start and then every hour."""
        if time.monotonic() >= self.clear_next:
            self.clear_next = time.monotonic() + _CLEAR_S
            runs.clear_old()

    def _healthy(self) -> bool:
        if self.cluster is None or not self.cluster.scheduler_alive() or self.client.status != "running":
            raise EngineUnavailable("The compute processes are starting again. Try once more in a few seconds.")
        for name in self.cluster.heal():
            _log.warning("worker %s had died and was started again", name)
            self.warming.clear()
        return True

    def _lost(self, message: str) -> None:
        self.ready.clear()
        self.problem = message
        client, self.client = self.client, None
        with self.lock:
            self.waiting[:0] = [job.run for job in self.running.values() if job.run.status.active]
            self.running.clear()
            self.cancelled_at.clear()
        if client is not None:
            try:
                client.close(timeout=1)
            except Exception as error:
                _log.info("closing the lost client: %s", error)
        self.failures += 1
        self.stopping.wait(min(2.0**self.failures / 2, 30.0))

    def _reap(self) -> None:
        """Take finished jobs off the list, and end workers whose job does not stop when asked to."""
        with self.lock:
            for run_id, job in list(self.running.items()):
                if job.future.done():
                    del self.running[run_id]
                    self._settle(job.run, job.future)
                elif job.run.cancel_asked:
                    asked = self.cancelled_at.setdefault(run_id, time.monotonic())
                    if time.monotonic() - asked > _GRACE_S and self.cluster is not None:
                        self.cancelled_at[run_id] = time.monotonic()
                        self.cluster.kill(job.lane)

    def _settle(self, run: runs.Run, future: Any) -> None:
        self.cancelled_at.pop(run.id, None)
        status = run.status
        if future.status == "finished" and future.result() == "busy":
            self.waiting.append(run)  # another server works on it; look again later
        elif status.active:  # its worker died again and again
            message = "This job ended its worker several times and was given up. Choose a smaller one."
            run.set_status(runs.RunStatus("failed", message=message, started=status.started, finished=time.time()))

    def _dispatch(self) -> None:
        with self.lock:
            for lane in LANES:
                while self._busy(lane) < self._capacity(lane) and (run := self._next(lane)) is not None:
                    self.waiting.remove(run)
                    self.served[run.owner] = time.monotonic()
                    key = f"job-{secrets.token_hex(8)}"
                    future = self.client.submit(execute.execute, run.id, resources={lane: 1}, pure=False, key=key)
                    self.running[run.id] = Running(run, future, lane)

    def _busy(self, lane: str) -> int:
        return sum(job.lane == lane for job in self.running.values())

    def _capacity(self, lane: str) -> int:
        if self.cluster is not None and not self.cluster.remote:
            return sum(getattr(spec, lane) for spec in self.cluster.specs.values())
        workers = self.client.scheduler_info()["workers"].values()
        return sum(int(worker["resources"].get(lane, 0)) for worker in workers)

    def _order(self) -> list[runs.Run]:
        return turns.order(self.waiting, self.running.values(), self.served)

    def _next(self, lane: str) -> runs.Run | None:
        return turns.next_run(self._order(), self.running.values(), lane)

    # -- what the page calls ----------------------------------------------------------------------------------------

    def submit_all(
        self, job: Job[Spec, Any], specs: Sequence[Spec], *, owner: str, seconds: Sequence[float] = ()
    ) -> list[str]:
        """Queue some jobs of one kind, all or none, and return their run ids."""
        predicted = seconds or [spec.seconds if isinstance(spec, PricedSpec) else math.inf for spec in specs]
        made: list[runs.Run] = []
        with self.lock:
            mine = [run for run in self.waiting if run.owner == owner]
            mine += [job.run for job in self.running.values() if job.run.owner == owner]
            if len(mine) >= MOST_JOBS:
                raise QueueFull(
                    f"You already have {len(mine)} jobs running or waiting, the most a visitor may have. "
                    "Cancel one, or wait until one has finished."
                )
            if len(mine) + len(specs) > MOST_JOBS:
                raise QueueFull(
                    f"There is no room for {len(specs)} more jobs: you have {len(mine)} running or waiting, and "
                    f"{MOST_JOBS} are the most. None was started. Cancel one, or wait until one has finished."
                )
            if len(self.waiting) + len(specs) > MOST_WAITING:
                raise QueueFull(
                    f"{len(self.waiting)} jobs are waiting already, and {MOST_WAITING} are the most there may be. "
                    "Try again later."
                )
            try:
                for spec, takes in zip(specs, predicted, strict=True):
                    written = spec.to_json()
                    made.append(runs.create(job.kind, written, owner=owner, title=spec.title, seconds=takes))
            except StorageUnavailable:
                for run in made:
                    shutil.rmtree(run.folder, ignore_errors=True)
                raise
            self.waiting += made
        return [run.id for run in made]

    def cancel(self, run_id: str, owner: str) -> None:
        """Stop a visitor's job: it counts as cancelled at once; the worker stops at its next check, or is ended."""
        run = runs.get(run_id)
        if run.owner != owner:  # a link to a run lets others watch
            raise InputError("Expected a job of one's own to stop. Received another visitor's.")
        status = run.status
        if not status.active:
            return
        run.cancel()
        with self.lock:
            if run in self.waiting:
                self.waiting.remove(run)
        with suppress(OSError):  # on a full disk the cancel alone has to do
            run.set_status(replace(status, state="cancelled", finished=time.time()))

    def ahead(self, run_id: str) -> list[runs.Run]:
        """Return what a waiting job waits for: the runs that are being worked on, then those that start before it."""
        with self.lock:
            order = self._order()
            running = [job.run for job in self.running.values() if job.lane == LANES[0]]
        ids = [run.id for run in order]
        return [*running, *order[: ids.index(run_id)]] if run_id in ids else []

    def call(self, task: Task[Answer], timeout: float, arguments: Mapping[str, Any]) -> Answer:
        """Return an interactive task's answer, recorded or computed by a worker; one lost worker is forgiven."""
        recorded = shipped.find(task, arguments)
        if recorded is not None:
            return recorded
        deadline = time.monotonic() + timeout
        for last in (False, True):
            if not self._wait_until_ready(deadline):
                break
            try:
                future = self.client.submit(
                    execute.interactive,
                    task.name,
                    dict(arguments),
                    resources={"interactive": 1},
                    pure=False,
                    priority=5,
                )
                answer = future.result(timeout=max(deadline - time.monotonic(), 0.1))
            except Exception as error:
                if not _is_loss(error):
                    _log.exception("task %s failed", task.name)
                    raise EngineUnavailable("Something went wrong while this was computed. Choose another.") from error
                _log.warning("task %s: %s", task.name, type(error).__name__)
                if last or time.monotonic() >= deadline:
                    break
                time.sleep(1.0)
            else:
                if isinstance(answer, FreezeframeError):
                    raise answer
                found: Answer = answer
                return found
        raise EngineUnavailable(self.problem or "No compute worker answered in time. Try again in a few seconds.")

    def _wait_until_ready(self, deadline: float) -> bool:
        """Return whether the workers are up before `deadline`; gives up early when they failed to start repeatedly."""
        while not self.ready.wait(0.1):
            if time.monotonic() > deadline or self.failures >= _FAILURES:
                return False
        return True

    def stop(self) -> None:
        """End the thread and every process it started."""
        self.stopping.set()
        if self.thread.is_alive():
            self.thread.join(20)
        if self.client is not None:
            self.client.close(timeout=2)
        if self.cluster is not None:
            self.cluster.stop()


def _is_loss(error: Exception) -> bool:
    """Whether a worker or the connection to it was lost, as Dask and the system name that, or time ran out."""
    return isinstance(error, (OSError, TimeoutError)) or type(error).__module__.startswith(
        ("distributed", "concurrent")
    )


_engine: Engine | None = None
_engine_lock = threading.Lock()


def start() -> Engine:
    """Return this server's engine, starting it at the first call; returns at once, the workers come up meanwhile."""
    global _engine
    with _engine_lock:
        if _engine is None:
            _engine = Engine()
            _engine.thread.start()
            atexit.register(stop)
        return _engine


def stop() -> None:
    """Stop this server's engine, if it runs."""
    global _engine
    with _engine_lock:
        engine, _engine = _engine, None
    if engine is not None:
        engine.stop()


def submit(job: Job[Spec, Any], spec: Spec, *, owner: str) -> str:
    """Queue a job and return its run id.

    Args:
        job: Its kind.
        spec: What it is asked to do.
        owner: The visitor's id.

    Raises:
        QueueFull: The visitor has `MOST_JOBS` jobs already.
        StorageUnavailable: The run cannot be written.
    """
    return submit_all(job, [spec], owner=owner)[0]


def submit_all(job: Job[Spec, Any], specs: Sequence[Spec], *, owner: str, seconds: Sequence[float] = ()) -> list[str]:
    """Queue some jobs of one kind, all of them or none, and return their run ids.

    Args:
        job: Their kind.
        specs: What they are asked to do.
        owner: The visitor's id.
        seconds: How long each should take, where the specs do not say so themselves.

    Raises:
        QueueFull: There is no room for all of them.
        StorageUnavailable: They cannot be written.
    """
    return start().submit_all(job, specs, owner=owner, seconds=seconds)


def cancel(run_id: str, owner: str) -> None:
    """Stop a job; it counts as cancelled at once. Nothing happens when it has ended.

    Raises:
        InputError: It is another visitor's.
        RunNotFound: There is no such run.
    """
    start().cancel(run_id, owner)


def ahead(run_id: str) -> list[runs.Run]:
    """Return the runs that a waiting job waits for, whoever's they are; none when it does not wait."""
    return start().ahead(run_id)


def call(task: Task[Answer], *, timeout: float = _CALL_S, **arguments: Any) -> Answer:
    """Return the answer of a task to these arguments.

    An answer recorded in `assets/answers` is returned at once, without any worker.

    Raises:
        EngineUnavailable: No worker answered within `timeout` seconds.
        FreezeframeError: The task refused; its message is for the visitor.
    """
    return start().call(task, timeout, arguments)


def warm_up_jobs() -> None:
    """Have the jobs worker load TensorFlow, so that a first job starts at once; for pages that start jobs."""
    start().jobs_wanted = True
