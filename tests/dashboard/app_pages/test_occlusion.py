"""The Occlusion page on the shipped example run, with real workers."""

import json
import time

import numpy as np
import pytest

from dashboard import cache
from dashboard.components.occlusion_view import evidence, mask_of, strongest
from models import datasets, images, occlusion, runs
from models.occlusion import occlusion_map

PAGE = "occlusion"


def words(app):
    return " ".join(caption.value for caption in app.caption)


def title_of_scale(app):
    return json.loads(app.get("plotly_chart")[0].proto.spec)["data"][0]["colorbar"]["title"]["text"]


def test_a_first_visit_shows_the_whole_map_at_once(visit):
    app = visit()
    assert not app.exception
    assert not app.error
    assert "169 positions, about" in words(app)
    assert "of the evidence** (falls of the score) lies in the object" in words(app)
    assert app.selectbox(key="occlusion_class").value == -1
    assert title_of_scale(app) == "mean fall of the probability over the squares that hide a place"


def test_settings_come_with_the_link(visit):
    app = visit(occlusion_patch_64="32", occlusion_stride_64="16", occlusion_score="logit", occlusion_class="edge-on")
    assert not app.exception
    assert "9 positions, about" in words(app)
    assert title_of_scale(app) == "mean fall of the logit over the squares that hide a place"
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
    assert len(app.get("plotly_chart")) == 1
    assert not [toggle for toggle in app.toggle if toggle.key == "occlusion_mask"]


def test_without_a_classifier_the_way_to_one_is_offered(visit):
    app = visit(data="textures")
    assert not app.exception
    assert "There is none for this backbone and these data yet" in app.markdown[-1].value
    assert not app.get("plotly_chart")


def test_of_a_run_that_was_stopped_only_the_run_is_said_to_have_no_classifier(visit, monkeypatch):
    monkeypatch.setattr("dashboard.components.subject.has_classifier", lambda chosen: False)
    app = visit()
    assert not app.exception
    assert "This run has none." in app.markdown[-1].value


def test_a_long_map_is_a_job_with_a_coarse_preview(visit):
    app = visit(occlusion_stride_64="1", occlusion_patch_64="32")
    assert not app.exception
    assert "Coarse preview, stride 32 px." in words(app)
    app.button(key="occlusion_compute").click().run()
    owner = app.session_state["ff_owner"]
    [run] = runs.listing(owner, "occlusion")
    deadline = time.monotonic() + 90
    while run.status.active and time.monotonic() < deadline:
        time.sleep(0.2)
    assert run.status.state == "done", run.status.message
    app.run()
    assert not app.exception
    assert "1,089 positions, computed" in words(app)
    assert "Coarse" not in words(app)
    run.path(occlusion.RESULT).write_bytes(b"PK\x03\x04 torn")
    cache.occlusion_result.clear()
    app.run()
    assert not app.exception and not app.error
    assert app.button(key="occlusion_compute")  # a damaged map can be computed again


def test_the_mask_is_that_of_the_picture_at_the_size_of_the_map():
    np.testing.assert_array_equal(mask_of("sample:galaxies:7", 64), datasets.mask("galaxies", 7))
    assert mask_of("sample:galaxies:7", 128).mean() == pytest.approx(datasets.mask("galaxies", 7).mean(), abs=0.02)
    assert mask_of("sample:digits:7", 64) is None
    assert mask_of("upload:" + "0" * 32, 64) is None


def test_what_the_map_says_in_words():
    image = np.full((6, 9, 3), 255, np.uint8)
    result = occlusion_map(lambda batch: batch[:, 4, 7, 0] / 255, image, patch=3, stride=3)
    mask = np.zeros((6, 9), bool)
    mask[3:, 6:8] = True
    assert strongest(result, "logit") == "Score 1; lowest, 0.502, with rows 3–5 and columns 6–8 hidden."
    assert (
        evidence(result, mask) == "**67% of the evidence** (falls of the score) lies in the object, which covers 11%."
    )
    flat = occlusion_map(lambda batch: np.zeros(len(batch)), image, patch=3, stride=3)
    assert evidence(flat, mask) == "Nothing that was hidden lowered the score."
    assert strongest(flat, "logit") == "Score 0; no square changes it by more than 0.000001."


@pytest.mark.parametrize(("change", "said"), [(0.0009, "0.001"), (0.00009, "0.0001"), (4e-7, "0.000001")])
def test_a_score_that_hardly_moves_is_said_to_and_the_logit_advised(change, said):
    image = np.full((4, 4, 3), 255, np.uint8)
    score = lambda batch: 1 - change * (batch[:, 0, 0, 0] < 255)  # noqa: E731
    result = occlusion_map(score, image, patch=2, stride=2)
    assert strongest(result, "probability").startswith(f"Score 1; no square changes it by more than {said}. Try the ")
