"""Classes on a map: purity, labels, and pairs of classes that are confused, read back out of the figures."""

import numpy as np
import pytest

from dashboard.figures import theme
from dashboard.views.som import figures, figures_classes
from dashboard.views.som.figures_classes import colours_of, label_map, pairs
from models.som.depth import DepthResult
from models.som.lattice import Lattice
from models.som.measures import NextDoor

CLASSES = ("spiral", "ring <b>", "merger")
FOUND = NextDoor(
    np.array([[0, 1], [0, 2], [1, 2]]), np.array([0.0, 0.08, 0.02]), np.array([0.1, 0.4, 0.2]), 0.9, 0.1, 6
)


def test_a_class_keeps_its_colour_and_loses_its_markup():
    assert colours_of(CLASSES)[:2] == [("spiral", "#882255"), ("ring &lt;b&gt;", "#B4C34B")]
    assert len(colours_of([str(number) for number in range(12)])) == 12


def test_units_have_the_colour_of_their_class_paler_where_it_is_a_part():
    labels, shares = np.array([0, -1, 1, 0, 2, 2]), np.array([1.0, 0, 0.5, 0.2, 1, 1])
    figure = label_map(Lattice(2, 3), labels, shares, CLASSES, height=300, marks={"chosen": 1})
    picture = figure.data[0].z
    assert tuple(picture[0, 0]) == (0x88, 0x22, 0x55) and tuple(picture[0, 1]) == figures.EMPTY
    assert tuple(picture[0, 2]) == tuple(round(c * 0.625 + 255 * 0.375) for c in (0xB4, 0xC3, 0x4B))
    [units] = [trace for trace in figure.data if trace.customdata is not None]
    assert units.text[2] == "row 0, column 2<br>ring &lt;b&gt;, 50.0% of its samples"
    assert units.text[1].endswith("no sample")
    assert {trace.name for trace in figure.data if trace.name} >= {"spiral", "ring &lt;b&gt;", "merger"}


def test_every_pair_is_a_dot_and_confused_ones_are_named():
    figure = pairs(FOUND, CLASSES)
    dots = figure.data[0]
    assert np.array_equal(dots.x, FOUND.near) and np.array_equal(dots.y, FOUND.confused)
    assert dots.customdata[2] == "ring &lt;b&gt; and merger"
    assert [note.text for note in figure.layout.annotations] == ["spiral and merger", "ring &lt;b&gt; and merger"]
    assert (figure.layout.annotations[0].x, figure.layout.annotations[0].y) == pytest.approx((0.4, 0.08))


def test_depth_has_means_bars_and_gaps_where_nothing_was_measured():
    purity = np.array([[0.4, 0.6], [0.7, 0.9], [0.9, 0.9]])
    random = np.array([[0.2, 0.4], [0.3, 0.5], [np.nan, np.nan]])
    result = DepthResult(("one", "<b>two</b>", "head"), ("a", "b", "head"), purity, random, 60, 0.25)
    figure = figures_classes.depth(result, "the network")
    network, other, chance = figure.data
    assert network.y == pytest.approx([0.5, 0.8, 0.9]) and network.error_y.array == pytest.approx([0.1, 0.1, 0])
    assert other.x.tolist() == [0, 1] and other.y == pytest.approx([0.3, 0.4]) and set(chance.y) == {0.25}
    assert figure.layout.xaxis.ticktext == ("one", "&lt;b&gt;two&lt;/b&gt;", "head")
    alone = figures_classes.depth(DepthResult(("one",), ("a",), purity[:1], np.full((1, 2), np.nan), 60, 0.25), "n")
    assert len(alone.data) == 2


def test_units_are_framed_in_the_colour_of_their_class():
    mosaic = np.arange(2 * 4 * 3 * 4, dtype=np.uint8).reshape(8, 12)  # 2 x 3 units of 4 x 4 pixels
    classes = np.array([0, 1, 0, 1, -1, 1])
    figure = figures_classes.units(mosaic, (2, 3), classes, np.full(6, 0.5), ["<i>", "b"])
    picture = np.array(figure.data[0].z)
    assert picture.shape == (16, 24, 3)
    assert (picture[2:6, 10:14, 0] == mosaic[:4, 4:8]).all() and (picture[10:14, 18:22, 2] == mosaic[4:, 8:]).all()
    colours = {f"#{r:02X}{g:02X}{b:02X}" for r, g, b in (picture[0, 0], picture[0, 8], picture[8, 8])}
    assert colours == {*theme.CLASS_COLOURS[:2], theme.NEUTRAL}
    texts = figure.data[1].text
    assert texts[0] == "unit (0, 0)<br>&lt;i&gt;, 50.0% of its pictures" and texts[4] == "unit (1, 1)<br>no picture"
