"""Files of many parts are refused before a decoder works on them; what cameras and programs write is not."""

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from models.errors import PictureError
from models.pictures import parts
from models.pictures.uploads import decode

NOISE = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)


def saved(file_format: str, pixels: np.ndarray = NOISE, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(pixels).save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def scans(count: int) -> bytes:
    """A progressive JPEG whose last scan comes `count` times more."""
    data = saved("JPEG", progressive=True)
    last = data[data.rindex(b"\xff\xda") : -2]
    return data[:-2] + count * last + data[-2:]


def png(count: int) -> bytes:
    data = saved("PNG")
    return data[:33] + count * chunk(b"abCd") + data[33:]


def png_of_single_bytes(count: int) -> bytes:
    data = saved("PNG")
    return data[:33] + count * chunk(b"IDAT") + data[33:]


def jpeg(count: int, between: bytes = b"\xff\xfe\x00\x02") -> bytes:
    data = saved("JPEG")
    return data[:2] + count * between + data[2:]


def gif(count: int) -> bytes:
    data = saved("GIF")
    place = data.index(b",", 13 + 3 * 256)
    return data[:place] + count * b"!\xfe\x01a\x00" + data[place:]


@pytest.mark.parametrize("made", [png, png_of_single_bytes, jpeg, gif])
def test_many_parts_are_refused_and_some_are_not(made):
    assert decode(made(500)).shape == (300, 400, 3)
    with pytest.raises(PictureError, match=r"at most 20,000 parts\. Received more"):
        decode(made(parts.MAX_PARTS + 1))


def test_fillers_before_a_segment_are_parts_too():
    assert decode(jpeg(1, b"\xff" * 300)).shape == (300, 400, 3)
    with pytest.raises(PictureError, match="at most 20,000 parts"):
        decode(jpeg(1, b"\xff" * 30_000))


def test_a_jpeg_of_many_scans_is_refused_before_it_is_decoded():
    usual = saved("JPEG", progressive=True).count(b"\xff\xda")
    assert 6 <= usual <= 12  # what encoders write
    assert decode(scans(parts.MAX_SCANS - usual)).shape == (300, 400, 3)
    with pytest.raises(PictureError, match=rf"at most 40 scans\. Received {300 + usual}\."):
        decode(scans(300))


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff", b"GIF89a", b"GIF89a" + b"\xff" * 7 + b"!", b"II*\0", b"?"],
)
def test_a_file_that_is_cut_short_is_counted_to_its_end(data):
    parts.check(data)


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "GIF", "BMP"])
def test_a_large_picture_has_few_parts(file_format):
    parts.check(saved(file_format, np.tile(NOISE, (3, 3, 1))))
