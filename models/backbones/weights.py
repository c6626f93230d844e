"""Pretrained weights: where they lie, whether they are here, and their download, once and checked.

A file counts when its record (`<file>.json`: address, bytes, SHA-256) lies beside it and agrees. The record stays when
the file goes: the next download of the same address has to bring the same bytes. A file that somebody laid there has no
record yet: it is checked as one that was downloaded, and gets one without an address. Nothing is removed that was not
found wrong. Keras's own download is not atomic, has no lock and, for MobileNetV2, no hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from models.backbones import lite0
from models.backbones.registry import BACKBONES, FRAME8_WEIGHTS, BackboneSpec
from models.backbones.registry import backbone as find
from models.backbones.retrieval import ARRIVED, Wanted, not_expected, retrieve
from models.errors import WeightsUnavailable
from models.jobs.job import Job, JobSpec
from models.storage.files import home, private_folder, write_atomically
from models.storage.progress import SILENT, Progress
from models.wording import file_size

Check = Callable[[Path], None]
ADDRESS = "FREEZEFRAME_WEIGHTS_URL"  # a folder of the web that has the same files: the mirror of a school
_WAIT_SECONDS = 0.2
_FORGOTTEN_SECONDS = 60 * 60


@dataclass(frozen=True, slots=True)
class WeightsSpec(JobSpec):
    """The backbone whose pretrained weights are downloaded."""

    backbone: str

    def __post_init__(self) -> None:
        """Raise InputError where there is no such backbone."""
        find(self.backbone)

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return f"Weights of {find(self.backbone).title}"


WEIGHTS: Job[WeightsSpec, None] = Job("weights", WeightsSpec, "models.backbones.worker.download:download", keeps=True)


def instead() -> str:
    """Return which backbones work without a network, in a sentence."""
    here = [spec.title for spec in BACKBONES.values() if spec.shipped and available(spec.id)]
    if len(here) == 1:
        return f"{here[0]} comes with the app and works without a network."
    return f"{' and '.join(here)} come with the app and work without a network."


def address(spec: BackboneSpec) -> str:
    """Return where the weight file of `spec` is downloaded: from its publisher, or the folder that `ADDRESS` names.

    Raises:
        WeightsUnavailable: `ADDRESS` is no address of the web.
    """
    folder = os.environ.get(ADDRESS, "").strip()
    if not folder:
        return str(spec.weights_url)
    if not _of_a_folder(folder):
        raise WeightsUnavailable(
            f"Expected {ADDRESS} to be the address of a folder, such as https://mirror.example.org/weights/. "
            f"Received another text; whoever started the app can change it. {instead()}"
        )
    return f"{folder.rstrip('/')}/{path(spec).name}"


def _of_a_folder(address: str) -> bool:
    """Return whether the name of a file can be written behind an address of the web."""
    try:
        parts = urlsplit(address)
        web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets without an end, a port that is none
        return False
    return web and not parts.query and not parts.fragment and not any(letter.isspace() for letter in address)


def path(spec: BackboneSpec) -> Path:
    """Return where the weight file of `spec` lies, or would lie."""
    if spec.package:
        return lite0.packaged() or Path(spec.package)
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


def unchecked(backbone: str) -> bool:
    """Return whether a file lies where the weights belong that nobody has checked yet: `fetch` and `local` do."""
    spec = find(backbone)
    return not spec.shipped and path(spec).exists() and not _recorded(path(spec))


def local(backbone: str, check: Check | None = None) -> Path:
    """Return the checked weight file that is on this machine.

    Args:
        backbone: Id of the backbone.
        check: As for `fetch`; without it no file counts that lies there unchecked and of which no hash is known.

    Raises:
        WeightsUnavailable: It is not here, it is another file than was expected, or it is damaged; only a damaged one
            has been removed.
    """
    spec = find(backbone)
    if spec.package:
        return lite0.prepared()
    file = path(spec)
    if not file.exists():
        raise WeightsUnavailable(
            f"The ImageNet weights of {spec.title} ({file_size(1e6 * spec.weights_mb)}) are not on this machine. "
            f"Download them on the Backbone page. {instead()}"
        )
    if spec.shipped or _intact(file) or _taken(spec, file, check):
        return file
    if not _recorded(file):
        raise WeightsUnavailable(
            f"The file {file.name} in the folder of weights does not hold the ImageNet weights of {spec.title}. "
            f"Download them on the Backbone page. {instead()}"
        )
    file.unlink(missing_ok=True)
    raise WeightsUnavailable(
        f"The weight file of {spec.title} was damaged and has been removed. "
        f"Download it again on the Backbone page. {instead()}"
    )


def fetch(backbone: str, progress: Progress = SILENT, check: Check | None = None) -> Path:
    """Return the weight file, downloading it when it is not here; two processes never download the same file twice.

    A file that lies there and is not right stays until the right one has arrived.

    Args:
        backbone: Id of the backbone.
        progress: Hears the share that has arrived; may cancel at every chunk and while waiting for another process.
        check: Called with the file before it counts, when no hash of it is known; raises `ValueError` when it will
            not do. The name of what it gets ends as the file's does.

    Raises:
        WeightsUnavailable: No network, or what came is not what was expected (and has been removed).
    """
    spec = find(backbone)
    file = path(spec)
    if spec.shipped:
        return local(backbone)
    private_folder("weights")
    with _alone(file, progress):
        if file.exists():
            progress.event(share=0.0, note="A weight file lies here; checking it")
            if _intact(file) or _taken(spec, file, check):
                return file
        with _workplace(file) as partial:
            _fill(spec, partial, progress)
            progress.event(share=ARRIVED, note="Checking what arrived")
            if not _right(spec, partial, check):
                raise WeightsUnavailable(f"{not_expected(spec.title)} {instead()}")
            _keep_record(spec, partial, address(spec))
            partial.replace(file)
    return file


@contextmanager
def _workplace(file: Path) -> Iterator[Path]:
    """Give a place for `file` while it arrives; what a process left there that was killed is cleared away first.

    Only for who holds the lock of `file`. Keras reads no file whose name ends in another way.
    """
    _clear_left_overs(file.parent)
    folder = file.with_name(f"arriving-{file.stem}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder / file.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill(spec: BackboneSpec, partial: Path, progress: Progress) -> None:
    wanted = Wanted(address(spec), spec.title, 1e6 * spec.weights_mb, _known_hash(spec))
    try:
        retrieve(wanted, partial, progress)
    except WeightsUnavailable as problem:
        raise WeightsUnavailable(f"{problem} {instead()}") from problem


def _known_hash(spec: BackboneSpec) -> str | None:
    """Return what is held to: the SHA-256 of an earlier download, else the published hash; None without either."""
    record = _record(path(spec))
    downloaded = "sha256" in record and record.get("url") == address(spec)
    return f"sha256:{record['sha256']}" if downloaded else spec.weights_hash


def _right(spec: BackboneSpec, file: Path, check: Check | None) -> bool:
    """Return whether `file` may count as the weights of `spec`: by the hash it is held to, else by `check`."""
    if known := _known_hash(spec):
        algorithm, digest = known.split(":")
        return _digest(file, algorithm) == digest
    if check is None:
        return False
    try:
        check(file)
    except ValueError as error:
        logging.getLogger(__name__).warning("a weight file was refused: %s (%s)", error, error.__cause__)
        return False
    return True


def _taken(spec: BackboneSpec, file: Path, check: Check | None) -> bool:
    """Return whether a file that lies there without a record is right; it then has one."""
    taken = not _recorded(file) and _right(spec, file, check)
    if taken:
        _keep_record(spec, file, "")
    return taken


def _keep_record(spec: BackboneSpec, file: Path, url: str | None) -> None:
    """Write the record of the weights of `spec`: `file` is right, and came from the address `url` if it has one."""
    record = {"url": url, "bytes": file.stat().st_size, "sha256": _digest(file, "sha256")}
    write_atomically(_record_path(path(spec)), json.dumps(record, indent=1).encode())


def _recorded(file: Path) -> bool:
    return "sha256" in _record(file)


def _record_path(file: Path) -> Path:
    return file.with_name(f"{file.name}.json")


def _record(file: Path) -> dict[str, object]:
    try:
        record = json.loads(_record_path(file).read_bytes())
    except (FileNotFoundError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _digest(file: Path, algorithm: str) -> str:
    stat = file.stat()
    return _digest_as_of(file, algorithm, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=32)
def _digest_as_of(file: Path, algorithm: str, _size: int, _modified: int) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def _intact(file: Path) -> bool:
    return _recorded(file) and _digest(file, "sha256") == _record(file)["sha256"]


def _clear_left_overs(folder: Path) -> None:
    """Remove what earlier versions of the app left when they were killed while they downloaded."""
    for left_over in [*folder.glob("tmp????????"), *folder.glob("*.h5.partial"), *folder.glob("partial-*.h5")]:
        if time.time() - left_over.stat().st_mtime > _FORGOTTEN_SECONDS:
            left_over.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of `file`; the kernel frees it when this process dies."""
    waiting = False
    with open(file.with_name(f"{file.name}.lock"), "a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    progress.event(note="Another visitor is downloading these weights; waiting for them.")
                waiting = True
                progress.check()
                time.sleep(_WAIT_SECONDS)
        yield
