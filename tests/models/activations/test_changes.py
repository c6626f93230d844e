"""What training did to maps: hand-made answers with known differences, and a real run against the plain way."""

import keras
import numpy as np
import pytest

from models.activations.changes import LayerChanges, MapPair, first_channels, relative
from models.activations.worker import changes, maps
from models.errors import InputError
from models.networks import layers as networks_layers
from models.networks.worker import opened
from models.storage import runs
from models.training import kept_epochs
from models.training.spec import HeadSpec, TrainingSpec
from tests.models.training.test_kept_epochs import digits_run

__all__ = ["digits_run"]
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture
def pair():
    """Three channels of 2 x 3: the first unchanged, the second moved by 2 in one place, the third new."""
    before, after = (np.zeros((2, 3, 3), np.float32) for _ in range(2))
    before[..., 0] = after[..., 0] = 7
    before[..., 1] = after[..., 1] = 1
    after[1, 2, 1] = 3
    after[0, 1, 2] = 1
    return MapPair("layer", before, after)


def test_changes_are_root_mean_squares_and_shares_of_what_was(pair):
    moved, share = pair.change()
    np.testing.assert_allclose(moved, [0, np.sqrt(4 / 6), np.sqrt(1 / 6)])
    np.testing.assert_allclose(share, [0, np.sqrt(4 / 6), 1])
    assert pair.rank("difference").tolist() == [1, 2, 0]
    assert pair.rank("relative").tolist() == [2, 1, 0]
    assert pair.rank("strongest").tolist() == [0, 1, 2]
    assert pair.rank("number").tolist() == [0, 1, 2]
    with pytest.raises(InputError, match="Received 'magic'"):
        pair.rank("magic")


def test_nothing_is_divided_by_zero():
    assert relative(np.array([0.0, 2.0, 3.0]), np.array([0.0, 0.0, 6.0])).tolist() == [0, 1, 0.5]


def test_the_wanted_channel_is_always_among_those_that_moved_most():
    change = np.array([0.1, 3, 0, 2])
    assert first_channels(change, 2, -1).tolist() == [1, 3]
    assert first_channels(change, 2, 2).tolist() == [1, 2]
    assert first_channels(change, 2, 3).tolist() == [1, 3]
    assert first_channels(change, 2, 0).tolist() == [1, 0] and first_channels(change, 2, 4).tolist() == [1, 3]
    assert first_channels(change, 9, 2).tolist() == [1, 3, 0, 2]


def test_the_first_layer_that_moved():
    assert LayerChanges("d", ("a", "b"), np.array([[0, 0], [0, 0.1]])).first == "b"
    assert LayerChanges("d", ("a", "b"), np.zeros((2, 2))).first is None


def test_every_layer_is_compared_as_keras_would(digits_run):
    run, _ = digits_run
    found = changes.layer_changes(run.id, "digits")
    start, end = (opened.load(f"run:{run.id}{which}").model for which in (":start", ""))
    chosen = maps.affordable(f"run:{run.id}", "digits", passes=2)
    assert found.change.shape == (len(networks_layers.layers(f"run:{run.id}")), len(chosen))
    pictures = maps.pictures(opened.load(f"run:{run.id}"), "digits", chosen).astype(np.float32)
    for name in ("conv2_relu", "conv5_relu", "head_output"):
        old, new = (
            np.array(keras.Model(model.input, model.get_layer(name).output)(pictures)).reshape(len(chosen), -1)
            for model in (start, end)
        )
        expected = np.linalg.norm(new - old, axis=1) / np.linalg.norm(old, axis=1)
        np.testing.assert_allclose(found.change[found.layers.index(name)], expected, atol=1e-4)
    reached = [choice.name for choice in networks_layers.reached(f"run:{run.id}")]
    assert found.first == reached[0] == "conv5" and reached[-1] == "conv5_relu"
    assert (found.change[: found.layers.index("conv5")] == 0).all()  # frozen: the same to the last bit
    assert (found.change[found.layers.index("conv5") :] > 0).all(axis=1).any()
    assert networks_layers.moved_most(f"run:{run.id}").name == "conv5_relu"
    assert networks_layers.moved_most("run:example") is None and not networks_layers.reached("backbone:frame8:64")


def test_before_and_after_are_the_maps_of_both_networks(digits_run):
    run, _ = digits_run
    frozen = changes.map_pair(run.id, "conv4_relu", "sample:digits:9")
    assert frozen.after.any() and (frozen.difference == 0).all()
    learnt = changes.map_pair(run.id, "conv5_relu", "sample:digits:9")
    again = maps.activation_maps(f"run:{run.id}", "conv5_relu", "sample:digits:9")
    assert learnt.difference.any() and (learnt.after == again.maps).all()


def test_every_epoch_is_the_network_of_that_epoch(digits_run):
    run, _ = digits_run
    found = changes.epoch_maps(run.id, "conv5_relu", "sample:digits:9", 6, 200)
    assert found.epochs.tolist() == [0, *kept_epochs.epochs(run.folder)] == [0, 1, 2, 3]
    assert found.maps.shape == (4, 8, 8, 6) and 200 in found.channels
    assert (np.diff(found.change[found.channels[:-1]]) <= 0).all()
    for place, epoch in ((0, "start"), (2, "epoch:2"), (1, "epoch:1")):  # in any order: the weights are put back
        expected = maps.activation_maps(f"run:{run.id}:{epoch}", "conv5_relu", "sample:digits:9").maps
        assert (found.maps[place] == expected[..., found.channels]).all()
        assert (found.strongest[place] == expected.max((0, 1))).all()
    again = changes.epoch_maps(run.id, "conv5_relu", "sample:digits:9", 6, 200)
    assert (again.maps == found.maps).all()
    frozen = changes.epoch_maps(run.id, "conv4_relu", "sample:digits:9", 3, -1)
    assert not frozen.change.any() and frozen.maps.any()


def test_runs_and_layers_without_a_film_are_refused(digits_run):
    run, _ = digits_run
    with pytest.raises(InputError, match="kept the weights of its epochs"):
        changes.epoch_maps("example", "conv5_relu", "sample:galaxies:9", 6, -1)
    with pytest.raises(InputError, match="a layer with maps"):
        changes.epoch_maps(run.id, "head_output", "sample:digits:9", 6, -1)
    other = runs.create("training", TrainingSpec(head=HeadSpec()).to_json(), owner="o", title="t")
    assert kept_epochs.epochs(other.folder) == ()
