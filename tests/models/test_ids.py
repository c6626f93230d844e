"""The ids of networks and pictures are read as what they say, written as they were, and refused in a sentence."""

import pytest

from models.errors import InputError, PictureError
from models.ids import NetworkId, PictureId

RUN, UPLOAD = "0123456789abcdef" * 2, "fedcba9876543210" * 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("run:example", NetworkId("example")),
        (f"run:{RUN}:start", NetworkId(RUN, start=True)),
        (f"run:{RUN}:epoch:0", NetworkId(RUN, epoch=0)),
        (f"run:{RUN}:epoch:12", NetworkId(RUN, epoch=12)),
        ("backbone:frame8:64", NetworkId(backbone="frame8", side=64)),
        ("backbone:vgg16:224:random", NetworkId(backbone="vgg16", side=224, weights="random")),
        ("backbone:frame8:64:top", NetworkId(backbone="frame8", side=64, weights="top")),
    ],
)
def test_a_network_comes_back_as_it_was_written(text, expected):
    assert NetworkId.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text",
    ["", "run:", "run:a", "run:other", f"run:{RUN[1:]}", f"run:{RUN}0", f"run:{RUN.upper()}", "run:../../etc/passwd",
     f"run:../{RUN}", f"run:{RUN}:end", f"run:{RUN}:epoch", f"run:{RUN}:epoch:-1", f"run:{RUN}:epoch:٣",
     f"run:{RUN}:start:epoch:1", f"run:{RUN}\n",
     "backbone:frame8", "backbone:frame8:big", "backbone:frame8:64:other", "backbone::64", "network:a"],
)  # fmt: skip
def test_what_is_no_network_is_refused(text):
    with pytest.raises(InputError, match=r"^Expected a network such as .* Received "):
        NetworkId.parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sample:galaxies:571", PictureId("galaxies", 571)),
        (f"upload:{UPLOAD}", PictureId(upload=UPLOAD)),
        (f"upload:{UPLOAD}:crop", PictureId(upload=UPLOAD, frame="crop")),
        (f"upload:{UPLOAD}:pad", PictureId(upload=UPLOAD, frame="pad")),
        ("photo:china", PictureId(photo="china")),
        ("photo:china:crop", PictureId(photo="china", frame="crop")),
    ],
)
def test_a_picture_comes_back_as_it_was_written(text, expected):
    assert PictureId.parse(text) == expected
    assert str(expected) == text


@pytest.mark.parametrize(
    "text", ["", "sample:galaxies", "sample:galaxies:-1", "sample:galaxies:٣", "sample::3", f"upload:{UPLOAD}0",
             f"upload:{UPLOAD.upper()}", "upload:../../etc/passwd", "sample:a:1\n", f"upload:{UPLOAD}:squeeze",
             f"upload:{UPLOAD}:", f"upload:{UPLOAD}:crop:pad", "sample:galaxies:1:crop",
             "photo:", "photo:../china", "photo:China", "photo:china:squeeze", f"photo:{'a' * 21}",
             "photo:china:pad:pad"],
)  # fmt: skip
def test_what_is_no_picture_is_refused(text):
    with pytest.raises(PictureError, match=r"^Expected the id of a picture"):
        PictureId.parse(text)
