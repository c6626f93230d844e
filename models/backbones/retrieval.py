"""The way of a file over the network: it arrives whole and as expected, or a sentence says why not.

The server has a few seconds to answer, its name looked up included, so that who has no network soon knows. From then
on a slow connection may take its time, as long as it never falls silent.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from models.errors import WeightsUnavailable
from models.storage.files import UNWRITABLE
from models.storage.progress import Progress
from models.wording import file_size

if TYPE_CHECKING:
    import requests

# Until the server's first words. A worker that starts the job and a page that looks once a second make it five.
ANSWER_SECONDS = 2.5
SILENCE_SECONDS = 15.0  # between two pieces of the file
ARRIVED = 0.95  # how far the whole has come once all bytes are here; the rest is for checking them
_PIECE = 1 << 15  # bytes; on a slow connection each is a chance to cancel
_WAIT_SECONDS, _REPORT_SECONDS = 0.2, 0.5


@dataclass(frozen=True, slots=True)
class Wanted:
    """The file that is wanted.

    Attributes:
        url: Its address.
        title: Name for people of what it belongs to.
        size: How long it should be, in bytes; shown where the server does not say.
        hash: "md5:…" or "sha256:…" that it is held to; None where none is known.
    """

    url: str
    title: str
    size: float
    hash: str | None


def retrieve(wanted: Wanted, target: Path, progress: Progress) -> None:
    """Write the file that is wanted to `target`, whole and with its hash, or not at all.

    pooch's temporary file lies beside `target` meanwhile.

    Raises:
        WeightsUnavailable: Nothing came, or not the right thing; the message says which.
        OSError: It cannot be written.
    """
    import pooch  # takes 0.1 s, and the page only asks what is here

    pooch.get_logger().setLevel("WARNING")
    try:
        pooch.retrieve(
            wanted.url, wanted.hash, target.name, target.parent, downloader=partial(_download, wanted, progress)
        )
    except OSError as error:
        if error.errno in UNWRITABLE:  # the disk's fault, not the network's
            raise
        problem = f"The download of the weights of {wanted.title} broke off; nothing was kept. Try again."
        raise WeightsUnavailable(problem) from error
    except ValueError as error:
        raise WeightsUnavailable(not_expected(wanted.title)) from error


def not_expected(title: str) -> str:
    """Return the sentence for bytes that are not what was expected."""
    return (
        f"What arrived as the weights of {title} is not what was expected, so it was removed. "
        "Try again, or use another network connection."
    )


def _download(wanted: Wanted, progress: Progress, url: str, file: str, _pooch: object) -> None:
    """Write what the server at `url` has to `file`; pooch calls this."""
    progress.event(share=0.0, note=f"Asking {urlsplit(url).hostname} for the weights")
    with _answer(wanted, progress) as answer, open(file, "wb") as stream:
        if not answer.ok:
            raise WeightsUnavailable(f"{_in_vain(wanted)} the server answered {answer.status_code}.")
        total = int(answer.headers.get("content-length", 0)) or wanted.size
        arrived, reported = 0, 0.0
        for piece in answer.iter_content(_PIECE):
            arrived += stream.write(piece)
            progress.check()
            if time.monotonic() - reported < _REPORT_SECONDS:
                continue
            reported = time.monotonic()
            note = f"{wanted.title}: {file_size(arrived)} of {file_size(total)}"
            progress.event(share=ARRIVED * min(arrived / total, 1.0), note=note)


def _answer(wanted: Wanted, progress: Progress) -> requests.Response:
    """Return the server's answer; the file that comes with it has still to be read.

    Raises:
        WeightsUnavailable: No answer came within `ANSWER_SECONDS`.
    """
    import requests

    asked, last = _asked(wanted.url), time.monotonic() + ANSWER_SECONDS
    problem = f"{_in_vain(wanted)} {urlsplit(wanted.url).hostname}"
    try:
        while not wait([asked], min(_WAIT_SECONDS, max(last - time.monotonic(), 0.0))).done:
            progress.check()
            if time.monotonic() >= last:
                raise WeightsUnavailable(f"{problem} does not answer; there may be no network here.")
        return asked.result()
    except requests.exceptions.RequestException as error:
        raise WeightsUnavailable(f"{problem} cannot be reached; there may be no network here.") from error


def _in_vain(wanted: Wanted) -> str:
    return f"The weights of {wanted.title} could not be downloaded:"


def _asked(url: str) -> Future[requests.Response]:
    """Return what will be the answer of the server at `url`.

    A thread waits for it. Looking up a name can take half a minute where there is no network and cannot be broken off:
    whoever has waited long enough leaves the thread behind, and an answer that comes after all is thrown away.
    """
    import requests

    asked: Future[requests.Response] = Future()
    # A name may stand for two addresses, and only the second be reached: neither may use up the whole time.
    seconds = (ANSWER_SECONDS / 2, SILENCE_SECONDS)

    def ask() -> None:
        try:
            asked.set_result(requests.get(url, stream=True, timeout=seconds))
        except Exception as error:
            asked.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    return asked
