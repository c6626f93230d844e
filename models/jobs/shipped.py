"""Answers of tasks that are shipped in `assets/answers`, so that a first visit needs no worker for them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from models.jobs.job import Result, Task, plain
from models.storage.files import ASSETS, pack, read, write_atomically

FOLDER = ASSETS / "answers"


def path_of(task: str, arguments: Mapping[str, Any]) -> Path:
    """Return where the answer of the task of that name to these arguments is recorded, if it is."""
    question = json.dumps([task, plain(arguments)], sort_keys=True)
    return FOLDER / f"{task}-{hashlib.sha256(question.encode()).hexdigest()[:20]}.npz"


def record(task: Task[Any], arguments: Mapping[str, Any], answer: Any) -> Path:
    """Write an answer to `assets/answers` and return its path."""
    path = path_of(task.name, arguments)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, pack(answer))
    return path


def find(task: Task[Result], arguments: Mapping[str, Any]) -> Result | None:
    """Return the recorded answer; None where there is none that can be read, so that a worker is asked."""
    return read(path_of(task.name, arguments), task.answer)
