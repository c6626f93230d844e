"""Figures of purity and of cells: the numbers read back out of them."""

import numpy as np
import pytest

from dashboard.figures import theme
from dashboard.views.som import figures_classes
from models.som.depth import DepthResult
from models.som.lattice import Lattice


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
    assert texts[0] == "unit (0, 0)<br>&lt;i&gt;, 50% of its pictures" and texts[4] == "unit (1, 1)<br>no picture"


def test_cells_are_drawn_on_the_side_they_show():
    lattice = Lattice(2, 3)
    codebook = lattice.positions.reshape(2, 3, 2)
    figure = figures_classes.unfolded(lattice, codebook, np.zeros((5, 2)), np.array([1, -1]))
    samples, up, over = figure.data
    assert len(samples.x) == 5 and "1 cells" in up.name and "turned over" in over.name
    assert over.fillpattern.shape == "/" and up.fillpattern.shape is None
    corners = [(x, y) for x, y in zip(over.x, over.y, strict=True) if x is not None and x == x]
    assert corners == [(0, 1), (0, 2), (1, 2), (1, 1), (0, 1)]
