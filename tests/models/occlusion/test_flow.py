"""A picture on its way through a network: what is shipped is what the network answers, and how it is cut and chosen."""

import numpy as np
import pytest

from models.errors import InputError
from models.jobs import shipped
from models.networks.worker import opened
from models.occlusion.flow import COARSE, EXAMPLE, FINE, FLOW, PICTURES, Flow, levels, most_changed, squares
from models.occlusion.worker import flow as worker
from models.pictures import datasets

# Keras 3.15 reads its variables in a way NumPy 2 deprecates.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
LAYERS = [f"conv{number}_relu" for number in range(1, 6)]


def answers(picture):
    """Return the maps of the five blocks and the probabilities of one picture (64, 64, 3), by Keras itself."""
    import keras

    model = opened.load(EXAMPLE).model
    outputs = [model.get_layer(name).output for name in LAYERS]
    found = keras.Model(model.input, [*outputs, model.output])(picture[None].astype(np.float32), training=False)
    return [np.array(one)[0] for one in found]


def hidden(index, row, col):
    """Return a galaxy with the 16 pixels from (row, col) on in its mean colour."""
    picture = datasets.picture("galaxies", index).copy()
    picture[row : row + 16, col : col + 16] = np.rint(datasets.picture("galaxies", index).mean(axis=(0, 1)))
    return picture


@pytest.mark.parametrize("picture", PICTURES[:2])
def test_what_is_shipped_is_what_the_network_answers(picture):
    found = shipped.find(FLOW, {"network": EXAMPLE, "picture": picture, "steps": FINE})
    index = int(picture.split(":")[-1])
    assert len(found.probabilities) == 1 + 13 * 13 and found.layers == tuple(LAYERS)
    for row, col in ((4, 36), (24, 12), (48, 0)):
        position = 1 + row // 4 * 13 + col // 4
        *maps, probabilities = answers(hidden(index, row, col))
        np.testing.assert_allclose(found.probabilities[position], probabilities, atol=1e-3)
        for block, values in enumerate(maps):
            expected = 31 * np.moveaxis(values[..., found.channels[block]], -1, 0) / found.tops[block][:, None, None]
            assert np.abs(found.maps(block)[position] - expected).max() < 0.6  # half a level, and what rounding moves


def test_every_offered_picture_is_shipped_and_shows_its_class():
    for picture in PICTURES:
        found = shipped.find(FLOW, {"network": EXAMPLE, "picture": picture, "steps": FINE})
        assert found is not None and int(picture.split(":")[-1]) in datasets.split("galaxies").test
        assert found.tiles.max(axis=0).max() == 31
    classes = {datasets.label("galaxies", int(picture.split(":")[-1])) for picture in PICTURES}
    assert classes == set(range(5))


def test_a_coarse_grid_has_the_same_answers_and_shows_the_channels_that_change_most():
    found = worker.flow(EXAMPLE, PICTURES[2], COARSE)
    fine = shipped.find(FLOW, {"network": EXAMPLE, "picture": PICTURES[2], "steps": FINE})
    assert len(found.probabilities) == 1 + 7 * 7
    same = fine.probabilities[1:].reshape(13, 13, 5)[::2, ::2].reshape(-1, 5)
    np.testing.assert_allclose(found.probabilities[1:], same, atol=1e-3)
    index = int(PICTURES[2].split(":")[-1])
    whole = answers(datasets.picture("galaxies", index))[1]
    change = np.zeros(whole.shape[-1])
    for row in range(0, 49, 8):
        for col in range(0, 49, 8):
            change += np.abs(answers(hidden(index, row, col))[1] - whole).mean(axis=(0, 1))
    assert found.channels[1].tolist() == np.argsort(-change)[:3].tolist()


def test_squares_cover_a_picture_that_is_not_square():
    patch, rows, cols = squares(40, 64, 8)
    assert patch == 10 and rows.tolist() == [0, 5, 10, 15, 20, 25, 30]
    assert cols.tolist() == [*range(0, 51, 5), 54]
    with pytest.raises(InputError):
        squares(64, 64, 3)


def test_levels_go_from_zero_to_each_channels_largest_value():
    maps = np.zeros((2, 1, 3, 2), np.float32)
    maps[0, 0, :, 0], maps[1, 0, :, 0] = (-1, 2, 0.5), (4, 1, 0)
    drawn, tops = levels(maps)
    assert tops.tolist() == [4, 0] and drawn.shape == (2, 2, 1, 3)
    assert drawn[:, 0, 0].tolist() == [[0, 16, 4], [31, 8, 0]] and not drawn[:, 1].any()


def test_of_channels_that_change_alike_the_first_comes_first():
    assert most_changed(np.array([1.0, 3.0, 2.0, 3.0, 0.0]), 3).tolist() == [1, 3, 2]


def test_tiles_are_found_again_block_by_block():
    tiles = np.arange(3 * 16, dtype=np.uint8).reshape(3, 16)
    one = Flow(
        rows=np.array([0]), cols=np.array([0, 2]), patch=2, height=2, width=4, classes=("a", "b"),
        probabilities=np.zeros((3, 2), np.float32), layers=("x", "y"), blocks=("x", "y"),
        channels=np.array([[5, 1], [0, 2]]), sides=np.array([[2, 3], [1, 2]]), tops=np.ones((2, 2), np.float32),
        tiles=tiles,
    )  # fmt: skip
    assert one.maps(0)[1, 1].tolist() == [[22, 23, 24], [25, 26, 27]]
    assert one.maps(1)[2].tolist() == [[[44, 45]], [[46, 47]]]
