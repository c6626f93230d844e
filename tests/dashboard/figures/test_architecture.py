"""The diagram of a network: what it says, what its colours mean, what a click on it means."""

from itertools import pairwise

import plotly.graph_objects as go
import pytest

from dashboard.figures import theme
from dashboard.figures.architecture import alt_text, architecture, block_places, clicked_block, least_width, state_words
from models.backbones.registry import BACKBONES
from models.backbones.tables import LayerTable, table
from models.training.spec import HeadSpec


@pytest.fixture
def frame8() -> LayerTable:
    return table("frame8", 64)


def fronts(figure: go.Figure) -> list[tuple[float, float, str]]:
    """(left, right, colour) of every front face: the rectangles among the polygons."""
    found = []
    for shape in figure.layout.shapes:
        if shape.type == "path" and "L" in shape.path and shape.xsizemode != "pixel":
            corners = [tuple(map(float, pair.split(","))) for pair in shape.path.strip("MZ").split("L")]
            if len({x for x, _ in corners}) == 2 and len({y for _, y in corners}) == 2:
                found.append((corners[0][0], corners[1][0], shape.fillcolor))
    return found


def icons(figure: go.Figure) -> list[str]:
    return [shape.line.color for shape in figure.layout.shapes if shape.xsizemode == "pixel"]


def test_nobody_asked_so_nothing_is_blue_or_orange(frame8: LayerTable) -> None:
    figure = architecture(frame8, None, None, None)
    assert {colour for *_, colour in fronts(figure)} == {theme.NEUTRAL}
    assert icons(figure) == []
    assert [a.text for a in figure.layout.annotations[3:6]] == ["<b>conv1</b>", "16×16", "×48"]


def test_colours_and_icons_tell_frozen_from_trainable(frame8: LayerTable) -> None:
    figure = architecture(frame8, frozenset({"conv5"}), HeadSpec(widths=(32,)), None)
    colours = [colour for *_, colour in fronts(figure)]
    grey, blue, orange = theme.NEUTRAL, theme.FROZEN, theme.TRAINABLE
    assert colours == [
        grey,
        blue,
        blue,
        blue,
        blue,
        orange,
        grey,
        orange,
        orange,
    ]  # picture, blocks, pooling, dense, classes
    assert icons(figure) == [blue] * 4 + [orange] * 3


def test_a_badge_tells_what_batch_norm_does_in_blocks_that_learn(frame8: LayerTable) -> None:
    learning, norms = frozenset({"conv4", "conv4_bn", "conv5", "conv5_bn"}), {"conv4": "hold", "conv5": "train"}
    figure = architecture(frame8, learning, None, None, norms=norms)
    badges = [(note.text, note.bordercolor) for note in figure.layout.annotations if note.bordercolor]
    assert badges == [("BN", theme.FROZEN), ("BN", theme.TRAINABLE)]
    assert "BatchNorm learns" in figure.data[0].hovertext[5] and "BatchNorm" not in figure.data[0].hovertext[3]
    words = alt_text(frame8, learning, None, norms)
    assert "256 channels, trainable, BatchNorm held; conv5" in words and "trainable, BatchNorm learns" in words


def test_a_block_of_which_some_layers_learn_shares_its_width_by_parameters() -> None:
    vgg16 = table("vgg16", 96)
    figure = architecture(vgg16, frozenset({"block2_conv2"}), None, None)
    block2 = fronts(figure)[2:4]
    assert [colour for *_, colour in block2] == [theme.FROZEN, theme.TRAINABLE]
    (left, middle, _), (_, right, _) = block2
    assert (middle - left) / (right - left) == pytest.approx(73_856 / 221_440, abs=2e-3)
    assert icons(figure)[1:3] == [theme.FROZEN, theme.TRAINABLE]
    assert "block2: 24 by 24, 128 channels, 1 of 2 layers trainable" in alt_text(
        vgg16, frozenset({"block2_conv2"}), None
    )


def test_held_batch_norm_is_no_hairline(frame8: LayerTable) -> None:
    learning = frozenset({"conv4"})
    figure = architecture(frame8, learning, None, None)
    assert len(fronts(figure)) == 6
    assert "conv4</b>, 1 of 2 layers trainable" in figure.data[0].hovertext[4]


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_fits_with_the_longest_head(backbone: str) -> None:
    head = HeadSpec(pooling="average+max", widths=(256, 128))
    whole = table(backbone, BACKBONES[backbone].default_side)
    figure = architecture(whole, frozenset(), head, None)
    edges = fronts(figure)
    assert edges[0][0] >= 0 and edges[-1][1] <= 1000
    assert all(left < right for left, right, _ in edges)
    assert all(first[1] < second[0] for first, second in pairwise(edges))
    assert len(figure.data[0].x) == 1 + len(whole.blocks) + 4


@pytest.mark.parametrize("backbone", BACKBONES)
@pytest.mark.parametrize("head", [None, HeadSpec(), HeadSpec(widths=(256, 128))], ids=["bare", "short", "long"])
def test_the_places_of_the_blocks_are_those_that_answer_to_the_mouse(backbone: str, head: HeadSpec | None) -> None:
    whole = table(backbone, BACKBONES[backbone].default_side)
    bars = architecture(whole, None, head, None).data[0]
    places = {name: (left, width) for name, left, width in block_places(whole, head)}
    assert list(places) == [block.name for block in whole.blocks]
    for (name,), middle, width in zip(bars.customdata, bars.x, bars.width, strict=True):
        if name:
            assert 1000 * places[name][0] == pytest.approx(middle - width / 2)
            assert 1000 * places[name][1] == pytest.approx(width)


def test_what_a_block_does_in_words() -> None:
    vgg16 = table("vgg16", 96)
    learning = {"block2_conv2", "block5_conv1", "block5_conv2", "block5_conv3"}
    words = [state_words(vgg16, block, learning) for block in ("block1", "block2", "block5")]
    assert words == ["frozen", "1 of 2 layers trainable", "trainable"]
    norms = {"conv4": "hold", "conv5": "train"}
    learning = {"conv4", "conv4_bn", "conv5"}
    words = [state_words(table("frame8", 64), block, learning, norms) for block in ("conv3", "conv4", "conv5")]
    assert words == ["frozen", "trainable, BatchNorm held", "1 of 2 layers trainable, BatchNorm learns"]
    held = {"conv4", "conv5"}  # of a block whose BatchNorm is held, what learns is all that can
    words = [state_words(table("frame8", 64), block, held, {"conv4": "hold"}) for block in ("conv4", "conv5")]
    assert words == ["trainable, BatchNorm held", "1 of 2 layers trainable"]


def test_more_columns_need_more_room(frame8: LayerTable) -> None:
    whole = table("mobilenetv2", 96)
    assert least_width(frame8, None) < least_width(frame8, HeadSpec()) < least_width(whole, HeadSpec())
    bars = architecture(whole, None, HeadSpec(), None).data[0]
    assert min(bars.width) / 1000 * least_width(whole, HeadSpec()) == pytest.approx(47, abs=0.1)


def test_the_selected_block_is_framed(frame8: LayerTable) -> None:
    frames = [shape for shape in architecture(frame8, None, None, "conv3").layout.shapes if shape.type == "rect"]
    assert len(frames) == 1
    slots = architecture(frame8, None, None, None).data[0]
    assert frames[0].x0 < slots.x[3] < frames[0].x1
    assert not [s for s in architecture(frame8, None, None, "fc9").layout.shapes if s.type == "rect"]


def test_a_click_names_its_block(frame8: LayerTable) -> None:
    bars = architecture(frame8, None, HeadSpec(), None).data[0]
    names = [clicked_block({"selection": {"points": [{"customdata": list(data)}]}}) for data in bars.customdata]
    assert names == [None, "conv1", "conv2", "conv3", "conv4", "conv5", None, None]
    assert clicked_block(None) is None
    assert clicked_block({"selection": {"points": []}}) is None
    assert clicked_block({"selection": {"points": [{"customdata": "conv2"}]}}) == "conv2"
    assert clicked_block({"selection": {"points": [{}]}}) is None


def test_the_diagram_in_words(frame8: LayerTable) -> None:
    words = alt_text(frame8, None, None)
    assert words.startswith("frame8 for pictures of 64 pixels, 5 blocks. conv1: 16 by 16, 48 channels; conv2:")
    assert alt_text(frame8, frozenset(), HeadSpec()).endswith("256 channels, frozen. Then the new head, trainable.")


def test_what_a_block_says_begins_with_what_a_click_does(frame8: LayerTable) -> None:
    closed = architecture(frame8, None, None, None).data[-1].hovertext[1]
    assert closed.startswith("<b>conv1</b>: click to open it<br>7,248 parameters")
    train = architecture(frame8, frozenset({"conv1"}), None, None).data[-1].hovertext
    assert train[1].startswith("<b>conv1</b>, 1 of 2 layers trainable: click to switch it<br>")
    assert train[2].startswith("<b>conv2</b>, frozen: click to switch it<br>")
