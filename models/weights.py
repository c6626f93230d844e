"""ImageNet weights: fetched once, checked, kept; numpy-only, so the page can ask what is here.

A file counts when its record (`<file>.json`: bytes, SHA-256) lies beside it and agrees. The record stays when the file
goes: the next download of the same address has to bring the same bytes. Keras's own download is not atomic, has no lock
and, for MobileNetV2, no hash.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from models.backbones import FRAME8_WEIGHTS, BackboneSpec
from models.backbones import backbone as find
from models.downloads import alone, not_right
from models.downloads import download as download_file
from models.errors import WeightsUnavailable
from models.runs import SILENT, Progress, home, write_atomically

Check = Callable[[Path], None]
_INSTEAD = "Frame8 comes with the app and works without a network."


def path(spec: BackboneSpec) -> Path:
    """Return where the weight file of `spec` lies, or would lie."""
    if spec.weights_url is None:
        return FRAME8_WEIGHTS
    return home() / "weights" / Path(urlsplit(spec.weights_url).path).name


def available(backbone: str) -> bool:
    """Return whether the pretrained weights are on this machine; looks at sizes only, so it costs microseconds."""
    spec = find(backbone)
    file = path(spec)
    if spec.shipped:
        return file.exists()
    return file.exists() and _record(file).get("bytes") == file.stat().st_size


def local(backbone: str) -> Path:
    """Return the checked weight file that is on this machine.

    Raises:
        WeightsUnavailable: It is not here, or it is damaged; then it has been removed.
    """
    spec = find(backbone)
    file = path(spec)
    if not file.exists():
        raise WeightsUnavailable(
            f"The ImageNet weights of {spec.title} ({spec.weights_mb:g} MB) are not on this machine. "
            f"Download them on the Backbone page. {_INSTEAD}"
        )
    if not spec.shipped and not _intact(file):
        file.unlink(missing_ok=True)
        raise WeightsUnavailable(
            f"The weight file of {spec.title} was damaged and has been removed. "
            f"Download it again on the Backbone page. {_INSTEAD}"
        )
    return file


def fetch(backbone: str, progress: Progress = SILENT, check: Check | None = None) -> Path:
    """Return the weight file, downloading it when it is not here; two processes never download the same file twice.

    Args:
        backbone: Id of the backbone.
        progress: Hears the share that has arrived; may cancel at every chunk and while waiting for another process.
        check: Called with the file before it counts, when no hash of it is known; raises `ValueError` when it will
            not do.

    Raises:
        WeightsUnavailable: No network, or what came is not what was expected (and has been removed).
    """
    spec = find(backbone)
    file = path(spec)
    if spec.shipped:
        return local(backbone)
    file.parent.mkdir(mode=0o700, exist_ok=True)
    with alone(file, progress):
        if file.exists() and _intact(file):
            return file
        file.unlink(missing_ok=True)
        partial = file.with_name(f"{file.name}.partial")
        try:
            _fill(spec, partial, progress)
            _settle(spec, partial, check)
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    return file


def download(_folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Run a job of kind "weights": fetch the file of `spec["backbone"]` and check it before it counts."""
    backbone = find(spec["backbone"])

    def check(file: Path) -> None:
        from models import backbone_builder  # brings Keras: only in a worker, and only when something has arrived

        backbone_builder.check_weights(backbone, file)

    fetch(backbone.id, progress, check)


def _fill(spec: BackboneSpec, partial: Path, progress: Progress) -> None:
    known = spec.weights_hash
    if "sha256" in (record := _record(path(spec))):
        known = f"sha256:{record['sha256']}"
    url = str(spec.weights_url)
    try:
        download_file(url, partial, known, what=spec.title, mb=spec.weights_mb, progress=progress)
    except WeightsUnavailable as problem:
        raise WeightsUnavailable(f"{problem} {_INSTEAD}") from problem


def _settle(spec: BackboneSpec, partial: Path, check: Check | None) -> None:
    """Check what arrived and write the record it is held to from now on."""
    record = _record(path(spec))
    if spec.weights_hash is None and "sha256" not in record and check is not None:
        try:
            check(partial)
        except (ValueError, OSError, KeyError) as error:
            raise WeightsUnavailable(f"{not_right(spec.title)} {_INSTEAD}") from error
    record = {"url": spec.weights_url, "bytes": partial.stat().st_size, "sha256": _sha256(partial)}
    write_atomically(_record_path(path(spec)), json.dumps(record, indent=1).encode())


def _record_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _record(file: Path) -> dict[str, object]:
    try:
        record = json.loads(_record_path(file).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


@lru_cache(maxsize=32)
def _sha256_as_of(file: Path, _size: int, _modified: int) -> str:
    return _sha256(file)


def _sha256(file: Path) -> str:
    import hashlib

    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _intact(file: Path) -> bool:
    stat = file.stat()
    return _sha256_as_of(file, stat.st_size, stat.st_mtime_ns) == _record(file).get("sha256")
