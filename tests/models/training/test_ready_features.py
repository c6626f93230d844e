"""Features that come with the app: those of the network, in its order; a head on them is the head on its pictures."""

from dataclasses import replace

import keras
import numpy as np
import pytest

from models.backbones import tables
from models.backbones.worker import build
from models.jobs.turns import SHORT_S
from models.pictures import datasets, images
from models.storage.progress import SILENT
from models.storage.runs import Run
from models.training import ready_features, recipes
from models.training.results import load_result
from models.training.spec import GENTLE, HeadSpec
from models.training.worker.train import train
from tests.few_digits import few_digits


def spec_of(dataset: str, pooling: str = "average+max"):
    return replace(recipes.DEFAULT, dataset=dataset, head=HeadSpec(pooling))


@pytest.mark.parametrize("dataset", datasets.DATASETS)
def test_they_are_the_average_and_the_maximum_of_what_the_network_says(dataset):
    numbers = [0, 1, 7, datasets.get(dataset).size - 1]
    pictures = np.stack([datasets.picture(dataset, number) for number in numbers])
    network = build.build("frame8", side=64, weights="pretrained", seed=0)
    maps = keras.ops.convert_to_numpy(network(images.resize(pictures, 64, 64).astype(np.float32), training=False))
    expected = {"average": maps.mean(axis=(1, 2)), "max": maps.max(axis=(1, 2))}
    expected["average+max"] = np.concatenate([expected["average"], expected["max"]], axis=1)
    assert maps.max() > 1
    for pooling, right in expected.items():
        found = ready_features.of(spec_of(dataset, pooling))
        assert len(found) == datasets.get(dataset).size
        np.testing.assert_allclose(found[numbers], right, rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize(
    "change",
    [
        {"side": 96},
        {"weights": "random"},
        {"preprocessing": "scaled twice"},
        {"backbone": "mobilenetv2", "side": 96},
        {"head": HeadSpec("flatten")},
    ],
)
def test_they_serve_no_other_network_and_no_other_pooling(change):
    assert ready_features.of(spec_of("galaxies")) is not None
    assert ready_features.of(replace(spec_of("galaxies"), **change)) is None


def test_what_was_made_with_other_weights_or_pictures_or_is_damaged_is_not_read(monkeypatch, tmp_path):
    kept = ready_features.of(spec_of("digits"))
    monkeypatch.setattr(ready_features, "FOLDER", tmp_path)
    try:
        path = ready_features.keep("digits", np.asarray(kept, np.float32))
        np.testing.assert_array_equal(ready_features.of(spec_of("digits")), kept)
        whole = path.read_bytes()
        monkeypatch.setattr(ready_features, "_weights", lambda: "another")
        ready_features._in_file.cache_clear()
        assert ready_features.of(spec_of("digits")) is None
        monkeypatch.undo()
        monkeypatch.setattr(ready_features, "FOLDER", tmp_path)
        path.write_bytes(whole[: len(whole) // 2])
        ready_features._in_file.cache_clear()
        assert ready_features.of(spec_of("digits")) is None
    finally:
        ready_features._in_file.cache_clear()


def test_a_data_set_of_another_size_leaves_nothing_behind():
    ready_features._in_file.cache_clear()
    with few_digits():
        assert ready_features.of(spec_of("digits")) is None
    assert ready_features.of(spec_of("digits")) is not None


def test_a_head_on_them_is_the_head_on_the_pictures(monkeypatch, tmp_path):
    spec = replace(recipes.DEFAULT, dataset="digits", epochs=4)
    found = {}
    with few_digits():
        for name in ("ready", "pictures"):
            (tmp_path / name).mkdir()
            if name == "pictures":
                monkeypatch.setattr(ready_features, "serve", lambda _: False)
            train(spec, SILENT, tmp_path / name)
            found[name] = load_result(Run("", tmp_path / name))
    assert found["ready"].summary["path"] == found["pictures"].summary["path"] == "features once"
    np.testing.assert_allclose(found["ready"].probability, found["pictures"].probability, atol=1e-4)
    assert found["ready"].probability.std() > 0.05


def test_a_head_on_them_is_predicted_to_be_short_work_and_draws_nothing():
    frozen = recipes.estimate(recipes.DEFAULT)
    last = replace(recipes.DEFAULT, trainable=[*tables.table("frame8", 64).weighted_blocks.values()][-1])
    augmented = recipes.estimate(replace(recipes.DEFAULT, augmentation=GENTLE))
    assert frozen.seconds < SHORT_S < min(recipes.estimate(last).seconds, augmented.seconds)


def test_features_of_another_width_are_refused():
    from models.training.worker.classifier import classifier, split_at_frozen
    from models.training.worker.course import freeze_phase
    from models.training.worker.examples import ready_examples

    network = classifier(spec_of("digits", "average"))
    freeze_phase(network, spec_of("digits", "average"), {})
    with pytest.raises(ValueError, match="256"):
        ready_examples(split_at_frozen(network), np.zeros((3, 512), np.float32), np.zeros(3, np.int64))
