"""The weights of a run after every epoch, where it keeps them: one file an epoch with all that moves.

Which epochs stay depends on how many there were and on the size of the weights, on nothing else: every one of them
until there would be too many files, then every second, every fourth, … epoch, and always the best and the last. A run
that was killed and taken up again therefore ends with the files it would have had without the kill. What does not move
is not stored, and neither is epoch 0: the run's settings give it again (`models/networks/worker/opened.py`).
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np

from models.errors import InputError, RunNotFound
from models.storage.files import arrays_of, write_atomically

MOST_FILES = 24
MOST_MB = 256.0  # of one run, in 2^20 bytes
FEWEST = 4  # two that are not the best or the last, or there is no film
_ENDS = 2  # the best and the last
_NAME = re.compile(r"epoch-(\d{4})\.npz")


def files(megabytes: float) -> int:
    """Return how many files a run may keep whose moving weights take `megabytes`; below `FEWEST` it keeps none."""
    return MOST_FILES if megabytes * MOST_FILES <= MOST_MB else int(MOST_MB // megabytes)


def stride(epochs: int, most: int) -> int:
    """Return the step between kept epochs, a power of 2, when `epochs` are over and at most `most` files are kept."""
    step = 1
    while epochs // step > max(most - _ENDS, 1):
        step *= 2
    return step


def stored(epochs: int, most: int) -> int:
    """Return how many files `epochs` leave at most, the best and the last included."""
    return min(epochs, epochs // stride(epochs, most) + _ENDS)


def _path(folder: Path, epoch: int) -> Path:
    return folder / f"epoch-{epoch:04}.npz"


def keep(folder: Path, epoch: int, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the moving weights after `epoch` if this epoch is among those that stay, and drop those that do not.

    Args:
        folder: Of the run.
        epoch: From 1.
        arrays: float32, by the name of their layer and their number in it ("conv5/0").
    """
    step = stride(epoch, most_of(arrays))
    if epoch % step == 0:
        _write(folder, epoch, arrays)
    _drop(folder, set(range(step, epoch + 1, step)))


def keep_ends(
    folder: Path, epochs: int, last: Mapping[str, np.ndarray], best: int, best_arrays: Mapping[str, np.ndarray]
) -> None:
    """Write the last and the best epoch of a run that is over, and drop what its length leaves no place for."""
    step = stride(epochs, most_of(best_arrays))
    for epoch, arrays in ((epochs, last), (best, best_arrays)):
        if epoch and arrays:
            _write(folder, epoch, arrays)
    _drop(folder, {epochs, best, *range(step, epochs + 1, step)})


def most_of(arrays: Mapping[str, np.ndarray]) -> int:
    """Return how many files of such arrays a run may keep."""
    return files(sum(array.nbytes for array in arrays.values()) / 2**20)


def _write(folder: Path, epoch: int, arrays: Mapping[str, np.ndarray]) -> None:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_atomically(_path(folder, epoch), buffer.getvalue())


def _drop(folder: Path, staying: Collection[int]) -> None:
    for epoch in epochs(folder):
        if epoch not in staying:
            _path(folder, epoch).unlink(missing_ok=True)


def clear(folder: Path) -> None:
    """Delete every kept epoch of a run that has come to nothing."""
    _drop(folder, ())


def epochs(folder: Path) -> tuple[int, ...]:
    """Return the kept epochs of a run in order, 0 not among them; () where it keeps none."""
    found = (_NAME.fullmatch(path.name) for path in folder.glob("epoch-*.npz"))
    return tuple(sorted(int(match[1]) for match in found if match))


def megabytes(folder: Path) -> float:
    """Return what the kept epochs take on disk, in 2^20 bytes."""
    return sum(path.stat().st_size for path in folder.glob("epoch-*.npz")) / 2**20


def read(folder: Path, epoch: int) -> dict[str, np.ndarray]:
    """Return what moved, as it was after `epoch`, by layer and number.

    Raises:
        InputError: The run did not keep this epoch.
        RunNotFound: Its file is damaged.
    """
    if epoch not in (kept := epochs(folder)):
        listed = ", ".join(map(str, kept)) or "none"
        raise InputError(f"Expected an epoch that the run kept ({listed}), or 0. Received {epoch}.")
    try:
        return arrays_of(_path(folder, epoch).read_bytes())
    except (OSError, ValueError) as error:
        raise RunNotFound("Expected the weights of an epoch. Received a damaged file; train the run again.") from error
