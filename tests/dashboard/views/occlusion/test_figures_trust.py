"""Panels, curves, estimates and strips: the numbers are read back out of the figures."""

import numpy as np
import pytest

from dashboard.views.occlusion import figures, figures_trust
from models.attribution.deletion import curves as delete
from models.attribution.maps import METHODS
from models.attribution.randomised import RandomisedResult
from models.intervals import Estimate

IMAGE = np.zeros((6, 9, 3), np.uint8)
VALUES = np.linspace(-2, 1, 54, dtype=np.float32).reshape(6, 9)


def test_a_signed_panel_has_zero_in_the_middle_and_an_unsigned_one_at_the_end():
    signed = figures.panel(IMAGE, VALUES, METHODS["occlusion"], mask=VALUES > 0.5)
    heat = signed.data[0]
    assert (heat.zmin, heat.zmax) == (-2, 2) and np.array_equal(heat.z, VALUES)
    assert (
        heat.colorscale[32] == (0.5, "rgba(255, 255, 255, 0.0)") and len(signed.data) == 3
    )  # the outline, white on black
    unsigned = figures.panel(IMAGE, np.abs(VALUES), METHODS["gradcam"]).data[0]
    assert (unsigned.zmin, unsigned.zmax) == (0, 2)
    flat = figures.panel(IMAGE, 0 * VALUES, METHODS["saliency"]).data[0]
    assert (flat.zmin, flat.zmax) == (0, 1)
    assert not figures.panel(IMAGE).data
    [cross] = figures.panel(IMAGE, mark=(4, 7)).data
    assert (cross.x[0], cross.y[0]) == (7, 4)
    assert list(signed.layout.xaxis.range) == [-0.5, 8.5] and list(signed.layout.yaxis.range) == [5.5, -0.5]


@pytest.fixture(scope="module")
def found():
    image = np.zeros((8, 12, 3), np.uint8)
    image[2, 3] = 240
    score = lambda batch: batch[..., 0].sum(axis=(1, 2)) / 240  # noqa: E731
    maps = {"occlusion": (image[..., 0] > 0).astype(float), "saliency": np.arange(96.0).reshape(8, 12)}
    return delete(score, image, maps, cell=4, steps=6, score="logit")


def test_curves_are_drawn_with_their_band(found):
    figure = figures_trust.curves(found)
    lines = [line for line in figure.data if line.mode == "lines" and line.fill is None]
    assert [line.name.split()[0] for line in lines] == ["Occlusion", "Saliency"] * 2
    rows = figures_trust.areas(found)
    gone, back = rows[0]["Taken away (low)"], rows[0]["Put back (high)"]
    assert lines[0].name == f"Occlusion {float(gone):.2f} | {float(back):.2f}"
    np.testing.assert_allclose(lines[0].y, found.deletion[0])
    np.testing.assert_allclose(lines[3].y, found.insertion[1])
    assert len({line.line.dash for line in lines[:2]}) == 2  # not by colour alone
    band = next(line for line in figure.data if line.fill)
    assert band.name == "5 random orders" and len(band.x) == 2 * len(found.shares)
    assert [row[""] for row in rows] == ["Occlusion", "Saliency", "5 random orders"]
    assert rows[0]["Taken away (low)"] < rows[1]["Taken away (low)"]


def test_estimates_keep_their_intervals_and_order():
    rows = {"saliency": Estimate(0.5, 0.4, 0.7, 30), "centre": Estimate(0.25, 0.2, 0.3, 31)}
    figure = figures_trust.estimates({"Share": rows, "Hits": rows}, shares=True)
    first = figure.data[0]
    assert first.x[0] == 50 and first.error_x.array[0] == pytest.approx(20)
    assert first.error_x.arrayminus[0] == pytest.approx(10)
    assert list(figure.layout.yaxis.categoryarray) == ["Always the middle", "Saliency"] and len(figure.data) == 4
    assert figures_trust.estimate_rows({"Share": rows}, shares=True)[0] == {
        "": "Saliency", "Share": "50.0% (40.0–70.0%), n = 30"
    }  # fmt: skip
    assert figures_trust.estimate_rows({"Area": rows}, shares=False)[1]["Area"] == "0.250 (0.200–0.300), n = 31"


@pytest.fixture
def followed():
    strips = np.zeros((2, 3, 4, 6), np.float16)
    strips[0, 0, 1, 2], strips[0, 1] = -1, 0.5
    rank = np.array([[[1, 1], [0.8, 0.6], [np.nan, np.nan]], [[1, 1], [0.1, 0.3], [0, 0.2]]], np.float32)
    methods = ("integrated", "saliency")
    return RandomisedResult("n", "sample:galaxies:7", ("as trained", "head", "conv1"), methods, strips, rank, rank / 2,
                            np.full((2, 2), 0.4, np.float32), 1)  # fmt: skip


def test_similarity_is_a_line_a_method_with_gaps_where_maps_are_flat(followed):
    figure = figures_trust.similarity(followed, "rank")
    assert [line.name for line in figure.data] == ["Integrated gradients", "Saliency"]
    np.testing.assert_allclose(figure.data[0].y, [1, 0.7, np.nan], rtol=1e-5)
    np.testing.assert_allclose(figures_trust.similarity(followed, "structure").data[1].y, [0.5, 0.1, 0.05], rtol=1e-5)
    assert list(figure.layout.xaxis.ticktext) == ["as trained", "head", "conv1"] and len(figure.layout.shapes) == 1


def test_a_strip_shows_maps_side_by_side_in_their_colours(followed):
    signed = figures_trust.strip(followed, METHODS["integrated"], tile=12)
    assert signed.shape == (8, 3 * 12 + 2 * figures_trust.GAP, 3)
    assert signed[3, 5].tolist() == [20, 130, 70] and signed[0, 0].tolist() == [255, 255, 255]
    unsigned = figures_trust.strip(followed, METHODS["saliency"])
    assert unsigned[0, 0].tolist() == [68, 1, 84]
