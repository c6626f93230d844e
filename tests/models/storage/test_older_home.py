"""A home folder that version 0.4 wrote (`tests/data/home_0_4`) opens: every kind of run, and what lies beside the runs.

So do the shipped files: what stored results say of the modules of their classes counts for nothing.
"""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import catalogue
from models.activations.maps import ActivationMaps, ChannelStatistics
from models.attribution.deletion import Curves
from models.attribution.maps import CURVES, Attribution, written
from models.attribution.randomised import RANDOMISED, RandomisedResult
from models.attribution.trust import TRUST, TrustResult
from models.backbones import weights
from models.features.backward import BackwardViews, Projections
from models.features.gabor_stages import Noise, Recording
from models.features.maximisation import MAXIMISATION, Film, Sheet
from models.features.patches import PATCHES, TopPatches
from models.ids import PictureId
from models.networks.answers import Answers, Prediction
from models.networks.worker import answers
from models.networks.worker import opened as networks_opened
from models.occlusion.flow import Flow
from models.occlusion.scores import OCCLUSION, PatchScores, map_of
from models.pictures import datasets, images
from models.representations.architectures import ArchitecturesResult
from models.representations.cka import CKA, Likeness
from models.representations.probe import PROBE, ProbeResult
from models.som import data, film, tables
from models.som.depth import DEPTH, DepthResult
from models.som.film import SOM, SomRecord
from models.som.rotation import ROTATION, RotationResult
from models.som.samples import NAMED
from models.som.tables import Table
from models.storage import files, runs
from models.sweeps import cells
from models.sweeps.spec import SWEEP
from models.training import kept_epochs
from models.training.costs import estimate, rates
from models.training.epoch_answers import EpochAnswers
from models.training.ready_features import ReadyFeatures
from models.training.results import TrainingResult, WeightChange, load_result
from models.training.spec import TRAINING, HeadSpec, TrainingSpec
from models.transferability import slice
from models.transferability.experiment import Row

WRITTEN = Path(__file__).resolve().parents[2] / "data" / "home_0_4"
OWNER = "0123456789abcdef" * 2
PICTURE, TABLE = "upload:88052ace11b3e821b3bc7932987f02af", f"{1:032x}"
KINDS = {
    "training": (2, 4),
    "sweep": (3,),
    "weights": (5, 6),
    "som": (7, 8),
    "rotation": (9,),
    "depth": (10,),
    "probe": (11,),
    "likeness": (12,),
    "patches": (13,),
    "transferability": (14,),
    "occlusion": (15,),
    "explanation": (16, 17),
    "maximisation": (18,),
    "trust": (19,),
    "randomised": (20,),
}
SINCE = {"architectures"}  # kinds that version 0.4 did not know


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A copy of the folder as the server's home; its files are as old as the copy."""
    copied = shutil.copytree(WRITTEN, tmp_path / "home", copy_function=shutil.copyfile)
    monkeypatch.setenv("FREEZEFRAME_HOME", str(copied))
    return copied


def run_of(number):
    return runs.get(f"{number:032x}")


def close(found, *expected):
    return np.asarray(found) == pytest.approx(np.array(expected), rel=1e-6, nan_ok=True)


def test_every_kind_is_there_and_none_is_cleared_away():
    assert KINDS.keys() | SINCE == {job.kind for job in catalogue.JOBS}
    assert runs.clear_old() == 0
    listed = {kind: tuple(int(run.id, 16) for run in runs.listing(OWNER, kind))[::-1] for kind in KINDS}
    assert listed == KINDS and len(runs.listing(OWNER)) == 19
    assert len(runs.everything()) == 21  # with the two cells of the sweep


def test_the_states_are_as_they_were():
    states = {int(run.id, 16): run.status for run in runs.listing(OWNER)}
    assert {number for number, status in states.items() if status.state != "done"} == {4, 6}
    assert states[4].state == "cancelled" and states[4].started is None and run_of(4).cancel_asked
    assert states[6].state == "failed" and states[6].message.startswith("The weights of VGG16 could not be downloaded")
    assert states[2].share == 1.0 and states[2].finished > states[2].started > 1.79e9


@pytest.mark.parametrize("kind", KINDS)
def test_the_spec_of_every_run_can_be_read(kind):
    for run in runs.listing(OWNER, kind):
        assert catalogue.job(run.kind).problem(run) == ""
        read = catalogue.job(kind).spec_of(run).to_json()
        assert {**read, **run.spec} == read


def test_a_training():
    run = run_of(2)
    spec = TRAINING.spec_of(run)
    assert spec == TrainingSpec(
        dataset="digits", shots=3, epochs=2, batch=10, learning_rate=0.01, keep_epochs=True, label_noise=0.2
    )
    found = load_result(run)
    assert type(found) is TrainingResult and type(found.weight_change[0]) is WeightChange
    assert [(row["epoch"], row["accuracy"]) for row in found.history] == [(1, 0.1), (2, 0.2)]
    assert found.index[[0, 1, -1]].tolist() == [8, 9, 1793] and found.label.sum() == 1613
    assert found.probability.shape == (359, 10) and close(found.probability[0, :2], 0.15858371555, 0.0959446281)
    assert found.val_index.sum() == 315523 and found.val_probability.shape == (360, 10)
    assert found.noisy_index[[0, 1, -1]].tolist() == [13, 997, 1743] and found.noisy_label.sum() == 28
    assert [change.name for change in found.weight_change if not change.frozen] == ["head_output"]
    assert found.summary["accuracy"] == 0.1977715877437326 and found.summary["best_epoch"] == 2
    cost = estimate.kept(run.folder)
    assert cost.parameters_trainable == 2570 and cost.kept_epochs == 2 and len(cost.phase_seconds) == 1


def test_the_classifier_of_a_training_and_what_it_was_at_a_kept_epoch():
    run = run_of(2)
    with np.load(run.path("head.npz")) as head:
        moved = kept_epochs.read(run.folder, 2)  # the best
        assert {array.tobytes() for array in moved.values()} == {head[name].tobytes() for name in head.files}
    found = load_result(run)
    pictures = np.stack([datasets.picture("digits", index) for index in found.index[:4].tolist()])
    for network in (f"run:{run.id}", f"run:{run.id}:epoch:2"):
        opened = networks_opened.load(network)
        said = networks_opened.forward(opened, images.resize(pictures, opened.height, opened.width))
        assert np.allclose(said, found.probability[:4], atol=1e-5)
    assert answers.predict(f"run:{run.id}", "sample:digits:8").classes == tuple("0123456789")


def test_a_sweep_and_its_cells():
    run = run_of(3)
    sweep, rows = SWEEP.spec_of(run), cells.finished(run.folder)
    assert {row.key for row in rows} == {cell.key for cell in sweep.cells()} == {("base", "1", 0), ("base", "2", 0)}
    assert {row.value: row.accuracy for row in rows} == {"1": 0.3732590529247911, "2": 0.27019498607242337}
    for cell in sweep.cells():
        of_cell = runs.get(cells.run_id(run.id, cell))
        assert of_cell.parent == run.id and TRAINING.spec_of(of_cell) == cell.spec
        assert catalogue.job(of_cell.kind).problem(of_cell) == ""
        accuracy = load_result(of_cell).summary["accuracy"]
        assert [(row.accuracy, row.run) for row in rows if row.key == cell.key] == [(accuracy, of_cell.id)]


def test_a_cancelled_training_keeps_its_recipe():
    spec = TRAINING.spec_of(run_of(4))
    assert spec.augmentation.rotation == 15.0 and spec.augmentation.flip_horizontal and spec.head == HeadSpec()


def test_maps():
    colours = SOM.load(run_of(7))
    assert type(colours) is SomRecord and colours.complete and (colours.rows, colours.columns) == (2, 3)
    assert colours.kind == "colours" and colours.classes == tuple(NAMED)
    assert film.frame_bytes(colours, 0)[:3].tolist() == [162, 69, 10]
    assert colours.bmu.shape == (3, 1000) and colours.bmu.sum() == 5511 and colours.bmu.dtype == np.uint16
    assert close(colours.quantization_error, 0.4351500575132668, 0.50061996338889, 0.29019655399909244)
    of_table = SOM.load(run_of(8))
    assert of_table.lattice == "hexagonal" and of_table.kind == "net" and of_table.classes == ("a", "b")
    assert of_table.labels.tolist() == [0, 1, 1, 0]
    assert close(film.net(of_table, 2)[0, 0], -0.84515428543, 0.89442718029)
    task = SOM.spec_of(run_of(8))
    samples = data.load(task, run_of(8).folder)
    kept = samples.features.astype(np.float32)  # as films were until tables kept all their digits
    assert np.array_equal(kept, of_table.cloud) and samples.classes == of_table.classes


def test_rotations():
    found = ROTATION.load(run_of(9))
    assert type(found) is RotationResult and found.n_test == 719 and found.mosaics.shape == (2, 24, 48)
    assert found.purity.ravel().tolist() == [0.20027816411682892, 0.19610570236439498]
    assert found.unit_classes.tolist() == [[6, 7], [0, 1]] and found.mosaics.sum() == 310788


def test_purity_by_depth():
    found = DEPTH.load(run_of(10))
    assert type(found) is DepthResult and found.layers[0] == "conv1_relu" and found.blocks[-1] == "head"
    assert found.purity.shape == (8, 2) and close(found.purity[0], 0.5855354659248957, 0.5799721835883171)
    assert close(found.random[[0, -1], 0], 0.41585535465924894, np.nan)
    assert (found.n_test, found.chance) == (719, 0.10152990264255911)


def test_a_probe():
    found = PROBE.load(run_of(11))
    assert type(found) is ProbeResult and found.weights == ("trained", "random") and found.budgets == (20,)
    assert found.layers == ("pixels", "pool1", "conv2_relu", "pool3", "conv4_relu", "conv5_relu")
    assert found.test_hits[0, 0, :3].tolist() == [333, 306, 333] and found.validation_hits.sum() == 4010
    assert found.accuracy("trained", 20, 0).value == 333 / 359


def test_cka():
    found = CKA.load(run_of(12))
    assert type(found) is Likeness and found.pictures == 256 and found.dataset == "digits"
    assert found.second == (*found.first, "head_output") and found.cka.shape == (5, 6)
    assert close(found.cka[0, :3], 1.0, 0.9910848737230673, 0.9731280048843789)


def test_strongest_answers():
    found = PATCHES.load(run_of(13))
    assert type(found) is TopPatches and found.layers == ("conv1_relu", "head_output") and found.ends == (48, 58)
    assert found.of("conv1_relu").places(0)[0] == (172, 31, 16)
    assert found.picture.sum() == 356772 and close(found.value[0, :2], 3.3203604221, 1.8239567280)


def test_a_slice_of_the_transferability_experiment():
    rows = slice.rows(run_of(14))
    assert len(rows) == 17 and {type(row) for row in rows} == {Row}
    assert {(row.treatment, row.n): row.accuracy for row in rows}["AnB", 2] == 0.454
    assert {row.digest for row in rows} == {"01e5d1607127"}


def test_an_occlusion_map():
    found = OCCLUSION.load(run_of(15))
    assert type(found) is PatchScores and found.done.all() and found.logits.shape == (3, 3, 5)
    assert found.classes == ("elliptical", "spiral", "edge-on", "ring", "merger")
    assert (found.layer, found.channel, found.way) == ("conv5_relu", 2, "incremental")
    assert close(found.base_logits[:2], -8.1553401947, 10.7913646698) and found.base_activity == 36.28021240234375
    assert map_of(found, 1, "logit").drop.shape == (64, 64)


def test_attribution_maps_and_curves():
    maps = {name: written(run_of(16), name, Attribution) for name in ("saliency", "gradcam")}
    assert {type(found) for found in maps.values()} == {Attribution}
    assert {found.score for found in maps.values()} == {4.551305294036865}
    assert close(maps["saliency"].values[0, :2], 0.00073443842, 0.00049785088)
    assert maps["gradcam"].layer == "conv5_relu" and close(maps["gradcam"].coarse[0, :2], 0.030530058, 0.016020731)
    curves = written(run_of(17), CURVES, Curves)
    assert type(curves) is Curves and curves.methods[0] == "occlusion" and (curves.cell, curves.score) == (4, "logit")
    assert close(curves.deletion[0, :2], 4.5513033867, 3.7782263756) and curves.insertion.shape == (5, 17)


def test_a_film():
    found = MAXIMISATION.load(run_of(18))
    assert type(found) is Film and found.end == "done" and found.steps.tolist() == [0, 23, 64]
    assert close(found.values, 0.16840894520282745, 2.9073610305786133, 4.248337745666504)
    assert found.picture().shape == (64, 64, 3) and [len(frame) for frame in found.frames] == [7920, 8494, 5526]


def test_maps_held_against_the_truth():
    found = TRUST.load(run_of(19))
    assert type(found) is TrustResult and found.has_truth and found.index.tolist() == [7, 12]
    assert found.methods == ("occlusion", "saliency", "smoothgrad", "integrated", "gradcam") and found.within == 2
    assert found.hit.sum() == 7 and close(found.share[0], 0.29210659862, 0.13349817693)
    assert close(found.deletion[0, 0, :2], 0.99999964237, 0.51734519005)


def test_maps_of_weights_made_random():
    found = RANDOMISED.load(run_of(20))
    assert type(found) is RandomisedResult and found.levels == ("as trained", "head", "conv1") and found.seed == 1
    assert found.strips.shape == (2, 3, 64, 64) and found.strips.dtype == np.float16
    assert found.methods == ("saliency", "gradcam") and close(found.rank[0, :2, 0], 1.0, 0.35709998012)
    assert close(found.unrelated[:, 0], 0.26904878020, 0.03825595975)


def test_a_picture_and_a_table_of_a_visitor():
    picture = images.load_picture(PICTURE)
    assert images.is_kept(PictureId.parse(PICTURE))
    assert picture.shape == (20, 30, 3) and picture[-1, -1].tolist() == [240, 144, 48]
    assert images.store_upload(picture, OWNER) == PICTURE
    table = tables.load(TABLE)
    assert type(table) is Table and tables.mine(OWNER) == (TABLE,)
    assert table.names == ("length", "width") and table.label_classes == (("1", "2", "3", "4", "5"), ("a", "b"))
    assert np.array_equal(table.values[2:4], [[4, np.nan], [3, 1.5]], equal_nan=True)
    assert table.codes[:, 1].tolist() == [0, 1, 0, 1, 0] and len(table.notes) == 3


def test_the_rates_of_the_machine(home, monkeypatch):
    written = json.loads((home / rates.FILE).read_bytes())
    monkeypatch.delenv(rates.SWITCH)
    assert rates.current() == rates.DEFAULT  # of another machine
    rates._rates.cache_clear()
    monkeypatch.setattr(rates, "identity", lambda: {name: written[name] for name in written if name != "rates"})
    assert rates.current() == rates.Rates(51e9, 7e9, 19e9, 2e9, 390e6, 26.0, "2026-11-25")


def test_downloaded_weights():
    assert weights.available("mobilenetv3small") and not weights.available("vgg16")
    assert weights.local("mobilenetv3small").read_bytes() == b"a few bytes in place of weights"


def test_drawn_pictures_are_read_or_drawn_anew_alike(home, monkeypatch):
    """One of each class; the file counts as long as the program that draws has not changed."""
    [file] = (home / "datasets").glob("textures-*-images.npy")
    few = replace(datasets.get("textures"), per_class=(1,) * 8)
    monkeypatch.setitem(datasets.DATASETS, "textures", few)
    datasets.load.cache_clear()
    try:
        found = datasets.load("textures")
        assert np.array_equal(found.images, np.load(file)) and found.images.shape == (8, 64, 64, 3)
    finally:
        datasets.load.cache_clear()
    assert np.array_equal(datasets.picture("textures", 5), np.load(file)[5])


def named(folder):
    """Every file below a folder that `files.pack` wrote, with the name of its class."""
    found = {}
    for path in sorted(folder.rglob("*.npz")):
        with np.load(path, allow_pickle=False) as saved:
            if "_plain" in saved.files:
                found[path] = json.loads(str(saved["_plain"]))["class"].rpartition(":")[2]
    return found


SHIPPED, KEPT = named(files.ASSETS), named(WRITTEN)
CLASSES = {
    kind.__name__: kind
    for kind in (
        ActivationMaps,
        Answers,
        ArchitecturesResult,
        Attribution,
        BackwardViews,
        ChannelStatistics,
        Curves,
        DepthResult,
        EpochAnswers,
        Film,
        Flow,
        Likeness,
        Noise,
        PatchScores,
        Prediction,
        ProbeResult,
        Projections,
        RandomisedResult,
        ReadyFeatures,
        Recording,
        RotationResult,
        Sheet,
        SomRecord,
        Table,
        TopPatches,
        TrustResult,
    )
}


def test_nothing_stored_is_overlooked():
    assert len(SHIPPED) == 56 and len(KEPT) == 15
    assert set(SHIPPED.values()) | set(KEPT.values()) == CLASSES.keys()


@pytest.mark.parametrize("path", [*SHIPPED, *KEPT], ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_stored_result_is_of_the_class_it_names(path):
    assert files.read(path, CLASSES[(SHIPPED | KEPT)[path]]) is not None
