"""The picture tools by hand, and pictures found again by their ids."""

import os
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError, PictureError
from models.ids import PictureId
from models.pictures import datasets, images, uploads
from models.storage import files

RGB = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)  # 48 high, 64 wide


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "home"))


def test_resize_averages_when_it_shrinks_and_leaves_a_fitting_picture_alone() -> None:
    stripes = np.zeros((4, 6, 3), np.uint8)
    stripes[:, ::2] = 200
    assert abs(int(images.resize(stripes, 4, 1)[0, 0, 0]) - 100) <= 1
    assert images.resize(stripes, 4, 6) is stripes
    batch = np.stack([stripes, 255 - stripes])
    assert images.resize(batch, 8, 9).shape == (2, 8, 9, 3)
    np.testing.assert_array_equal(images.resize(batch, 8, 9)[1], images.resize(batch[1], 8, 9))


def test_resize_says_what_it_expects() -> None:
    with pytest.raises(InputError, match=r"Expected uint8 pictures .* Received float64 \(4, 6, 3\)"):
        images.resize(np.zeros((4, 6, 3)), 2, 2)
    with pytest.raises(InputError, match="Received 0 x 5"):
        images.resize(RGB, 0, 5)


def test_enlarge_repeats_pixels_without_going_over() -> None:
    small = np.array([[1, 2, 3], [4, 5, 6]])
    large = images.enlarge(small, 8)  # 8 // 3 = 2
    assert large.tolist() == [[1, 1, 2, 2, 3, 3]] * 2 + [[4, 4, 5, 5, 6, 6]] * 2
    assert images.enlarge(RGB, 200).shape == (144, 192, 3)
    assert images.enlarge(RGB, 20).shape == RGB.shape


def test_png_is_lossless() -> None:
    np.testing.assert_array_equal(uploads.decode(images.png(RGB)), RGB)


def test_tile_lays_out_row_by_row() -> None:
    pictures = np.stack([np.full((2, 3, 3), tone, np.uint8) for tone in (10, 20, 30)])
    mosaic = images.tile(pictures, columns=2, gap=1, background=99)
    assert mosaic[..., 0].tolist() == [
        [10, 10, 10, 99, 20, 20, 20],
        [10, 10, 10, 99, 20, 20, 20],
        [99] * 7,
        [30, 30, 30, 99, 99, 99, 99],
        [30, 30, 30, 99, 99, 99, 99],
    ]
    with pytest.raises(InputError, match="at least one picture"):
        images.tile(pictures[:0], 2)


def test_a_thumbnail_is_the_middle_square() -> None:
    wide = np.zeros((2, 6, 3), np.uint8)
    wide[:, 2:4] = [[[10] * 3, [20] * 3], [[30] * 3, [40] * 3]]
    assert images.thumbnail(wide, 4)[..., 0].tolist() == [[10, 10, 20, 20]] * 2 + [[30, 30, 40, 40]] * 2
    assert images.thumbnail(RGB, 9).shape == (9, 9, 3)


def test_an_outline_darkens_the_rest() -> None:
    mask = np.zeros((5, 7), bool)
    mask[1:4, 1:6] = True
    drawn = images.outlined(np.full((5, 7, 3), 90, np.uint8), mask)[..., 0]
    assert drawn.tolist() == [
        [30] * 7,
        [30, 255, 255, 255, 255, 255, 30],
        [30, 255, 90, 90, 90, 255, 30],
        [30, 255, 255, 255, 255, 255, 30],
        [30] * 7,
    ]
    whole = images.outlined(np.full((3, 4, 3), 90, np.uint8), np.ones((3, 4), bool))
    assert whole[1, 1, 0] == 90


def test_webp_is_small_and_nearly_the_same() -> None:
    smooth = images.resize(RGB[:6, :8], 48, 64)
    data = images.webp(smooth)
    assert len(data) < len(images.png(smooth))
    assert np.abs(uploads.decode(data).astype(int) - smooth).mean() < 6


def test_a_sample_is_loaded_by_its_id() -> None:
    np.testing.assert_array_equal(images.load_picture("sample:galaxies:17"), datasets.picture("galaxies", 17))


@pytest.mark.parametrize(
    "picture", ["", "sample:galaxies", "sample:galaxies:-1", "upload:../../x", "upload:" + "g" * 32, "sample:a:1\n"]
)
def test_malformed_ids_get_a_sentence(picture: str) -> None:
    with pytest.raises(PictureError, match="Expected the id of a picture"):
        images.load_picture(picture)


def test_ids_of_what_does_not_exist_get_a_sentence() -> None:
    with pytest.raises(InputError, match=r"from 0 to 1499\. Received 1500"):
        images.load_picture("sample:galaxies:1500")
    with pytest.raises(InputError, match="Expected a data set out of galaxies, textures, digits"):
        images.load_picture("sample:cats:1")
    with pytest.raises(PictureError, match="upload it again"):
        images.load_picture("upload:" + "0" * 32)


def test_an_upload_keeps_its_id_for_its_owner_only_and_is_at_most_512_long() -> None:
    wide = images.enlarge(RGB, 1280)
    picture = images.store_upload(wide, "somebody")
    assert images.load_picture(picture).shape == (384, 512, 3)
    assert images.store_upload(wide, "somebody") == picture
    assert images.store_upload(wide, "somebody else") != picture
    assert images.store_upload(wide, "somebody" * 20) == images.store_upload(wide, "somebody" * 20) != picture


def test_the_oldest_uploads_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MAX_UPLOADS", 2)
    pictures = []
    for number in range(3):
        pictures.append(images.store_upload(RGB[: number + 1], "somebody"))
        os.utime(files.home() / "uploads" / f"{pictures[-1].removeprefix('upload:')}.png", (number, number))
    images.store_upload(RGB[:9], "somebody")
    with pytest.raises(PictureError):
        images.load_picture(pictures[0])
    assert images.load_picture(pictures[2]).shape == (3, 64, 3)


def test_an_upload_is_kept_until_its_file_is_gone():
    picture = images.store_upload(np.zeros((5, 7, 3), np.uint8), "v" * 32)
    assert images.is_kept(PictureId.parse(picture))
    assert not images.is_kept(PictureId(upload="0" * 32)) and not images.is_kept(PictureId("galaxies", 1))


def test_a_picture_that_is_not_square_is_cropped_or_padded_or_stays() -> None:
    wide = np.array([[[10, 0, 0], [20, 0, 0], [30, 0, 0], [40, 0, 0]]] * 2, np.uint8)  # 2 rows, 4 columns; mean 25
    assert images.framed(wide, "squeeze") is wide
    assert images.framed(wide, "crop")[..., 0].tolist() == [[20, 30]] * 2
    padded = images.framed(wide, "pad")[..., 0].tolist()
    assert padded == [[25] * 4, [10, 20, 30, 40], [10, 20, 30, 40], [25] * 4]
    tall = wide.transpose(1, 0, 2)
    assert images.framed(tall, "crop")[..., 0].tolist() == [[20, 20], [30, 30]]
    assert images.framed(tall, "pad").shape == (4, 4, 3)
    assert images.framed(wide[:, :2], "pad").shape == (2, 2, 3)  # square: nothing to add


def test_the_id_of_an_upload_says_how_every_page_gets_it(tmp_path: Path) -> None:
    wide = np.random.default_rng(0).integers(0, 256, (30, 50, 3), np.uint8)
    picture = images.store_upload(wide, "somebody")
    assert images.load_picture(picture).shape == (30, 50, 3)
    np.testing.assert_array_equal(images.load_picture(f"{picture}:crop"), wide[:, 10:40])
    assert images.load_picture(f"{picture}:pad").shape == (50, 50, 3)
    assert images.is_kept(PictureId.parse(f"{picture}:pad"))
