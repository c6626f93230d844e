"""The Occlusion page on the shipped example run, with real workers."""

import json
import time
from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.views.occlusion.question import TAPPED, tapped
from dashboard.widgets import cache
from models.jobs import engine
from models.occlusion.scores import OCCLUSION, PATCH_SCORES, OcclusionSpec, probabilities
from models.pictures import datasets, images
from models.storage import files, runs

PAGE = "occlusion"
COVER = f"sample:galaxies:{datasets.DATASETS['galaxies'].cover}"
FIRST = OcclusionSpec.first("run:example", COVER, 64, "conv5_relu")


def words(app):
    return " ".join(caption.value for caption in app.caption)


def headline(app):
    return next(element.value for element in app.markdown if element.value.startswith("## "))


def drawn(app, component="maps"):
    """What a canvas gets: its header, and its arrays as bytes."""
    [proto] = [found.proto for found in app.get("bidi_component") if found.proto.component_name.endswith(component)]
    length = int.from_bytes(proto.bytes[:4], "little")
    header, at, parts = json.loads(proto.bytes[4 : 4 + length]), 4 + length, {}
    for name, size in header["parts"]:
        parts[name] = proto.bytes[at : at + size]
        at += size
    assert at == len(proto.bytes)
    return header, parts


def maps(app):
    """The maps drawn, (n, H, W)."""
    header, parts = drawn(app)
    names = [f"map{number}" for number in range(len(header["maps"]))]
    return np.stack([np.frombuffer(parts[name], "<f4").reshape(header["height"], header["width"]) for name in names])


def title_of_scale(app):
    return drawn(app)[0]["scales"][0]["title"]


def test_a_first_visit_shows_the_whole_map_at_once(visit):
    app = visit()
    assert not app.exception
    assert not app.error
    assert "169 positions, about" in words(app)
    assert "of the evidence lies on the galaxy, which covers 15% of the picture." in headline(app)
    assert app.selectbox(key="occlusion_class").value == -1
    assert title_of_scale(app) == "mean fall of the logit over the squares that hide a place"


def test_settings_come_with_the_link(visit):
    app = visit(
        occlusion_patch_64="32", occlusion_stride_64="16", occlusion_score="probability", occlusion_class="edge-on"
    )
    assert not app.exception
    assert "9 positions, about" in words(app)
    assert title_of_scale(app) == "mean fall of the probability over the squares that hide a place"
    assert app.selectbox(key="occlusion_class").value == 2
    assert "**edge\\-on** has" in words(app)


def test_a_stride_larger_than_the_patch_is_refused_with_a_sentence(visit):
    app = visit()
    app.slider(key="occlusion_patch_64").set_value(8).run()
    app.slider(key="occlusion_stride_64").set_value(20).run()
    assert not app.exception
    assert "Received stride 20 px and patch 8 px" in app.error[0].value.replace("\\", "")
    app.slider(key="occlusion_stride_64").set_value(8).run()
    assert not app.error
    assert "64 positions" in words(app)


def test_your_own_picture_has_no_outline_but_a_map(visit):
    picture = images.store_upload(np.random.default_rng(1).integers(0, 256, (50, 90, 3), np.uint8), "me")
    app = visit(picture=picture)
    assert not app.exception
    assert not app.error
    assert maps(app).shape == (1, 64, 64)
    assert drawn(app)[0]["outline"] == []
    assert not [toggle for toggle in app.toggle if toggle.key == "occlusion_mask"]
    shown = [element.value for element in app.markdown]
    assert any("knows only: elliptical, spiral, edge\\-on, ring, merger. It must choose one." in text for text in shown)
    assert len(app.get("plotly_chart")) == 2  # Frame8's own classes, and the operations
    squeezed = maps(app)
    app.selectbox(key="occlusion_frame").set_value("crop").run()
    assert not app.exception and app.query_params["picture"] == f"{picture}:crop"
    assert not np.allclose(maps(app), squeezed)  # the network saw another picture


def test_without_a_run_the_original_classifier_of_the_backbone_is_explained(visit):
    app = visit(data="textures", picture="photo:china")
    assert not app.exception and not app.error
    assert "You see the original classifier of Frame8" in words(app) and "the classes of Textures" in words(app)
    assert "Can I trust it?" not in app.segmented_control(key="occlusion_view").options
    header, _ = drawn(app)
    assert (header["height"], header["width"]) == (64, 64) and headline(app) != "## No square changes this answer."
    first = OcclusionSpec.first("backbone:frame8:64:top", "photo:china", 64, "conv5_relu")
    scores = occlusion_cache.patch_scores(first)
    order = np.argsort(-scores.base_logits, kind="stable")
    options = app.selectbox(key="occlusion_class").options
    assert len(options) == 201 and options[1] == scores.classes[order[0]]  # the most probable first
    app.segmented_control(key="occlusion_view").set_value("The whole figure").run()
    assert not app.exception
    header, parts = drawn(app, "figure")
    shown = np.frombuffer(parts["probabilities"], "<f4").reshape(-1, 200)
    assert shown == pytest.approx(probabilities(scores).reshape(-1, 200), abs=1e-6)
    strongest = np.argsort(-shown.max(axis=0))[:6]
    assert len({header["classes"][number][1] for number in strongest}) == 6  # who is seen together differs in colour


def test_a_link_to_a_test_of_maps_says_that_it_needs_a_run(visit):
    app = visit(data="textures", occlusion_view="Can I trust it?")
    assert not app.exception and "Can I trust it?" in " ".join(info.value for info in app.info)


def test_without_a_classifier_the_way_to_one_is_offered(visit):
    app = visit(data="textures", backbone="mobilenetv2")
    assert not app.exception
    assert "There is none for this backbone and these data yet" in app.markdown[-1].value
    assert not app.get("plotly_chart")
    assert not [found for found in app.get("bidi_component") if "occlusion" in found.proto.component_name]


def test_of_a_run_that_was_stopped_only_the_run_is_said_to_have_no_classifier(visit, monkeypatch):
    monkeypatch.setattr("dashboard.widgets.page.has_classifier", lambda chosen: False)
    app = visit()
    assert not app.exception
    assert "This run has none." in app.markdown[-1].value


def test_a_class_and_a_score_are_chosen_without_another_computation(visit, monkeypatch):
    app = visit()
    before = maps(app)
    asked, ask = [], engine.call
    monkeypatch.setattr(engine, "call", lambda task, **arguments: asked.append(task) or ask(task, **arguments))
    app.selectbox(key="occlusion_score").set_value("probability").run()
    app.selectbox(key="occlusion_class").set_value(0).run()
    assert not app.exception and asked == []
    assert not np.allclose(maps(app), before)


def test_classes_lie_side_by_side_on_one_scale(visit):
    app = visit(occlusion_show="Classes", occlusion_score="logit")
    assert not app.exception
    header, _ = drawn(app)
    assert [one["scale"] for one in header["maps"]] == [0, 0]
    assert header["maps"][0]["title"] == "spiral 100.0%, predicted, true"
    assert header["scales"][0]["high"] == pytest.approx(np.abs(maps(app)).max())
    app.multiselect(key="occlusion_classes_3").set_value([4, 0, -1]).run()
    assert [one["title"].split()[0] for one in drawn(app)[0]["maps"]] == ["merger", "elliptical", "spiral"]


def test_fills_lie_side_by_side_with_where_they_disagree(visit):
    app = visit(occlusion_show="Fills", occlusion_patch_64="32", occlusion_stride_64="16")
    assert not app.exception and not app.error
    titles = [one["title"] for one in drawn(app)[0]["maps"]]
    assert titles == ["Grey", "Mean", "Blur", "Noise", "Where they disagree"]
    found = maps(app)
    np.testing.assert_allclose(found[4], found[:4].std(axis=0), atol=1e-6)
    assert np.ptp(found[4]) > 1e-3
    assert "The fills disagree most at row" in headline(app)


@pytest.fixture
def slow(monkeypatch):
    """A machine on which the whole map takes long, and a coarse one does not."""
    monkeypatch.setattr(OcclusionSpec, "seconds", property(lambda spec: spec.n_positions / 50))


def test_a_long_map_is_a_job_with_a_coarse_preview(visit, slow):
    app = visit()
    assert not app.exception
    assert "Coarse preview, stride 16 px." in words(app)
    app.button(key="occlusion_compute").click().run()
    owner = app.session_state["ff_owner"]
    [run] = runs.listing(owner, "occlusion")
    deadline = time.monotonic() + 90
    while run.status.active and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.status.state == "done", run.status.message
    app.run()
    assert not app.exception
    assert "169 positions, computed" in words(app)
    assert "Coarse" not in words(app)
    OCCLUSION.path(run).write_bytes(b"PK\x03\x04 torn")
    app.run()
    assert not app.exception and not app.error
    assert app.button(key="occlusion_compute")  # a damaged map can be computed again


def test_a_working_job_shows_what_it_has_and_goes_on(visit, slow):
    app = visit()
    owner, whole = app.session_state["ff_owner"], engine.call(PATCH_SCORES, spec=FIRST)
    run = runs.create("occlusion", FIRST.to_json(), owner=owner, title=FIRST.title)
    run.set_status(runs.RunStatus("running", share=0.6))
    whole.logits[8:] = np.nan
    files.write_atomically(OCCLUSION.path(run), files.pack(whole))
    app.run()
    try:
        assert not app.exception
        assert "104 of 169 positions so far" in words(app)
        assert np.isnan(maps(app)[0, -1]).all() and not np.isnan(maps(app)[0, 0]).any()
        assert app.get("progress")
    finally:
        run.set_status(runs.RunStatus("cancelled"))
    app.run()
    assert "Coarse preview" in words(app) and not app.get("progress")


def test_a_run_whose_training_diverged_gets_a_sentence(visit, monkeypatch):
    def nothing(spec):
        scores = engine.call(PATCH_SCORES, spec=spec)
        return replace(scores, base_logits=np.full_like(scores.base_logits, np.nan))

    monkeypatch.setattr(occlusion_cache, "patch_scores", nothing)
    app = visit()
    assert not app.exception
    assert "the training of this run diverged" in app.error[0].value


def test_the_whole_figure_travels_once_with_its_five_panels(visit):
    app = visit(occlusion_view="The whole figure")
    assert not app.exception and not app.error
    header, parts = drawn(app, "figure")
    whole = engine.call(PATCH_SCORES, spec=FIRST)
    values = np.frombuffer(parts["probabilities"], "<f4").reshape(13, 13, 5)
    np.testing.assert_allclose(values, probabilities(whole), atol=1e-6)
    np.testing.assert_allclose(np.frombuffer(parts["activity"], "<f4"), whole.activity.ravel(), rtol=1e-5)
    assert header["titles"]["activity"] == f"Activity of map {whole.channel}"
    assert header["classes"][header["explained"]][0] == "spiral"  # the true class, as in the paper
    assert all(parts[name].startswith(b"\x89PNG") for name in ("picture", "hidden", "projection"))
    assert header["note"].startswith("Deconvolution of its strongest value")
    assert "Of conv5\\_relu's 256 maps" in words(app)
    assert f"What else excites channel {whole.channel} of conv5\\_relu" in words(app)


def test_the_layer_of_the_figure_stays_chosen_on_the_map_and_back(visit):
    app = visit(occlusion_view="The whole figure")
    app.selectbox(key="occlusion_block").set_value("conv3").run()
    app.selectbox(key="occlusion_layer").set_value("conv3_relu").run()
    for view in ("Map", "The whole figure"):
        app.segmented_control(key="occlusion_view").set_value(view).run()
        assert not app.exception
        assert app.session_state[TAPPED] == "conv3_relu"
    assert app.selectbox(key="occlusion_layer").value == "conv3_relu"


def test_a_dense_layer_has_no_maps_and_says_so(visit):
    app = visit(occlusion_view="The whole figure", occlusion_layer="head_output")
    assert not app.exception and not app.error
    assert "head\\_output is a dense layer: it has no maps" in words(app)
    assert drawn(app, "figure")[0]["titles"]["activity"] == "Activity of unit 1"


def test_the_figure_takes_your_own_picture_and_a_silent_channel(visit, monkeypatch):
    ask = cache.backward_views
    monkeypatch.setattr(cache, "backward_views", lambda *arguments: replace(ask(*arguments), value=0.0))
    picture = images.store_upload(np.random.default_rng(1).integers(0, 256, (50, 90, 3), np.uint8), "me")
    app = visit(occlusion_view="The whole figure", picture=picture)
    assert not app.exception and not app.error
    header, parts = drawn(app, "figure")
    assert (header["height"], header["width"]) == (64, 64)
    assert parts["projection"] == b"" and "does not respond" in header["note"]


@pytest.mark.parametrize("view", ["Map", "The whole figure"])
def test_a_run_that_lost_its_classifier_gets_a_sentence(visit, view):
    run = runs.create("training", runs.get("example").spec, owner="me", title="Training")
    run.set_status(runs.RunStatus("done"))
    app = visit(run=run.id, occlusion_view=view)
    assert not app.exception
    assert "Expected a finished training run" in app.error[0].value


@pytest.mark.parametrize(
    ("network", "layer"),
    [
        ("backbone:frame8:64", "conv5_relu"),
        ("backbone:vgg16:96", "block5_conv3"),
        ("backbone:mobilenetv2:96", "out_relu"),
        ("backbone:efficientnetb0:96", "top_activation"),
    ],
)
def test_the_watched_layer_is_the_deepest_with_maps_until_another_is_chosen(network, layer):
    assert tapped(network) == layer
