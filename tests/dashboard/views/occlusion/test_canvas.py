"""What travels to the canvases of the Occlusion page, and the words about it."""

import numpy as np
import pytest

from dashboard.views.occlusion import canvas
from dashboard.views.occlusion.figures import falls
from models.occlusion.scores import map_of
from tests.dashboard.views.occlusion.hidden import CLASSES, HEIGHT, WIDTH, scores

IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)


@pytest.fixture
def sent(monkeypatch):
    """Header and parts of what the canvases get."""
    found = []
    monkeypatch.setattr(canvas, "pack", lambda header, parts: found.append((header, parts)))
    for name in ("_maps", "_figure"):
        monkeypatch.setattr(canvas, name, lambda **arguments: None)
    return found


def test_the_message_is_header_and_parts_in_order():
    message = canvas.pack({"a": 1}, {"x": b"123", "y": b"", "z": b"4"})
    length = int.from_bytes(message[:4], "little")
    assert message[4 : 4 + length] == b'{"a": 1, "parts": [["x", 3], ["y", 0], ["z", 1]]}'
    assert message[4 + length :] == b"1234"


def test_maps_travel_as_they_are_with_the_outline_in_pixels(sent):
    mask = np.zeros((HEIGHT, WIDTH), bool)
    mask[2, 4] = True
    panels, scales = falls([("ring", map_of(scores(), 0, "logit"))], "logit")
    canvas.linked_maps(IMAGE, panels, scales, key="k", alt="a", mask=mask, square=(2, 4, 3))
    [(header, parts)] = sent
    assert header["square"] == (2, 4, 3)
    assert [one["quiet"] for one in header["maps"]] == [True]  # the ring's logit is the same everywhere
    values = np.frombuffer(parts["map0"], "<f4").reshape(HEIGHT, WIDTH)
    np.testing.assert_array_equal(values, panels[0].values)
    edges = {tuple(sorted([(x, y), (u, v)])) for x, y, u, v in header["outline"]}
    assert edges == {
        ((4, 2), (5, 2)),
        ((4, 3), (5, 3)),
        ((4, 2), (4, 3)),
        ((5, 2), (5, 3)),
    }


def test_the_figure_begins_where_the_class_loses_most(sent):
    made = scores()
    nothing = canvas.Projection(None, "map 5", "")
    canvas.occluder_figure(IMAGE, made, nothing, explained=1, picture="ring, picture 3", key="k")
    [(header, parts)] = sent
    values = np.frombuffer(parts["probabilities"], "<f4").reshape(15, 3)
    exponentials = np.exp(made.logits.reshape(15, 3))
    np.testing.assert_allclose(values, exponentials / exponentials.sum(axis=1, keepdims=True), rtol=1e-5)
    assert header["start"] == 4 == values[:, 1].argmin()
    assert header["rowEdges"] == [0, 2.5, 4.5, 7] and header["colEdges"] == [0, 2.5, 4.5, 6.5, 8.5, 11]
    assert [name for name, _ in header["classes"]] == list(CLASSES)
    np.testing.assert_array_equal(np.frombuffer(parts["activity"], "<f4"), np.arange(15))
    assert header["baseActivity"] == 20
    assert parts["computed"] == b"\x01" * 15


def test_of_partial_scores_every_position_shows_the_nearest_computed(sent):
    made = scores()
    made.logits[:, 1:] = np.nan
    made.activity[:, 1:] = np.nan
    canvas.occluder_figure(IMAGE, made, canvas.Projection(None, "map 5", ""), explained=1, picture="p", key="k")
    [(_, parts)] = sent
    assert parts["computed"] == b"\x01\0\0\0\0" * 3
    np.testing.assert_array_equal(np.frombuffer(parts["activity"], "<f4"), np.repeat([0, 5, 10], 5))
