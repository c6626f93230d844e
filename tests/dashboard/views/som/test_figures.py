"""Maps of one number, one colour or one pie per unit."""

import re

import numpy as np
import pytest
from plotly.colors import sample_colorscale

from dashboard.figures import theme
from dashboard.views.som import figures
from models.som.lattice import Lattice

VALUES = np.array([[1.0, 2.0, 0.5], [0.0, 7.0, 3.0]])
SQUARE, HEXAGONAL = Lattice(2, 3), Lattice(2, 3, "hexagonal")
BLUE, GREEN, YELLOW = (68, 1, 84), (33, 145, 140), (253, 231, 37)  # start, middle and end of the scale
HALF_ROW = 3**0.5 / 2


def corners(shape: dict) -> np.ndarray:
    return np.array(
        [[float(value) for value in pair.split(",")] for pair in re.findall(r"[-\d.]+,[-\d.]+", shape.path)]
    )


def units_of(figure):
    [trace] = [trace for trace in figure.data if trace.customdata is not None]
    return trace


def scale_of(figure):
    [trace] = [trace for trace in figure.data if trace.type == "scatter" and trace.marker.showscale]
    return trace.marker


def test_the_colours_of_numbers_go_from_0_to_the_largest_with_row_0_at_the_top():
    figure = figures.numbers(SQUARE, VALUES, "distance")
    picture = figure.data[0].z
    assert picture.shape == (2, 3, 3) and tuple(picture[1, 0]) == BLUE and tuple(picture[1, 1]) == YELLOW
    assert figure.layout.yaxis.range == (1.5, -0.5) and figure.layout.xaxis.range == (-0.5, 2.5)
    assert (scale_of(figure).cmin, scale_of(figure).cmax) == (0, 7)
    assert units_of(figure).text[4] == "row 1, column 1<br>distance 7"
    assert list(units_of(figure).customdata) == list(range(6))
    assert units_of(figure).hoverinfo != "skip"  # Streamlit reports no click without it


def test_the_scale_is_plotlys_own_so_that_the_colour_bar_tells_the_truth():
    shares = np.linspace(0, 1, 256)
    expected = [
        [int(part) for part in colour[4:-1].split(",")] for colour in sample_colorscale(theme.SEQUENTIAL, shares)
    ]
    drawn = figures.numbers(Lattice(1, 256), shares[None], "x").data[0].z[0]
    assert np.array_equal(drawn, expected)


def test_numbers_with_a_sign_go_from_the_smallest_and_a_scale_can_be_shared():
    assert tuple(figures.numbers(SQUARE, VALUES - 3, "weight", signed=True).data[0].z[1, 0]) == BLUE
    half = figures.numbers(SQUARE, VALUES, "distance", top=14).data[0].z[1, 1]
    assert np.allclose(half, GREEN, atol=1)


def test_a_flat_map_has_a_scale_and_a_unit_without_a_number_has_none():
    figure = figures.numbers(SQUARE, np.zeros((2, 3)), "distance")
    assert scale_of(figure).cmax == 1 and tuple(figure.data[0].z[0, 0]) == BLUE
    figure = figures.numbers(SQUARE, np.where(VALUES == 7, np.nan, VALUES), "error")
    assert tuple(figure.data[0].z[1, 1]) == figures.EMPTY and scale_of(figure).cmax == 3
    assert units_of(figure).text[4].endswith("no sample")
    assert scale_of(figures.numbers(SQUARE, np.full((2, 3), np.nan), "error")).cmax == 1


def test_hexagons_touch_where_units_are_neighbours():
    figure = figures.numbers(HEXAGONAL, VALUES, "distance")
    shapes = figure.layout.shapes
    assert len(shapes) == 6 and shapes[4].fillcolor == "rgb(253, 231, 37)"
    assert np.allclose(corners(shapes[0]).mean(axis=0), [0, 0], atol=1e-3)
    assert np.allclose(corners(shapes[3]).mean(axis=0), [0.5, HALF_ROW], atol=1e-3)
    edges = [{tuple(corner) for corner in np.round(corners(shape), 2) + 0.0} for shape in shapes]
    shared = {(a, b) for a in range(6) for b in range(a) if len(edges[a] & edges[b]) == 2}
    assert shared == {(a, b) for a in range(6) for b in HEXAGONAL.neighbours(a) if b < a}
    across, down = (units_of(figure)[axis] for axis in "xy")
    assert np.allclose(across, [0, 1, 2, 0.5, 1.5, 2.5]) and np.allclose(down, [0, 0, 0, *[HALF_ROW] * 3])
    assert figure.layout.xaxis.range == (-0.5, 3)


def test_large_lattices_are_one_picture_in_which_hexagons_are_bricks():
    rows, columns = 70, 60
    values = np.arange(rows * columns, dtype=float).reshape(rows, columns)
    figure = figures.numbers(Lattice(rows, columns, "hexagonal"), values, "x")
    assert not figure.layout.shapes and len(figure.data) == 2
    picture = figure.data[0]
    assert picture.z.shape == (rows, 2 * columns + 1, 4) and (picture.dx, picture.dy) == (0.5, pytest.approx(HALF_ROW))
    assert picture.z[0, 0, 3] == 255 and picture.z[0, -1, 3] == 0 and picture.z[1, 0, 3] == 0
    assert tuple(picture.z[-1, -1]) == (*YELLOW, 255) and np.array_equal(picture.z[-1, -1], picture.z[-1, -2])
    square = figures.numbers(Lattice(rows, columns), values, "x").data[0]
    assert square.z.shape == (rows, columns, 3)


def test_marks_lie_on_their_units_and_are_seen_on_every_colour():
    figure = figures.numbers(HEXAGONAL, VALUES, "distance", marks={"BMU": 4, "runner-up": 1})
    marks = [trace for trace in figure.data if trace.name in figures.MARKS]
    assert [(trace.name, trace.marker.color) for trace in marks] == [
        ("BMU", "rgb(255, 255, 255)"), ("BMU", "rgb(0, 0, 0)"),
        ("runner-up", "rgb(255, 255, 255)"), ("runner-up", "rgb(0, 0, 0)"),
    ]  # fmt: skip
    assert (marks[0].x[0], marks[0].y[0]) == pytest.approx((1.5, HALF_ROW)) and (marks[2].x[0], marks[2].y[0]) == (1, 0)
    assert {trace.hoverinfo for trace in marks} == {"skip"}


def test_colours_are_drawn_as_they_are_with_a_legend():
    colours = np.arange(18, dtype=np.uint8).reshape(2, 3, 3)
    figure = figures.cells(SQUARE, colours, list("abcdef"), legend=[("seven", "#0072B2")])
    assert np.array_equal(figure.data[0].z, colours) and units_of(figure).text[5] == "row 1, column 2<br>f"
    assert [(trace.name, trace.marker.color) for trace in figure.data if trace.name] == [("seven", "#0072B2")]


@pytest.mark.parametrize("lattice", [SQUARE, HEXAGONAL])
def test_pictures_lie_centred_on_their_units(lattice):
    tiles = np.arange(1, 7, dtype=np.uint8)[:, None, None, None] * np.ones((1, 4, 3, 3), np.uint8)  # never square
    picture = figures.pictures(lattice, tiles, list("abcdef")).data[0]
    z = np.asarray(picture.z)
    for unit, (down, across) in enumerate(lattice.positions.tolist()):
        rows, columns = np.nonzero((z[..., 0] == unit + 1) & (z[..., 3] == 255))
        assert len(rows) == 12
        assert picture.x0 + picture.dx * columns.mean() == pytest.approx(across, abs=1e-5)
        assert picture.y0 + picture.dy * rows.mean() == pytest.approx(down, abs=1e-5)


def test_pies_share_out_a_units_samples_and_grow_with_them():
    counts = np.array([[3, 1], [0, 0], [16, 0], [1, 1], [0, 0], [0, 0]])
    figure = figures.pies(SQUARE, counts, [("one", "#0072B2"), ("two", "#E69F00")])
    quarters = figure.layout.shapes[:2]
    assert [shape.fillcolor for shape in figure.layout.shapes] == [
        "#0072B2",
        "#E69F00",
        "#0072B2",
        "#0072B2",
        "#E69F00",
    ]
    areas = [area(corners(shape)) for shape in figure.layout.shapes]
    assert areas[0] / areas[1] == pytest.approx(3, rel=0.03)
    assert (areas[0] + areas[1]) / areas[2] == pytest.approx(4 / 16, rel=0.05)
    assert corners(quarters[1])[-1] == pytest.approx([0, -0.24], abs=0.001)  # the last slice ends at the top
    texts = units_of(figure).text
    assert texts[0] == "row 0, column 0<br>one: 3<br>two: 1" and texts[1] == "row 0, column 1<br>no sample"


def area(points: np.ndarray) -> float:
    x, y = points.T
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def test_the_description_names_size_range_and_place():
    assert figures.describe(VALUES, "Hits") == "Hits of 2 × 3 units: from 0 to 7, largest in row 1, column 1."
    assert figures.describe(np.full((2, 3), np.nan), "Error") == "Error of 2 × 3 units: none has a number."
