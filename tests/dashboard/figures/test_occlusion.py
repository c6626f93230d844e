"""The overlay, checked by reading its numbers back."""

import numpy as np
import pytest

from dashboard.figures.occlusion import outline, overlay
from models.occlusion import occlusion_map

PICTURE = np.random.default_rng(0).integers(0, 256, (6, 9, 3), np.uint8)


def left_half(batch):
    return batch[:, :, :4].mean((1, 2, 3)) / 255


def drawn(**changes):
    result = occlusion_map(left_half, PICTURE, patch=3, stride=3)
    return result, overlay(PICTURE, result, **{"unit": "logit", "opacity": 0.6, **changes})


def test_the_map_lies_where_it_belongs_with_zero_in_the_middle():
    result, figure = drawn()
    heatmap = figure.data[0]
    np.testing.assert_array_equal(heatmap.z, result.drop)
    assert -heatmap.zmin == heatmap.zmax == pytest.approx(np.abs(result.drop).max())
    assert figure.layout.xaxis.range == (-0.5, 8.5)
    assert figure.layout.yaxis.range == (5.5, -0.5)
    picture = figure.layout.images[0]
    assert (picture.x, picture.y, picture.sizex, picture.sizey, picture.layer) == (-0.5, -0.5, 9, 6, "below")
    assert heatmap.opacity == 0.6
    assert "logit" in heatmap.colorbar.title.text


def test_hover_gives_row_column_and_value():
    assert drawn()[1].data[0].hovertemplate == "row %{y}, col %{x}<br>logit falls by %{z:.3g}<extra></extra>"


def test_a_flat_map_does_not_divide_by_zero():
    result = occlusion_map(lambda batch: np.zeros(len(batch)), PICTURE, patch=3, stride=3)
    heatmap = overlay(PICTURE, result, unit="probability", opacity=1).data[0]
    assert (heatmap.zmin, heatmap.zmax) == (-1, 1)


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


def test_an_object_at_the_edge_is_closed_and_drawn():
    assert len(outline(np.ones((2, 3), bool))[0]) == 3 * (2 * 2 + 2 * 3)
    figure = drawn(mask=np.ones((6, 9), bool))[1]
    assert [trace.type for trace in figure.data] == ["heatmap", "scatter", "scatter"]
