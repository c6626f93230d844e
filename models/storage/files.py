"""Files: the home folder, writing whole or not at all, and results as `.npz` files.

A result is a frozen dataclass of arrays, numbers, texts and tuples. Its file holds the arrays and, as JSON, the rest,
with the name of the class. Who reads it says which class is expected; nothing else is ever made from a file, and where
a class lives may change.
"""

from __future__ import annotations

import dataclasses
import errno
import io
import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from models.errors import StorageUnavailable

ASSETS = Path(__file__).resolve().parents[2] / "assets"
FULL = (errno.ENOSPC, errno.EDQUOT)
UNWRITABLE = (*FULL, errno.EROFS, errno.EACCES, errno.EPERM)  # why a file could not be saved
Result = TypeVar("Result")


def home() -> Path:
    """Return the folder of everything this server keeps: `FREEZEFRAME_HOME`, else `~/.cache/freezeframe`.

    Where that cannot be written it is a temporary one; `storage_note` says so.
    """
    path = _asked_home()
    with suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path if os.access(path, os.W_OK | os.X_OK) else _temporary_home()


def _asked_home() -> Path:
    chosen = os.environ.get("FREEZEFRAME_HOME")
    return Path(chosen) if chosen else Path.home() / ".cache" / "freezeframe"


def _temporary_home() -> Path:
    """Return a folder that every process of this user finds, and no other user can have laid there."""
    owner = os.getuid() if hasattr(os, "getuid") else 0
    path = Path(tempfile.gettempdir(), f"freezeframe-home-{owner}")
    path.mkdir(mode=0o700, exist_ok=True)
    if path.is_symlink() or (hasattr(os, "getuid") and path.stat().st_uid != owner):
        raise StorageUnavailable("No folder could be found in which runs can be kept. Set FREEZEFRAME_HOME to one.")
    return path


def private_folder(name: str) -> Path:
    """Return the folder `name` of the home, made where it is missing; nobody but this server's user may look into it.

    Raises:
        OSError: It cannot be made.
    """
    path = home() / name
    path.mkdir(mode=0o700, exist_ok=True)
    if path.stat().st_mode & 0o077:  # made by an earlier version
        with suppress(PermissionError):  # or by another user
            path.chmod(0o700)
    return path


def storage_note() -> str:
    """Return what visitors should know about where runs are kept; "" where all is well."""
    if home() == _asked_home():
        return ""
    return (
        "The folder where this server is to keep its runs cannot be written, so they lie in a temporary one and are "
        "lost when the machine restarts. Who runs the server can set FREEZEFRAME_HOME to another folder."
    )


def cannot_save(error: OSError) -> str:
    """Return in a sentence why something could not be saved."""
    if error.errno in FULL:
        return "The disk is full, so this could not be saved. Once there is space again, start it again."
    return "The folder of runs cannot be written, so this could not be saved. Ask who runs this server."


@contextmanager
def saving() -> Iterator[None]:
    """Turn what the system says while the body writes files into a sentence for the visitor.

    Raises:
        StorageUnavailable: The body could not write.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in UNWRITABLE:
            raise
        raise StorageUnavailable(cannot_save(error)) from error


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` so that a reader, or a kill at any moment, sees the old file or the new one."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def pack(answer: Any) -> bytes:
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


def unpack(data: bytes, kind: type[Result]) -> Result:
    """Return the dataclass of class `kind` that `pack` wrote; no other class is ever made.

    Raises:
        ValueError: The bytes are damaged, or hold the result of another class or version.
        TypeError: `kind` is no dataclass.
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
    """Return what `pack` wrote into a file; None where there is none that this version can read."""
    try:
        return unpack(path.read_bytes(), kind)
    except (OSError, ValueError):
        return None


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
