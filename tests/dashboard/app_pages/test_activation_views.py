"""Before and after, and through the epochs: of a run that fine-tuned and kept its epochs, of others, and of none."""

import dataclasses
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from dashboard.widgets.page import name_of
from models.jobs import execute
from models.pictures import images
from models.storage import runs
from models.training import kept_epochs, recipes
from tests.few_digits import few_digits

PAGE = "activations"
BEFORE, EPOCHS = "Before and after", "Through the epochs"


@pytest.fixture(scope="module")
def kept(engine):
    """A run that fine-tuned the last block on four digits a class and kept its two epochs; trained in this process."""
    start = dataclasses.replace(recipes.DEFAULT, dataset="digits", shots=4, seed=5)
    fine = recipes.apply_preset("last_block", start)
    spec = dataclasses.replace(fine, epochs=2, head_epochs=0, batch=8, keep_epochs=True)
    run = runs.create("training", spec.to_json(), owner="9" * 32, title="kept")
    with few_digits():
        assert execute.execute(run.id) == "done"
    return run


def words(app):
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.info])


def test_before_and_after_begins_with_what_training_reached(visit, kept):
    app = visit(run=kept.id, activations_view=BEFORE)
    assert not app.exception and not app.error
    assert app.selectbox(key="activations_layer").value == "conv5_relu"
    assert "Training moved what **conv5_relu** answers by" in words(app)
    assert "**Where did training reach?** From conv5 on." in words(app)


def test_a_frozen_layer_is_proved_to_be_the_same(visit, kept):
    app = visit(run=kept.id, activations_view=BEFORE, activations_layer="conv3_relu")
    assert app.selectbox(key="activations_layer").value == "conv3_relu"  # the link's
    assert "are the same to the last bit (largest change 0)" in words(app)
    assert "values of this picture before and after is exactly 0." in words(app)
    app.button(key="activations_to_reached").click().run()
    assert app.selectbox(key="activations_layer").value == "conv5_relu" and not app.exception


def test_units_of_the_head_have_a_before_too(visit, kept):
    app = visit(run=kept.id, activations_view=BEFORE, activations_layer="head_output")
    assert not app.exception and "after" in app.get("plotly_chart")[0].proto.spec


def test_the_film_is_there_for_an_upload_too(visit, kept):
    picture = images.store_upload(np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8), "me")
    app = visit(run=kept.id, picture=picture, activations_view=EPOCHS, activations_channel="250")
    assert not app.exception and not app.error
    assert "The 15 of 256 channels of **conv5_relu**" in words(app)
    assert "This run kept all 2 epochs and the start" in words(app)
    app.selectbox(key="activations_block").select("conv2").run()
    assert "conv2_relu is the same in all 3 epochs, to the last bit" in words(app)
    app.selectbox(key="activations_block").select("head").run()
    assert "head_output has single values, no maps" in words(app)


def test_the_view_and_the_chosen_channel_stay_when_the_view_changes(visit, kept):
    app = visit(run=kept.id, activations_channel="7", activations_layer="conv5_relu")
    app.segmented_control(key="activations_view").select(BEFORE).run()
    assert app.number_input(key="activations_channel").value == 7
    assert app.selectbox(key="activations_layer").value == "conv5_relu"


@pytest.mark.parametrize("view", [BEFORE, EPOCHS])
def test_the_shipped_example_gives_way_to_the_run_in_which_something_moved(visit, view):
    app = visit(activations_view=view)
    assert not app.exception and not app.error and not app.info
    assert "the whole backbone was frozen: nothing of it moved" in words(app)
    assert app.selectbox(key="activations_layer").value == "conv5_relu"
    if view == BEFORE:
        assert "From conv5 on." in words(app)
    else:
        kept = kept_epochs.epochs(runs.get(runs.FINE_TUNED).folder)
        assert f"This run kept {len(kept)} of 25 epochs" in words(app)
    app.button(key="activations_choose_tuned").click().run()
    assert app.session_state["ff_run"] == runs.FINE_TUNED and not app.exception
    assert "activations_choose_tuned" not in [button.key for button in app.button]


@pytest.mark.parametrize("view", [BEFORE, EPOCHS])
def test_a_run_of_ones_own_that_froze_everything_stays_and_offers_to_fine_tune(visit, view, monkeypatch):
    example = runs.get(runs.EXAMPLE)
    own = runs.create("training", example.spec, owner="e" * 32, title="frozen")
    for path in example.folder.iterdir():
        if path.name not in ("spec.json", "status.json"):
            shutil.copy(path, own.folder)
    own.set_status(runs.RunStatus("done"))
    app = visit(run=own.id, activations_view=view)
    assert not app.exception
    assert app.button(key="activations_offer").label == "Fine-tune the last block"
    asked = []
    monkeypatch.setattr(
        "models.jobs.engine.submit_all", lambda job, specs, **_: asked.append((job.kind, specs)) or ["example"]
    )
    monkeypatch.setattr("models.training.costs.estimate.keep", lambda *_: None)
    app.button(key="activations_offer").click().run()
    ((kind, (spec,)),) = asked
    assert kind == "training" and spec.keep_epochs and spec.trainable and spec.dataset == "galaxies"


def test_without_a_run_the_views_say_what_is_missing(visit):
    app = visit(backbone="frame8", data="textures")
    for view in (BEFORE, EPOCHS):
        app.segmented_control(key="activations_view").select(view).run()
        assert not app.exception and len(app.info) == 1 and app.button(key="activations_offer").label


def test_networks_on_the_way_have_names_of_their_own():
    chosen = SimpleNamespace(backbone="frame8")
    names = [name_of(f"run:{'0' * 32}{end}", chosen) for end in (":start", ":epoch:0", ":epoch:7", "")]
    assert names[0] == names[1] == "the classifier of this run before its first epoch (Frame8)"
    assert "after epoch 7" in names[2] and names[3] == "the classifier of this run (Frame8)"


def test_a_broken_run_is_a_sentence(visit, kept, tmp_path):
    broken = runs.create("training", kept.spec, owner=kept.owner, title="broken")
    shutil.copytree(kept.folder, broken.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("spec.json"))
    for epoch in kept_epochs.epochs(broken.folder):
        (broken.folder / f"epoch-{epoch:04}.npz").write_bytes(b"torn")
    app = visit(run=broken.id, activations_view=EPOCHS)
    assert not app.exception and "damaged file" in app.error[0].value
    (broken.folder / "classifier.keras").unlink()
    app = visit(run=broken.id, activations_view=BEFORE)
    assert not app.exception and "no classifier" in app.error[0].value
