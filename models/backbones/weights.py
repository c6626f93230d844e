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
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

from models.backbones import lite0
from models.backbones.registry import BACKBONES, FRAME8_WEIGHTS, BackboneSpec
from models.backbones.registry import backbone as find
from models.errors import WeightsUnavailable
from models.jobs.job import Job, JobSpec
from models.storage.files import UNWRITABLE, home, private_folder, write_atomically
from models.storage.progress import SILENT, Progress
from models.wording import file_size

CONNECT_SECONDS, SILENCE_SECONDS = 4, 15
Check = Callable[[Path], None]
ADDRESS = "FREEZEFRAME_WEIGHTS_URL"  # a folder of the web that has the same files: the mirror of a school
_CHUNK = 1 << 18
_WAIT_SECONDS, _REPORT_SECONDS = 0.2, 0.5
_ARRIVED = 0.95  # how far the whole has come once all bytes are here; the rest is for checking them
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
    folder = os.environ.get(ADDRESS, "")
    if not folder:
        return str(spec.weights_url)
    if urlsplit(folder).scheme not in ("http", "https") or not urlsplit(folder).hostname:
        raise WeightsUnavailable(f"{ADDRESS} is not an address that begins with https:// or http://. {instead()}")
    return f"{folder.rstrip('/')}/{path(spec).name}"


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
        partial = file.with_name(f"partial-{file.name}")  # Keras reads no file whose name ends in another way
        try:
            _fill(spec, partial, progress)
            progress.event(share=_ARRIVED, note="Checking what arrived")
            if not _right(spec, partial, check):
                raise WeightsUnavailable(f"{_not_right(spec.title)} {instead()}")
            _keep_record(spec, partial, address(spec))
            partial.replace(file)
        finally:
            partial.unlink(missing_ok=True)
    return file


def _fill(spec: BackboneSpec, partial: Path, progress: Progress) -> None:
    try:
        _retrieve(spec, partial, _known_hash(spec), progress)
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


def _retrieve(spec: BackboneSpec, target: Path, known_hash: str | None, progress: Progress) -> None:
    """Write the weights of `spec` to `target`, whole and with the known hash ("md5:…" or "sha256:…"), or not at all.

    pooch's temporary file lies beside `target` meanwhile.

    Raises:
        WeightsUnavailable: Nothing came, or not the right thing; the message says which.
        OSError: It cannot be written.
    """
    import pooch  # takes 0.1 s, and the page only asks what is here
    import requests

    url, what = address(spec), spec.title
    host = urlsplit(url).hostname
    progress.event(share=0.0, note=f"Asking {host} for the weights")
    if not requests.utils.get_environ_proxies(url) and not _answers(url, progress):
        raise WeightsUnavailable(f"The weights of {what} could not be downloaded: {host} cannot be reached from here.")
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
        if error.errno in UNWRITABLE:  # the disk's fault, not the network's
            raise
        problem = f"The download of the weights of {what} broke off; nothing was kept. Try again."
        raise WeightsUnavailable(problem) from error
    except ValueError as error:
        raise WeightsUnavailable(_not_right(what)) from error


def _answers(url: str, progress: Progress) -> bool:
    """Return whether a connection to the server comes about within `CONNECT_SECONDS`, its name looked up included.

    Looking up a name can take half a minute where no network is, and cannot be broken off: a thread is left behind.
    """
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    connected: list[bool] = []

    def knock() -> None:
        with suppress(OSError), socket.create_connection((parts.hostname or "", port), CONNECT_SECONDS):
            connected.append(True)

    knocking = threading.Thread(target=knock, daemon=True)
    knocking.start()
    for _ in range(round(CONNECT_SECONDS / _WAIT_SECONDS)):
        knocking.join(_WAIT_SECONDS)
        progress.check()
        if not knocking.is_alive():
            break
    return bool(connected)


def _not_right(what: str) -> str:
    """Return the sentence for bytes that are not what was expected."""
    return (
        f"What arrived as the weights of {what} is not what was expected, so it was removed. "
        "Try again, or use another network connection."
    )


def _clear_left_overs(folder: Path) -> None:
    """Remove the temporary files of processes that were killed while they downloaded."""
    for left_over in [*folder.glob("tmp????????"), *folder.glob("*.h5.partial")]:  # pooch's, and an earlier version's
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


class _Meter:
    """What pooch calls while bytes arrive; turns them into shares of the whole job."""

    def __init__(self, what: str, expected_mb: float, progress: Progress) -> None:
        self.total = 0
        self._what, self._expected, self._progress = what, expected_mb * 1e6, progress
        self._arrived, self._reported = 0, 0.0

    def update(self, n: int) -> None:
        """Count `n` more bytes; report at most every half second."""
        self._arrived += n
        self._progress.check()
        if time.monotonic() - self._reported < _REPORT_SECONDS:
            return
        self._reported = time.monotonic()
        total = self.total or self._expected
        note = f"{self._what}: {file_size(self._arrived)} of {file_size(total)}"
        self._progress.event(share=_ARRIVED * min(self._arrived / total, 1.0), note=note)

    def reset(self) -> None:
        """Start counting again: pooch does at the end, before it counts the whole."""
        self._arrived = 0

    def close(self) -> None:
        """Nothing to close."""
