"""Fetch a large file: with progress, cancelled at any moment, never half, never by two processes at once."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from models.errors import WeightsUnavailable
from models.runs import Progress

CONNECT_SECONDS, SILENCE_SECONDS = 4, 15
_CHUNK = 1 << 18
_WAIT_SECONDS = 0.2
_FORGOTTEN_SECONDS = 60 * 60


class _Meter:
    """What pooch calls while bytes arrive; turns them into shares of the whole."""

    def __init__(self, what: str, expected_mb: float, progress: Progress) -> None:
        self.total = 0
        self._what, self._expected, self._progress = what, expected_mb * 1e6, progress
        self._arrived, self._told = 0, 0.0

    def update(self, n: int) -> None:
        """Count `n` more bytes; tell at most every tenth of a second."""
        self._arrived += n
        self._progress.check()
        if time.monotonic() - self._told < 0.1:
            return
        self._told = time.monotonic()
        total = self.total or self._expected
        note = f"{self._what}: {self._arrived / 1e6:.1f} of {total / 1e6:.1f} MB"
        self._progress.event(share=min(self._arrived / total, 1.0), note=note)

    def reset(self) -> None:
        """Start counting again: pooch does at the end, before it tells the whole."""
        self._arrived = 0

    def close(self) -> None:
        """Nothing to close."""


def download(url: str, target: Path, known_hash: str | None, *, what: str, mb: float, progress: Progress) -> None:
    """Write what lies at `url` to `target`, whole and with the known hash, or not at all.

    Args:
        url: http(s) address.
        target: File to write; pooch's temporary file lies beside it meanwhile.
        known_hash: "md5:…" or "sha256:…"; None when none is known.
        what: Name for people ("VGG16").
        mb: About how many MB to expect, should the server not say.
        progress: Hears the share that has arrived; may cancel at every chunk.

    Raises:
        WeightsUnavailable: Nothing came, or not the right thing; the message says which.
    """
    import pooch  # takes 0.1 s, and the page only asks what is here
    import requests

    host = urlsplit(url).hostname
    progress.event(share=0.0, note=f"Asking {host} for the weights")
    timeout = (CONNECT_SECONDS, SILENCE_SECONDS)
    meter = _Meter(what, mb, progress)
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
        raise WeightsUnavailable(not_right(what)) from error


def not_right(what: str) -> str:
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
def alone(file: Path, progress: Progress) -> Iterator[None]:
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
