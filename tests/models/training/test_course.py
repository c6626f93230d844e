"""Two phases, label smoothing, wrong labels, BatchNorm by block: by hand, and resumed to the last bit."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from models.backbones.worker import build
from models.storage import progress as storage_progress
from models.storage import runs
from models.training.mistakes import with_noise
from models.training.results import load_result
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec
from models.training.worker import course, train
from models.training.worker.loop import Loop
from tests.models import tiny

build.prepare_tensorflow()
# Keras 3.15 hands TensorFlow variables to NumPy 2 in a way NumPy warns about; only saving does it.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
ROOT = Path(__file__).resolve().parents[3]
SPEC = TrainingSpec(
    trainable=("depthwise", "bn3"), batch_norm="train", head=HeadSpec("average+max", (5,), 0.3, batch_norm=True),
    batch=8, epochs=3, learning_rate=0.01, seed=3, head_epochs=3, head_rate=0.05, label_smoothing=0.1,
    augmentation=AugmentationSpec(flip_horizontal=True, rotation=20.0, hue=30.0),
)  # fmt: skip


def fit(folder, spec=SPEC, progress=storage_progress.SILENT, material=None):
    """Train the tiny network in `folder`; return the result and the classifier."""
    folder.mkdir(exist_ok=True)
    training = tiny.training(spec, folder, progress, pictures=material)
    return train.fit(training), training.classifier


def test_a_spec_knows_its_phases():
    assert replace(SPEC, head_epochs=0).phases() == (replace(SPEC, head_epochs=0),)
    head, tail = SPEC.phases()
    assert (head.trainable, head.epochs, head.learning_rate, head.augmentation.on) == ((), 3, 0.05, False)
    assert tail == replace(SPEC, head_epochs=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run of two phases, not disturbed: result, classifier, what its progress heard, the phase-2 start."""
    starts = []
    plain = course.Course

    class Watched(plain):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            starts.append((self.phase, self.best_epoch, [array.copy() for array in self.best], options["earlier"]))

    course.Course, progress = Watched, tiny.Recorder()
    try:
        result, classifier = fit(tmp_path_factory.mktemp("whole") / "run", progress=progress)
    finally:
        course.Course = plain
    return result, classifier, progress, starts


def test_rows_tell_their_phase_and_the_bar_only_grows(whole):
    result, _, progress, _ = whole
    assert [row["phase"] for row in result.history] == [1, 1, 1, 2, 2, 2]
    assert [row["epoch"] for row in result.history] == [1, 2, 3, 4, 5, 6]
    assert [row["learning_rate"] for row in result.history] == pytest.approx([0.05] * 3 + [0.01] * 3)
    notes = [event["note"] for event in progress.events if "loss" in event]
    assert notes[0] == "Head: epoch 1 of 3" and notes[-1] == "Fine-tuning: epoch 3 of 3"
    shares = [event["share"] for event in progress.events]
    assert shares == sorted(shares) and shares[-1] <= 0.95 + 1e-9
    assert result.summary["path"] == "augmented"


def test_the_second_phase_starts_from_the_best_head_and_the_backbone_as_it_was(whole, tmp_path):
    result, _, _, starts = whole
    (one, none, _, _), (two, best_epoch, begun, earlier) = starts
    assert (one, none, two) == (1, 0, 2)
    best = max(result.history[:3], key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert best_epoch == best["epoch"] == earlier.best_epoch
    head_alone, classifier = fit(tmp_path / "head", SPEC.phases()[0])
    assert head_alone.history[-1]["val_loss"] == pytest.approx(result.history[2]["val_loss"], abs=1e-5)
    freshly = tiny.cut(classifier, SPEC.phases()[1]).tail
    moving = Loop(SPEC.phases()[1], tiny.cut(classifier, SPEC.phases()[1]), _Nothing).moving
    assert len(freshly.trainable_variables) < len(moving) == len(begun)
    for variable, array in zip(moving, begun, strict=True):
        np.testing.assert_allclose(variable.numpy(), array, atol=1e-5)


class _Nothing:
    """Examples of a loop that takes no step."""

    pictures, cached, inputs, labels = None, True, [], np.zeros(1, np.int64)


def test_the_best_epoch_of_both_phases_is_kept(whole):
    result, _, _, _ = whole
    best = max(result.history, key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert result.summary["best_epoch"] == best["epoch"]
    right = (result.val_probability.argmax(1) == result.val_label).mean()
    assert right == pytest.approx(best["val_accuracy"])


def test_a_fine_tuning_that_only_harms_leaves_the_head_and_an_untouched_backbone(tmp_path):
    result, _ = fit(tmp_path / "run", replace(SPEC, learning_rate=3.0, optimizer="sgd", epochs=2))
    backbone = [row for row in result.weight_change if row.part == "backbone"]
    assert result.summary["best_epoch"] <= 3
    assert all(row.max_abs_change == row.statistics_max_abs_change == 0.0 for row in backbone)
    assert {row.name for row in backbone if not row.frozen} == {"depthwise", "bn3"}


def test_patience_counts_in_each_phase(tmp_path):
    spec = replace(SPEC, head_epochs=40, epochs=40, patience=1, learning_rate=1e-7, head_rate=1e-7)
    result, _ = fit(tmp_path / "run", spec)
    for phase in (1, 2):
        rows = [row for row in result.history if row["phase"] == phase]
        ranks = [(row["val_accuracy"], -row["val_loss"]) for row in rows]
        assert len(rows) < 40 and max(ranks) == ranks[-2]


def test_a_head_that_diverges_ends_the_run(tmp_path):
    spec = replace(SPEC, head=HeadSpec(), optimizer="sgd", head_rate=1e38)
    result, _ = fit(tmp_path / "run", spec)
    assert "a learning rate below 10³⁸" in result.summary["note"] and not result.history


class StopError(Exception):
    pass


def test_a_run_that_died_in_either_phase_continues_to_the_same_bits(whole, tmp_path, monkeypatch):
    result, classifier, _, _ = whole
    monkeypatch.setattr(course, "CHECKPOINT_SECONDS", 0.0)
    for fatal in (2, 3, 5):  # after the second epoch, at the border, and in the second phase
        progress = tiny.Recorder()

        def die(progress=progress, fatal=fatal):
            epochs = [event["epoch"] for event in progress.events if "epoch" in event]
            if epochs and epochs[-1] == fatal:
                raise StopError

        progress.hook = die
        with pytest.raises(StopError):
            fit(tmp_path / "dying", progress=progress)
    progress = tiny.Recorder()
    again, resumed = fit(tmp_path / "dying", progress=progress)
    assert [event["epoch"] for event in progress.events if "epoch" in event] == [6]
    assert without_times(again.history) == without_times(result.history)
    assert again.probability.tobytes() == result.probability.tobytes()
    for one, other in zip(resumed.get_weights(), classifier.get_weights(), strict=True):
        assert one.tobytes() == other.tobytes()


def without_times(history):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


KILLED = """
import os, signal, sys
from pathlib import Path
from models.training.worker import course as checkpoints
from tests.models.training import test_course as t
checkpoints.CHECKPOINT_SECONDS = 0.0
progress = t.tiny.Recorder()
def die():
    if sum("epoch" in event for event in progress.events) == 4:
        os.kill(os.getpid(), signal.SIGKILL)
progress.hook = die
t.fit(Path(sys.argv[1]), progress=progress)
"""


def test_a_process_killed_while_it_fine_tunes_loses_nothing(whole, tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", KILLED, str(tmp_path / "run")]
    assert subprocess.run(command, env=environment, cwd=ROOT).returncode == -signal.SIGKILL
    with np.load(tmp_path / "run" / "checkpoint.npz") as saved:
        state = json.loads(str(saved["state"]))
    assert (state["phase"], len(state["history"])) == (2, 4)
    result, _ = fit(tmp_path / "run")
    assert result.probability.tobytes() == whole[0].probability.tobytes()
    assert without_times(result.history) == without_times(whole[0].history)


def test_smoothed_cross_entropy_by_hand():
    loop = object.__new__(Loop)
    loop.spec = TrainingSpec(label_smoothing=0.2)
    probabilities = tf.constant([[0.7, 0.3], [0.4, 0.6]])
    expected = [
        -(0.9 * np.log(0.7) + 0.1 * np.log(0.3)),  # targets 1 - 0.2 + 0.2 / 2 and 0.2 / 2
        -(0.1 * np.log(0.4) + 0.9 * np.log(0.6)),
    ]
    np.testing.assert_allclose(loop._losses(tf.constant([0, 1]), probabilities), expected, rtol=1e-6)
    loop.spec = TrainingSpec()
    np.testing.assert_allclose(loop._losses(tf.constant([0, 1]), probabilities), -np.log([0.7, 0.6]), rtol=1e-6)


def test_wrong_labels_are_learnt_from_kept_in_the_result_and_watched_nowhere(tmp_path):
    clean = tiny.material()
    labels, noisy = with_noise(clean.labels, clean.split.train, 0.2, 3, seed=3)
    material = replace(clean, labels=labels, noisy=noisy)
    spec = replace(SPEC, head_epochs=0, trainable=(), augmentation=AugmentationSpec(), epochs=2)
    result, classifier = fit(tmp_path / "run", spec, material=material)
    plain, _ = fit(tmp_path / "plain", spec)
    loaded = load_result(runs.Run("x", tmp_path / "run"))
    np.testing.assert_array_equal(loaded.noisy_index, noisy)
    np.testing.assert_array_equal(loaded.noisy_label, labels[noisy])
    assert len(noisy) == 5 and (loaded.noisy_label != clean.labels[noisy]).all()
    said = classifier.predict(clean.images[noisy].astype("f4"), verbose=0)
    np.testing.assert_allclose(loaded.noisy_probability, said, atol=1e-4)
    np.testing.assert_array_equal(loaded.label, clean.labels[clean.split.test])
    assert result.history[0]["loss"] != plain.history[0]["loss"]
    assert plain.noisy_index.size == 0


def test_a_result_from_before_there_was_label_noise_is_read(tmp_path):
    spec = replace(SPEC, head_epochs=0, trainable=(), augmentation=AugmentationSpec(), epochs=1)
    fit(tmp_path / "run", spec)
    path = tmp_path / "run" / "predictions.npz"
    with np.load(path) as saved:
        old = {name: saved[name] for name in saved.files if not name.startswith("noisy")}
    np.savez(path, **old)
    assert len(load_result(runs.Run("x", tmp_path / "run")).noisy_index) == 0


def test_batch_norm_by_block(tmp_path):
    spec = replace(
        SPEC, head_epochs=0, trainable=tuple(tiny.BLOCKS), batch_norm="hold", batch_norm_except=("two",), epochs=1
    )
    result, _ = fit(tmp_path / "run", spec)
    moved = {row.name: row.statistics_max_abs_change > 0 for row in result.weight_change if row.name.startswith("bn")}
    assert moved == {"bn1": False, "bn2": True, "bn3": False}
    other = replace(spec, batch_norm="train")
    assert [other.batch_norm_in(block) for block in ("one", "two", "three")] == ["train", "hold", "train"]


def test_a_checkpoint_from_before_there_were_phases_is_continued(tmp_path, monkeypatch):
    monkeypatch.setattr(course, "CHECKPOINT_SECONDS", 0.0)
    spec = replace(SPEC, head_epochs=0, trainable=(), augmentation=AugmentationSpec(), epochs=3)
    fit(tmp_path / "run", spec)
    path = tmp_path / "run" / "checkpoint.npz"
    with np.load(path) as saved:
        arrays = {name: saved[name] for name in saved.files}
    state = json.loads(str(arrays["state"]))
    del state["phase"], state["spec"]["head_epochs"], state["spec"]["augmentation"]
    state["history"] = [{key: value for key, value in row.items() if key != "phase"} for row in state["history"][:2]]
    np.savez(path, **{**arrays, "state": np.array(json.dumps(state))})
    progress = tiny.Recorder()
    assert len(fit(tmp_path / "run", spec, progress)[0].history) == 3
    assert [event["epoch"] for event in progress.events if "epoch" in event] == [3]
