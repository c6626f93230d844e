"""Which epochs stay, and that they are the weights of a training, whatever happened to it on the way."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError, RunNotFound, TooLarge
from models.networks.layers import interesting, layers, random_twin, side
from models.networks.worker import answers, opened
from models.pictures import datasets
from models.storage import files, runs
from models.storage import progress as storage_progress
from models.training import epoch_answers, kept_epochs, recipes, results
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import train
from tests.few_digits import few_digits
from tests.models import tiny
from tests.models.training.test_train import SPEC, fit, without_times

ROOT = Path(__file__).resolve().parents[3]
LAST = replace(SPEC, trainable=("depthwise", "bn3"), batch_norm="train", head=HeadSpec(batch_norm=True))
KEPT = replace(LAST, keep_epochs=True, epochs=26)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.mark.parametrize(
    ("epochs", "most", "step"),
    [(22, 24, 1), (23, 24, 2), (44, 24, 2), (46, 24, 4), (1000, 24, 64), (3, 4, 2), (9, 1, 8)],
)
def test_epochs_that_stay_are_evenly_spaced(epochs, most, step):
    assert kept_epochs.stride(epochs, most) == step
    assert kept_epochs.stored(epochs, most) <= max(most, 3)


def test_small_weights_leave_24_files_and_large_ones_as_many_as_fit():
    assert kept_epochs.files(0.1) == kept_epochs.files(10.6) == 24
    assert kept_epochs.files(20) == 12
    assert kept_epochs.files(65) < kept_epochs.FEWEST


def test_files_thin_out_as_the_run_grows_and_the_ends_stay(tmp_path):
    for epoch in range(1, 51):
        kept_epochs.keep(tmp_path, epoch, {"conv/0": np.full(3, epoch, np.float32)})
        assert len(kept_epochs.epochs(tmp_path)) <= 22
    last, best = ({"conv/0": np.full(3, epoch, np.float32)} for epoch in (50, 7))
    kept_epochs.keep_ends(tmp_path, 50, last, 7, best)
    assert kept_epochs.epochs(tmp_path) == (4, 7, *range(8, 49, 4), 50)
    assert kept_epochs.read(tmp_path, 7)["conv/0"].tolist() == [7, 7, 7]
    with pytest.raises(InputError, match=r"kept \(4, 7, 8.*Received 9"):
        kept_epochs.read(tmp_path, 9)
    (tmp_path / "epoch-0008.npz").write_bytes(b"torn")
    with pytest.raises(RunNotFound, match="damaged"):
        kept_epochs.read(tmp_path, 8)
    kept_epochs.clear(tmp_path)
    assert not list(tmp_path.iterdir())


def test_weights_too_large_to_keep_are_refused_before_the_run():
    small = replace(recipes.apply_preset("last_block", recipes.DEFAULT), head_epochs=0, epochs=20, keep_epochs=True)
    recipes.validate(small)
    cost = recipes.estimate(small)
    assert cost.kept_epochs == 20 and cost.moving_mb == pytest.approx(2, rel=0.3)
    assert recipes.estimate(replace(small, keep_epochs=False)).kept_epochs == 0
    large = replace(
        recipes.apply_preset("everything", replace(recipes.DEFAULT, backbone="vgg19", side=64)), keep_epochs=True
    )
    with pytest.raises(TooLarge, match="weights that move"):
        recipes.validate(large)


def test_a_record_from_before_the_option_still_opens():
    old = {name: value for name, value in TrainingSpec(epochs=3).to_json().items() if name != "keep_epochs"}
    assert TrainingSpec.from_json(old) == TrainingSpec(epochs=3)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The tiny network after 26 epochs, kept: folder, result, classifier."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, *fit(folder, KEPT)


def test_keeping_changes_no_number_and_the_best_epoch_is_the_classifier(tmp_path, whole):
    folder, kept, classifier = whole
    plain, _ = fit(tmp_path, replace(KEPT, keep_epochs=False))
    assert kept.probability.tobytes() == plain.probability.tobytes()
    best = kept.summary["best_epoch"]
    assert not kept_epochs.epochs(tmp_path)
    assert set(kept_epochs.epochs(folder)) == {best, 26, *range(2, 27, 2)}
    moved = kept_epochs.read(folder, best)
    assert set(moved) >= {"depthwise/0", "bn3/3", "head_output/1"} and not {"conv1/0", "bn2/0"} & set(moved)
    for name, array in moved.items():
        layer, number = name.split("/")
        assert classifier.get_layer(layer).get_weights()[int(number)].tobytes() == array.tobytes()


def test_every_kept_epoch_has_the_loss_its_history_tells(whole):
    folder, kept, _ = whole
    classifier, material = tiny.classifier(KEPT.head, True, KEPT.seed), tiny.material()
    images, labels = (array[material.split.validation] for array in (material.images, material.labels))
    losses = []
    for epoch in kept_epochs.epochs(folder):
        opened.put(classifier, kept_epochs.read(folder, epoch))
        probability = np.array(classifier(images.astype("f4")))
        losses.append(-np.log(probability[np.arange(len(labels)), labels]).mean())
        assert losses[-1] == pytest.approx(kept.history[epoch - 1]["val_loss"], rel=1e-4)
    assert len(set(losses)) == len(losses) > 10


def test_the_answers_of_every_epoch_are_those_of_its_weights(whole):
    """The slow twin: every kept epoch's weights in the classifier, and the test pictures through it."""
    folder, kept, _ = whole
    material = tiny.material()
    asked = files.read(folder / epoch_answers.FILE, epoch_answers.EpochAnswers)
    assert asked.epoch.tolist() == list(range(27))
    assert asked.index.tolist() == material.split.test.tolist() == kept.index.tolist()
    assert asked.label.tolist() == material.labels[material.split.test].tolist()
    classifier = tiny.classifier(KEPT.head, True, KEPT.seed)
    for epoch in (0, *kept_epochs.epochs(folder)):
        opened.put(classifier, kept_epochs.read(folder, epoch) if epoch else {})
        probability = np.array(classifier(material.images[material.split.test].astype("f4")))
        assert asked.answer[epoch].tolist() == probability.argmax(axis=1).tolist()
        np.testing.assert_allclose(asked.confidence[epoch], probability.max(axis=1), atol=2e-3)
    assert len({row.tobytes() for row in asked.answer}) > 5


def test_asking_seldom_changes_no_number_and_asks_the_same(tmp_path, whole, monkeypatch):
    folder, often, _ = whole
    monkeypatch.setattr(epoch_answers, "CHEAP", 0.0)
    monkeypatch.setattr(epoch_answers, "MOST_SHARE", 0.02)
    seldom, _ = fit(tmp_path, replace(KEPT, keep_epochs=False))
    assert seldom.probability.tobytes() == often.probability.tobytes()
    every, few = (files.read(path / epoch_answers.FILE, epoch_answers.EpochAnswers) for path in (folder, tmp_path))
    assert set(few.epoch.tolist()) == {0, 8, 16, 24, 26, often.summary["best_epoch"]}
    assert few.answer.tobytes() == every.answer[few.epoch].tobytes()
    assert few.confidence.tobytes() == every.confidence[few.epoch].tobytes()


KILLED = """
import os, signal, sys
from pathlib import Path
from models.training import kept_epochs
from models.training.worker import course as checkpoints
from tests.models.training import test_kept_epochs as t
checkpoints.CHECKPOINT_SECONDS = 0.0
folder = Path(sys.argv[1])
def die():
    if len(kept_epochs.epochs(folder)) == 15:
        os.kill(os.getpid(), signal.SIGKILL)
t.fit(folder, t.KEPT, t.tiny.Recorder(die))
"""


@pytest.mark.parametrize("checkpoint", ["left", "lost"])
def test_a_run_killed_in_the_middle_leaves_the_same_files(tmp_path, whole, killed, checkpoint):
    folder, result, _ = whole
    shutil.copytree(killed, tmp_path, dirs_exist_ok=True)
    if checkpoint == "lost":
        (tmp_path / "checkpoint.npz").unlink()
        (tmp_path / "epoch-0002.npz").write_bytes(b"torn")
    progress = tiny.Recorder()
    again, _ = fit(tmp_path, KEPT, progress)
    assert sum("epoch" in event for event in progress.events) == (11 if checkpoint == "left" else 26)
    assert without_times(again.history) == without_times(result.history)
    kept = {path.name: path.read_bytes() for path in folder.glob("epoch-*")}
    assert {path.name: path.read_bytes() for path in tmp_path.glob("epoch-*")} == kept and len(kept) <= 15
    asked = (tmp_path / epoch_answers.FILE).read_bytes()
    assert asked == (folder / epoch_answers.FILE).read_bytes()


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The folder that a training killed after its fifteenth epoch left."""
    folder = tmp_path_factory.mktemp("killed")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", KILLED, str(folder)], env=environment, cwd=ROOT)
    assert process.returncode == -signal.SIGKILL and kept_epochs.epochs(folder) == tuple(range(1, 16))
    return folder


@pytest.fixture(scope="module")
def digits_run():
    """A finished run that trained the head for an epoch, then the last block for two, and what it began with."""
    spec = replace(
        recipes.apply_preset("last_block", replace(recipes.DEFAULT, dataset="digits", shots=4)),
        head_epochs=1, epochs=2, batch=8, learning_rate=1e-3, keep_epochs=True,
    )  # fmt: skip
    run, began = runs.create("training", spec.to_json(), owner="somebody", title="t"), []
    plain = train.fit

    def watched(training):
        began.append(training.classifier.get_weights())
        return plain(training)

    with few_digits(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(train, "fit", watched)
        train.train(spec, storage_progress.SILENT, run.folder)
    run.set_status(runs.RunStatus("done"))
    return run, began[0]


def same(one, other):
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))


def test_the_start_of_a_run_is_what_was_trained_to_the_last_bit(digits_run):
    run, began = digits_run
    start = opened.load(f"run:{run.id}:start")
    assert same(start.model.get_weights(), began)
    assert start.classes == datasets.DATASETS["digits"].classes
    assert same(opened.load(f"run:{run.id}:epoch:0").model.get_weights(), began)


def test_kept_epochs_are_networks_and_the_best_is_the_classifier(digits_run):
    run, began = digits_run
    best = results.load_result(run).summary["best_epoch"]
    trained = opened.load(f"run:{run.id}").model.get_weights()
    assert same(opened.load(f"run:{run.id}:epoch:{best}").model.get_weights(), trained)
    for epoch in {1, 2, 3} - {best}:
        assert not same(opened.load(f"run:{run.id}:epoch:{epoch}").model.get_weights(), trained)
    assert not same(began, trained)
    assert layers(f"run:{run.id}:epoch:2") == layers(f"run:{run.id}:start") == layers(f"run:{run.id}")
    assert random_twin(f"run:{run.id}:epoch:2") == "backbone:frame8:64:random"
    said = [answers.predict(f"run:{run.id}{end}", "sample:digits:9").probabilities for end in (":start", ":epoch:1")]
    assert said[0].sum() == pytest.approx(1) and np.abs(said[0] - said[1]).max() > 1e-3
    assert side(f"run:{run.id}:epoch:2") == 64 and interesting(f"run:{run.id}:start").name == "conv3_relu"


@pytest.mark.parametrize("rest", [":epoch:9", ":epoch:x", ":epoch", ":begin", ":epoch:1:2"])
def test_an_epoch_that_was_not_kept_is_refused(digits_run, rest):
    run, _ = digits_run
    with pytest.raises(InputError, match=r"Expected an? (network|epoch)"):
        opened.load(f"run:{run.id}{rest}")


def test_weights_of_another_network_are_refused(digits_run):
    run, _ = digits_run
    model = opened.begun(run)
    for wrong in ("conv99/0", "conv5/7", "conv5/0"):
        with pytest.raises(InputError, match="another"):
            opened.put(model, {wrong: np.zeros((2, 3), np.float32)})
