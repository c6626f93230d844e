"""The rates of this machine: how fast it computes and traces, measured once (`worker/measure_rates.py`).

They lie in `rates.json` of the home folder, with the processor, the versions and the date. A file of another machine or
version, a damaged one and none at all are the same: `DEFAULT`.
"""

from __future__ import annotations

import json
import math
import os
import platform
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib import metadata
from pathlib import Path

from models.storage import files

FILE = "rates.json"
SWITCH = "FREEZEFRAME_RATES"  # "default": neither measure nor read; everybody then sees the same predictions


@dataclass(frozen=True, slots=True)
class Rates:
    """What one thread does in a second of the processor.

    Attributes:
        dense: Multiply-accumulates of convolutions and dense layers, forward or backward.
        depthwise: Bytes that a depthwise convolution reads and writes.
        moved: Bytes that an elementwise operation (ReLU) reads and writes.
        norm: Bytes that BatchNorm in training reads and writes, forward and backward together.
        updated: Weights that Adam changes.
        traced: Layers whose training step TensorFlow traces.
        measured: The day they were measured on this machine ("2026-11-25"); "" for the defaults.
    """

    dense: float
    depthwise: float
    moved: float
    norm: float
    updated: float
    traced: float
    measured: str = ""


# About two thirds of what one thread of an AMD EPYC with AVX-512 does: what most laptops do.
DEFAULT = Rates(dense=40e9, depthwise=6e9, moved=18e9, norm=1e9, updated=380e6, traced=25.0)


def identity() -> dict[str, str]:
    """Return what rates hang on: the processor and the versions of what computes."""
    return {
        "processor": _processor(),
        "python": platform.python_version(),
        **{package: _version(package) for package in ("tensorflow", "keras")},
    }


@lru_cache(maxsize=1)
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


@lru_cache(maxsize=4)
def _version(package: str) -> str:
    for name in (package, f"{package}-cpu"):
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return ""


def allowed() -> bool:
    """Return whether rates may be measured and read here."""
    return os.environ.get(SWITCH) != "default"


def write(rates: Rates) -> None:
    """Keep rates measured on this machine."""
    files.write_atomically(files.home() / FILE, json.dumps({**identity(), "rates": asdict(rates)}).encode())


def current() -> Rates:
    """Return the rates measured on this machine, else `DEFAULT`."""
    if not allowed():
        return DEFAULT
    try:
        return _rates((files.home() / FILE).read_bytes())
    except OSError:
        return DEFAULT


@lru_cache(maxsize=4)
def _rates(data: bytes) -> Rates:
    """Return the rates that `write` kept on this machine, else `DEFAULT`."""
    try:
        kept = json.loads(data)
        rates = Rates(**kept["rates"])
        numbers = [value for name, value in asdict(rates).items() if name != "measured"]
        right = all(math.isfinite(number) and number > 0 for number in numbers) and isinstance(rates.measured, str)
        if right and {name: kept.get(name) for name in identity()} == identity():
            return rates
    except (ValueError, KeyError, TypeError):
        pass
    return DEFAULT
