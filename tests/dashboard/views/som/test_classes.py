"""Classes on a map, and pairs of classes that are confused."""

import numpy as np
import pytest

from dashboard.views.som import figures
from dashboard.views.som.figures_classes import colours_of, label_map, pairs
from models.som.lattice import Lattice
from models.som.measures import NextDoor

CLASSES = ("spiral", "ring <b>", "merger")
FOUND = NextDoor(
    np.array([[0, 1], [0, 2], [1, 2]]), np.array([0.0, 0.08, 0.02]), np.array([0.1, 0.4, 0.2]), 0.9, 0.1, 6
)


def test_a_class_keeps_its_colour_and_loses_its_markup():
    assert colours_of(CLASSES)[:2] == [("spiral", "#0072B2"), ("ring &lt;b&gt;", "#E69F00")]
    assert len(colours_of([str(number) for number in range(12)])) == 12


def test_units_have_the_colour_of_their_class_paler_where_it_is_a_part():
    labels, shares = np.array([0, -1, 1, 0, 2, 2]), np.array([1.0, 0, 0.5, 0.2, 1, 1])
    figure = label_map(Lattice(2, 3), labels, shares, CLASSES, height=300, marks={"chosen": 1})
    picture = figure.data[0].z
    assert tuple(picture[0, 0]) == (0, 0x72, 0xB2) and tuple(picture[0, 1]) == figures.EMPTY
    assert tuple(picture[0, 2]) == tuple(round(c * 0.625 + 255 * 0.375) for c in (0xE6, 0x9F, 0x00))
    [units] = [trace for trace in figure.data if trace.customdata is not None]
    assert units.text[2] == "row 0, column 2<br>ring &lt;b&gt;, 50% of its samples"
    assert units.text[1].endswith("no sample")
    assert {trace.name for trace in figure.data if trace.name} >= {"spiral", "ring &lt;b&gt;", "merger"}


def test_every_pair_is_a_dot_and_confused_ones_are_named():
    figure = pairs(FOUND, CLASSES)
    dots = figure.data[0]
    assert np.array_equal(dots.x, FOUND.near) and np.array_equal(dots.y, FOUND.confused)
    assert dots.customdata[2] == "ring &lt;b&gt; and merger"
    assert [note.text for note in figure.layout.annotations] == ["spiral and merger", "ring &lt;b&gt; and merger"]
    assert (figure.layout.annotations[0].x, figure.layout.annotations[0].y) == pytest.approx((0.4, 0.08))
