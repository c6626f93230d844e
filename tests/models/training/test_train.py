"""Training: the fast way gives the plain way's result, runs resume to the last bit, and bad recipes end well."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import Cancelled
from models.storage import progress as storage_progress
from models.storage import runs
from models.training import results
from models.training.results import load_result
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import course, examples, loop, train
from tests.few_digits import few_digits
from tests.models import tiny

build.prepare_tensorflow()
# Keras 3.15 hands TensorFlow variables to NumPy 2 in a way NumPy warns about; only saving does it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).resolve().parents[3]
RICH = HeadSpec("average+max", (5,), dropout=0.3, batch_norm=True, weight_decay=1e-3, max_norm=1.5)
SPEC = TrainingSpec(head=RICH, batch=8, epochs=4, learning_rate=0.01, schedule="cosine", seed=3)


def fit(folder, spec=SPEC, progress=storage_progress.SILENT, batch_norm=True):
    """Train the tiny network in `folder`; return the result and the classifier."""
    folder.mkdir(exist_ok=True)
    training = tiny.training(spec, folder, progress, batch_norm=batch_norm)
    return train.fit(training), training.classifier


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """One undisturbed run of `SPEC`: its result, its classifier, its folder, and what it reported."""
    folder, progress = tmp_path_factory.mktemp("whole") / "run", tiny.Recorder()
    result, classifier = fit(folder, progress=progress)
    return SimpleNamespace(result=result, classifier=classifier, folder=folder, progress=progress)


def plain_way(spec, batch_norm):
    """What `fit` of Keras gives for the same batches: the test probabilities after every epoch, and the network."""
    classifier, material = tiny.classifier(spec.head, batch_norm, spec.seed), tiny.material()
    for layer in classifier.layers:
        held = isinstance(layer, keras.layers.BatchNormalization) and spec.batch_norm == "hold"
        layer.trainable = layer.name.startswith("head_") or (layer.name in spec.trainable and not held)
    classifier.compile(loop.optimizer(spec), "sparse_categorical_crossentropy")
    classifier.optimizer.build(classifier.trainable_variables)  # else Keras traces its first step once more
    dropouts = [layer for layer in classifier.layers if isinstance(layer, keras.layers.Dropout)]
    images, labels, split = material.images.astype("f4"), material.labels, material.split
    probabilities = []
    for epoch in range(spec.epochs):
        for position, layer in enumerate(dropouts):
            seed = np.random.default_rng([spec.seed, epoch, position]).integers(2**31)
            layer.seed_generator.state.assign(np.array([seed, 0], np.uint32))
        order = np.random.default_rng([spec.seed, epoch]).permutation(split.train)
        rates = loop.learning_rates(spec, epoch, -(-len(order) // spec.batch))
        for step, rate in enumerate(rates):
            rows = order[step * spec.batch : (step + 1) * spec.batch]
            classifier.optimizer.learning_rate = rate
            classifier.train_on_batch(images[rows], labels[rows])
        probabilities.append(np.asarray(classifier(images[split.test], training=False)))
    return probabilities, classifier


@pytest.mark.parametrize(
    ("trainable", "policy", "batch_norm", "path"),
    [
        ((), "hold", True, "features once"),
        ((), "hold", False, "features once"),
        (("depthwise", "bn3"), "hold", True, "cached at add"),
        (("depthwise", "bn3"), "train", True, "cached at add"),
        (("conv2", "bn2"), "train", True, "cached at relu1"),
        (("conv2",), "hold", False, "cached at relu1"),
        (("bn2",), "train", True, "cached at conv2, relu1"),
        (tuple(tiny.BLOCKS), "train", True, "plain"),
    ],
)
def test_the_fast_way_gives_the_plain_ways_result(tmp_path, trainable, policy, batch_norm, path):
    spec = replace(SPEC, trainable=trainable, batch_norm=policy)
    result, classifier = fit(tmp_path / "run", spec, batch_norm=batch_norm)
    probabilities, plain = plain_way(spec, batch_norm)
    assert result.summary["path"] == path
    best = result.summary["best_epoch"]
    assert np.abs(result.probability - probabilities[best - 1]).max() < 1e-4
    assert np.abs(probabilities[best - 1] - tiny_start(spec, batch_norm)).max() > 0.01  # training did something
    if best == spec.epochs:
        for fast, slow in zip(classifier.get_weights(), plain.get_weights(), strict=True):
            np.testing.assert_allclose(fast, slow, atol=1e-4)
    for row in result.weight_change:
        if row.frozen:
            assert row.max_abs_change == row.statistics_max_abs_change == 0.0
        else:
            assert row.max_abs_change > 0.0


def tiny_start(spec, batch_norm):
    material = tiny.material()
    return tiny.classifier(spec.head, batch_norm, spec.seed)(material.images[material.split.test].astype("f4"))


@pytest.mark.parametrize("optimizer", ["sgd", "rmsprop"])
def test_every_optimiser_gives_the_plain_ways_result(tmp_path, optimizer):
    spec = replace(SPEC, optimizer=optimizer, schedule="exponential", epochs=2)
    result, _ = fit(tmp_path / "run", spec)
    assert np.abs(result.probability - plain_way(spec, True)[0][result.summary["best_epoch"] - 1]).max() < 1e-4


def test_activations_too_large_to_keep_are_computed_again_and_the_run_says_so(tmp_path, monkeypatch, whole):
    kept = whole.result
    monkeypatch.setattr(examples, "CACHE_LIMIT_MB", 0)
    again, _ = fit(tmp_path / "again")
    assert (kept.summary["path"], again.summary["path"]) == ("features once", "plain")
    assert np.abs(kept.probability - again.probability).max() < 1e-4


def test_max_norm_holds_and_rates_fall(tmp_path):
    spec = replace(SPEC, head=replace(RICH, max_norm=0.3))
    _, classifier = fit(tmp_path / "run", spec)
    for name in ("head_dense1", "head_output"):
        assert np.linalg.norm(classifier.get_layer(name).get_weights()[0], axis=0).max() <= 0.3001
    steps = loop.learning_rates(replace(spec, learning_rate=1.0), 1, 4)
    np.testing.assert_allclose(steps, 0.5 * (1 + np.cos(np.pi * np.arange(4, 8) / 16)), rtol=1e-6)
    assert loop.learning_rates(replace(spec, schedule="exponential", epochs=2, learning_rate=1.0), 1, 1) == (
        pytest.approx(0.1)
    )


def test_the_results_are_complete_and_the_saved_classifier_gives_them(whole):
    result, folder, progress = whole.result, whole.folder, whole.progress
    assert {p.name for p in folder.iterdir()} - {"checkpoint.npz"} == {
        "classifier.keras", "epoch_answers.npz", "history.json", "predictions.npz", "summary.json",
        "weight_change.json",
    }  # fmt: skip
    loaded = load_result(runs.Run("x", folder))
    np.testing.assert_array_equal(loaded.probability, result.probability)
    assert [row["epoch"] for row in loaded.history] == [1, 2, 3, 4] and loaded.weight_change == result.weight_change
    assert set(loaded.history[0]) == {
        "epoch", "phase", "loss", "accuracy", "val_loss", "val_accuracy", "seconds", "learning_rate",
    }  # fmt: skip
    best = max(loaded.history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    right = loaded.val_probability.argmax(1) == loaded.val_label
    assert loaded.summary["best_epoch"] == best["epoch"] and right.mean() == pytest.approx(best["val_accuracy"])
    kinds = [loaded.summary[f"parameters_{kind}"] for kind in ("trainable", "frozen", "statistics")]
    assert kinds[1] == sum(row.parameters for row in loaded.weight_change if row.frozen) > 0
    assert sum(kinds) == sum(row.parameters for row in loaded.weight_change)
    saved = keras.models.load_model(folder / "classifier.keras", safe_mode=True)
    material = tiny.material()
    probability = saved.predict(material.images[material.split.test].astype("f4"), verbose=0)
    assert np.abs(probability - result.probability).max() < 1e-4
    shares = [event["share"] for event in progress.events]
    assert shares == sorted(shares) and sum("loss" in event for event in progress.events) == 4
    assert progress.events[-2]["seconds_left"] == 0.0 and progress.events[-2]["note"] == "Epoch 4 of 4"


class StopError(Exception):
    pass


@pytest.mark.parametrize("trainable", [(), ("depthwise", "bn3")])
def test_a_run_that_died_continues_to_the_same_bits(tmp_path, monkeypatch, trainable):
    monkeypatch.setattr(course, "CHECKPOINT_SECONDS", 0.0)
    spec = replace(SPEC, trainable=trainable, batch_norm="train")
    whole, classifier = fit(tmp_path / "whole", spec)
    for fatal in (2, 4):  # dies after the first and after the third epoch
        progress = tiny.Recorder()

        def die(progress=progress, fatal=fatal):
            epochs = [event["epoch"] for event in progress.events if "epoch" in event]
            if epochs and epochs[-1] == fatal - 1:
                raise StopError

        progress.hook = die
        with pytest.raises(StopError):
            fit(tmp_path / "dying", spec, progress)
    progress = tiny.Recorder()
    again, resumed = fit(tmp_path / "dying", spec, progress)
    assert [event["epoch"] for event in progress.events if "epoch" in event] == [4]
    assert without_times(again.history) == without_times(whole.history)
    assert again.probability.tobytes() == whole.probability.tobytes()
    for one, other in zip(resumed.get_weights(), classifier.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def without_times(history):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


KILLED = """
import os, signal, sys
from pathlib import Path
from models.training.worker import course as checkpoints
from tests.models.training import test_train as t
checkpoints.CHECKPOINT_SECONDS = 0.0
calls = []
def die():
    calls.append(1)
    if len(calls) == 9:
        os.kill(os.getpid(), signal.SIGKILL)
t.fit(Path(sys.argv[1]), progress=t.tiny.Recorder(die))
"""


def test_a_killed_process_loses_nothing(tmp_path, whole):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "killed")]
    assert subprocess.run(command, env=environment, cwd=ROOT).returncode == -signal.SIGKILL
    with np.load(tmp_path / "killed" / "checkpoint.npz") as saved:
        assert 0 < len(json.loads(str(saved["state"]))["history"]) < SPEC.epochs
    fit(tmp_path / "killed")
    killed = load_result(runs.Run("x", tmp_path / "killed"))
    assert killed.probability.tobytes() == whole.result.probability.tobytes()
    assert without_times(killed.history) == without_times(whole.result.history)


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn", b"no archive"])
def test_a_damaged_or_foreign_checkpoint_is_passed_over(tmp_path, damage, whole):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "checkpoint.npz").write_bytes(damage)
    assert fit(tmp_path / "run")[0].probability.tobytes() == whole.result.probability.tobytes()


@pytest.mark.parametrize("end", [None, Cancelled])
def test_a_run_that_has_ended_leaves_no_checkpoint(tmp_path, monkeypatch, end):
    def fitting(training):
        training.checkpoint.write_bytes(b"large")
        if end is not None:
            (training.folder / "epoch-0001.npz").write_bytes(b"of no use without an end")
            raise end

    monkeypatch.setattr(train, "fit", fitting)
    try:
        train.train(TrainingSpec(dataset="digits"), storage_progress.SILENT, tmp_path)
    except Cancelled:
        assert end is Cancelled
    assert [path.name for path in tmp_path.iterdir()] == ["prediction.json"]


def test_a_checkpoint_of_another_spec_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_SECONDS", 0.0)
    fit(tmp_path / "run")
    assert len(fit(tmp_path / "run", replace(SPEC, learning_rate=0.02, epochs=2))[0].history) == 2


def test_a_rate_that_diverges_is_caught_and_the_best_weights_are_kept(tmp_path):
    spec = replace(SPEC, head=HeadSpec(), optimizer="sgd", learning_rate=1e38, schedule="constant")
    result, _ = fit(tmp_path / "run", spec)
    assert result.summary["note"].startswith("The loss stopped being a number in epoch 1")
    assert "a learning rate below 10³⁸" in result.summary["note"] and result.summary["best_epoch"] == 0
    assert np.isfinite(result.probability).all() and not result.history
    assert all(row.max_abs_change == 0.0 for row in result.weight_change)


def test_a_late_divergence_keeps_the_best_epoch(tmp_path, monkeypatch):
    plain = loop.Loop.epoch

    def diverging(self, number, rows, check):
        row = plain(self, number, rows, check)
        return {**row, "loss": float("nan")} if number == 2 else row

    monkeypatch.setattr(loop.Loop, "epoch", diverging)
    result, _ = fit(tmp_path / "run")
    best = result.summary["best_epoch"]
    assert "epoch 3" in result.summary["note"] and f"the weights of epoch {best} were kept" in result.summary["note"]
    right = (result.val_probability.argmax(1) == result.val_label).mean()
    assert right == pytest.approx(result.history[best - 1]["val_accuracy"])


def test_patience_ends_the_training(tmp_path):
    spec = replace(SPEC, epochs=60, patience=2, learning_rate=1e-6)
    result, _ = fit(tmp_path / "run", spec)
    assert len(result.history) == result.summary["best_epoch"] + 2 < 60


@pytest.mark.parametrize("call", [1, 2, 6])
def test_a_cancel_ends_the_run_at_once_and_leaves_no_result(tmp_path, call):
    calls = []

    def cancel():
        calls.append(1)
        if len(calls) == call:
            raise Cancelled

    with pytest.raises(Cancelled):
        fit(tmp_path / "run", progress=tiny.Recorder(cancel))
    assert len(calls) == call and not (tmp_path / "run" / "summary.json").exists()


def test_a_cancel_while_the_results_are_saved_leaves_none(monkeypatch):
    run = runs.create("training", {}, owner="", title="")
    save = results.save_result

    def save_and_cancel(folder, result):
        save(folder, result)
        run.cancel()

    monkeypatch.setattr(train, "save_result", save_and_cancel)
    spec = TrainingSpec(dataset="digits", shots=2, epochs=1, batch=8)
    with few_digits(), pytest.raises(Cancelled):
        train.train(spec, runs.RunProgress(run), run.folder)
    assert run.path("predictions.npz").exists() and not run.path("summary.json").exists()


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path, whole):
    same, other = (fit(tmp_path / str(seed), replace(SPEC, seed=seed))[0].probability for seed in (SPEC.seed, 4))
    assert whole.result.probability.tobytes() == same.tobytes() != other.tobytes()
