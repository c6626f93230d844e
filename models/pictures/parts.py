"""How many parts a picture file has, counted before a decoder sees it and never beyond what is allowed.

A decoder's time follows not only the pixels: each scan of a progressive JPEG goes over the whole picture again, and
each chunk, segment or block costs some microseconds, of which a file of some megabytes can hold millions. Cameras and
programs write a dozen scans at most and, with 8 kB of pixels in each chunk, some thousand chunks.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from models.errors import PictureError
from models.wording import grouped

MAX_SCANS: Final = 40  # of a JPEG; 20 megapixels take about a second more with them
MAX_PARTS: Final = 20_000
_PNG, _JPEG, _GIF = b"\x89PNG\r\n\x1a\n", b"\xff\xd8", (b"GIF87a", b"GIF89a")
_SCAN: Final = b"\xff\xda"  # within what is compressed, 0xff is followed by other bytes


def check(data: bytes) -> None:
    """Raise PictureError where a file has so many scans or parts that its decoder would work for long."""
    if data.startswith(_JPEG) and (scans := data.count(_SCAN)) > MAX_SCANS:
        raise PictureError(f"Expected a JPEG of at most {MAX_SCANS} scans. Received {grouped(scans)}. Save it again.")
    found = _chunks(data) if data.startswith(_PNG) else _segments(data) if data.startswith(_JPEG) else _blocks(data)
    if next(islice(found, MAX_PARTS, None), None) is not None:
        raise PictureError(
            f"Expected a picture file of at most {grouped(MAX_PARTS)} parts. Received more. Save it again."
        )


def _chunks(data: bytes) -> Iterator[int]:
    """Yield where each chunk of a PNG begins."""
    place = len(_PNG)
    while place + 8 <= len(data):
        yield place
        place += 12 + int.from_bytes(data[place : place + 4], "big")


def _segments(data: bytes) -> Iterator[int]:
    """Yield where each segment of a JPEG begins that comes before its first scan."""
    place = len(_JPEG)
    while place + 4 <= len(data) and data[place] == 0xFF and data[place : place + 2] != _SCAN:
        yield place
        filler = data[place + 1] == 0xFF  # any number of them may stand before a marker
        place += 1 if filler else 2 + int.from_bytes(data[place + 2 : place + 4], "big")


def _blocks(data: bytes) -> Iterator[int]:
    """Yield where each block of a GIF begins that comes before its first picture; nothing of other formats."""
    if not data.startswith(_GIF) or len(data) < 13:
        return
    flags = data[10]
    place = 13 + (3 << (1 + (flags & 7)) if flags & 0x80 else 0)
    while place + 2 < len(data) and data[place] == 0x21:
        place += 2
        while place < len(data) and data[place]:
            yield place
            place += 1 + data[place]
        place += 1
        yield place
