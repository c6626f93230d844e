"""What workers run: a job to its end, or the answer of a task. Called by the engine, never by a page.

Both are looked up in the catalogue, by the name that is on disk and in links, and their work is imported only then.
"""

from __future__ import annotations

import fcntl
import logging
from typing import Any

from models.errors import Cancelled, FreezeframeError, StorageUnavailable
from models.jobs.job import function
from models.storage import files, runs
from models.storage.files import pack, write_atomically


def execute(run_id: str) -> str:
    """Run one job to its end and return the final state.

    One process at a time works on a run: the kernel frees the lock when that process dies.
    """
    run = runs.get(run_id)
    with open(run.path("lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "busy"
        if not run.status.active:
            return run.status.state
        return _execute(run, runs.RunProgress(run))


def _execute(run: runs.Run, progress: runs.RunProgress) -> str:
    try:
        progress.check()
        _work(run, progress)
    except Cancelled:
        progress.finish("cancelled")
    except FreezeframeError as error:
        progress.finish("failed", str(error))
    except MemoryError:
        progress.finish("failed", "The machine ran out of memory. Choose a smaller batch or less data.")
    except Exception as error:
        if isinstance(error, OSError) and error.errno in files.UNWRITABLE:
            logging.getLogger(__name__).warning("a job of kind %s could not save: %s", run.kind, error)
            progress.finish("failed", files.cannot_save(error))
        else:
            logging.getLogger(__name__).exception("a job of kind %s failed", run.kind)
            progress.finish("failed", "Something went wrong inside this job; its settings are kept. Start it again.")
    else:
        progress.finish("done")
    return run.status.state


def _work(run: runs.Run, progress: runs.RunProgress) -> None:
    from models import catalogue

    job = catalogue.job(run.kind)
    spec, work = job.spec_of(run), function(job.work)
    if job.keeps:
        work(spec, progress, run.folder)
    else:
        write_atomically(job.path(run), pack(work(spec, progress)))


def interactive(name: str, arguments: dict[str, Any]) -> Any:
    """Return what the task called `name` answers, or its refusal.

    A refusal is returned, not raised: Dask would write a traceback for what is an ordinary answer.
    """
    from models import catalogue

    try:
        return function(catalogue.task(name).work)(**arguments)
    except FreezeframeError as refusal:
        return refusal
    except OSError as error:
        if error.errno not in files.UNWRITABLE:
            raise
        return StorageUnavailable(files.cannot_save(error))
