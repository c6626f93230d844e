"""Pretrained weights: where they lie, whether they are here, and their download, once and checked.

A file counts when its record (`<file>.json`: bytes, SHA-256) lies beside it and agrees. The record stays when the file
goes: the next download of the same address has to bring the same bytes. Keras's own download is not atomic, has no lock
and, for MobileNetV2, no hash.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from models.backbones.registry import FRAME8_WEIGHTS, BackboneSpec
from models.backbones.registry import backbone as find
from models.errors import WeightsUnavailable
from models.jobs.job import Job, JobSpec
from models.storage.files import home, private_folder, write_atomically
from models.storage.progress import SILENT, Progress

CONNECT_SECONDS, SILENCE_SECONDS = 4, 15
Check = Callable[[Path], None]
_INSTEAD = "Frame8 comes with the app and works without a network."
_CHUNK = 1 << 18
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


WEIGHTS: Job[WeightsSpec, None] = Job("weights", WeightsSpec, "models.backbones.worker.build:download", keeps=True)


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
    private_folder("weights")
    with _alone(file, progress):
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


def _fill(spec: BackboneSpec, partial: Path, progress: Progress) -> None:
    known = spec.weights_hash
    if "sha256" in (record := _record(path(spec))):
        known = f"sha256:{record['sha256']}"
    try:
        _retrieve(spec, partial, known, progress)
    except WeightsUnavailable as problem:
        raise WeightsUnavailable(f"{problem} {_INSTEAD}") from problem


def _settle(spec: BackboneSpec, partial: Path, check: Check | None) -> None:
    """Check what arrived and write the record it is held to from now on."""
    record = _record(path(spec))
    if spec.weights_hash is None and "sha256" not in record and check is not None:
        try:
            check(partial)
        except (ValueError, OSError, KeyError) as error:
            raise WeightsUnavailable(f"{_not_right(spec.title)} {_INSTEAD}") from error
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


def _sha256(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@lru_cache(maxsize=32)
def _sha256_as_of(file: Path, _size: int, _modified: int) -> str:
    return _sha256(file)


def _intact(file: Path) -> bool:
    stat = file.stat()
    return _sha256_as_of(file, stat.st_size, stat.st_mtime_ns) == _record(file).get("sha256")


def _retrieve(spec: BackboneSpec, target: Path, known_hash: str | None, progress: Progress) -> None:
    """Write the weights of `spec` to `target`, whole and with the known hash ("md5:…" or "sha256:…"), or not at all.

    pooch's temporary file lies beside `target` meanwhile.

    Raises:
        WeightsUnavailable: Nothing came, or not the right thing; the message says which.
    """
    import pooch  # takes 0.1 s, and the page only asks what is here
    import requests

    url, what = str(spec.weights_url), spec.title
    host = urlsplit(url).hostname
    progress.event(share=0.0, note=f"Asking {host} for the weights")
    timeout = (CONNECT_SECONDS, SILENCE_SECONDS)
    meter = _Meter(what, spec.weights_mb, progress)
    downloader = pooch.HTTPDownloader(progressbar=meter, chunk_size=_CHUNK, timeout=timeout)
    pooch.get_logger().setLevel("WARNING")
    _clear_left_overs(target.parent)
    try:
        pooch.retrieve(url, known_hash, fname=target.name, path=target.parent, downloader=downloader)
    except requests.exceptions.HTTPError as error:
        answer = error.response.status_code if error.response is not None else "an error"
        problem = f"The weights of {what} could not be downloaded: the server answered {answer}."
        raise WeightsUnavailable(problem) from error
    except requests.exceptions.ConnectionError as error:
        problem = f"The weights of {what} could not be downloaded: {host} cannot be reached from here."
        raise WeightsUnavailable(problem) from error
    except (requests.exceptions.RequestException, OSError) as error:
        problem = f"The download of the weights of {what} broke off; nothing was kept. Try again."
        raise WeightsUnavailable(problem) from error
    except ValueError as error:
        raise WeightsUnavailable(_not_right(what)) from error


def _not_right(what: str) -> str:
    """Return the sentence for bytes that are not what was expected."""
    return (
        f"What arrived as the weights of {what} is not what was expected, so it was removed. "
        "Try again, or use another network connection."
    )


def _clear_left_overs(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they downloaded."""
    for left_over in folder.glob("tmp*"):
        if time.time() - left_over.stat().st_mtime > _FORGOTTEN_SECONDS:
            left_over.unlink(missing_ok=True)


@contextmanager
def _alone(file: Path, progress: Progress) -> Iterator[None]:
    """Hold the lock of `file`; the kernel frees it when this process dies."""
    with open(file.with_name(f"{file.name}.lock"), "a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                progress.event(note="Another visitor is downloading these weights; waiting for them.")
                time.sleep(_WAIT_SECONDS)
        yield


class _Meter:
    """What pooch calls while bytes arrive; turns them into shares of the whole."""

    def __init__(self, what: str, expected_mb: float, progress: Progress) -> None:
        self.total = 0
        self._what, self._expected, self._progress = what, expected_mb * 1e6, progress
        self._arrived, self._reported = 0, 0.0

    def update(self, n: int) -> None:
        """Count `n` more bytes; report at most every tenth of a second."""
        self._arrived += n
        self._progress.check()
        if time.monotonic() - self._reported < 0.1:
            return
        self._reported = time.monotonic()
        total = self.total or self._expected
        note = f"{self._what}: {self._arrived / 1e6:.1f} of {total / 1e6:.1f} MB"
        self._progress.event(share=min(self._arrived / total, 1.0), note=note)

    def reset(self) -> None:
        """Start counting again: pooch does at the end, before it counts the whole."""
        self._arrived = 0

    def close(self) -> None:
        """Nothing to close."""
