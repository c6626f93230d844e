"""Bytes from strangers become safe `uint8 (H, W, 3)` arrays, or a sentence that says why not."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from models.errors import PictureError
from models.pictures import parts
from models.wording import file_size, grouped

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
# Endings of names that a page offers to read; HEIC is among them so that it can be said what to do with such a file.
ENDINGS = ("png", "jpg", "jpeg", "jfif", "webp", "bmp", "gif", "tif", "tiff", "avif", "heic", "heif")
_EXPECTED = "Expected a PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF picture."
_DAMAGED = "Expected a whole picture. Received a damaged or incomplete file."
_HEIC = (
    f"{_EXPECTED} Received a HEIC picture, which cannot be read here. Share it as JPEG; an iPhone takes JPEG itself "
    "after Settings > Camera > Formats > Most Compatible."
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
MAX_BYTES = 25_000_000
MAX_AVIF_BYTES = 8_000_000  # its decoder takes a tenth of a second for each megabyte, beside its time for the pixels
MAX_PIXELS = 20_000_000
MAX_SIDE = 10_000
WORKING_SIDE = 2_048  # pixels; larger pictures are shrunk while they are decoded, which bounds the memory
_LIMITS = (
    f"Expected a picture of at most {MAX_PIXELS // 10**6} megapixels, each side at most {grouped(MAX_SIDE)} pixels."
)
# Pillow's own guard works before any pixel is decoded; it raises at twice this number.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decode(data: bytes) -> np.ndarray:
    """Return the picture in a PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF file.

    The format is read from the bytes, never from a name. Of an animation it is the first frame, of several pages
    (`has_pages`) the first; the camera's orientation is applied; transparency is laid on white; 16-bit grey is
    stretched from its darkest to its brightest value over 0..255; a picture longer than 2,048 pixels is shrunk to that.

    Returns:
        uint8 (H, W, 3), RGB, sides 1..2,048 pixels.

    Raises:
        PictureError: No picture, a damaged one, one of more than 20 megapixels or a side over 10,000 pixels, a file of
            more than 25 MB, of an AVIF 8 MB, or one of so many parts that it would take long (`parts`).
    """
    if not data:
        raise PictureError("Expected a picture file. Received an empty file.")
    _check_bytes(data, MAX_BYTES, "a file")
    parts.check(data)
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.width, opened.height)
            if opened.format == "AVIF":
                _check_bytes(data, MAX_AVIF_BYTES, "an AVIF file")
            return _to_rgb(opened)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"{_LIMITS} Received a larger one.") from error
    except UnidentifiedImageError as error:
        raise PictureError(_unknown(data)) from error
    except MemoryError as error:
        raise PictureError("This picture needs more memory than there is. Try a smaller one.") from error
    except Exception as error:  # decoders fail on damaged files with errors of nearly every type
        raise PictureError(_DAMAGED) from error


def has_pages(data: bytes) -> bool:
    """Whether a file that `decode` has read is a TIFF of several pages, of which it returned the first."""
    with Image.open(BytesIO(data), formats=FORMATS) as opened:
        return opened.format == "TIFF" and bool(getattr(opened, "is_animated", False))


def _unknown(data: bytes) -> str:
    """Say what a file is that Pillow cannot open; an AVIF cut short is not even known as one."""
    brand = data[8:12] if data[4:8] == b"ftyp" else b""
    if brand in _HEIC_BRANDS:
        return _HEIC
    return _DAMAGED if brand in (b"avif", b"avis") else f"{_EXPECTED} Received something else."


def _check_bytes(data: bytes, most: int, what: str) -> None:
    if len(data) > most:
        raise PictureError(f"Expected {what} of at most {file_size(most)}. Received {file_size(len(data))}.")


def _check_size(width: int, height: int) -> None:
    """Raise PictureError unless the size that the file's header claims may be decoded."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PictureError(f"{_LIMITS} Received {grouped(width)} × {grouped(height)} pixels.")
    if min(width, height) < 1:
        raise PictureError("Expected a picture with at least one pixel. Received an empty one.")


def _to_rgb(opened: Image.Image) -> np.ndarray:
    """Return the first frame of an opened file as uint8 (H, W, 3): upright, opaque, at most 2,048 pixels long."""
    opened.draft(opened.mode, (WORKING_SIDE, WORKING_SIDE))  # JPEG decodes at a half, a quarter or an eighth
    opened.load()
    picture: Image.Image = opened
    if picture.mode.startswith(("I", "F")):
        picture = _stretched(picture)
    elif picture.has_transparency_data:
        picture = picture if picture.mode == "RGBA" else picture.convert("RGBA")  # `convert` would copy
    elif picture.mode != "RGB":
        picture = picture.convert("RGB")
    picture.thumbnail((WORKING_SIDE, WORKING_SIDE))
    if picture.mode == "RGBA":
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.array(_upright(picture).convert("RGB"))


def _stretched(picture: Image.Image) -> Image.Image:
    """Return deep grey as 8-bit grey: darkest value 0, brightest 255 (`convert` alone clips it all to white)."""
    values = np.asarray(picture).astype(np.float32)
    finite = np.isfinite(values)
    if not finite.all():  # a TIFF may hold any number
        values[~finite] = np.min(values, where=finite, initial=np.inf) if finite.any() else 0  # without a copy
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Image.fromarray(np.full(values.shape, round(min(max(low / 257, 0), 255)), np.uint8))
    values -= low
    values *= 255 / (high - low)
    return Image.fromarray(np.rint(values, out=values).astype(np.uint8))


def _upright(picture: Image.Image) -> Image.Image:
    """Return the picture turned as its camera noted; a note that cannot be read is no reason to refuse it."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged metadata raise errors of nearly every type
        return picture
