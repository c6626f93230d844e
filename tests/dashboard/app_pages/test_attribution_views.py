"""The views "Other methods" and "Can I trust it?" of the Occlusion page, with real workers."""

import json
import time

import numpy as np

from dashboard.views.occlusion import methods, trust_curves
from models.attribution.maps import METHODS
from models.pictures import images
from models.storage import runs
from models.training.spec import TrainingSpec

PAGE = "occlusion"
METHODS_VIEW = {"occlusion_view": "Other methods"}
TRUST = {"occlusion_view": "Can I trust it?"}


def texts(app):
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def opacities(app):
    """How opaque each map over the picture is; the picture itself has none."""
    charts = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
    return [traces[0]["opacity"] for traces in charts if traces and traces[0]["type"] == "heatmap"]


def test_the_map_of_every_method_stands_beside_the_picture(visit):
    app = visit(**METHODS_VIEW, occlusion_score="logit")
    assert not app.exception and not app.error
    assert len(app.get("plotly_chart")) == 1 + len(METHODS)
    shown = texts(app)
    assert all(f"**{method.title}**" in shown for method in METHODS.values())
    assert "Its values add up to" in shown and "8 × 8 values of `conv5_relu`. Interpolated." in shown
    assert "nothing is coloured" not in shown
    assert "No map shows why" in shown and "of its evidence on the galaxy, which covers 15%" in shown
    app.selectbox(key="occlusion_gradcam_layer").select("conv2_relu")
    app.segmented_control(key="occlusion_enlarged").set_value("nearest")
    app.select_slider(key="occlusion_smoothgrad_samples").set_value(5)
    app.select_slider(key="occlusion_smoothgrad_noise").set_value(0)
    app.selectbox(key="occlusion_integrated_baseline").select("black").run()
    assert not app.exception and "16 × 16 values of `conv2_relu`. As it is." in texts(app)
    assert "Without noise every copy is the picture itself" in texts(app)
    app.selectbox(key="occlusion_score").select("probability").run()
    quiet = texts(app).count("Try the score before softmax")
    assert 2 <= quiet < len(METHODS)  # this answer is sure: next to no gradient
    assert opacities(app).count(0) == quiet


def test_your_own_picture_is_explained_without_an_outline(visit):
    picture = images.store_upload(np.random.default_rng(1).integers(0, 256, (50, 90, 3), np.uint8), "me")
    app = visit(**METHODS_VIEW, picture=picture)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 2 + len(METHODS)
    app = visit(**TRUST, picture=picture, occlusion_trust="Against the truth", occlusion_truth_of="This picture")
    assert not app.exception and "Nobody knows the object of your own picture" in texts(app)


def test_what_is_too_slow_for_a_click_is_a_job(visit, monkeypatch):
    monkeypatch.setattr(methods, "AT_ONCE_S", 0.05)
    app = visit(**METHODS_VIEW)
    assert not app.exception
    assert texts(app).count("This takes a while") >= 3  # saliency and Grad-CAM are quick
    app.button(key="occlusion_methods_start").click().run()
    [run] = runs.listing(app.session_state["ff_owner"], "explanation")
    deadline = time.monotonic() + 120
    while run.status.active and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.status.state == "done", run.status.message
    app.run()
    assert (
        not app.exception
        and "This takes a while" not in texts(app)
        and len(app.get("plotly_chart")) == 1 + len(METHODS)
    )
    run.path("integrated.npz").write_bytes(b"PK torn")
    app.run()
    assert not app.exception and "cannot be read" in texts(app)
    assert app.button(key="occlusion_methods_start")


def test_curves_of_a_picture_and_of_the_test_set(visit, monkeypatch):
    app = visit(**TRUST)
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    assert "the damaged picture no longer looks like" in texts(app)
    assert "knows more than chance." in texts(app) or "know more than chance." in texts(app)
    assert list(app.dataframe[0].value[""])[-1] == "5 random orders"
    app = visit(**TRUST, occlusion_curves_of="Test set")
    assert not app.exception and "60 test pictures" in texts(app) and "95% Student intervals" in texts(app)
    assert "compared with random orders picture by picture: better are Occlusion by" in texts(app)
    monkeypatch.setattr(trust_curves, "AT_ONCE_S", 0)
    app = visit(**TRUST)
    assert not app.exception and app.button(key="occlusion_curves_job_start")


def test_the_shipped_run_is_held_against_the_truth_at_once(visit):
    app = visit(**TRUST, occlusion_trust="Against the truth")
    assert not app.exception and not app.error and len(app.get("plotly_chart")) == 1
    shown = texts(app)
    assert (
        "300 test pictures (all)" in shown
        and "95% Wilson intervals" in shown
        and "galaxy clearly more often than a map that always points to the middle" in shown
    )
    app.segmented_control(key="occlusion_truth_which").set_value("right").run()
    assert "those that the network got right" in texts(app)
    app.segmented_control(key="occlusion_truth_of").set_value("one").run()
    assert not app.exception and len(app.get("plotly_chart")) == texts(app).count("% inside; a ") == len(METHODS)


def test_random_weights_are_shipped_for_the_first_picture_and_a_job_for_others(visit):
    app = visit(**TRUST, occlusion_trust="Random weights")
    assert not app.exception and len(app.get("plotly_chart")) == 1
    assert "**Guided backpropagation fails to change**" in texts(app)
    app.segmented_control(key="occlusion_random_measure").set_value("structure").run()
    assert not app.exception
    app = visit(**TRUST, occlusion_trust="Random weights", picture="sample:galaxies:7")
    assert not app.exception and "Not measured yet for this picture" in texts(app)
    assert app.button(key="occlusion_random_job_start")


def test_without_masks_there_is_no_truth_and_it_is_said(visit):
    run = runs.create("training", TrainingSpec(dataset="textures").to_json(), owner="somebody", title="Textures")
    run.set_status(runs.RunStatus("done"))
    app = visit(**TRUST, run=run.id, occlusion_trust="Against the truth")
    assert not app.exception and "Textures has no masks" in texts(app)
    app = visit(**TRUST, run=run.id, occlusion_curves_of="Test set")
    assert not app.exception and "All maps of 60 test pictures" in texts(app)
    app = visit(**METHODS_VIEW, run=run.id)
    assert not app.exception and "has no classifier" in app.error[0].value


def test_without_a_run_the_way_to_one_is_offered(visit):
    app = visit(backbone="vgg16", data="digits")
    assert not app.exception and "explains a trained classifier's answer" in app.markdown[-1].value
