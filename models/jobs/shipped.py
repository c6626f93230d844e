"""Files of results: frozen dataclasses of arrays, numbers, texts and tuples as `.npz` bytes and back.

A file holds the arrays and, as JSON, the rest, with the name of the class. Who reads it says which class is expected;
nothing else is ever made from a file, and where a class lives may change. Answers of interactive tasks are shipped in
`assets/answers`, so that a first visit needs no worker for them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from models.backbones.registry import FRAME8_WEIGHTS
from models.storage.files import ASSETS, Result, encode, read, write_atomically

FOLDER = ASSETS / "answers"


def path_of(task: str, arguments: Mapping[str, Any]) -> Path:
    """Return where the answer of `task` to these arguments (JSON values) is recorded, if it is."""
    question = json.dumps([task, dict(arguments)], sort_keys=True)
    return FOLDER / f"{task}-{hashlib.sha256(question.encode()).hexdigest()[:20]}.npz"


def record(task: str, arguments: Mapping[str, Any], answer: Any) -> Path:
    """Write an answer to `assets/answers` and return its path."""
    path = path_of(task, arguments)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, encode(answer))
    return path


def find(task: str, arguments: Mapping[str, Any], kind: type[Result]) -> Result | None:
    """Return the recorded answer; None where there is none that can be read, so that a worker is asked."""
    return read(path_of(task, arguments), kind)


# FOLDED models/representations/probe.py: A linear probe of every block: what is asked, what it costs, and the
# result. Without Keras. The outputs of a block, averaged over their positions, describe every picture; a logistic
# regression on them says how well a linear model can tell the classes apart at that depth. The same is done with
# random weights, and with the pixels as the starting point of both. Source: Alain and Bengio, Understanding
# intermediate layers using linear classifier probes, 2016.


@lru_cache(maxsize=1)
def shipped_digest() -> str:
    """Return 12 hex digits that change with Frame8's shipped weights."""
    return hashlib.sha256(FRAME8_WEIGHTS.read_bytes()).hexdigest()[:12]
