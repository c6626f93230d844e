"""What travels to the canvases of the Occlusion page, and the words about it."""

import numpy as np
import pytest

from dashboard.views.occlusion import canvas
from dashboard.views.occlusion.figures import falls
from dashboard.views.occlusion.reading import disagree, explanation, resolve, summary, title_of_class
from models.networks.answers import Prediction
from models.occlusion.scores import map_of
from tests.dashboard.views.occlusion.hidden import CLASSES, HEIGHT, WIDTH, scores

IMAGE = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
SAID = Prediction(np.array([0.05, 0.9, 0.05], np.float32), np.array([0, 3, 0], np.float32), CLASSES, HEIGHT, WIDTH)


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
    canvas.linked_maps(IMAGE, panels, scales, key="k", alt="a", mask=mask)
    [(header, parts)] = sent
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


def test_roles_become_classes_each_once():
    made = scores()
    assert resolve((-1, -2, -3, 1), SAID, 0, made) == [1, 0, 2]  # edge-on wins where the first row is hidden
    assert resolve((-1, -2), SAID, 1, made) == [1]
    assert resolve((-2, 2), SAID, None, made) == [2]
    made.base_logits[:], made.logits[0, :, 2] = 0, 0.5  # now the predicted class rises most, which is no news
    assert resolve((-3,), SAID, None, made) == [2]
    assert title_of_class(1, SAID, 1) == "spiral 90%, predicted, true"
    assert title_of_class(0, SAID, 1) == "ring 5%"


def test_fills_that_disagree_are_named_and_equal_ones_are_said_to_agree():
    one, other = map_of(scores(), 1, "logit"), map_of(scores(), 2, "logit")
    assert disagree([("Grey", one), ("Noise", one)], "logit").startswith("The fills agree")
    words = disagree([("Grey", one), ("Noise", other)], "logit")
    assert words.startswith("They disagree most at row 0, col 9: the logit falls by 3 with grey and by -5 with noise.")


def test_operations_are_told_with_their_reason():
    made = scores()
    assert summary(made) == "1 million of 4 million operations per position: 75% saved"
    words = explanation(made)
    assert "A square of 3 × 3 px can change 32% of the maps of `conv1`" in words
    assert "100% of `conv2`" in words
    full = scores(way="full", reason="Full passes: this network has a layer of an unknown kind.", macs_done=4e6)
    assert summary(full) == "4 million of 4 million operations per position: nothing saved"
    assert explanation(full) == "Full passes: this network has a layer of an unknown kind."
    assert explanation(scores(way="full", macs_done=4e6)) == "Every position was a full forward pass."
