"""Pictures from strangers: what is accepted comes out right, what is not gets a sentence."""

import io
import os
import struct
import subprocess
import sys
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.errors import PictureError
from models.pictures import images, uploads
from models.storage import files

ROOT = Path(__file__).resolve().parents[3]
RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)  # 48 high, 64 wide


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "home"))


def saved(picture: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bare_png(width: int, height: int, depth: int, colour: int, row_bytes: int, extra: bytes = b"") -> bytes:
    """A black PNG of any size, written without holding its pixels."""
    packer = zlib.compressobj(9)
    rows = [packer.compress(bytes(row_bytes + 1)) for _ in range(height)]
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    pixels = chunk(b"IDAT", b"".join([*rows, packer.flush()]))
    return b"\x89PNG\r\n\x1a\n" + header + extra + pixels + chunk(b"IEND", b"")


def bare_bmp(width: int, height: int) -> bytes:
    """A BMP that claims a size and holds one pixel."""
    information = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, *[0] * 6)
    return b"BM" + struct.pack("<IHHI", 58, 0, 0, 54) + information + bytes(4)


def bare_tiff(width: int, height: int) -> bytes:
    """A TIFF in grey that claims a size and holds one pixel."""
    tags = ((256, width), (257, height), (258, 8), (259, 1), (262, 1), (273, 8), (277, 1), (278, height), (279, 1))
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags)
    return b"II*\0" + struct.pack("<I", 12) + bytes(4) + struct.pack("<H", len(tags)) + table + bytes(4)


@pytest.mark.parametrize("file_format", ["PNG", "BMP", "TIFF"])
def test_lossless_formats_come_back_exactly(file_format: str) -> None:
    decoded = uploads.decode(saved(Image.fromarray(RGB), file_format))
    assert decoded.dtype == np.uint8
    np.testing.assert_array_equal(decoded, RGB)


@pytest.mark.parametrize(
    ("file_format", "options"), [("JPEG", {"quality": 95}), ("WEBP", {"quality": 95}), ("AVIF", {"quality": 95})]
)
def test_lossy_formats_come_back_nearly(file_format: str, options: dict[str, int]) -> None:
    smooth = images.resize(RGB[:6, :8], 48, 64)
    difference = uploads.decode(saved(Image.fromarray(smooth), file_format, **options)).astype(int) - smooth
    assert difference.shape == (48, 64, 3)
    assert np.abs(difference).mean() < 6


def test_sixteen_bit_grey_keeps_its_order_instead_of_turning_white() -> None:
    deep = np.random.default_rng(1).integers(300, 60_000, (48, 64)).astype(np.uint16)
    decoded = uploads.decode(saved(Image.fromarray(deep), "PNG"))
    assert decoded.shape == (48, 64, 3)
    assert (decoded.min(), decoded.max()) == (0, 255)
    assert np.corrcoef(decoded[..., 0].ravel(), deep.ravel())[0, 1] > 0.999
    order = np.argsort(deep.ravel())
    assert (np.diff(decoded[..., 1].ravel()[order].astype(int)) >= 0).all()


def test_constant_sixteen_bit_grey_keeps_its_tone() -> None:
    decoded = uploads.decode(saved(Image.fromarray(np.full((5, 7), 32_896, np.uint16)), "PNG"))  # 128 * 257
    assert (decoded == 128).all()


def test_transparency_is_laid_on_white() -> None:
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0] = (200, 0, 0, 255)
    pixels[1] = (0, 0, 0, 51)  # a fifth of black on white: 255 * 0.8 = 204
    decoded = uploads.decode(saved(Image.fromarray(pixels), "PNG"))
    assert (decoded[0] == (200, 0, 0)).all()
    assert (decoded[1] == 204).all()


def test_grey_with_transparency_is_laid_on_white() -> None:
    pixels = np.zeros((2, 3, 2), np.uint8)
    pixels[0] = (100, 255)
    decoded = uploads.decode(saved(Image.fromarray(pixels), "PNG"))
    assert (decoded[0] == 100).all()
    assert (decoded[1] == 255).all()


@pytest.mark.parametrize("file_format", ["PNG", "GIF"])
def test_the_transparent_colour_of_a_palette_becomes_white(file_format: str) -> None:
    palette = Image.new("P", (3, 2), 1)
    palette.putpalette([0, 0, 0, 10, 20, 30])
    palette.putpixel((0, 0), 0)
    decoded = uploads.decode(saved(palette, file_format, transparency=0))
    assert (decoded[0, 0] == 255).all()
    assert (decoded[1, 2] == (10, 20, 30)).all()


def test_cmyk_one_bit_and_palette_become_rgb() -> None:
    flat = Image.new("RGB", (64, 48), (250, 250, 250))
    assert abs(int(uploads.decode(saved(flat.convert("CMYK"), "JPEG"))[0, 0, 0]) - 250) < 4
    assert set(np.unique(uploads.decode(saved(Image.fromarray(RGB).convert("1"), "PNG")))) == {0, 255}
    palette = Image.fromarray(RGB).quantize(16)
    np.testing.assert_array_equal(uploads.decode(saved(palette, "PNG")), np.asarray(palette.convert("RGB")))


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_an_animation_the_first_frame_is_taken(file_format: str) -> None:
    frames = [Image.new("RGB", (6, 4), (tone, tone, tone)) for tone in (40, 120, 200)]
    data = saved(frames[0], file_format, save_all=True, append_images=frames[1:])
    decoded = uploads.decode(data)
    assert decoded.shape == (4, 6, 3)
    assert abs(int(decoded.mean()) - 40) < 3


def test_several_pages_are_known_by_their_file() -> None:
    pages = [Image.new("RGB", (6, 4), (tone, 0, 0)) for tone in (40, 120)]
    assert uploads.has_pages(saved(pages[0], "TIFF", save_all=True, append_images=pages[1:]))
    assert not uploads.has_pages(saved(pages[0], "TIFF"))
    assert not uploads.has_pages(saved(pages[0], "GIF", save_all=True, append_images=pages[1:]))


def test_a_tiff_in_cmyk_in_deep_grey_and_with_transparency_becomes_rgb() -> None:
    flat = Image.new("RGB", (7, 5), (250, 10, 10)).convert("CMYK")
    assert np.abs(uploads.decode(saved(flat, "TIFF"))[2, 3].astype(int) - (250, 10, 10)).max() < 4
    deep = np.arange(35, dtype=np.uint16).reshape(5, 7) * 1000 + 300
    decoded = uploads.decode(saved(Image.fromarray(deep), "TIFF"))
    np.testing.assert_array_equal(
        decoded[..., 0], np.rint(np.arange(35).reshape(5, 7) * np.float32(7.5))
    )  # 255 / 34 = 7.5
    faint = np.zeros((2, 3, 4), np.uint8)
    faint[..., 3] = 51  # a fifth of black on white: 255 * 0.8 = 204
    assert (uploads.decode(saved(Image.fromarray(faint), "TIFF")) == 204).all()
    assert np.abs(uploads.decode(saved(Image.fromarray(faint), "AVIF")).astype(int) - 204).max() < 3


def test_numbers_that_are_none_become_the_darkest() -> None:
    values = np.array([[1, 2, np.nan], [3, np.inf, 5]], np.float32)
    decoded = uploads.decode(saved(Image.fromarray(values), "TIFF"))
    assert decoded[..., 0].tolist() == [[0, 64, 0], [128, 0, 255]]


@pytest.mark.parametrize("brand", [b"heic", b"mif1"])
def test_a_picture_in_heic_is_refused_with_what_to_do(brand: bytes) -> None:
    data = struct.pack(">I", 24) + b"ftyp" + brand + bytes(4) + b"mif1heic" + bytes(500)
    with pytest.raises(PictureError, match=r"HEIC picture.*Share it as JPEG; .*Formats > Most Compatible"):
        uploads.decode(data)


# orientation -> what the upright picture of `stored` is
UPRIGHT = {
    1: lambda stored: stored,
    2: lambda stored: stored[:, ::-1],
    3: lambda stored: stored[::-1, ::-1],
    4: lambda stored: stored[::-1],
    5: lambda stored: stored.transpose(1, 0, 2),
    6: lambda stored: np.rot90(stored, -1),
    7: lambda stored: np.rot90(stored, 2).transpose(1, 0, 2),
    8: lambda stored: np.rot90(stored, 1),
}


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_the_cameras_orientation_is_applied(orientation: int, file_format: str) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(RGB), file_format, exif=exif, lossless=True)
    np.testing.assert_array_equal(uploads.decode(data), UPRIGHT[orientation](RGB))


def test_a_jpeg_of_a_camera_on_its_side_stands_up() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert uploads.decode(saved(Image.fromarray(RGB), "JPEG", exif=exif)).shape == (64, 48, 3)


def test_broken_metadata_are_no_reason_to_refuse() -> None:
    data = saved(Image.fromarray(RGB), "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    np.testing.assert_array_equal(uploads.decode(data), RGB)


def test_one_pixel_is_a_picture() -> None:
    assert uploads.decode(saved(Image.new("RGB", (1, 1), (7, 8, 9)), "PNG")).tolist() == [[[7, 8, 9]]]


def test_a_long_picture_is_shrunk_to_the_working_side() -> None:
    assert uploads.decode(bare_png(8192, 2000, 8, 0, 8192)).shape == (500, 2048, 3)
    assert uploads.decode(bare_png(10_000, 1, 8, 0, 10_000)).shape == (1, 2048, 3)


def test_what_hangs_behind_a_picture_is_not_kept() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("x.txt", "hidden")
    data = saved(Image.fromarray(RGB), "PNG") + archive.getvalue() + b"<script>alert(1)</script>"
    picture = images.store_upload(uploads.decode(data), "somebody")
    (stored,) = (files.home() / "uploads").iterdir()
    assert b"hidden" not in stored.read_bytes()
    assert b"script" not in stored.read_bytes()
    np.testing.assert_array_equal(images.load_picture(picture), RGB)


WHOLE_PNG = saved(Image.fromarray(RGB), "PNG")
WHOLE_JPEG = saved(Image.fromarray(RGB), "JPEG")
DAMAGED = {
    "half a PNG": WHOLE_PNG[: len(WHOLE_PNG) // 2],
    "half a JPEG": WHOLE_JPEG[: len(WHOLE_JPEG) // 2],
    "half a TIFF": saved(Image.fromarray(RGB), "TIFF", compression="tiff_lzw")[:2000],
    "three quarters of an AVIF": (lambda whole: whole[: len(whole) * 3 // 4])(saved(Image.fromarray(RGB), "AVIF")),
    "an AVIF cut after its brand": saved(Image.fromarray(RGB), "AVIF")[:12],
    "half a WebP": saved(Image.fromarray(RGB), "WEBP")[:200],
    "a flipped byte": WHOLE_PNG[:3000] + bytes([WHOLE_PNG[3000] ^ 255]) + WHOLE_PNG[3001:],
    "a text chunk that unpacks to 200 MB": bare_png(
        8, 8, 8, 0, 8, chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(200_000_000), 1))
    ),
    "a colour profile that unpacks to 50 MB": bare_png(
        8, 8, 8, 2, 24, chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(50_000_000), 1))
    ),
}
NO_PICTURE = {
    "four bytes of JPEG": WHOLE_JPEG[:4],
    "noise": np.random.default_rng(2).bytes(5000),
    "HTML": b"<html><script>alert(1)</script>",
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><image href="file:///etc/passwd"/></svg>',
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n(r) file\nshowpage\n%%EOF",
    "ICO": saved(Image.fromarray(RGB), "ICO"),
    "a PNG without a side": bare_png(0, 8, 8, 0, 8),
}
TOO_LARGE = {
    "20,000 x 20,000 in one bit": bare_png(20_000, 20_000, 1, 0, 2500),
    "13,000 x 13,000 in one bit": bare_png(13_000, 13_000, 1, 0, 1625),
    "5,000 x 5,000": bare_png(5000, 5000, 1, 0, 625),
    "200,000 x 1": bare_png(200_000, 1, 8, 0, 200_000),
    "a BMP that lies": bare_bmp(100_000, 100_000),
    "a GIF that lies": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + bytes(3) + b"," + bytes(10),
    "a TIFF that lies": bare_tiff(60_000, 60_000),
    "a WebP of 36 megapixels": saved(Image.new("RGB", (6000, 6000)), "WEBP", lossless=True, method=0),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_damaged_files_get_a_sentence(name: str) -> None:
    with pytest.raises(PictureError, match="Received a damaged or incomplete file"):
        uploads.decode(DAMAGED[name])


@pytest.mark.parametrize("name", NO_PICTURE)
def test_what_is_no_picture_gets_a_sentence(name: str) -> None:
    with pytest.raises(PictureError, match="Expected a PNG, JPEG, WebP, BMP, GIF, TIFF or AVIF picture"):
        uploads.decode(NO_PICTURE[name])


@pytest.mark.parametrize("name", TOO_LARGE)
def test_huge_pictures_get_a_sentence(name: str) -> None:
    with pytest.raises(PictureError, match="at most 20 megapixels, each side at most 10,000 pixels"):
        uploads.decode(TOO_LARGE[name])


def test_an_empty_file_and_a_huge_file_get_a_sentence() -> None:
    with pytest.raises(PictureError, match="Received an empty file"):
        uploads.decode(b"")
    with pytest.raises(PictureError, match=r"at most 25 MB\. Received 26 MB"):
        uploads.decode(bytes(26_000_000))


def test_an_avif_that_takes_too_long_gets_a_sentence() -> None:
    whole = saved(Image.fromarray(RGB), "AVIF")
    padded = whole + struct.pack(">I4s", 8_000_000 - len(whole), b"free") + bytes(8_000_000 - len(whole) - 8)
    assert len(padded) == 8_000_000 and uploads.decode(padded).shape == RGB.shape
    with pytest.raises(PictureError, match=r"Expected an AVIF file of at most 8 MB\. Received 8\.1 MB"):
        uploads.decode(padded + struct.pack(">I4s", 100_000, b"free") + bytes(99_992))


# `ru_maxrss` would not do: a child starts with its parent's peak.
PEAK = """
import sys, time
from models.pictures import uploads
from models.errors import PictureError

def peak_mb():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024

data = sys.stdin.buffer.read()
before, began = peak_mb(), time.process_time()
try:
    uploads.decode(data)
except PictureError:
    pass
print(peak_mb() - before, time.process_time() - began)
"""


@pytest.mark.parametrize(
    ("data", "most_mb"),
    [
        pytest.param(TOO_LARGE["20,000 x 20,000 in one bit"], 16, id="refused 400 megapixels"),
        pytest.param(TOO_LARGE["13,000 x 13,000 in one bit"], 16, id="refused 169 megapixels"),
        pytest.param(TOO_LARGE["a WebP of 36 megapixels"], 16, id="refused WebP"),
        pytest.param(DAMAGED["a text chunk that unpacks to 200 MB"], 64, id="text chunk"),
        pytest.param(bare_png(5000, 4000, 8, 6, 20_000), 240, id="accepted 20 megapixels with transparency"),
        pytest.param(bare_png(5000, 4000, 16, 0, 10_000), 200, id="accepted 20 megapixels of deep grey"),
    ],
)
def test_memory_is_bounded(data: bytes, most_mb: int) -> None:
    grown_mb, seconds = cost_of(data)
    assert grown_mb < most_mb
    assert seconds < 2


def deep_with_a_gap() -> Image.Image:
    values = np.full((4000, 5000), 3.5, np.float32)
    values[7, :] = np.nan
    values[8:] = -2
    return Image.fromarray(values)


@pytest.mark.parametrize(
    ("make", "file_format", "options", "most_mb"),
    [
        (deep_with_a_gap, "TIFF", {"compression": "tiff_adobe_deflate"}, 270),
        (lambda: Image.new("LA", (5000, 4000), (99, 77)), "TIFF", {"compression": "zstd"}, 295),
        (lambda: Image.new("RGB", (5000, 4000), (9, 99, 199)), "AVIF", {"speed": 10}, 270),
    ],
    ids=["deep grey with a gap", "transparent grey", "AVIF"],
)
def test_the_largest_compressed_pictures_are_bounded(make, file_format: str, options: dict, most_mb: int) -> None:
    data = saved(make(), file_format, **options)
    assert len(data) < 1_000_000
    grown_mb, seconds = cost_of(data)
    assert grown_mb < most_mb and seconds < 2


def cost_of(data: bytes) -> tuple[float, float]:
    """Return by how many MB a process grows that decodes a file, and its processor seconds."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PEAK], input=data, capture_output=True, env=environment, check=True)
    grown_mb, seconds = map(float, done.stdout.split())
    return grown_mb, seconds
