"""Recorded answers: what an interactive task returned, kept in `assets/answers` so that a page needs no worker for it.

An answer is a frozen dataclass of arrays, numbers, texts and tuples; a file holds its arrays and, as JSON, the rest.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models.runs import ASSETS, write_atomically

FOLDER = ASSETS / "answers"


def path_of(task: str, arguments: Mapping[str, Any]) -> Path:
    """Return where the answer of `task` to these arguments (JSON values) is recorded, if it is."""
    question = json.dumps([task, dict(arguments)], sort_keys=True)
    return FOLDER / f"{task}-{hashlib.sha256(question.encode()).hexdigest()[:20]}.npz"


def encode(answer: Any) -> bytes:
    """Return a dataclass as the bytes of one `.npz` file."""
    fields = {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    kind = type(answer)
    plain = {
        "class": f"{kind.__module__}:{kind.__qualname__}",
        "values": {name: value for name, value in fields.items() if name not in arrays},
        "tuples": [name for name, value in fields.items() if isinstance(value, tuple)],
    }
    buffer = io.BytesIO()
    contents: dict[str, Any] = {"_plain": np.array(json.dumps(plain)), **arrays}
    np.savez_compressed(buffer, **contents)
    return buffer.getvalue()


def arrays_of(data: bytes) -> dict[str, np.ndarray]:
    """Return every array in the bytes of an `.npz` file, by name; nothing in it is ever run.

    Raises:
        ValueError: The bytes are damaged, whatever is wrong with them.
    """
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as saved:
            return {name: saved[name] for name in saved.files}
    except Exception as error:  # damaged archives fail with errors of nearly every type
        raise ValueError("Expected the whole of an .npz file. Received damaged bytes.") from error


def decode(data: bytes) -> Any:
    """Return the dataclass that `encode` wrote; only classes of the core are ever made.

    Raises:
        ValueError: The bytes are damaged, or hold an answer of another kind or version.
    """
    arrays = arrays_of(data)
    try:
        plain = json.loads(str(arrays.pop("_plain")))
        module, name = plain["class"].split(":")
        values = {key: tuple(value) if key in plain["tuples"] else value for key, value in plain["values"].items()}
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("Expected a recorded answer. Received other arrays.") from error
    if not module.startswith("models."):
        raise ValueError(f"Expected a class of the core in a recorded answer. Received: {module}")
    try:
        return getattr(importlib.import_module(module), name)(**values, **arrays)
    except (ImportError, AttributeError, TypeError) as error:
        raise ValueError(f"Expected an answer of this version. Received another {name}.") from error


def record(task: str, arguments: Mapping[str, Any], answer: Any) -> Path:
    """Write an answer to `assets/answers` and return its path."""
    path = path_of(task, arguments)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, encode(answer))
    return path


def find(task: str, arguments: Mapping[str, Any]) -> Any | None:
    """Return the recorded answer; None where there is none that can be read, so that a worker is asked."""
    try:
        return decode(path_of(task, arguments).read_bytes())
    except (OSError, ValueError):
        return None
