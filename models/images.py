"""Pictures: bytes from strangers become safe `uint8 (H, W, 3)` arrays, the one resize, and crisp enlargements.

A picture has an id, which is text and fits into a link: `sample:<data set>:<index>` or `upload:<32 hex digits>`.
"""

from __future__ import annotations

import hashlib
import re
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from models import datasets, runs
from models.errors import InputError, PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF")
MAX_BYTES = 25_000_000
MAX_PIXELS = 20_000_000
MAX_SIDE = 10_000
WORKING_SIDE = 2_048  # pixels; larger pictures are shrunk while they are decoded, which bounds the memory
UPLOAD_SIDE = 512  # pixels; the longest side of a stored upload
MAX_UPLOADS = 500  # stored pictures, of all visitors together; the oldest go first
_PICTURE_ID = re.compile(r"sample:([a-z0-9_]{1,40}):([0-9]{1,7})|upload:([0-9a-f]{32})")

# Pillow's own guard works before any pixel is decoded; it raises at twice this number.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


def decode(data: bytes) -> np.ndarray:
    """Return the picture in a PNG, JPEG, WebP, BMP or GIF file.

    The format is read from the bytes, never from a name. Of an animation it is the first frame; the camera's
    orientation is applied; transparency is laid on white; 16-bit grey is stretched from its darkest to its
    brightest value over 0..255; a picture longer than 2,048 pixels is shrunk to that.

    Returns:
        uint8 (H, W, 3), RGB, sides 1..2,048 pixels.

    Raises:
        PictureError: No picture, a damaged one, or one of more than 20 megapixels or a side over 10,000 pixels.
    """
    if not data:
        raise PictureError("Expected a picture file. Received an empty file.")
    if len(data) > MAX_BYTES:
        raise PictureError(f"Expected a file of at most {MAX_BYTES // 10**6} MB. Received {len(data) / 1e6:.0f} MB.")
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.width, opened.height)
            return _to_rgb(opened)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise PictureError(f"{_LIMITS} Received a larger one.") from error
    except UnidentifiedImageError as error:
        raise PictureError("Expected a PNG, JPEG, WebP, BMP or GIF picture. Received something else.") from error
    except MemoryError as error:
        raise PictureError("This picture needs more memory than there is. Try a smaller one.") from error
    except Exception as error:  # decoders fail on damaged files with errors of nearly every type
        raise PictureError("Expected a whole picture. Received a damaged or incomplete file.") from error


_LIMITS = f"Expected a picture of at most {MAX_PIXELS // 10**6} megapixels, each side at most {MAX_SIDE:,} pixels."


def _check_size(width: int, height: int) -> None:
    """Raise PictureError unless the size that the file's header claims may be decoded."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise PictureError(f"{_LIMITS} Received {width:,} x {height:,} pixels.")
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
    low, high = float(values.min()), float(values.max())
    if low == high:
        return Image.fromarray(np.full(values.shape, round(min(max(low / 257, 0), 255)), np.uint8))
    values -= low
    values *= 255 / (high - low)
    return Image.fromarray(np.rint(values).astype(np.uint8))


def _upright(picture: Image.Image) -> Image.Image:
    """Return the picture turned as its camera noted; a note that cannot be read is no reason to refuse it."""
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # damaged metadata raise errors of nearly every type
        return picture


def resize(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Resize pictures: bilinear, averaging over the pixels that vanish when shrinking.

    The page and the workers use this one function, so that what you see is what the network gets.

    Args:
        images: uint8 (H, W, 3) or (N, H, W, 3).
        height, width: The new size in pixels, at least 1.

    Returns:
        uint8 (height, width, 3) or (N, height, width, 3); `images` itself where it already has that size.
    """
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[-1] != 3:
        raise InputError(f"Expected uint8 pictures (…, H, W, 3). Received {images.dtype} {images.shape}.")
    if min(height, width) < 1:
        raise InputError(f"Expected a size of at least 1 x 1 pixels. Received {height} x {width}.")
    if images.shape[-3:-1] == (height, width):
        return images
    if images.ndim == 3:
        return np.asarray(Image.fromarray(images).resize((width, height), Image.Resampling.BILINEAR))
    resized = np.empty((len(images), height, width, 3), np.uint8)
    for number, image in enumerate(images):
        resized[number] = resize(image, height, width)
    return resized


def enlarge(image: np.ndarray, target: int) -> np.ndarray:
    """Repeat pixels so that small pictures and maps stay crisp on a page, which would blur them.

    Args:
        image: (H, W) or (H, W, C), any dtype.
        target: The longest side to come near, in pixels, without going over; a longer image stays as it is.

    Returns:
        (H * k, W * k[, C]) of the same dtype, k whole and at least 1.
    """
    factor = max(1, target // max(image.shape[:2]))
    return image.repeat(factor, axis=0).repeat(factor, axis=1)


def png(image: np.ndarray) -> bytes:
    """Return uint8 (H, W) or (H, W, 3) as the bytes of a PNG file without any metadata."""
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


def tile(images: np.ndarray, columns: int, gap: int = 1, background: int | tuple[int, int, int] = 255) -> np.ndarray:
    """Lay pictures of one size out as a mosaic, row by row.

    Args:
        images: uint8 (N, H, W, 3), N at least 1.
        columns: Pictures in a row.
        gap: Pixels between two pictures; there is none around the mosaic.
        background: Grey value or RGB of the gaps and of places without a picture.

    Returns:
        uint8 (rows * (H + gap) - gap, columns * (W + gap) - gap, 3).
    """
    count, height, width, _ = images.shape
    if count < 1 or columns < 1:
        raise InputError(f"Expected at least one picture and one column. Received {count} and {columns}.")
    rows = -(-count // columns)
    mosaic = np.empty((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), np.uint8)
    mosaic[...] = background
    for number, image in enumerate(images):
        top, left = number // columns * (height + gap), number % columns * (width + gap)
        mosaic[top : top + height, left : left + width] = image
    return mosaic


def store_upload(image: np.ndarray, owner: str) -> str:
    """Keep a visitor's decoded picture, longest side at most 512 pixels, and return its picture id.

    The id is a digest over the pixels and the secret `owner`: the same visitor gets the same id for the same
    picture, and nobody else can guess it. The uploaded bytes themselves are never stored or served.
    """
    height, width = image.shape[:2]
    scale = min(1.0, UPLOAD_SIDE / max(height, width))
    kept = resize(image, max(1, round(height * scale)), max(1, round(width * scale)))
    digest = hashlib.blake2b(repr(kept.shape).encode() + kept.tobytes(), key=owner.encode()[:64], digest_size=16)
    path = _uploads() / f"{digest.hexdigest()}.png"
    if not path.exists():
        runs.write_atomically(path, png(kept))
        _forget_oldest(path.parent)
    return f"upload:{digest.hexdigest()}"


def load_picture(picture_id: str) -> np.ndarray:
    """Return the picture with this id as uint8 (H, W, 3).

    Raises:
        PictureError: The id is malformed, or the upload is no longer kept.
        InputError: The data set or the index does not exist.
    """
    match = _PICTURE_ID.fullmatch(picture_id)
    if match is None:
        raise PictureError("Expected the id of a picture. Received something else; the link may be cut short.")
    dataset, index, upload = match.groups()
    if upload is None:
        return datasets.picture(dataset, int(index))
    try:
        return decode((_uploads() / f"{upload}.png").read_bytes())
    except FileNotFoundError as error:
        raise PictureError("This picture is no longer kept. Please upload it again.") from error


def _uploads() -> Path:
    folder = runs.home() / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _forget_oldest(folder: Path) -> None:
    """Delete the oldest uploads beyond the number that is kept."""
    kept = sorted(folder.glob("*.png"), key=lambda path: path.stat().st_mtime)
    for path in kept[:-MAX_UPLOADS]:
        path.unlink(missing_ok=True)
