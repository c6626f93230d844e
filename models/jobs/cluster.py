"""The compute processes: a Dask scheduler and its workers on this machine, or the address of others.

Everything speaks TLS with credentials made for this one start, on loopback and on ports the system chooses: a scheduler
that anyone can reach runs anyone's code. The processes end with the one that started them (`models.jobs.lifeline`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import EngineUnavailable
from models.jobs.machine import SMALL_MACHINE, available_memory
from models.storage import files

ROOT = Path(__file__).resolve().parents[2]
ADDRESS = "FREEZEFRAME_SCHEDULER"  # tls://host:port of a scheduler elsewhere
NICENESS = "FREEZEFRAME_NICENESS"  # how far every compute process steps back for others, instead of its own measure
CREDENTIALS = ("FREEZEFRAME_TLS_CA", "FREEZEFRAME_TLS_CERT", "FREEZEFRAME_TLS_KEY")  # its files
LARGEST_LOG = 2_000_000  # bytes; a longer one is put aside, once, when its process starts again
# What Dask watches all the time, and nobody looks at here: 16 % of a core while nothing happens, against 2 % so.
QUIET = {
    "distributed.worker.profile.enabled": "False",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.scheduler.work-stealing": "False",
    "distributed.scheduler.active-memory-manager.start": "False",
}
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """One worker process: its name, what it offers, and how far it steps back for others."""

    name: str
    interactive: int
    jobs: int
    threads: int
    niceness: int


def worker_specs(memory: int) -> tuple[WorkerSpec, ...]:
    """Return the workers for a machine with `memory` bytes: clicks and jobs apart, or one for both."""
    if memory < SMALL_MACHINE:
        return (WorkerSpec("worker", interactive=1, jobs=1, threads=2, niceness=5),)
    return (
        WorkerSpec("interactive", interactive=1, jobs=0, threads=1, niceness=0),
        WorkerSpec("jobs", interactive=0, jobs=1, threads=1, niceness=15),
    )


class Cluster:
    """Where the work is done. `start` blocks until the scheduler answers; `heal` restarts workers that died."""

    def __init__(self) -> None:
        self.remote = os.environ.get(ADDRESS, "")
        self.logs = files.private_folder("logs")
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.specs = {spec.name: spec for spec in worker_specs(available_memory())}
        self._check_address()
        self.folder = Path(tempfile.mkdtemp(prefix="freezeframe-"))  # 0700: credentials and the scheduler's address
        self.credentials = self._credentials()

    def _check_address(self) -> None:
        if self.remote and not (self.remote.startswith("tls://") and all(os.environ.get(name) for name in CREDENTIALS)):
            raise EngineUnavailable(
                f"Expected {ADDRESS} to be a tls:// address, with {', '.join(CREDENTIALS)} naming its files."
            )

    def _credentials(self) -> dict[str, str]:
        if self.remote:
            return dict(zip(("ca", "cert", "key"), (os.environ[name] for name in CREDENTIALS), strict=True))
        from distributed import Security

        made = Security.temporary()
        texts = {"ca": made.tls_ca_file, "cert": made.tls_client_cert, "key": made.tls_client_key}
        paths = {}
        for name, text in texts.items():
            path = self.folder / f"{name}.pem"
            path.write_text(str(text))
            path.chmod(0o600)
            paths[name] = str(path)
        return paths

    def security(self) -> Any:
        """Return the credentials as Dask wants them."""
        from distributed import Security

        return Security(
            tls_ca_file=self.credentials["ca"],
            tls_client_cert=self.credentials["cert"],
            tls_client_key=self.credentials["key"],
            require_encryption=True,
        )

    def start(self) -> str:
        """Start scheduler and workers and return the scheduler's address.

        Raises:
            EngineUnavailable: They did not come up; the message names the log.
        """
        if self.remote:
            return self.remote
        address_file = self.folder / "scheduler.json"
        address_file.unlink(missing_ok=True)
        self._launch(
            "scheduler", ["distributed.cli.dask_scheduler", "--port", "0", "--scheduler-file", str(address_file)]
        )
        deadline = time.monotonic() + _START_S
        while not address_file.exists():
            if self.processes["scheduler"].poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise EngineUnavailable("The compute processes could not start here; see logs/scheduler.log.")
            time.sleep(0.02)
        for name in self.specs:
            self._launch_worker(name)
        return str(json.loads(address_file.read_text())["address"])

    def _launch_worker(self, name: str) -> None:
        spec = self.specs[name]
        offers = [f"{kind}=1" for kind in ("interactive", "jobs") if getattr(spec, kind)]
        arguments = ["distributed.cli.dask_worker", "--scheduler-file", str(self.folder / "scheduler.json")]
        arguments += ["--no-nanny", "--nthreads", str(spec.threads), "--resources", " ".join(offers)]
        arguments += ["--memory-limit", "0", "--local-directory", str(self.folder)]
        self._launch(name, arguments, niceness=spec.niceness)

    def _launch(self, name: str, module_and_arguments: list[str], niceness: int = 0) -> None:
        command = [sys.executable, "-m", *module_and_arguments, "--protocol", "tls", "--host", "127.0.0.1"]
        command += ["--no-dashboard", "--dashboard-address", "127.0.0.1:0", "--preload", "models.jobs.lifeline"]
        command += ["--tls-ca-file", self.credentials["ca"]]
        command += ["--tls-cert", self.credentials["cert"], "--tls-key", self.credentials["key"]]
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "-1"),
            "KERAS_BACKEND": "tensorflow",
            "OMP_NUM_THREADS": "1",  # one thread a worker: the same numbers on every machine
            "OPENBLAS_NUM_THREADS": "1",
            NICENESS: os.environ.get(NICENESS, str(niceness)),
            "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES": "[]",  # else both serve pages without any login
            "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES": "[]",
            **{"DASK_" + name.replace(".", "__").replace("-", "_").upper(): value for name, value in QUIET.items()},
        }
        path = self.logs / f"{name}.log"
        if path.exists() and path.stat().st_size > LARGEST_LOG:
            path.replace(path.with_suffix(".old"))
        with open(path, "ab") as log:
            self.processes[name] = subprocess.Popen(
                command, env=environment, cwd=ROOT, stdin=subprocess.PIPE, stdout=log, stderr=log
            )

    def scheduler_alive(self) -> bool:
        """Whether the scheduler's process lives; one elsewhere is taken to."""
        return bool(self.remote) or self.processes["scheduler"].poll() is None

    def heal(self) -> list[str]:
        """Start workers again that died, and return their names."""
        dead = [name for name in self.specs if name in self.processes and self.processes[name].poll() is not None]
        for name in dead:
            _let_go(self.processes[name])
            self._launch_worker(name)
        return dead

    def kill(self, offer: str) -> None:
        """End the workers that offer "jobs" or "interactive" and no longer listen; `heal` brings new ones."""
        for name, spec in self.specs.items():
            if name in self.processes and getattr(spec, offer):
                self.processes[name].kill()

    def stop(self) -> None:
        """End every process that was started here."""
        for process in self.processes.values():
            _let_go(process)
        for process in self.processes.values():
            try:
                process.wait(2)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        self.processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)


def _let_go(process: subprocess.Popen[bytes]) -> None:
    """Close a process's lifeline: it ends at once, if it still lives."""
    if process.stdin:
        with contextlib.suppress(BrokenPipeError):
            process.stdin.close()
