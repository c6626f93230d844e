"""What travels to the canvas of Home: read back as the browser reads it, it is what was shipped."""

import json
import zlib

import numpy as np

from dashboard.figures import theme
from dashboard.views.home import canvas
from models.jobs import shipped
from models.networks import layers
from models.occlusion.flow import EXAMPLE, FINE, FLOW, PICTURES

SHOWN = [layers.layer(EXAMPLE, f"conv{number}_relu") for number in range(1, 6)]
FOUND = shipped.find(FLOW, {"network": EXAMPLE, "picture": PICTURES[1], "steps": FINE})


def sent(frozen=("conv1", "conv2", "conv3", "conv4", "conv5")):
    """Return header and parts of the message."""
    offered = [(picture, picture) for picture in PICTURES]
    data = canvas.message(FOUND, offered[1], offered, SHOWN, frozen, "A note.")
    length = int.from_bytes(data[:4], "little")
    header, at, parts = json.loads(data[4 : 4 + length]), 4 + length, {}
    for name, size in header["parts"]:
        parts[name], at = data[at : at + size], at + size
    assert at == len(data)
    return header, parts


def test_the_tiles_of_every_position_are_those_that_were_shipped():
    header, parts = sent()
    whole = np.frombuffer(parts["whole"], np.uint8)
    changes = np.frombuffer(zlib.decompress(parts["changes"]), np.uint8).reshape(len(whole), 169)
    for position in (0, 25, 168):
        np.testing.assert_array_equal(whole + changes[:, position], FOUND.tiles[1 + position])
    assert len(parts["palette"]) == 3 * 32
    assert sum(len(block["channels"]) * block["height"] * block["width"] for block in header["blocks"]) == len(whole)


def test_the_square_ends_where_it_takes_most_from_the_answer():
    header, parts = sent()
    values = np.frombuffer(parts["probabilities"], "<f4").reshape(170, 5)
    assert values[0].argmax() == 2 and "edge-on" in header["before"]
    assert header["start"] == np.argmin(values[1:, 2]) and values[1 + header["start"], 2] < 0.1


def test_a_snowflake_frees_its_block_and_a_flame_freezes_it():
    header, _ = sent(frozen=("conv1", "conv2", "conv3"))
    assert [block["frozen"] for block in header["blocks"]] == [True, True, True, False, False]
    assert [block["cut"] for block in header["blocks"]] == ["nothing", "conv1", "conv2", "conv4", "conv5"]
    assert header["colours"] == [theme.FROZEN, theme.TRAINABLE] and header["headCut"] == "conv5"


def test_all_of_it_is_small():
    header, parts = sent()
    assert (
        sum(map(len, parts.values())) + len(json.dumps(header)) < 120_000
    )  # bytes; Home has 1 MB with Streamlit's own
