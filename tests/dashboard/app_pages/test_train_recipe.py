"""The Train page's recipe: two phases, data, augmentation, BatchNorm by block; each control reaches the run."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views.train import cache as train_cache
from models.jobs import engine as jobs_engine
from models.storage import runs
from models.training import recipes
from models.training.spec import AUGMENTED_PICTURES, GENTLE, AugmentationSpec, AugmentedPictures, TrainingSpec

PAGE = "train"


@pytest.fixture
def asked(monkeypatch):
    """The specs that the page asked to train."""
    specs = []

    def submit_all(job, queued, *, owner, seconds=()):
        specs.extend(queued)
        return [runs.create("training", spec.to_json(), owner="", title="queued").id for spec in queued]

    monkeypatch.setattr(jobs_engine, "submit_all", submit_all)
    return specs


def trained(app, asked) -> TrainingSpec:
    assert not app.exception
    app.button(key="train_start").click().run()
    return asked[-1]


def texts(app) -> str:
    return "\n".join(element.value for element in [*app.markdown, *app.caption, *app.error, *app.latex])


def test_the_preset_of_the_last_block_sets_every_control_and_another_one_takes_it_back(visit, asked):
    app = visit()
    app.segmented_control(key="train_preset").set_value("last_block").run()
    assert "Two phases: the head alone for 60 epochs from a rate of 0.003" in texts(app)
    spec = trained(app, asked)
    assert spec == recipes.apply_preset("last_block", recipes.DEFAULT)
    app.segmented_control(key="train_preset").set_value("features").run()
    assert trained(app, asked) == recipes.DEFAULT


def test_every_control_reaches_the_run(visit, asked):
    app = visit()
    app.select_slider(key="train_cut_frame8").set_value("conv3").run()
    app.segmented_control(key="train_bn").set_value("train")
    app.multiselect(key="train_bn_other_frame8").set_value(["conv5"])
    app.number_input(key="train_smoothing").set_value(0.1)
    app.number_input(key="train_head_epochs").set_value(4)
    app.number_input(key="train_head_rate").set_value(0.02)
    app.slider(key="train_noise").set_value(0.25)
    app.number_input(key="train_split").set_value(2)
    app.toggle(key="train_flip_vertical").set_value(True)
    app.slider(key="train_rotation").set_value(30.0)
    app.slider(key="train_cutout").set_value(0.3).run()
    assert "225 of them with a wrong label" in texts(app)
    alt = app.get("plotly_chart")[0].proto.alt
    assert "trainable, BatchNorm learns; conv5" in alt and alt.count("BatchNorm held") == 1
    spec = trained(app, asked)
    assert (spec.batch_norm, spec.batch_norm_except, spec.label_smoothing) == ("train", ("conv5",), 0.1)
    assert (spec.head_epochs, spec.head_rate, spec.label_noise, spec.split_seed) == (4, 0.02, 0.25, 2)
    assert spec.augmentation == AugmentationSpec(flip_vertical=True, rotation=30.0, cutout=0.3)
    assert spec.trainable == ("conv4", "conv4_bn", "conv5", "conv5_bn")


@pytest.mark.parametrize(
    ("key", "sentence"),
    [("train_head_epochs", "a backbone that is frozen whole"), ("train_head_rate", "rate of the head alone above 0")],
)
def test_phases_that_make_no_sense_hold_the_button_with_a_sentence(visit, key, sentence):
    app = visit()
    app.number_input(key=key).set_value({"train_head_epochs": 5, "train_head_rate": 0.0}[key]).run()
    assert sentence in app.error[0].value and app.button(key="train_start").disabled


def test_a_mix_and_all_off_set_every_slider(visit, asked):
    app = visit()
    app.button(key="train_augment_gentle").click().run()
    assert trained(app, asked).augmentation == GENTLE
    app.button(key="train_augment_off").click().run()
    assert not trained(app, asked).augmentation.on


STRIP = """
from dashboard import state
from dashboard.views.train.augmentation import augmentation_panel
from models.training.spec import AugmentationSpec
from models.training.recipes import DEFAULT
from dataclasses import replace
state.prepare()
spec = replace(DEFAULT, augmentation=AugmentationSpec(rotation=30.0))
augmentation_panel(spec, "sample:galaxies:571", is_open={is_open})
"""


@pytest.mark.parametrize("is_open", [True, False])
def test_the_strip_shows_the_coming_epochs_and_rolls_on_once_it_is_open(monkeypatch, is_open):
    asked = []

    def answer(*arguments):
        asked.append(arguments)
        picture = np.zeros((8, 8, 3), np.uint8)
        return AugmentedPictures(picture, np.stack([picture] * 7), ("turned +3°",) * 7)

    monkeypatch.setattr(train_cache, "augmented_pictures", answer)
    app = AppTest.from_string(STRIP.format(is_open=is_open), default_timeout=30).run()
    assert not app.exception
    if not is_open:
        assert not asked
        return
    assert [caption.value for caption in app.caption][:2] == ["as it is", "epoch 1"]
    app.button(key="train_augment_again").click().run()
    assert [caption.value for caption in app.caption][:2] == ["as it is", "epoch 8"]
    assert [arguments[4:] for arguments in asked] == [(0, 7), (7, 7)]


def test_the_last_layer_is_explained_with_the_numbers_of_the_recipe(visit):
    app = visit()
    assert r"\sum_{j=1}^{5}" in texts(app) and "ln 5 = 1.61" in texts(app)
    app.number_input(key="train_smoothing").set_value(0.1)
    app.number_input(key="train_decay").set_value(0.001).run()
    assert "= 0.92" in texts(app) and "= 0.02" in texts(app) and r"0.001 \sum w^2" in texts(app)


def test_the_preview_task_answers_what_the_pipeline_makes(engine):
    answer = engine.call(
        AUGMENTED_PICTURES,
        picture="sample:digits:45", side=64, augmentation=AugmentationSpec(flip_horizontal=True), seed=0,
        first=0, count=2,
    )  # fmt: skip
    flipped = answer.picture[:, ::-1] if answer.words[0] == "mirrored" else answer.picture
    np.testing.assert_array_equal(answer.changed[0], flipped)


def test_a_batch_that_batchnorm_cannot_learn_from_holds_the_button_with_a_sentence(visit):
    app = visit()
    app.number_input(key="train_batch").set_value(1).run()
    assert "2 or more pictures with BatchNorm in the head" in app.error[0].value
    assert app.button(key="train_start").disabled
    app.toggle(key="train_head_bn").set_value(False).run()
    assert not app.error and not app.button(key="train_start").disabled


def test_a_setting_without_effect_is_named_and_the_run_can_start(visit):
    app = visit()
    assert "has no effect" not in texts(app)
    app.number_input(key="train_patience").set_value(100).run()
    assert "Early stopping has no effect: it waits for 100 epochs" in texts(app)
    assert not app.error and not app.button(key="train_start").disabled
