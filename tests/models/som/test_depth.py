"""Purity by depth: which layers, what is measured, and the shipped result."""

import numpy as np
import pytest

from models.errors import Cancelled, InputError
from models.pictures import datasets
from models.som.depth import DEPTH, SEEDS, DepthTask, chosen_layers
from models.som.worker import depth
from models.som.worker.depth import measure, purities
from models.storage import runs
from models.storage.files import pack
from models.storage.progress import SILENT


def test_the_layers_that_end_a_step_are_measured():
    names = [choice.name for choice in chosen_layers("backbone:frame8:64")]
    assert names == ["conv1_relu", "pool1", "conv2_relu", "conv3_relu", "pool3", "conv4_relu", "conv5_relu"]
    assert chosen_layers("run:example")[-1].name == "head_output"
    deep = chosen_layers("backbone:densenet121:96")
    assert len(deep) == 6 and len({choice.block for choice in deep}) == 6  # the last of each block


def test_the_random_twin_and_the_cost():
    task = DepthTask("run:example", "galaxies")
    assert task.random == "backbone:frame8:64:random" and DepthTask(task.random, "digits").random == task.random
    assert DepthTask("backbone:vgg16:96", "galaxies").seconds > task.seconds > 5
    with pytest.raises(InputError, match="Expected a data set"):
        DepthTask("run:example", "cats")


def test_purity_of_features_that_hold_the_class_and_of_those_that_do_not():
    labels = np.arange(120) % 3
    train, test = np.arange(80), np.arange(80, 120)
    noise = np.random.default_rng(0).normal(size=(120, 4)).astype(np.float32)
    telling = noise.copy()
    telling[:, 1] = labels * 1000.0 + noise[:, 1]  # the other channels are small beside it, but as many
    telling[:, 3] = 7  # silent
    found = purities(telling, labels, train, test, SILENT)
    blind = purities(noise, labels, train, test, SILENT)
    assert found.shape == (SEEDS,) and found.mean() > 0.9 and blind.mean() < 0.55


class Told:
    def __init__(self, left=-1):
        self.left, self.shares = left, []

    def event(self, **fields):
        self.shares.append(fields["share"])

    def check(self):
        self.left -= 1
        if self.left == 0:
            raise Cancelled


@pytest.fixture
def layers(monkeypatch):
    """Instead of a network: the first layer answers noise, deeper ones the class; random weights noise alone."""
    labels = datasets.labels("digits")

    def answer(network, names, dataset, progress):
        rng = np.random.default_rng(0)
        noise = [rng.normal(size=(len(labels), 3)).astype(np.float32) for _ in names]
        progress.event(share=0.0, note="")
        progress.check()
        if network.endswith("random"):
            return noise
        return [values + 4 * depth * labels[:, None].astype(np.float32) for depth, values in enumerate(noise)]

    monkeypatch.setattr(depth, "layer_features", answer)
    monkeypatch.setattr(depth, "SEEDS", 2)
    monkeypatch.setattr(depth, "EPOCHS", 6)


def test_the_job_measures_the_network_and_random_weights(layers, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    run = runs.create("depth", {"network": "run:example", "dataset": "digits"}, owner="o" * 32, title="t")
    assert DEPTH.load(run) is None
    told = Told()
    DEPTH.path(run).write_bytes(pack(measure(DEPTH.spec_of(run), told)))
    found = DEPTH.load(run)
    assert found.layers[0] == "conv1_relu" and found.layers[-1] == "head_output" and found.blocks[-1] == "head"
    assert found.purity.shape == found.random.shape == (8, 2) and 0.09 < found.chance < 0.12
    assert found.purity[-1].mean() > 0.8 > 0.3 > found.purity[0].mean()
    assert np.isnan(found.random[-1]).all() and found.random[:-1].max() < 0.3  # a bare backbone has no head
    assert told.shares == sorted(told.shares) and told.shares[-1] < 1
    split = datasets.split("digits")
    assert found.n_test == len(split.validation) + len(split.test)
    with pytest.raises(Cancelled):
        measure(DepthTask("run:example", "digits"), Told(left=4))
    with pytest.raises(InputError, match="Expected the fields network, dataset"):
        DepthTask.from_json({"network": "run:example"})


def test_random_weights_are_not_compared_with_themselves(layers):
    found = measure(DepthTask("backbone:frame8:64:random", "digits"))
    assert np.isnan(found.random).all() and not np.isnan(found.purity).any()


def test_the_shipped_result_belongs_to_the_shipped_weights():
    """Fails after new weights of Frame8 or a new example: run `python -m models.ship depth`."""
    [task] = DEPTH.examples()
    found = DEPTH.shipped(task)
    assert found is not None
    assert found.layers == tuple(choice.name for choice in chosen_layers(task.network))
    mean = found.purity.mean(axis=1)
    assert mean[-1] > 0.9 and mean[-1] > mean[0] + 0.3 and mean[-2] > np.nanmax(found.random.mean(axis=1)) + 0.1


def test_a_shipped_file_that_cannot_be_read_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setattr("models.jobs.job.SHIPPED", tmp_path)
    [task] = DEPTH.examples()
    assert DEPTH.shipped(task) is None
    DEPTH.shipped_path(task).write_bytes(b"torn")
    assert DEPTH.shipped(task) is None
