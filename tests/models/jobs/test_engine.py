"""The engine on a real local cluster: clicks, jobs, the queue, and what may die."""

import asyncio
import dataclasses
import http.client
import itertools
import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from models.errors import EngineUnavailable, InputError, QueueFull, StorageUnavailable
from models.jobs import cluster as jobs_cluster
from models.jobs import execute
from models.jobs.engine import MOST_JOBS, MOST_WAITING, Engine
from models.jobs.job import Job, JobSpec
from models.jobs.machine import WARM
from models.jobs.turns import SHORT_S, Running
from models.networks.answers import PREDICT
from models.storage import runs
from models.training import recipes
from models.training.spec import TRAINING, TrainingSpec

ROOT = Path(__file__).resolve().parents[3]


@dataclasses.dataclass(frozen=True, slots=True)
class Named(JobSpec):
    """A job that is only queued, never done."""

    name: str = ""

    @property
    def title(self) -> str:
        return self.name


QUEUED = Job("som", Named, "")


def training(epochs: int = 3, *, shots: int = 5, **others) -> TrainingSpec:
    return dataclasses.replace(
        recipes.DEFAULT, dataset="digits", epochs=epochs, batch=8, shots=shots, patience=0, **others
    )


def visitor(letter: str) -> str:
    return letter * 32


def wait(condition, seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def waiting_engine(*asked: tuple[str, str]) -> tuple[Engine, dict[str, str]]:
    """An engine whose thread does not run, with jobs queued: (name, visitor's letter)."""
    stopped = Engine()
    names = {queue(stopped, name, letter): name for name, letter in asked}
    return stopped, names


def queue(stopped: Engine, name: str, letter: str) -> str:
    return stopped.submit_all(QUEUED, [Named(name)], owner=visitor(letter))[0]


def test_a_worker_answers_a_click_in_another_process(engine):
    assert engine.call(WARM).pid not in (os.getpid(), os.getppid())


def test_dask_knows_the_settings_that_keep_it_quiet():
    import dask
    import distributed  # noqa: F401  brings its settings

    known = {name: dask.config.get(name) for name in jobs_cluster.QUIET}
    assert all(
        str(known[name]) != value for name, value in jobs_cluster.QUIET.items()
    )  # else they are Dask's own by now


def test_a_run_of_an_unknown_kind_ends_with_the_known_ones():
    run = runs.create("magic", {}, owner=visitor("a"), title="")
    assert execute.execute(run.id) == "failed"
    assert re.match(r"Expected .*training.* Received: magic", run.status.message)


def test_visitors_take_turns_and_each_keeps_his_order():
    stopped, names = waiting_engine(("a1", "a"), ("a2", "a"), ("a3", "a"), ("b1", "b"), ("c1", "c"), ("b2", "b"))
    assert [names[run.id] for run in stopped._order()] == ["a1", "b1", "c1", "a2", "b2", "a3"]


def test_a_visitor_whose_job_runs_waits_behind_the_others():
    stopped, names = waiting_engine(("a1", "a"), ("a2", "a"), ("b1", "b"))
    first = stopped._next("jobs")
    stopped.waiting.remove(first)
    stopped.running[first.id] = Running(first, None)
    assert names[stopped._next("jobs").id] == "b1"
    stopped.waiting = [run for run in stopped.waiting if run.owner == visitor("a")]
    assert stopped._next("jobs") is None  # one at a time, even when nobody else waits


def take(stopped: Engine, lane: str) -> str:
    """Let the next waiting run go into a lane, as dispatching does; return its title, "" where none may."""
    if (run := stopped._next(lane)) is None:
        return ""
    stopped.waiting.remove(run)
    stopped.running[run.id] = Running(run, None, lane)
    return run.title


def test_short_work_does_not_wait_for_the_long_work_of_others():
    stopped = Engine()
    for name, letter, seconds in (
        ("long", "a", 600.0),
        ("longer", "b", 1200.0),
        ("short", "c", SHORT_S),
        ("not quite", "d", SHORT_S + 0.1),
        ("own short", "a", 1.0),
    ):
        stopped.submit_all(QUEUED, [Named(name)], owner=visitor(letter), seconds=[seconds])
    stopped.submit_all(QUEUED, [Named("unknown")], owner=visitor("e"))
    assert take(stopped, "jobs") == "long"
    assert take(stopped, "interactive") == "short"
    stopped.running = {key: job for key, job in stopped.running.items() if job.lane == "jobs"}
    assert take(stopped, "interactive") == "own short"  # beside the visitor's own long job
    stopped.running = {key: job for key, job in stopped.running.items() if job.lane == "jobs"}
    assert take(stopped, "interactive") == ""  # what is long, or of unknown length, waits for its turn
    assert [run.title for run in stopped._order()] == ["longer", "not quite", "unknown"]


def test_who_waits_is_behind_what_runs_and_what_comes_before():
    stopped, names = waiting_engine(("a1", "a"), ("b1", "b"), ("c1", "c"))
    ids = {name: run_id for run_id, name in names.items()}
    assert take(stopped, "jobs") == "a1"
    assert [run.title for run in stopped.ahead(ids["c1"])] == ["a1", "b1"]
    assert [run.title for run in stopped.ahead(ids["b1"])] == ["a1"]
    assert stopped.ahead(ids["a1"]) == []


def test_a_short_job_ends_while_a_long_one_runs(engine):
    long = runs.get(engine.submit_all(TRAINING, [training(500, shots=40)], owner=visitor("8"), seconds=[600.0])[0])
    wait(lambda: long.status.state == "running" and long.status.share > 0)
    short = runs.get(engine.submit_all(TRAINING, [training()], owner=visitor("9"), seconds=[1.0])[0])
    wait(lambda: not short.status.active)
    assert short.status.state == "done" and long.status.state == "running"
    engine.cancel(long.id, visitor("8"))
    wait(lambda: long.id not in engine.start().running, 10)


def test_a_visitor_may_have_four_jobs_and_not_five():
    stopped, _ = waiting_engine(*[(f"a{i}", "a") for i in range(MOST_JOBS)])
    with pytest.raises(QueueFull, match="4 jobs"):
        queue(stopped, "", "a")
    assert queue(stopped, "", "b")


def test_all_visitors_together_may_have_forty_jobs_waiting():
    stopped, _ = waiting_engine(*[(f"{i}", f"{i:02}") for i in range(MOST_WAITING)])
    with pytest.raises(QueueFull, match="40 jobs are waiting"):
        queue(stopped, "", "z")


def test_jobs_that_belong_together_are_queued_all_or_none(monkeypatch):
    stopped, _ = waiting_engine(*[(f"p{i}", "p") for i in range(MOST_JOBS - 1)])
    pair = [Named("wrong"), Named("cured")]
    with pytest.raises(QueueFull, match="no room for 2 more jobs: you have 3 running or waiting"):
        stopped.submit_all(QUEUED, pair, owner=visitor("p"))
    assert len(stopped.waiting) == len(runs.listing(visitor("p"))) == MOST_JOBS - 1
    stopped.waiting.pop()
    asked = stopped.submit_all(QUEUED, pair, owner=visitor("p"))
    assert [run.id for run in stopped.waiting[-2:]] == asked
    assert [runs.get(run_id).title for run_id in asked] == ["wrong", "cured"]
    stopped.waiting = stopped.waiting[:1]
    create, before = runs.create, len(runs.listing(visitor("p")))

    def disk_full_at_the_second(kind, spec, *, owner, title, seconds):
        if title == "cured":
            raise StorageUnavailable("The disk is full")
        return create(kind, spec, owner=owner, title=title, seconds=seconds)

    monkeypatch.setattr(runs, "create", disk_full_at_the_second)
    with pytest.raises(StorageUnavailable):
        stopped.submit_all(QUEUED, pair, owner=visitor("p"))
    assert len(stopped.waiting) == 1 and len(runs.listing(visitor("p"))) == before


def test_the_last_place_of_all_is_not_enough_for_two():
    stopped, _ = waiting_engine(*[(f"{i}", f"{i:02}") for i in range(MOST_WAITING - 1)])
    with pytest.raises(QueueFull, match="39 jobs are waiting already, and 40"):
        stopped.submit_all(QUEUED, [Named(), Named()], owner=visitor("y"))
    assert queue(stopped, "", "y")


def test_a_refusal_of_a_task_reaches_the_caller_as_it_is(engine):
    with pytest.raises(InputError, match="Expected a network"):
        engine.call(PREDICT, network="nonsense", picture="sample:galaxies:1")


@pytest.mark.parametrize(("asked", "state"), [(True, "cancelled"), (False, "failed")])
def test_a_job_whose_worker_was_lost_is_given_up_unless_it_was_to_stop_anyway(asked, state):
    stopped, names = waiting_engine(("a1", "a"))
    run = runs.get(next(iter(names)))
    run.set_status(runs.RunStatus("running"))
    if asked:
        run.cancel()
    stopped._settle(run, SimpleNamespace(status="error"))
    assert run.status.state == state


def test_a_waiting_job_is_cancelled_at_once():
    stopped, names = waiting_engine(("a1", "a"))
    (run_id,) = names
    stopped.cancel(run_id, visitor("a"))
    assert runs.get(run_id).status.state == "cancelled" and not stopped.waiting


@pytest.mark.parametrize("moment", ["start", "report", "failure", "end"])
def test_a_job_cancelled_while_its_worker_writes_is_left_cancelled(monkeypatch, moment):
    """The page cancels after the worker has looked and before its state is on the disk: the worker's comes last."""
    stopped, names = waiting_engine(("a1", "a"))
    run = runs.get(next(iter(names)))
    status, write, cancelled = run.path("status.json"), runs.write_atomically, []
    progress = None if moment == "start" else runs.RunProgress(run)

    def interrupted(path, data):
        if not cancelled:
            cancelled.append(run)
            stopped.cancel(run.id, visitor("a"))
            assert json.loads(status.read_bytes())["state"] == "cancelled"
        write(path, data)

    monkeypatch.setattr(runs, "write_atomically", interrupted)
    if moment == "start":
        runs.RunProgress(run)
    elif moment == "report":
        progress.event(share=0.25)
    else:
        progress.finish("failed" if moment == "failure" else "done", "why")
    written = json.loads(status.read_bytes())
    assert cancelled and written["state"] == "cancelled" and written["finished"] and not written["message"]
    assert run.status.state == "cancelled" and not stopped.waiting


def test_nobody_stops_the_job_of_another():
    stopped, names = waiting_engine(("a1", "a"))
    (run_id,) = names
    for other in (visitor("b"), "", run_id):
        with pytest.raises(InputError, match="Expected a job of one's own to stop"):
            stopped.cancel(run_id, other)
    assert runs.get(run_id).status.state == "queued" and [run.id for run in stopped.waiting] == [run_id]
    assert not runs.get(run_id).cancel_asked


def test_a_job_runs_to_its_end_and_reports(engine):
    run = runs.get(engine.submit(TRAINING, training(), owner=visitor("1")))
    wait(lambda: not run.status.active)
    assert run.status.state == "done" and run.status.share == 1.0 and run.path("summary.json").exists()
    assert any("share" in event for event in run.events())


def test_a_job_with_impossible_settings_fails_with_a_sentence(engine):
    run = runs.get(engine.submit(TRAINING, training(learning_rate=-1.0), owner=visitor("2")))
    wait(lambda: not run.status.active)
    assert run.status.state == "failed" and "Expected" in run.status.message


def test_a_working_job_stops_when_asked(engine):
    run = runs.get(engine.submit(TRAINING, training(500, shots=40), owner=visitor("3")))
    wait(lambda: run.status.state == "running" and run.status.share > 0)
    engine.cancel(run.id, visitor("3"))
    assert run.status.state == "cancelled"  # at once, whatever the worker is doing
    wait(lambda: run.id not in engine.start().running, 10)
    assert run.status.state == "cancelled"


def test_a_worker_killed_in_the_middle_loses_nothing(engine):
    run = runs.get(engine.submit(TRAINING, training(30, shots=40), owner=visitor("4")))
    wait(lambda: len([event for event in run.events() if "epoch" in event]) >= 2)
    cluster = engine.start().cluster
    before = cluster.processes["jobs"].pid
    os.kill(before, signal.SIGKILL)
    wait(lambda: not run.status.active)
    assert run.status.state == "done" and cluster.processes["jobs"].pid != before
    history = json.loads(run.path("history.json").read_text())
    assert [row["epoch"] for row in history] == list(range(1, 31))


def test_the_scheduler_killed_is_started_again_with_its_jobs(engine):
    run = runs.get(engine.submit(TRAINING, training(), owner=visitor("5")))
    wait(lambda: run.status.state == "running" and run.status.share > 0)  # it has hardly begun
    os.kill(engine.start().cluster.processes["scheduler"].pid, signal.SIGKILL)
    assert run.status.active
    wait(lambda: not run.status.active, 120)
    assert run.status.state == "done"
    assert engine.call(WARM).pid


def test_the_server_killed_leaves_no_process_and_its_run_is_taken_up(tmp_path):
    code = (
        "import os, time, json, sys\nfrom models.jobs import engine\nfrom models.storage import runs\n"
        "from models.training.spec import TRAINING\nspec = TRAINING.spec.from_json(json.loads(sys.argv[1]))\n"
        "run = runs.get(engine.submit(TRAINING, spec, owner='6' * 32))\n"
        "while not run.status.share: time.sleep(0.05)\n"
        "print(run.id, *[p.pid for p in engine.start().cluster.processes.values()], flush=True)\n"
        "os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "FREEZEFRAME_HOME": str(tmp_path)}
    command = [sys.executable, "-c", code, json.dumps(training().to_json())]
    server = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    run_id, *pids = server.stdout.split()
    wait(lambda: not any(psutil.pid_exists(int(pid)) for pid in pids), 10)
    assert runs.Run(run_id, tmp_path / "runs" / run_id).status.state == "running"
    code = (
        "import sys, time\nfrom models.jobs import engine\nfrom models.storage import runs\nengine.start()\n"
        "run = runs.get(sys.argv[1])\n"
        "while run.status.active: time.sleep(0.05)\nprint(run.status.state)\nengine.stop()"
    )
    again = subprocess.run(
        [sys.executable, "-c", code, run_id], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert again.stdout.strip() == "done"


def test_everything_listens_on_this_machine_only(engine):
    for process in engine.start().cluster.processes.values():
        listening = [c.laddr.ip for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"]
        assert set(listening) <= {"127.0.0.1"}


def test_no_process_serves_a_page(engine):
    for process in engine.start().cluster.processes.values():
        ports = [c.laddr.port for c in psutil.Process(process.pid).net_connections() if c.status == "LISTEN"]
        for address in itertools.product(ports, ("info/main/workers.html", "json/counts.json", "metrics")):
            with pytest.raises((OSError, http.client.HTTPException)):  # an HTTP error of urllib is an OSError
                urllib.request.urlopen("http://127.0.0.1:{}/{}".format(*address), timeout=2)


def test_nobody_gets_in_without_the_credentials(engine):
    from distributed import Client

    address = engine.start().client.scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    with pytest.raises((OSError, TypeError, ValueError)):
        Client(address.replace("tls://", "tcp://"), timeout=2)


def test_the_client_speaks_to_nobody_without_encryption(monkeypatch, tmp_path):
    from distributed.comm import connect

    for name in ("CA", "CERT", "KEY"):
        monkeypatch.delenv(f"FREEZEFRAME_TLS_{name}", raising=False)
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    made = jobs_cluster.Cluster()
    try:
        arguments = made.security().get_connection_args("client")
        # In a thread of its own, where the browser tests have left no event loop running.
        with ThreadPoolExecutor(1) as apart, pytest.raises(RuntimeError, match="encryption required"):
            apart.submit(lambda: asyncio.run(connect("tcp://127.0.0.1:9", timeout=1, **arguments))).result()
    finally:
        made.stop()


def test_processes_that_cannot_start_are_a_sentence_not_a_wait(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    broken = Engine()
    broken.thread.start()
    try:
        with pytest.raises(EngineUnavailable, match="could not start"):
            broken.call(WARM, 60.0, {"never": "recorded"})
    finally:
        broken.stop()


def test_a_cluster_elsewhere_serves_by_its_address_and_credentials(engine, monkeypatch):
    there = engine.start()
    monkeypatch.setattr(runs, "everything", list)  # what other tests left waiting is not the guest's to do
    monkeypatch.setenv("FREEZEFRAME_SCHEDULER", there.client.scheduler.address)
    for name in ("ca", "cert", "key"):
        monkeypatch.setenv(f"FREEZEFRAME_TLS_{name.upper()}", there.cluster.credentials[name])
    guest = Engine()
    guest.thread.start()
    try:
        assert guest.call(WARM, 60.0, {}).pid == there.call(WARM, 60.0, {}).pid
        assert not guest.cluster.processes
        run = runs.get(guest.submit_all(TRAINING, [training()], owner=visitor("7"))[0])
        wait(lambda: not run.status.active)
        assert run.status.state == "done"
    finally:
        guest.stop()
    assert there.call(WARM, 60.0, {}).pid  # the guest took nothing down with it


def test_an_address_elsewhere_needs_credentials(monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_SCHEDULER", "tcp://10.0.0.1:8786")
    from models.jobs.cluster import Cluster

    with pytest.raises(EngineUnavailable, match="tls://"):
        Cluster()


def test_jobs_step_back_for_clicks_unless_a_setting_says_how_far_all_do(monkeypatch, tmp_path):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    asked = {}

    def launched(command, *, env, **_):
        asked.update({name: env["FREEZEFRAME_NICENESS"] for name in ("interactive", "jobs") if f"{name}=1" in command})
        return SimpleNamespace(stdin=None, wait=lambda _: 0)

    monkeypatch.setattr(jobs_cluster.subprocess, "Popen", launched)
    made = jobs_cluster.Cluster()
    try:
        for setting, expected in (("", {"interactive": "0", "jobs": "15"}), ("4", {"interactive": "4", "jobs": "4"})):
            with monkeypatch.context() as patch:
                patch.setenv("FREEZEFRAME_NICENESS", setting) if setting else patch.delenv("FREEZEFRAME_NICENESS")
                for name in ("interactive", "jobs"):
                    made._launch_worker(name)
            assert asked == expected
    finally:
        made.stop()


def test_a_worker_steps_back_as_far_as_it_is_asked_to():
    code = "from models.jobs import lifeline\nimport os\nlifeline.dask_setup(None)\nprint(os.nice(0), flush=True)"
    environment = {**os.environ, "FREEZEFRAME_NICENESS": "3"}
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert int(process.stdout.readline()) == min(os.nice(0) + 3, 19)


def test_a_small_machine_gets_one_worker_for_everything():
    from models.jobs.cluster import worker_specs

    (only,) = worker_specs(1_500_000_000)
    assert only.interactive and only.jobs
    assert [spec.name for spec in worker_specs(8_000_000_000)] == ["interactive", "jobs"]
