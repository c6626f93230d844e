"""Files of results: frozen dataclasses of arrays, numbers, texts and tuples as `.npz` bytes and back.

A file holds the arrays and, as JSON, the rest, with the name of the class. Who reads it says which class is expected;
nothing else is ever made from a file, and where a class lives may change. Answers of interactive tasks are shipped in
`assets/answers`, so that a first visit needs no worker for them.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from models.runs import ASSETS, write_atomically

FOLDER = ASSETS / "answers"

Result = TypeVar("Result")


def path_of(task: str, arguments: Mapping[str, Any]) -> Path:
    """Return where the answer of `task` to these arguments (JSON values) is recorded, if it is."""
    question = json.dumps([task, dict(arguments)], sort_keys=True)
    return FOLDER / f"{task}-{hashlib.sha256(question.encode()).hexdigest()[:20]}.npz"


def encode(answer: Any) -> bytes:
    """Return a dataclass as the bytes of one `.npz` file."""
    fields = {field.name: getattr(answer, field.name) for field in dataclasses.fields(answer)}
    arrays = {name: value for name, value in fields.items() if isinstance(value, np.ndarray)}
    plain = {
        "class": type(answer).__name__,
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


def decode(data: bytes, kind: type[Result]) -> Result:
    """Return the dataclass of class `kind` that `encode` wrote; no other class is ever made.

    Raises:
        ValueError: The bytes are damaged, or hold the result of another class or version.
    """
    if not dataclasses.is_dataclass(kind):
        raise TypeError(f"Expected a dataclass to read a result into. Received: {kind}")
    arrays = arrays_of(data)
    try:
        plain = json.loads(str(arrays.pop("_plain")))
        name = plain["class"].rpartition(":")[2]  # until version 0.4 "module:Class"
        values = {key: tuple(value) if key in plain["tuples"] else value for key, value in plain["values"].items()}
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"Expected a {kind.__name__}. Received other arrays.") from error
    if name != kind.__name__:
        raise ValueError(f"Expected a {kind.__name__}. Received a {name}.")
    try:
        return kind(**values, **arrays)
    except (TypeError, ValueError) as error:
        raise ValueError(f"Expected a {name} of this version. Received another.") from error


def read(path: Path, kind: type[Result]) -> Result | None:
    """Return what `encode` wrote into a file; None where there is none that this version can read."""
    try:
        return decode(path.read_bytes(), kind)
    except (OSError, ValueError):
        return None


def record(task: str, arguments: Mapping[str, Any], answer: Any) -> Path:
    """Write an answer to `assets/answers` and return its path."""
    path = path_of(task, arguments)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, encode(answer))
    return path


def find(task: str, arguments: Mapping[str, Any], kind: type[Result]) -> Result | None:
    """Return the recorded answer; None where there is none that can be read, so that a worker is asked."""
    return read(path_of(task, arguments), kind)
