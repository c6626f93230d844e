"""Numbers per position and per pixel, checked against the slow way."""

import dataclasses

import numpy as np
import pytest

from dashboard.figures import theme
from dashboard.views.occlusion.figures import (
    by_layer,
    cell_edges,
    disagreement,
    faded,
    falls,
    nearest_done,
    outline,
    reach,
    stops,
    with_disagreement,
)
from models.occlusion.scores import map_of
from tests.dashboard.views.occlusion.hidden import scores

SCORES = scores()
MAPS = [(name, map_of(SCORES, number, "logit")) for number, name in enumerate(SCORES.classes)]


def test_several_maps_share_one_scale_with_zero_in_the_middle():
    panels, [scale] = falls(MAPS, "logit")
    assert [panel.title for panel in panels] == list(SCORES.classes)
    assert -scale.low == scale.high == max(np.abs(one.drop).max() for _, one in MAPS) > 1
    for panel, (_, one) in zip(panels, MAPS, strict=True):
        np.testing.assert_array_equal(panel.values, one.drop)
    assert scale.title == "mean fall of the logit over the squares that hide a place"


def test_a_map_in_which_nothing_counts_is_quiet_and_does_not_stretch_the_scale():
    # Largest changes of one square: the ring 0, spiral 3 (from 3 to 0), edge-on 5 (from 0 to 5).
    assert [panel.quiet for panel in falls(MAPS, "logit", 0.1)[0]] == [True, False, False]
    panels, [scale] = falls(MAPS, "logit", 3.5)
    assert [panel.quiet for panel in panels] == [True, True, False]
    assert scale.high == np.abs(MAPS[2][1].drop).max()
    assert all(panel.quiet for panel in falls(MAPS, "logit", 5.5)[0])
    together = with_disagreement(MAPS, "logit", 5.5)[0]
    assert [panel.quiet for panel in together] == [True] * 4


def test_a_scale_of_signed_values_diverges_and_another_does_not():
    assert stops(True)[32] == (255, 255, 255)
    assert stops(True)[0] == (20, 130, 70) and stops(True)[-1] == (145, 45, 180)
    assert stops(False)[0] == (68, 1, 84)
    assert len(stops(True)) == len(stops(False)) == 65


def test_flat_and_unknown_maps_do_not_divide_by_zero():
    flat = dataclasses.replace(MAPS[0][1], drop=np.zeros((7, 11), np.float32))
    unknown = dataclasses.replace(flat, drop=np.full((7, 11), np.nan, np.float32))
    for maps in ([("a", flat)], [("a", unknown)]):
        [scale] = falls(maps, "logit")[1]
        assert (scale.low, scale.high) == (-1, 1)
    assert with_disagreement([("a", flat), ("b", flat)], "logit")[1][1].high == 1


def test_where_maps_disagree_is_their_deviation_pixel_by_pixel():
    spread = disagreement([one for _, one in MAPS])
    for row, col in [(0, 0), (3, 7), (6, 10)]:
        values = [float(one.drop[row, col]) for _, one in MAPS]
        mean = sum(values) / 3
        assert spread[row, col] == pytest.approx((sum((v - mean) ** 2 for v in values) / 3) ** 0.5, rel=1e-5)
    panels, scales = with_disagreement(MAPS, "logit")
    assert (panels[-1].title, panels[-1].scale) == ("Where they disagree", 1)
    assert (scales[1].low, scales[1].high) == (0, spread.max())
    assert scales[1].title == "standard deviation of the 3 falls of the logit"


def test_cells_lie_around_the_centres_of_squares_and_fill_the_picture():
    assert cell_edges(np.array([0, 2, 4, 8]), 3, 11) == [0, 2.5, 4.5, 7.5, 11]
    assert cell_edges(np.array([0]), 5, 5) == [0, 5]


@pytest.mark.parametrize("seed", range(5))
def test_every_position_finds_a_computed_one_that_none_is_nearer_than(seed):
    done = np.random.default_rng(seed).random((6, 9)) < 0.12
    done[seed, 2 * seed] = True
    found = nearest_done(done)
    for at in range(done.size):
        away = lambda other, at=at: abs(other // 9 - at // 9) + abs(other % 9 - at % 9)  # noqa: E731
        assert done.ravel()[found[at]]
        assert away(found[at]) == min(away(other) for other in np.flatnonzero(done))


def test_nothing_computed_leaves_every_position_to_itself():
    np.testing.assert_array_equal(nearest_done(np.zeros((2, 3), bool)), np.arange(6))


def test_operations_are_drawn_layer_by_layer():
    figure = by_layer(SCORES)
    share, full, done = figure.data
    np.testing.assert_allclose(share.y, [25 / 77, 1, 1])
    np.testing.assert_allclose(reach(SCORES), share.y)
    np.testing.assert_allclose(full.y, [1, 2, 1])
    np.testing.assert_allclose(done.y, [0.2, 0.7, 0.1], rtol=1e-6)
    assert list(done.x) == ["conv1", "conv2", "head_output"]
    assert done.marker.color == theme.NEUTRAL
    assert share.customdata[0] == ["7 × 11", "5.0 × 5.0"]


def test_the_outline_of_one_pixel_is_its_four_sides():
    mask = np.zeros((3, 4), bool)
    mask[1, 2] = True
    x, y = outline(mask)
    strokes = {tuple(sorted(zip(x[i : i + 2], y[i : i + 2], strict=True))) for i in range(0, len(x), 3)}
    assert strokes == {
        ((1.5, 0.5), (2.5, 0.5)),
        ((1.5, 1.5), (2.5, 1.5)),
        ((1.5, 0.5), (1.5, 1.5)),
        ((2.5, 0.5), (2.5, 1.5)),
    }
    assert x[2::3] == y[2::3] == [None] * 4


def test_an_object_at_the_edge_is_closed():
    assert len(outline(np.ones((2, 3), bool))[0]) == 3 * (2 * 2 + 2 * 3)


def test_a_map_over_its_picture_is_transparent_at_zero_and_opaque_at_its_ends():
    signed, unsigned = faded(True), faded(False)
    assert signed[0] == (0, "rgba(20, 130, 70, 1.0)") and signed[-1] == (1, "rgba(145, 45, 180, 1.0)")
    assert signed[32] == (0.5, "rgba(255, 255, 255, 0.0)")
    assert unsigned[0][1].endswith(" 0.0)") and unsigned[-1][1].endswith(" 1.0)")
    quarter = float(signed[24][1].rsplit(" ", 1)[1].removesuffix(")"))
    assert abs(quarter - 0.25**0.6) < 1e-3
