"""The probe of every block: the streamed pass against one picture at a time, what is shipped, what is refused."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
import pytest

from models.errors import Cancelled, InputError, RunNotFound
from models.jobs import execute
from models.networks.worker import opened
from models.pictures import datasets, images
from models.representations import probe as probe_room
from models.representations import probe_fit
from models.representations.probe import PROBE, ProbeResult, ProbeSpec, probed_layers
from models.representations.worker import probe
from models.storage import files, runs
from models.storage.progress import SILENT
from models.training import recipes
from models.training.spec import HeadSpec, TrainingSpec

RANDOM = "backbone:frame8:64:random"
FEW = 90  # pictures of the small data set


@pytest.fixture
def few(monkeypatch, tmp_path):
    """The first scans of the digits as if they were all: of every class 5 to fit on, 2 to choose on, 2 to test on."""
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    scans, labels = datasets.load("digits").images, datasets.labels("digits")
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == number)[: FEW // 10] for number in range(10)]))
    found = replace(datasets.get("digits"), per_class=(FEW // 10,) * 10, origin=lambda: (scans[chosen], labels[chosen]))
    monkeypatch.setitem(datasets.DATASETS, "digits", found)
    datasets.load.cache_clear()
    yield datasets.load("digits")
    datasets.load.cache_clear()


class Watcher:
    """Notes what it hears, and cancels at a check."""

    def __init__(self, checks: int = -1) -> None:
        self.left, self.shares = checks, []

    def event(self, **fields: Any) -> None:
        self.shares.append(fields["share"])

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_one_pass_gives_what_one_picture_and_one_layer_at_a_time_give(few):
    watcher = Watcher()
    result = probe.measure(ProbeSpec(RANDOM, "digits"), watcher)
    assert files.unpack(files.pack(result), ProbeResult).layers == result.layers
    assert watcher.shares == sorted(watcher.shares) and watcher.shares[-1] < 1
    assert (result.weights, result.budgets) == (("random",), (5,))
    assert result.blocks == ("pixels", "conv1", "conv2", "conv3", "conv4", "conv5")
    assert (result.n_train.tolist(), result.n_validation, result.n_test, result.n_classes) == ([50], 20, 20, 10)
    model = opened.load(RANDOM).model
    for depth in (2, 5):
        [streamed] = probe.features_of(RANDOM, [result.layers[depth]], "digits", SILENT)
        single = keras.Model(model.input, model.get_layer(result.layers[depth]).output)
        slow = [np.array(single(images.resize(few.images[i : i + 1], 64, 64).astype("f4"))) for i in range(0, FEW, 9)]
        expected = np.concatenate(slow).mean(axis=(1, 2))
        assert streamed.shape == (FEW, result.channels[depth])
        assert streamed[::9] == pytest.approx(expected, abs=1e-4 * float(np.abs(expected).max()))
    flat = probe.pixels("digits")
    assert (flat == few.images.reshape(FEW, -1)).all() and result.channels[0] == 192
    fit = probe_fit.probe(flat, few.labels, datasets.split("digits"), lambda: None)
    assert result.test_hits[0, 0, 0] == fit.test_hits and result.accuracy("random", 5, 0).n == 20


def test_a_probe_stops_when_asked_to(few):
    with pytest.raises(Cancelled):
        probe.measure(ProbeSpec(RANDOM, "digits"), Watcher(checks=3))


def test_a_job_whose_pictures_make_no_regression_says_why(few, monkeypatch):
    monkeypatch.setitem(datasets.DATASETS, "digits", replace(datasets.get("digits"), per_class=(FEW,) * 10))
    monkeypatch.setattr(datasets, "labels", lambda dataset: np.zeros(FEW, np.int64))
    run = runs.create(PROBE.kind, ProbeSpec(RANDOM, "digits").to_json(), owner="o" * 32, title="Probe")
    assert execute.execute(run.id) == "failed" and "at least two classes" in run.status.message


def test_a_run_is_probed_on_its_own_split(few):
    spec = TrainingSpec(dataset="digits", split_seed=3)
    run = runs.create("training", spec.to_json(), owner="o" * 32, title="Run")
    [(budget, part)] = probe_room.splits(f"run:{run.id}", "digits").items()
    own = recipes.split_of(spec)
    assert budget == 5 and (part.train.tolist(), part.test.tolist()) == (own.train.tolist(), own.test.tolist())
    assert set(part.test) != set(probe_room.splits(RANDOM, "digits")[5].test)


def test_a_run_is_probed_with_its_head_and_beside_its_random_twin(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    spec = TrainingSpec(dataset="textures", side=96, head=HeadSpec(widths=(24,)))
    run = runs.create("training", spec.to_json(), owner="o" * 32, title="Run")
    asked = ProbeSpec(f"run:{run.id}", "textures")
    assert asked.networks == {"trained": f"run:{run.id}", "random": "backbone:frame8:96:random"}
    assert [layer.name for layer in probed_layers(asked.network)][-2:] == ["conv5_relu", "head_dense1_relu"]
    monkeypatch.setattr(probe, "layer_features", lambda network, names, *_: [np.zeros((1, 1))] * len(names))
    bare = probe.features_of(RANDOM, ["conv5_relu", "head_dense1_relu"], "textures", SILENT)
    assert bare[0] is not None and bare[1] is None


def test_a_layer_that_a_network_has_not_is_left_out():
    labels = np.arange(40, dtype=np.int64) % 2
    parts = datasets.Split(*np.split(np.arange(40), [20, 30]))
    seen = np.stack([labels, labels], axis=1).astype(np.float32)
    features = {"trained": [seen, seen, seen], "random": [seen, seen, None]}
    fits = probe.fits_of(features, labels, {10: parts}, SILENT)
    assert [[fit.test_hits for fit in rows[0]] for rows in fits] == [[10, 10, 10], [10, 10, -1]]


def test_what_is_not_there_is_refused():
    for network in ("backbone:nothing:64", "frame8", "backbone:frame8"):
        with pytest.raises(InputError):
            ProbeSpec(network)
    with pytest.raises(InputError, match="Expected a data set out of"):
        ProbeSpec(dataset="cats")
    with pytest.raises(RunNotFound):
        ProbeSpec("run:" + "0" * 32)
    with pytest.raises(InputError, match="Expected fields among"):
        ProbeSpec.from_json({"layer": "conv1"})


@pytest.mark.parametrize("damage", [None, b"", b"PK\x03\x04 torn"])
def test_a_missing_or_damaged_result_is_none(tmp_path, monkeypatch, damage):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    run = runs.create(PROBE.kind, ProbeSpec().to_json(), owner="o" * 32, title="Probe")
    if damage is not None:
        PROBE.path(run).write_bytes(damage)
    assert PROBE.load(run) is None


def test_another_answer_is_no_probe(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    run = runs.create(PROBE.kind, ProbeSpec().to_json(), owner="o" * 32, title="Probe")
    PROBE.path(run).write_bytes(files.pack(ProbeSpec()))
    assert PROBE.load(run) is None


@pytest.mark.parametrize("dataset", list(datasets.DATASETS))
def test_the_shipped_results_are_of_the_shipped_weights(dataset, tmp_path):
    result = PROBE.shipped(ProbeSpec(dataset=dataset))
    assert result is not None, "Frame8's weights have changed: run python -m models.ship probe"
    assert result.test_hits.shape == (2, 2, 6) and (result.test_hits[0, :, 0] == result.test_hits[1, :, 0]).all()
    assert result.n_test == len(datasets.split(dataset).test)
    others = tmp_path / "weights.npz"
    others.write_bytes(b"others")
    assert replace(PROBE, weights=(others,)).shipped(ProbeSpec(dataset=dataset)) is None


def test_galaxies_gain_from_trained_weights_and_digits_do_not():
    galaxies, digits = (PROBE.shipped(ProbeSpec(dataset=dataset)) for dataset in ("galaxies", "digits"))
    best = {
        (result.dataset, weights): result.accuracy(
            weights, result.budgets[-1], result.best_depth(weights, result.budgets[-1])
        )
        for result in (galaxies, digits)
        for weights in result.weights
    }
    assert best["galaxies", "trained"].low > 0.9 > best["galaxies", "random"].high
    assert best["galaxies", "random"].low > galaxies.accuracy("random", galaxies.budgets[-1], 0).high
    assert best["digits", "random"].high > best["digits", "trained"].value


def test_what_a_result_says_of_a_depth_by_hand():
    hits = np.array([[[3, 0, 9, 9], [1, 4, -1, 2]]])
    validation = np.array([[[9, 2, 5, 5], [9, 7, -1, 7]]])
    sizes = np.zeros(4, np.int64)
    result = ProbeResult(
        "n", "digits", "", ("random",), (20, 70), tuple("pabc"), tuple("pabc"), sizes, hits, validation,
        np.ones((1, 2, 4)), sizes[:2], n_validation=10, n_test=12, n_classes=5,
    )  # fmt: skip
    assert result.accuracy("random", 20, 0).value == 3 / 12 and result.accuracy("random", 70, 3).value == 2 / 12
    nothing = result.accuracy("random", 20, 1)
    assert (nothing.value, nothing.low) == (0, 0) and 0 < nothing.high < 0.3 and nothing.n == 12
    assert result.accuracy("random", 70, 2) is None  # no such layer
    assert result.best_depth("random", 20) == 2 and result.best_depth("random", 70) == 1  # pixels left out
