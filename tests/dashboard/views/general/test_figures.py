"""The curves of the transferability experiment, read back number by number."""

import math
from itertools import pairwise

import pytest

from dashboard.figures import theme
from dashboard.views.general.figures import STYLES, clicked, curves, describe, equal_spans, shown, written
from models.transferability.curves import RANDOM, Point
from models.transferability.curves import published as published_curves
from models.transferability.findings import Comparison, Difference, published

PAPER = published_curves()[RANDOM]
FOUND = published(PAPER, PAPER)
LINES = {
    "baseB": (Point(0, 0.5, 0.45, 0.55, 2),),
    "AnB": (Point(1, 0.5, 0.4, 0.6, 2), Point(2, 0.25, 0.2, 0.3, 2)),
    "AnB+": (Point(1, 0.5, 0.5, 0.5, 1), Point(2, 0.75, 0.75, 0.75, 1)),
    "RnB": (Point(1, 0.125, 0.125, 0.125, 1),),
}


def draw(lines=LINES, comparisons=None, *, noise=False, **options):
    (y_range,) = equal_spans([lines], noise=noise, common=options.get("relative", False))
    return curves(lines, comparisons or {}, y_range=y_range, noise=noise, depth=options.pop("depth", 3), **options)


def lines_of(figure):
    return {trace.name: trace for trace in figure.data if trace.name and trace.name != "selected"}


def texts(figure):
    return [annotation.text for annotation in figure.layout.annotations if annotation.text]


def test_every_treatment_is_a_line_of_its_means():
    traces = lines_of(draw())
    assert set(traces) == {"baseB", "AnB", "AnB+"}
    assert list(traces["AnB"].x) == [1, 2] and list(traces["AnB"].y) == [0.5, 0.25]
    assert "RnB" in lines_of(draw(noise=True))


def test_frozen_is_blue_trainable_orange_and_no_line_differs_by_colour_alone():
    assert {name for name, style in STYLES.items() if style.colour == theme.FROZEN} == {"AnB", "BnB", "RnB"}
    assert {name for name, style in STYLES.items() if style.colour == theme.TRAINABLE} == {"AnB+", "BnB+"}
    for colour in (theme.FROZEN, theme.TRAINABLE):
        marks = [(style.dash, style.symbol) for style in STYLES.values() if style.colour == colour]
        assert len(set(marks)) == len(marks)


def test_a_band_reaches_from_the_lowest_to_the_highest_run_and_single_runs_have_none():
    bands = [trace for trace in draw().data if trace.fill == "toself"]
    assert len(bands) == 1
    assert list(bands[0].x) == [1, 2, 2, 1] and list(bands[0].y) == [0.6, 0.3, 0.2, 0.4]


def test_the_axes_of_two_pictures_are_equally_long_and_hold_everything():
    other = {"baseB": (Point(0, 0.9, 0.88, 0.92, 2),)}
    (low, high), (low_2, high_2) = equal_spans([LINES, other], noise=True, common=False)
    assert high - low == pytest.approx(high_2 - low_2)
    assert low < 0.125 and high > 0.75 and low_2 < 0.88 and high_2 > 0.92 and low > -0.1
    one, two = equal_spans([LINES, other], noise=False, common=True)
    assert one == two and one[0] < 0.2 and one[1] > 0.92


def test_no_axis_reaches_far_beyond_all_right():
    ((low, high),) = equal_spans([{"baseB": (Point(0, 1, 0.99, 0.99, 0.99),)}], noise=False, common=False)
    assert high - low == pytest.approx(0.118) and high == pytest.approx(1 + 0.06 * 0.118)


def test_nothing_measured_still_makes_a_picture():
    (y_range,) = equal_spans([{}], noise=False, common=True)
    figure = curves({}, {}, y_range=y_range, depth=8, selected=("AnB", 3))
    assert not figure.data and all(math.isfinite(end) for end in figure.layout.yaxis.range)
    assert "No runs yet" in describe({}, "Here", noise=False, relative=False)


def test_the_chosen_point_is_ringed_and_one_that_is_not_there_is_not():
    (ring,) = [trace for trace in draw(selected=("AnB", 2)).data if trace.name == "selected"]
    assert (ring.x[0], ring.y[0]) == (2, 0.25)
    assert "selected" not in [trace.name for trace in draw(selected=("BnB", 2)).data]


def test_what_stands_out_is_marked_with_its_points():
    figure = draw(PAPER, FOUND, depth=8)
    assert {"no clear loss", "co-adaptation<br>−3.2", "specificity<br>−8.1", "gain +2.1"} <= set(texts(figure))
    arrows = {arrow.x: (arrow.ay, arrow.y) for arrow in figure.layout.annotations if arrow.showarrow}
    assert arrows[5] == (PAPER["baseB"][0].mean, PAPER["BnB"][4].mean)
    (general,) = [shape for shape in figure.layout.shapes if shape.yref == "paper"]
    assert (general.x0, general.x1) == (0.5, 3.5)


def test_what_lies_inside_the_spread_is_not_marked():
    unclear = Difference(2, -0.25, -0.5, 0.0, 3, 0.3)
    comparison = {"general": Comparison("AnB", "baseB", (unclear,), "intervals")}
    assert set(texts(draw(comparisons=comparison))) == {"baseB", "AnB", "AnB+"}
    comparison = {"co-adaptation": Comparison("AnB", "baseB", (unclear,), "intervals")}
    assert set(texts(draw(comparisons=comparison))) == {"baseB", "AnB", "AnB+"}


def test_training_longer_is_not_marked_as_a_gain_of_transfer():
    nowhere = Comparison("AnB+", "BnB+", (Difference(2, 0.01, 0.0, 0.02, 3, 0.03),), "intervals")
    assert "gain +2.1" not in texts(draw(PAPER, {**FOUND, "gain beyond longer": nowhere}, depth=8))


def test_names_of_lines_that_end_together_stand_apart():
    close = {name: (Point(7, 0.5 + i / 10_000, 0.4, 0.6, 1),) for i, name in enumerate(("AnB", "BnB", "AnB+", "BnB+"))}
    figure = draw(close, depth=8)
    places = sorted(annotation.y for annotation in figure.layout.annotations)
    gap = 0.05 * (figure.layout.yaxis.range[1] - figure.layout.yaxis.range[0])
    assert all(above - below > gap for below, above in pairwise(places))
    assert places[-1] < figure.layout.yaxis.range[1]


def test_differences_are_written_in_points():
    figure = draw({"AnB": (Point(1, -0.024, -0.03, 0.0, 2),)}, relative=True)
    assert lines_of(figure)["AnB"].customdata[0][3:] == ["−2.4", "−3.0", "0.0"]
    assert figure.layout.yaxis.ticktext == ("−3", "−2", "−1", "0")
    assert (written(0.6251, False), written(0.0161, True), written(-0.0001, True)) == ("62.5%", "+1.6", "0.0")


def test_a_click_tells_treatment_and_n():
    point = lines_of(draw())["AnB"].customdata[1]
    assert clicked({"selection": {"points": [{"customdata": list(point)}]}}) == ("AnB", 2)
    for event in (None, {}, {"selection": {"points": []}}, {"selection": {"points": [{"customdata": ["x", 1]}]}}):
        assert clicked(event) is None


def test_the_picture_is_told_in_words():
    told = describe(LINES, "Here", noise=False, relative=False)
    assert "AnB: 50.0% at 1, 25.0% at 2" in told and "RnB" not in told


def test_lines_are_drawn_in_a_fixed_order_without_bases_of_others():
    assert list(shown(PAPER, noise=True)) == ["RnB", "BnB+", "AnB+", "BnB", "AnB", "baseB"]
