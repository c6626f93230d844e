"""The Train page inside the real frame: cold, with good and bad settings, and after a run."""

import json
import shutil
import time

import numpy as np
import pytest
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from models import errors
from models.backbones import weights
from models.backbones.weights import WEIGHTS, WeightsSpec
from models.jobs import engine as jobs_engine
from models.representations import architectures
from models.storage import files, runs
from models.training import recipes
from models.training.spec import TRAINING, TrainingSpec
from tests.conftest import APP

PAGE = "app_pages/train.py"
HEAD = 2 * 256 + 256 * 5 + 5  # batch normalisation's scale and shift, and the softmax, on Frame8's 256 channels


@pytest.fixture
def train(app):
    app.switch_page(PAGE).run()
    return app


def texts(app) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.error, *app.warning, *app.info])


def button(app, key):
    return app.button(key=key)


def finished_run(owner: str, *, note: str = "", leak: float = 0.0) -> str:
    """Write a run by hand: 100 test pictures, 90 right; two layers frozen, the head trainable."""
    spec = TrainingSpec(epochs=2)
    run = runs.create("training", spec.to_json(), owner=owner, title="Galaxies: by hand")
    row = {"seconds": 0.1, "learning_rate": 1e-3}
    history = [
        {"epoch": 1, "loss": 1.5, "accuracy": 0.4, "val_loss": 1.4, "val_accuracy": 0.5, **row},
        {"epoch": 2, "loss": 0.5, "accuracy": 0.9, "val_loss": 0.6, "val_accuracy": 0.8, **row},
    ]
    changes = [
        {"name": "conv1", "block": "conv1", "part": "backbone", "frozen": True, "parameters": 100},
        {"name": "conv1_bn", "block": "conv1", "part": "backbone", "frozen": True, "parameters": 40},
        {"name": "head_output", "block": "head", "part": "head", "frozen": False, "parameters": HEAD},
    ]
    zero = {"max_abs_change": 0.0, "relative_change": 0.0, "statistics_max_abs_change": 0.0}
    changes = [{**change, **zero} for change in changes]
    changes[0]["max_abs_change"] = leak
    changes[2].update(max_abs_change=0.25, relative_change=0.5)
    summary = {
        "accuracy": 0.9, "n_test": 100, "best_epoch": 2, "epochs": 2, "note": note, "path": "features once",
        "parameters_trainable": HEAD, "parameters_frozen": 140, "seconds": {"epochs": 2.0, "total": 2.5},
    }  # fmt: skip
    for name, data in (("history", history), ("weight_change", changes), ("summary", summary)):
        files.write_atomically(run.path(f"{name}.json"), json.dumps(data).encode())
    label = np.arange(100) % 5
    probability = np.eye(5, dtype=np.float32)[np.where(np.arange(100) < 90, label, (label + 1) % 5)]
    arrays = {"index": np.arange(100), "label": label, "probability": probability}
    np.savez(run.path("predictions.npz"), **arrays, **{f"val_{name}": value for name, value in arrays.items()})
    run.path("classifier.keras").write_bytes(b"the classifier")
    run.set_status(runs.RunStatus("done", share=1.0, started=1.0, finished=3.5))
    return run.id


def open_with(run_id: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["run"] = run_id
    return app.switch_page(PAGE).run()


def test_it_opens_cold_with_the_freeze_map_and_a_button_that_can_be_pressed(train):
    assert not train.exception
    assert not button(train, "train_start").disabled
    assert train.get("plotly_chart")[0].proto.spec


def test_moving_the_cut_changes_the_cost_before_anything_runs(train):
    train.segmented_control(key="train_pooling").set_value("average").run()
    frozen = texts(train)
    train.select_slider(key="train_cut_frame8").set_value("nothing").run()
    assert not train.exception
    assert f"**{HEAD:,}** trainable" in frozen
    assert f"**{HEAD:,}** trainable" not in texts(train)
    assert "**0** frozen" not in frozen


def test_a_key_of_the_freeze_map_frees_its_block_and_freezes_it_again(train):
    keys = [element.key for element in train.button if element.key.startswith("train_map_key_")]
    assert keys == [f"train_map_key_conv{number}" for number in range(1, 6)]
    frozen = texts(train)
    button(train, "train_map_key_conv4").click().run()
    assert not train.exception
    assert train.select_slider(key="train_cut_frame8").value == "conv3"
    assert [button(train, key).label.split(", ")[1] for key in keys] == ["frozen"] * 3 + ["trainable"] * 2
    assert texts(train) != frozen
    button(train, "train_map_key_conv5").click().run()
    assert button(train, "train_map_key_conv5").label == "conv5, frozen"
    assert texts(train) == frozen


def test_layer_by_layer_a_key_changes_its_own_block_alone(train):
    train.segmented_control(key="train_how").set_value("layer").run()
    train.multiselect(key="train_layers_frame8").set_value(["conv2"]).run()
    assert button(train, "train_map_key_conv2").label == "conv2, 1 of 2 layers trainable"
    button(train, "train_map_key_conv2").click().run()
    assert train.multiselect(key="train_layers_frame8").value == ["conv2", "conv2_bn"]
    assert button(train, "train_map_key_conv3").label == "conv3, frozen"


def test_layer_by_layer_starts_from_the_cut(train):
    train.select_slider(key="train_cut_frame8").set_value("conv4").run()
    train.segmented_control(key="train_how").set_value("layer").run()
    assert train.multiselect(key="train_layers_frame8").value == ["conv5", "conv5_bn"]


@pytest.mark.parametrize(
    ("key", "value", "sentence"),
    [
        ("train_rate", 0.0, "a learning rate above 0"),
        ("train_batch", 512, "which is all the training data"),
    ],
)
def test_a_bad_setting_shows_its_sentence_and_holds_the_button(train, key, value, sentence):
    if key == "train_batch":
        train.selectbox(key="train_shots").set_value(1).run()
    train.number_input(key=key).set_value(value).run()
    assert sentence in train.error[0].value
    assert button(train, "train_start").disabled
    train.number_input(key=key).set_value({"train_rate": 0.01, "train_batch": 5}[key]).run()
    assert not train.error
    assert not button(train, "train_start").disabled


def test_the_lecture_preset_sets_everything_and_offers_three_ways_on_without_weights(train):
    train.segmented_control(key="train_preset").set_value("lecture").run()
    assert not train.exception
    assert train.session_state["ff_backbone"] == "vgg19"
    assert train.selectbox(key="train_side_vgg19").value == 115
    assert train.selectbox(key="train_hidden1").value == 256
    assert "are not on this machine" in train.warning[0].value
    assert button(train, "train_start").disabled
    assert not train.error
    of_size = "At 115 px the pretrained weights work too; objects look smaller than in"
    assert of_size in texts(train)
    button(train, "train_weights_random").click().run()
    assert not button(train, "train_start").disabled
    assert "Random weights" in texts(train) and of_size not in texts(train)
    new = (512 * 256 + 256) + (256 * 5 + 5)  # of the two dense layers, for five classes
    plan, channels, frozen = [64] * 2 + [128] * 2 + [256] * 4 + [512] * 8, 3, 0
    for filters in plan:
        frozen, channels = frozen + (3 * 3 * channels + 1) * filters, filters
    assert (new, frozen, new + frozen) == (132_613, 20_024_384, 20_156_997)
    assert f"**{new:,}** trainable" in texts(train) and f"**{frozen:,}** frozen" in texts(train)
    assert "**20,156,997** parameters in all" in texts(train)


@pytest.mark.parametrize("backbone", ["lite0", "frame8"])
def test_the_same_head_on_a_network_that_is_here_is_a_way_on_from_the_lecture_preset(train, backbone, monkeypatch):
    there = {"lite0": backbone == "lite0", "frame8": True, "vgg19": False}
    monkeypatch.setattr(weights, "available", lambda name: there.get(name, False))
    train.segmented_control(key="train_preset").set_value("lecture").run()
    title = {"lite0": "EfficientNet-Lite0", "frame8": "Frame8"}[backbone]
    assert "(80.1 MB)" in train.warning[0].value and "takes about 64 s;" in train.warning[0].value
    assert train.warning[0].value.endswith(f"without a network, {title} is here.")
    button(train, "train_weights_shipped").click().run()
    assert not train.exception
    assert train.session_state["ff_backbone"] == backbone
    assert train.selectbox(key="train_hidden1").value == 256
    assert not button(train, "train_start").disabled


def test_a_backbone_that_is_clearly_better_on_the_data_is_offered_with_the_same_head(train, monkeypatch):
    assert "train_better_backbone" not in [one.key for one in train.button]  # Galaxies: no clear difference
    train.session_state["ff_data"] = "textures"
    train.run()
    found = architectures.preferable("textures", "frame8")
    points = f"{100 * abs(found.difference.estimate.value):.1f}"
    said = f"On Textures, a linear model gets {points} points more on EfficientNet-Lite0"
    assert f"One picture takes it {found.times_as_long:.1f} times as long." in texts(train)
    assert found.backbone == "lite0" and found.times_as_long > 1
    assert said in texts(train) and architectures.preferable("textures", "lite0") is None
    button(train, "train_better_backbone").click().run()
    assert not train.exception and train.session_state["ff_backbone"] == "lite0"
    assert not button(train, "train_start").disabled and "points more" not in texts(train)
    train.session_state["ff_data"] = "digits"
    train.run()
    assert "points more on Frame8" in texts(train)  # and the other way round
    assert architectures.preferable("digits", "lite0").times_as_long < 1
    assert "One picture takes it 0." in texts(train)
    train.session_state["ff_data"], train.session_state["ff_backbone"] = "textures", "frame8"
    monkeypatch.setattr(weights, "available", lambda name: name == "frame8")
    train.run()
    assert "points more" not in texts(train)  # its package is missing


def test_the_preset_everything_frees_every_block(train):
    train.segmented_control(key="train_preset").set_value("everything").run()
    assert train.select_slider(key="train_cut_frame8").value == "nothing"
    assert train.number_input(key="train_rate").value == recipes.FINE_TUNING_RATE


def test_after_a_run_it_shows_the_result_the_proof_and_the_list(engine):
    app = open_with(finished_run(""))
    assert not app.exception
    shown = texts(app)
    assert "## 90.0%" in shown and "of 100 test pictures right (95% interval 82.6% to 94.5%)" in shown
    assert "All 2 frozen layers with their 140 weights are the same to the last bit." in shown
    assert "computed **once**" in shown
    assert "Took **2.5 s**" in shown
    assert len(app.get("plotly_chart")) == 4


def test_lost_results_of_a_finished_run_are_said(engine):
    run = runs.get(finished_run(""))
    run.path("predictions.npz").write_bytes(b"PK\x03\x04 torn")
    app = open_with(run.id)
    assert not app.exception
    assert "damaged files; train it again" in app.error[0].value


def test_what_to_know_about_the_end_is_said(engine):
    app = open_with(finished_run("", note="The loss was not a number in epoch 3."))
    assert "The loss was not a number in epoch 3" in app.warning[0].value


def test_the_visitors_own_runs_are_listed_newest_first(train):
    owner = train.session_state["ff_owner"]
    finished_run(owner)
    train.run()
    rows = train.dataframe[-1].value
    assert next(iter(rows["Run"])) == "Galaxies: by hand"
    assert rows["Test accuracy"][0] == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("zone", "title", "minutes"), [("Asia/Kolkata", "When", 330), ("Mars/Olympus", "When, UTC", 0)]
)
def test_the_list_has_the_time_of_the_visitor(train, monkeypatch, zone, title, minutes):
    run = runs.get(finished_run(train.session_state["ff_owner"]))
    monkeypatch.setattr(ContextProxy, "timezone", zone)
    monkeypatch.setattr(ContextProxy, "timezone_offset", None)
    listed = train.run().dataframe[-1]
    shown = listed.value["When"].iloc[0]
    there = time.gmtime(run.created + 60 * minutes)
    assert (shown.day, shown.hour, shown.minute) == (there.tm_mday, there.tm_hour, there.tm_min)
    assert json.loads(listed.proto.columns)["When"].get("label", "When") == title


def test_train_queues_the_settings_that_are_shown_and_a_second_click_queues_nothing(train, monkeypatch):
    asked = []
    run_id = runs.create("training", {"backbone": "frame8", "dataset": "galaxies"}, owner="", title="queued").id

    def submit_all(job, specs, *, owner, seconds=()):
        (spec,) = specs
        asked.append((job.kind, spec))
        written = {**runs.get(run_id).record, "spec": spec.to_json()}
        runs.get(run_id).path("spec.json").write_text(json.dumps(written))
        runs._read_record.cache_clear()
        return [run_id]

    monkeypatch.setattr(jobs_engine, "submit_all", submit_all)
    train.number_input(key="train_epochs").set_value(7).run()
    button(train, "train_start").click().run()
    kind, spec = asked[0]
    assert (kind, spec.title, spec.epochs) == ("training", "Galaxies: Frame8 frozen", 7)
    assert train.session_state["ff_run"] == run_id
    button(train, "train_start").click().run()
    assert len(asked) == 1


def test_a_full_queue_is_said_beside_the_button(train, monkeypatch):
    def full(*_, **__):
        raise errors.QueueFull("You already have 4 jobs running or waiting.")

    monkeypatch.setattr(jobs_engine, "submit_all", full)
    button(train, "train_start").click().run()
    assert "You already have 4 jobs" in train.error[0].value


def test_a_download_of_weights_is_queued_once_and_followed(train, monkeypatch):
    queued = []

    def submit(job, spec, *, owner):
        queued.append((job, spec, owner))
        return runs.create(job.kind, spec.to_json(), owner=owner, title=spec.title).id

    monkeypatch.setattr(jobs_engine, "submit", submit)
    train.segmented_control(key="train_preset").set_value("lecture").run()
    button(train, "train_weights_download").click().run()
    assert not train.exception
    assert queued == [(WEIGHTS, WeightsSpec("vgg19"), train.session_state["ff_owner"])]
    assert button(train, "train_weights_download").disabled
    assert [element.key for element in train.button if element.key.endswith("_cancel")]


def test_a_run_that_works_shows_its_curves_so_far_on_axes_that_stay(engine):
    run = runs.get(finished_run(""))
    run.path("summary.json").unlink()
    run.set_status(runs.RunStatus("running", share=0.5, note="Epoch 1 of 2", started=1.0))
    losses = {"loss": 1.5, "accuracy": 0.4, "val_loss": 1.4, "val_accuracy": 0.5}
    run.path("events.jsonl").write_text(json.dumps({"epoch": 1, **losses}) + "\n")
    app = open_with(run.id)
    assert not app.exception
    assert "Epoch 1 of 2" in app.get("progress")[0].proto.text
    accuracy, loss = (json.loads(chart.proto.spec) for chart in app.get("vega_lite_chart"))
    accuracy, loss = accuracy["layer"][0]["encoding"], loss["layer"][0]["encoding"]
    assert accuracy["x"]["scale"]["domain"] == [1, 2]
    assert (accuracy["y"]["title"], loss["y"]["title"]) == ("Accuracy", "Loss")
    run.set_status(runs.RunStatus("cancelled"))


def test_two_tabs_of_one_visitor_share_their_runs(engine):
    """A run started in one shows in the other, a cancel in one is seen in the other, and so is a run that is gone."""
    owner = "2c" * 16
    tabs = [AppTest.from_file(APP, default_timeout=60) for _ in range(2)]
    for tab in tabs:
        tab.query_params["data"] = "digits"
        tab.run()
        tab.session_state["ff_owner"] = owner
        tab.switch_page(PAGE).run()
    first, second = tabs
    spec = TrainingSpec(dataset="digits", shots=5, epochs=900, batch=8)
    run = runs.get(jobs_engine.submit(TRAINING, spec, owner=owner))
    second.run()
    assert any(spec.title in option for option in second.selectbox(key="bar_run").options)
    second.selectbox(key="bar_run").set_value(run.id).run()
    second.button(key="train_job_cancel").click().run()
    assert not second.exception
    first.run()
    assert spec.title in " ".join(first.selectbox(key="bar_run").options)
    first.selectbox(key="bar_run").set_value(run.id).run()
    assert not first.exception
    assert "Cancelled" in texts(first)
    shutil.rmtree(run.folder)
    for tab in tabs:
        tab.run()
        assert not tab.exception
        assert not [option for option in tab.selectbox(key="bar_run").options if spec.title in option]
