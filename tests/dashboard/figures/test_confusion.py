"""The confusion matrix, read back out of the figure."""

import math

import numpy as np
import plotly.graph_objects as go
import pytest

from dashboard.figures import theme
from dashboard.figures.confusion import cell_text, confusion_heatmap, score_intervals
from models.training.evaluation import evaluate

CLASSES = ("ring", "merger", "edge-on")
MATRIX = np.array([[57, 3, 0], [1, 199, 0], [0, 0, 0]])
HOSTILE = '<a href="http://127.0.0.1:9">x</a>'


def written(figure: go.Figure) -> list[list[str]]:
    """The numbers as they stand in the cells, row by row from the top."""
    texts = {(int(a.y), int(a.x)): a.text for a in figure.layout.annotations}
    side = math.isqrt(len(texts))
    return [[texts[row, column] for column in range(side)] for row in range(side)]


def test_counts_stand_in_their_cells_and_mistakes_are_bold() -> None:
    figure = confusion_heatmap(MATRIX, CLASSES, shares=False)
    assert written(figure) == [["57", "<b>3</b>", ""], ["<b>1</b>", "199", ""], ["", "", ""]]


def test_shares_are_of_the_true_class_and_undefined_in_an_empty_row() -> None:
    figure = confusion_heatmap(MATRIX, CLASSES, shares=True)
    assert written(figure) == [["95%", "<b>5%</b>", ""], ["<b>&lt;1%</b>", "&gt;99%", ""], ["–"] * 3]


@pytest.mark.parametrize(
    ("value", "shares", "text"),
    [
        (0.0, False, "0"),
        (12.0, False, "12"),
        (0.0, True, "0%"),
        (0.009, True, "&lt;1%"),
        (0.991, True, "&gt;99%"),
        (1.0, True, "100%"),
    ],
)
def test_numbers_as_they_are_written(value: float, shares: bool, text: str) -> None:
    assert cell_text(value, shares) == text


def test_mistakes_are_red_and_the_diagonal_is_grey_with_the_square_root_of_their_numbers() -> None:
    mistakes, right = confusion_heatmap(MATRIX, CLASSES, shares=False).data[:2]
    top = 19.9  # a tenth of 199: the largest mistake, 3, is less
    wrong = np.array(mistakes.z, float)
    assert wrong[0, 1] == pytest.approx(math.sqrt(3 / top)) and wrong[1, 0] == pytest.approx(math.sqrt(1 / top))
    assert np.isnan(wrong).sum() == 7  # the diagonal, and cells without pictures
    diagonal = np.array(right.z, float)
    assert diagonal[0, 0] == pytest.approx(math.sqrt(57 / 199)) and diagonal[1, 1] == 1
    assert np.isnan(diagonal).sum() == 7
    assert (mistakes.zmin, mistakes.zmax, right.zmin, right.zmax) == (0, 1, 0, 1)
    assert not mistakes.showscale and not right.showscale  # the numbers stand in the cells


def test_many_mistakes_have_the_deepest_red() -> None:
    matrix = np.array([[5, 20], [10, 5]])
    mistakes = confusion_heatmap(matrix, ("a", "b"), shares=False).data[0]
    assert np.array(mistakes.z, float)[0, 1] == 1
    assert np.array(mistakes.z, float)[1, 0] == pytest.approx(math.sqrt(0.5))


def test_shares_have_a_depth_of_their_own() -> None:
    mistakes, right = confusion_heatmap(MATRIX, CLASSES, shares=True).data[:2]
    assert np.array(right.z, float)[1, 1] == 1
    assert np.array(mistakes.z, float)[0, 1] == pytest.approx(math.sqrt(0.05 / 0.0995))
    assert np.isnan(np.array(mistakes.z, float)[2]).all() and np.isnan(np.array(right.z, float)[2]).all()


def test_every_cell_has_a_square_that_takes_clicks() -> None:
    squares = confusion_heatmap(MATRIX, CLASSES, shares=False).data[2]
    assert [tuple(point[:2]) for point in squares.customdata] == [(t, p) for t in range(3) for p in range(3)]
    assert list(squares.x) == [0, 1, 2] * 3 and list(squares.y) == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert squares.customdata[1] == [0, 1, "ring", "merger", 3, 60, "5%"]
    assert squares.marker.opacity == 0 and squares.hoverinfo is None  # "skip" would swallow the click


@pytest.mark.parametrize("n_classes", [1, 2, 5, 8, 10, 20])
def test_cells_are_squares_as_wide_as_their_targets(n_classes: int) -> None:
    figure = confusion_heatmap(np.eye(n_classes, dtype=np.int64), ("a class",) * n_classes, shares=False)
    layout, cell = figure.layout, figure.data[2].marker.size
    assert layout.width - layout.margin.l - layout.margin.r == cell * n_classes
    assert layout.height - layout.margin.t - layout.margin.b == cell * n_classes
    assert layout.xaxis.fixedrange and layout.yaxis.fixedrange
    assert layout.xaxis.range == (-0.5, n_classes - 0.5) and layout.yaxis.range == (n_classes - 0.5, -0.5)


def test_axes_name_the_classes_and_how_many_there_are() -> None:
    layout = confusion_heatmap(MATRIX, CLASSES, shares=False).layout
    assert layout.xaxis.ticktext == CLASSES
    assert layout.yaxis.ticktext == ("ring (60)", "merger (200)", "edge-on (0)")
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("Predicted class", "True class (pictures)")


def test_the_chosen_cell_is_framed_twice() -> None:
    plain = confusion_heatmap(MATRIX, CLASSES, shares=False).layout
    assert not plain.shapes and all(note.font.color in (None, theme.NEUTRAL) for note in plain.annotations)
    chosen = confusion_heatmap(MATRIX, CLASSES, shares=False, selected=(0, 2)).layout.shapes
    assert [(shape.x0 + 0.46, shape.y0 + 0.46) for shape in chosen] == [(2, 0), (2, 0)]
    assert [shape.line.color for shape in chosen] == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]


@pytest.mark.parametrize(("ground", "ink"), [((255, 255, 255), (31, 39, 45)), ((20, 23, 26), (232, 236, 239))])
def test_numbers_are_readable_on_every_red_and_grey_in_the_light_and_in_the_dark(ground, ink) -> None:
    def luminance(colour):
        channels = [c / 255 for c in colour]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def over(colour, alpha):
        return [alpha * c + (1 - alpha) * g for c, g in zip(colour, ground, strict=True)]

    def contrast(one, other):
        low, high = sorted([luminance(one), luminance(other)])
        return (high + 0.05) / (low + 0.05)

    for share in np.linspace(0, 1, 41):
        assert contrast(over((213, 80, 30), 0.06 + 0.74 * share), ink) >= 4.5
        assert contrast(over((127, 139, 147), 0.08 + 0.42 * share), ink) >= 4.5


def test_class_names_are_text() -> None:
    figure = confusion_heatmap(np.eye(2, dtype=np.int64), (HOSTILE, "b"), shares=False)
    assert figure.layout.xaxis.ticktext[0] == "&lt;a href=&quot;http…"
    assert "<a" not in figure.data[2].customdata[0][2]
    scores = evaluate([0, 1], np.eye(2), (HOSTILE, "b")).scores
    assert "<a" not in score_intervals(scores).to_json()


def test_an_empty_matrix_is_drawn() -> None:
    figure = confusion_heatmap(np.zeros((2, 2), dtype=np.int64), ("a", "b"), shares=False)
    assert written(figure) == [["", ""], ["", ""]]


def test_intervals_by_hand() -> None:
    scores = evaluate([0] * 10 + [1], np.eye(3)[[0] * 8 + [1] * 2 + [1]], ("a", "b", "c")).scores
    precision, recall, f1 = score_intervals(scores).data
    assert [trace.name for trace in (precision, recall, f1)] == ["Precision", "Recall", "F1"]
    assert recall.x[0] == 0.8
    assert recall.x[0] - recall.error_x.arrayminus[0] == pytest.approx(0.4901625)
    assert recall.x[0] + recall.error_x.array[0] == pytest.approx(0.9433178)
    assert recall.customdata[0][3] == 10
    assert np.isnan(precision.x[2]) and np.isnan(f1.x[2])  # a dot that is not drawn
