"""Before, after and difference, checked by reading colours and numbers back."""

import numpy as np

from dashboard.figures import map_pairs, theme
from dashboard.figures.activations import Scale, colour
from models.activations.changes import LayerChanges, MapPair
from models.pictures import uploads


def pair():
    """Five channels of 2 x 3: channel n rose from n to 2n in one corner."""
    before = np.zeros((2, 3, 5), np.float32)
    before[0, 0] = np.arange(5)
    after = before.copy()
    after[0, 0] *= 2
    return MapPair("conv", before, after)


def test_a_tile_is_before_after_and_the_difference_on_two_scales():
    made, (values, difference) = map_pairs.grid(pair(), "difference", 0), map_pairs.scales(pair())
    assert made.channels == (4, 3, 2, 1, 0) and made.parts == 3
    assert made.captions[0] == "4 · 100%" and made.captions[-1] == "0 · 0%"
    assert made.labels[0].startswith("channel 4, rank 1: moved by 1.63 (root mean square), 100.0% of what it was")
    assert made.labels[0].endswith("strongest 4 before, 8 after")
    sprite = uploads.decode(made.sprite)
    assert sprite.shape == (2 * 2, map_pairs.COLUMNS * 3 * 3, 3)
    shown = [sprite[0, part * 3].tolist() for part in range(3)]
    expected = [(4, values), (8, values), (4, difference)]
    assert shown == [colour(np.array([value]), scale)[0].tolist() for value, scale in expected]
    assert values.low == 0 and difference.low == -difference.high < 0


def test_what_did_not_move_is_white_and_said_so():
    still = MapPair("conv", pair().before, pair().before)
    made = map_pairs.grid(still, "difference", 0)
    assert uploads.decode(made.sprite)[0, 2 * 3].tolist() == [255, 255, 255]
    assert made.legends[1].low == "difference: 0 everywhere"
    assert map_pairs.scales(still)[1] == Scale(-1, 1)


def test_units_stand_side_by_side_in_the_order_of_rank():
    figure = map_pairs.units(np.array([1.0, 2]), np.array([3.0, 5]), np.array([1, 0]), ("a", "b"))
    assert [list(bars.x) for bars in figure.data] == [["b", "a"]] * 2
    assert [list(bars.y) for bars in figure.data] == [[2, 1], [5, 3]]


def test_layers_show_the_median_and_the_middle_half_in_the_colour_of_what_learnt():
    changes = LayerChanges("d", ("one", "two", "three"), np.array([[0, 0, 0.0], [0.1, 0.2, 0.6], [1, 1, 1]]))
    kinds = {"one": map_pairs.HELD, "two": map_pairs.LEARNT}
    figure = map_pairs.layer_changes(changes, ("one", "two"), kinds, "two")
    bars = {bar.name: bar for bar in figure.data}
    assert list(bars["trained"].x) == [1] and list(bars["trained"].y) == [0.2]
    assert bars["trained"].marker.color == theme.TRAINABLE and bars["frozen"].marker.color == theme.FROZEN
    np.testing.assert_allclose(bars["trained"].error_y.array, [0.2])
    np.testing.assert_allclose(bars["trained"].error_y.arrayminus, [0.05])
    assert list(bars["no weights"].x) == []
    assert (
        figure.layout.shapes[0].x0 == 0.5 and not map_pairs.layer_changes(changes, ("one",), kinds, "no").layout.shapes
    )
