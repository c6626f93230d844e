"""What travels to the canvas of maps and picture."""

import base64

import numpy as np
import pytest

from dashboard.figures.activations import Scale, palette
from dashboard.views.activations.field import Map, message
from models.networks import layers
from models.pictures import images, uploads


@pytest.fixture(scope="module")
def upload():
    return images.store_upload(np.random.default_rng(0).integers(0, 256, (40, 90, 3), np.uint8), "me")


def floats(text):
    return np.frombuffer(base64.b64decode(text), "<f4")


def test_values_windows_and_the_strongest_place_travel(upload):
    layer = layers.layer("backbone:frame8:64", "conv1")
    values = np.zeros((32, 32), np.float32)
    values[3, 5] = 2.5
    sent = message([Map(values, Scale(0, 2))], layer, upload, 64, "a map")
    assert (floats(sent["maps"][0]["values"]) == values.ravel()).all()
    assert base64.b64decode(sent["maps"][0]["palette"]) == palette(False).tobytes()
    assert sent["strongest"] == [3, 5] and not sent["numbers"]
    assert (*sent["rowWindows"][3], *sent["colWindows"][5]) == (4, 10, 8, 14)
    assert sent["rowWindows"][0] == (-2, 4)  # cut at the border by the browser, which says so
    seen = uploads.decode(base64.b64decode(sent["picture"].split(",")[1]))
    assert (seen == images.resize(images.load_picture(upload), 64, 64)).all()


def test_of_a_difference_the_largest_in_either_direction_comes_first(upload):
    layer = layers.layer("backbone:frame8:64", "conv5")
    before, after = np.zeros((2, 3), np.float32), np.zeros((2, 3), np.float32)
    before[1, 2], after[0, 1] = 3, 2
    titles = ("before", "after", "difference")
    maps = [Map(m, Scale(-3, 3), t) for m, t in zip((before, after, after - before), titles, strict=True)]
    sent = message(maps, layer, upload, 64, "a map")
    assert sent["strongest"] == [1, 2] and sent["numbers"] and [m["title"] for m in sent["maps"]] == list(titles)
    same = [Map(after, Scale(0, 3)), Map(after, Scale(0, 3)), Map(after - after, Scale(-1, 1))]
    assert message(same, layer, upload, 64, "a map")["strongest"] == [0, 1]


def test_a_layer_that_sees_everything_has_no_windows_and_nan_is_no_strongest_value(upload):
    layer = layers.LayerChoice("gate", "block", (2, 2, 9))
    values = np.array([[np.nan, 1], [0, 0]], np.float32)
    sent = message([Map(values, Scale(0, 1))], layer, upload, 64, "a map")
    assert sent["rowWindows"] is sent["colWindows"] is None and sent["strongest"] == [0, 1]
