"""The picture picker on a page of its own: strip, class filter, next, uploads good and bad."""

import errno
import io

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard import state
from dashboard.widgets import picture_picker
from models.pictures import datasets, images
from models.pictures.photographs import PHOTOGRAPHS


def script() -> None:
    import streamlit as st

    from dashboard import state
    from dashboard.widgets.picture_picker import picture_picker

    state.prepare()
    st.text(picture_picker("tried"))


@pytest.fixture
def picker() -> AppTest:
    app = AppTest.from_function(script, default_timeout=30)
    app.query_params["data"] = "galaxies"
    return app.run()


def chosen(picker: AppTest) -> str:
    assert not picker.exception
    return picker.text[0].value


def png(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.full((height, width, 3), 200, np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def upload(picker: AppTest, data: bytes, name: str = "mine.png") -> AppTest:
    return picker.file_uploader[0].upload(name, data, "image/png").run()


def test_it_opens_with_the_cover(picker: AppTest) -> None:
    assert chosen(picker) == f"sample:galaxies:{datasets.DATASETS['galaxies'].cover}"


def test_next_walks_through_the_test_pictures_of_the_class_and_begins_again(picker: AppTest) -> None:
    test = datasets.split("galaxies").test
    rings = test[datasets.labels("galaxies")[test] == 3].tolist()
    picker.selectbox(key="tried_picture_class_galaxies").select("ring").run()
    assert chosen(picker) == "sample:galaxies:571"  # a filter alone changes nothing
    for expected in rings[:3]:
        picker.button(key="tried_next_picture").click().run()
        assert chosen(picker) == f"sample:galaxies:{expected}"
    picker.session_state["ff_picture"] = f"sample:galaxies:{rings[-1]}"
    picker.button(key="tried_next_picture").click().run()
    assert chosen(picker) == f"sample:galaxies:{rings[0]}"


def test_photographs_are_chosen_like_test_pictures_and_name_their_authors(picker: AppTest) -> None:
    picker.selectbox(key="tried_picture_class_galaxies").select(picture_picker.PHOTOS).run()
    for name in ("china", "flower", "china"):
        picker.button(key="tried_next_picture").click().run()
        assert chosen(picker) == f"photo:{name}"
        assert PHOTOGRAPHS[name].credit in [caption.value for caption in picker.caption]
        assert len(picker.caption) == 2  # with the one of the upload
    picker.selectbox(key="tried_frame").set_value("crop").run()
    assert chosen(picker) == "photo:china:crop"
    picker.session_state["ff_data"] = "digits"  # it goes with every data set
    assert chosen(picker.run()) == "photo:china:crop"
    link = AppTest.from_function(script, default_timeout=30)
    link.query_params.update(data="galaxies", picture="photo:flower")
    assert chosen(link.run()) == "photo:flower"


def test_your_own_picture_is_chosen_and_its_id_is_in_the_link(picker: AppTest) -> None:
    upload(picker, png(40, 30))
    assert chosen(picker).startswith("upload:")
    assert chosen(picker) in picker.query_params["picture"]
    assert images.load_picture(chosen(picker)).shape == (30, 40, 3)
    assert picker.file_uploader[0].value is None  # nothing large stays in memory


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"GIF89a but not really", "Received"),
        (png(40, 30)[:60], "Received a damaged or incomplete file"),
        (png(5000, 4001), "at most 20 megapixels"),
    ],
)
def test_a_bad_upload_says_why_and_keeps_the_picture(picker: AppTest, data: bytes, sentence: str) -> None:
    before = chosen(picker)
    upload(picker, data)
    assert chosen(picker) == before
    assert sentence in picker.error[0].value
    assert "The picture you had is still chosen" in picker.error[0].value
    upload(picker, png(8, 9))
    assert not picker.error
    assert chosen(picker).startswith("upload:")


def test_an_error_goes_away_with_the_next_picture(picker: AppTest) -> None:
    upload(picker, b"no picture at all")
    assert picker.error
    picker.button(key="tried_next_picture").click().run()
    assert not picker.error


def test_an_error_goes_away_with_a_picture_that_comes_another_way(picker: AppTest) -> None:
    upload(picker, b"no picture at all")
    assert picker.error
    picker.session_state["ff_picture"] = "sample:galaxies:17"  # as a click on a thumbnail, here or on another page
    picker.run()
    assert not picker.error


def test_of_a_file_of_pages_the_first_is_shown_and_said_until_another_comes(picker: AppTest) -> None:
    pages, buffer = [Image.new("RGB", (8, 9), (tone, 0, 0)) for tone in (40, 120)], io.BytesIO()
    pages[0].save(buffer, "TIFF", save_all=True, append_images=pages[1:])
    upload(picker, buffer.getvalue(), "scan.tif")
    assert (images.load_picture(chosen(picker)) == (40, 0, 0)).all()
    assert any("several pages: this is the first" in caption.value for caption in picker.caption)
    upload(picker, png(11, 9))
    assert not any("several pages" in caption.value for caption in picker.caption)


@pytest.mark.parametrize("name", ["a.jfif", "a.JFIF", "a.tif", "a.tiff", "a.avif", "a.heic"])
def test_the_upload_admits_endings_that_cameras_and_browsers_give(picker: AppTest, name: str) -> None:
    assert "." + name.rpartition(".")[2].lower() in picker.file_uploader[0].proto.type


def test_the_camera_starts_only_when_asked(picker: AppTest) -> None:
    assert not picker.get("camera_input")
    picker.toggle(key="tried_use_camera").set_value(True).run()
    assert len(picker.get("camera_input")) == 1


def test_the_strip_moves_in_whole_windows_and_shows_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    candidates = [f"sample:galaxies:{number}" for number in range(60)]
    values = {}
    monkeypatch.setattr(state, "get", lambda key, default=None: values.get(key, default))
    assert picture_picker._strip(candidates[23], candidates) == tuple(candidates[:24])
    assert picture_picker._strip(candidates[24], candidates) == tuple(candidates[24:48])
    assert picture_picker._strip("sample:galaxies:99", candidates) == ("sample:galaxies:99", *candidates[:24])
    values["picker_upload"] = "upload:" + "0" * 32
    assert picture_picker._strip(candidates[50], candidates) == ("upload:" + "0" * 32, *candidates[48:])
    assert picture_picker._strip("upload:" + "0" * 32, candidates) == ("upload:" + "0" * 32, *candidates[:24])


def test_pictures_have_names() -> None:
    assert picture_picker.picture_title("sample:galaxies:571") == "spiral, picture 571"
    assert picture_picker.picture_title("upload:" + "0" * 32) == "your picture"


def test_on_a_full_disk_an_upload_says_so_and_the_picture_stays(
    picker: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    before = chosen(picker)
    monkeypatch.setattr(images, "write_atomically", full)
    upload(picker, png(37, 41))
    assert picker.error[0].value.startswith("The disk is full") and chosen(picker) == before


def test_how_a_picture_becomes_square_is_chosen_and_part_of_its_id(picker: AppTest) -> None:
    assert not [found for found in picker.selectbox if found.key == "tried_frame"]
    upload(picker, png(40, 30))
    squeezed = chosen(picker)
    assert picker.selectbox(key="tried_frame").value == "squeeze"
    picker.selectbox(key="tried_frame").set_value("crop").run()
    assert chosen(picker) == f"{squeezed}:crop" == picker.query_params["picture"]
    picker.selectbox(key="tried_frame").set_value("squeeze").run()
    assert chosen(picker) == squeezed
    picker.session_state["ff_picture"] = f"{squeezed}:pad"  # from a link, or another page
    picker.run()
    assert picker.selectbox(key="tried_frame").value == "pad"
    upload(picker, png(30, 30))
    assert not [found for found in picker.selectbox if found.key == "tried_frame"]


def test_the_strip_has_your_picture_once_however_it_is_framed(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = "upload:" + "0" * 32
    monkeypatch.setattr(state, "get", lambda key, default=None: mine if key == "picker_upload" else default)
    assert picture_picker._strip(f"{mine}:crop", ["sample:galaxies:1"]) == (f"{mine}:crop", "sample:galaxies:1")
