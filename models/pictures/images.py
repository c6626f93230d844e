"""Pictures: the one resize, crisp enlargements, mosaics and outlines; uploads kept, and any picture by its id.

Pictures are `uint8 (H, W, 3)`, RGB; their ids are `models.ids.PictureId`.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image

from models.errors import InputError, PictureError
from models.ids import Frame, PictureId
from models.pictures import datasets, photographs, uploads
from models.storage.files import private_folder, saving, write_atomically

UPLOAD_SIDE = 512  # pixels; the longest side of a stored upload
MAX_UPLOADS = 500  # stored pictures, of all visitors together; the oldest go first


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


def webp(image: np.ndarray, quality: int = 90, *, lossless: bool = False) -> bytes:
    """Return uint8 (H, W) or (H, W, 3) as the bytes of a WebP file, a tenth of a PNG's; sides at most 16,383 pixels.

    With `lossless` every pixel keeps its value, at about three quarters of a PNG's size; fine noise would lose its
    colours otherwise.
    """
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", quality=quality, method=2, lossless=lossless)
    return buffer.getvalue()


def framed(image: np.ndarray, frame: Frame) -> np.ndarray:
    """Return a picture (H, W, 3) uint8 as its frame says.

    Args:
        image: A square one stays as it is.
        frame: "crop" cuts out the middle square, "pad" adds borders in the picture's mean colour, "squeeze" leaves the
            picture as it is: networks take squares, and `resize` squeezes it.
    """
    height, width = image.shape[:2]
    if frame == "squeeze" or height == width:
        return image
    short, long = sorted((height, width))
    if frame == "crop":
        top, left = (height - short) // 2, (width - short) // 2
        return image[top : top + short, left : left + short]
    padded = np.empty((long, long, 3), np.uint8)
    padded[...] = np.rint(image.mean(axis=(0, 1)))
    top, left = (long - height) // 2, (long - width) // 2
    padded[top : top + height, left : left + width] = image
    return padded


def thumbnail(image: np.ndarray, side: int) -> np.ndarray:
    """Return the middle square of a picture as uint8 (side, side, 3), pixels repeated where it is smaller."""
    return resize(enlarge(framed(image, "crop"), side), side, side)


def outlined(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return a picture, darkened outside `mask`, bool (H, W), and with a white line around what is inside."""
    padded = np.pad(mask, 1)
    core = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    drawn = np.where(mask[..., None], image, image // 3)
    drawn[mask & ~core] = 255
    return drawn


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

    Raises:
        StorageUnavailable: It cannot be written.
    """
    height, width = image.shape[:2]
    scale = min(1.0, UPLOAD_SIDE / max(height, width))
    kept = resize(image, max(1, round(height * scale)), max(1, round(width * scale)))
    digest = hashlib.blake2b(repr(kept.shape).encode() + kept.tobytes(), key=owner.encode()[:64], digest_size=16)
    found = PictureId(upload=digest.hexdigest())
    with saving():
        path = _path(found)
        if not path.exists():
            write_atomically(path, png(kept))
            _forget_oldest(path.parent)
    return str(found)


def load_picture(picture_id: str) -> np.ndarray:
    """Return the picture with this id as uint8 (H, W, 3); one of no data set cropped or padded where its id says so.

    Raises:
        PictureError: The id is malformed, the upload is no longer kept, or there is no such photograph.
        InputError: The data set or the index does not exist.
    """
    found = PictureId.parse(picture_id)
    if found.dataset:
        return datasets.picture(found.dataset, found.index)
    if found.photo:
        return framed(photographs.load(found.photo), found.frame)
    try:
        return framed(uploads.decode(_path(found).read_bytes()), found.frame)
    except FileNotFoundError as error:
        raise PictureError("This picture is no longer kept. Please upload it again.") from error


def is_kept(upload: PictureId) -> bool:
    """Whether an uploaded picture is still here."""
    return bool(upload.upload) and _path(upload).exists()


def _path(upload: PictureId) -> Path:
    return private_folder("uploads") / f"{upload.upload}.png"


def _forget_oldest(folder: Path) -> None:
    """Delete the oldest uploads beyond the number that is kept."""
    found = []
    for path in folder.glob("*.png"):
        with suppress(FileNotFoundError):  # another process forgets, too
            found.append((path.stat().st_mtime, path))
    for _, path in sorted(found)[:-MAX_UPLOADS]:
        path.unlink(missing_ok=True)
