"""The Backbone page: what it says of every network, and what it does without the weights."""

import time
from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.views.backbone import compared
from dashboard.views.backbone.own_classes import COARSE, habits
from models.backbones.registry import BACKBONES
from models.backbones.weights import WeightsSpec
from models.errors import EngineUnavailable, QueueFull
from models.features.gabor import Kernels
from models.jobs.job import Job, Task
from models.networks.answers import Answers
from models.pictures import images
from models.pictures.photographs import PHOTOGRAPHS
from models.representations.architectures import ARCHITECTURES, ArchitecturesSpec
from models.storage import files, runs
from tests.conftest import APP

PRETRAINING, OWN, COMPARED = "How it was pretrained", "Its own classes", "Compared"


def opened(backbone: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params["backbone"] = backbone
    return app.switch_page("app_pages/backbone.py").run()


def numbers(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.value for metric in app.metric}


def words(app: AppTest) -> str:
    kinds = ("caption", "info", "markdown", "warning", "error")
    return " ".join(element.value for kind in kinds for element in app.get(kind))


@pytest.mark.parametrize("backbone", BACKBONES)
def test_every_backbone_is_shown(engine, backbone: str) -> None:
    app = opened(backbone)
    assert not app.exception
    assert app.radio(key="backbone_choice").value == backbone
    assert numbers(app)["Parameters"] == f"{BACKBONES[backbone].parameters:,}"
    assert len(app.dataframe) == 1
    assert ("come with the app" in words(app)) == BACKBONES[backbone].shipped
    assert ("download them above" in words(app)) == (not BACKBONES[backbone].shipped)


def test_the_worksheet_of_vgg16(engine) -> None:
    app = opened("vgg16")
    assert app.toggle(key="backbone_top").disabled
    other_side = "At 96 px the pretrained weights work too"
    assert ", 224 × 224 px. " + other_side in words(app)
    app.get_by_key("backbone_side_vgg16").set_value(224).run()
    assert "the pretrained weights work" not in words(app)
    app.toggle(key="backbone_top").set_value(True).run()
    assert not app.exception
    shown = numbers(app)
    assert (shown["Parameters"], shown["MACs per picture"]) == ("138,357,544", "15.47 G")
    assert shown["Activations per picture"] == "61 MB"
    assert app.metric[3].help.startswith("15,237,608 values")
    assert "; 13,416 of them are biases" in app.metric[1].help and 138_357_544 - 13_416 == 138_344_128
    assert app.metric[0].help == "16 of them have weights."
    assert "r = r_before + (k − 1) · j_before, j = j_before · stride" in app.metric[4].help
    table = app.dataframe[0].value.set_index("Layer")
    dense = table[table["Kind"] == "Dense"]["Parameters"].tolist()
    assert dense == [102_760_448 + 4096, 16_777_216 + 4096, 4_096_000 + 1000]


def test_every_row_of_vgg16_is_what_the_lectures_formulas_give(engine) -> None:
    """Sizes, weights, multiplications and receptive fields, worked out here from the network's plan alone."""
    app = opened("vgg16")
    app.get_by_key("backbone_side_vgg16").set_value(224).run()
    table = app.dataframe[0].value.set_index("Layer")
    side, channels, field, jump = 224, 3, 1, 1
    total = macs = values = 0
    for block, (convolutions, filters) in enumerate([(2, 64), (2, 128), (3, 256), (3, 512), (3, 512)], start=1):
        layers = [(f"block{block}_conv{number + 1}", 3, 1, 1) for number in range(convolutions)]
        for name, kernel, stride, zeros in [*layers, (f"block{block}_pool", 2, 2, 0)]:
            row = table.loc[name]
            side = (side + 2 * zeros - kernel) // stride + 1
            weights = (kernel**2 * channels + 1) * filters if zeros else 0
            cost = side**2 * kernel**2 * channels * filters if zeros else 0
            field, jump, channels = field + (kernel - 1) * jump, jump * stride, filters
            assert row["Output"] == f"{side} × {side} × {channels}"
            assert (row["Kernel"], row["Stride"], row["Parameters"]) == (kernel, stride, weights)
            assert (row["Field"], row["Jump"]) == (field, jump)
            assert row["MACs"] == cost and row["Activations"] == side**2 * channels * 4
            total, macs, values = total + weights, macs + cost, values + side**2 * channels
    shown = numbers(app)
    assert (shown["Parameters"], shown["Receptive field"]) == (f"{total:,}", f"{field} px")
    assert (total, field, jump) == (138_357_544 - 123_633_664 - 4096 - 4096 - 1000, 212, 32)
    assert shown["MACs per picture"] == f"{macs / 1e9:.2f} G"
    assert app.metric[3].help.startswith(f"{values + 224 * 224 * 3:,} values")
    assert "can depend on 212 × 212 pixels" in app.metric[4].help and "looks 32 px further" in app.metric[4].help


def test_numbers_that_keras_counts_besides_are_told(engine) -> None:
    app = opened("efficientnetb0")
    assert numbers(app)["Parameters"] == "4,049,564"
    assert "Keras counts 4,049,571: its 7 more are the fixed numbers" in app.metric[1].help
    assert "Keras counts" not in opened("mobilenetv2").metric[1].help


def test_a_block_shows_its_layers_alone(engine) -> None:
    app = opened("frame8")
    app.get_by_key("backbone_block_frame8").set_value("conv2").run()
    assert not app.exception
    assert numbers(app) == {
        "Layers": "3",
        "Parameters": "154,112",
        "MACs per picture": "39.32 M",
        "Activations per picture": "393 kB",
        "Receptive field": "27 px",
    }
    assert app.dataframe[0].value["Layer"].tolist() == ["conv2", "conv2_bn", "conv2_relu"]


def test_a_tap_on_a_block_opens_it_and_a_second_one_shows_all_again(engine) -> None:
    app = opened("frame8")
    app.button(key="backbone_map_key_conv2").click().run()
    assert app.get_by_key("backbone_block_frame8").value == "conv2"
    app.button(key="backbone_map_key_conv2").click().run()
    assert app.get_by_key("backbone_block_frame8").value is None
    assert not app.exception


def test_choosing_a_backbone_here_chooses_it_everywhere(engine) -> None:
    app = opened("frame8")
    app.radio(key="backbone_choice").set_value("mobilenetv2").run()
    assert app.selectbox(key="bar_backbone").value == "mobilenetv2"


def test_random_kernels_only_when_asked_for_and_labelled(engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, str]] = []

    def call(task: Task[Kernels], **arguments: str) -> Kernels:
        asked.append({"task": task.name, **arguments})
        return Kernels(np.ones((3, 3, 3, 16), np.float32), "conv")

    monkeypatch.setattr(engine, "call", call)
    app = opened("mobilenetv3small")
    assert "random weights, not pretrained" not in words(app) and not asked
    app.get_by_key("backbone_kernel_weights").set_value("random").run()
    assert not app.exception
    assert asked == [{"task": "first_kernels", "network": "backbone:mobilenetv3small:96:random"}]
    assert "random weights, not pretrained" in words(app)
    assert "16 kernels of conv, 3 × 3 × 3" in words(app)


def test_a_download_is_asked_for_once_and_followed(engine, monkeypatch: pytest.MonkeyPatch) -> None:
    submitted: list[dict[str, str]] = []

    def submit(job: Job[WeightsSpec, None], spec: WeightsSpec, *, owner: str) -> str:
        submitted.append({"kind": job.kind, **spec.to_json()})
        raise QueueFull("Three jobs are waiting already.")

    monkeypatch.setattr(engine, "submit", submit)
    app = opened("vgg16")
    app.button(key="backbone_download").click().run()
    assert submitted == [{"kind": "weights", "backbone": "vgg16"}]
    assert "Three jobs are waiting already." in words(app)


def viewed(view: str, **address: str) -> AppTest:
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update({"backbone_view": view, **address})
    return app.switch_page("app_pages/backbone.py").run()


def test_its_own_classes_answer_for_any_picture(engine) -> None:
    app = viewed(OWN)
    assert not app.exception and not app.error
    assert "It calls *spiral, picture 571* **guinea pig**, with a probability of 24.2%." in words(app)
    assert "elliptical, picture 955:  \n**spider web**, 98.9%" in words(app)
    assert "always picks one of its 200 classes" in words(app)
    assert "All 300 test pictures of Galaxies: it calls 61.3% spider web" in words(app)
    assert "All 359 test pictures of Digits: it calls 55.4% oboe" in words(app)
    app.get_by_key("backbone_own_words").set_value(COARSE).run()
    assert "could not tell them apart" in words(app)


def test_photographs_are_named_credited_and_lead_to_occlusion_without_a_run(engine) -> None:
    app = viewed(OWN, backbone="lite0", picture="photo:china")
    assert not app.exception and not app.error
    assert "It calls *palace by a lake* **bell tower**, with a probability of 28.6%." in words(app)
    assert "Dahlia:  \n**daisy**, 14.7%" in words(app)
    assert all(photograph.credit in words(app) for photograph in PHOTOGRAPHS.values())
    app.button(key="backbone_photo_flower").click().run()
    assert "It calls *dahlia* **daisy**" in words(app)
    gone: list[str] = []
    monkeypatched = pytest.MonkeyPatch()
    monkeypatched.setattr("dashboard.state.go", lambda page, also=None: gone.append(page))
    app.button(key="backbone_own_occlusion").click().run()
    monkeypatched.undo()
    assert gone == ["occlusion"] and app.session_state["ff_run"] == ""
    assert app.session_state["ff_picture"] == "photo:flower"


@pytest.mark.parametrize(
    ("backbone", "pixels"),
    [
        ("frame8", np.random.default_rng(1).integers(0, 256, (50, 90, 3), np.uint8)),
        ("lite0", np.full((30, 70, 3), 128, np.uint8)),  # of one colour
        ("lite0", np.repeat(np.random.default_rng(1).integers(0, 256, (90, 50, 1), np.uint8), 3, axis=2)),  # grey
    ],
)
def test_your_own_picture_gets_an_answer_too(engine, backbone: str, pixels: np.ndarray) -> None:
    picture = images.store_upload(pixels, "me")
    app = viewed(OWN, backbone=backbone, picture=picture)
    assert not app.exception and not app.error
    assert "It calls *your picture* **" in words(app)


def test_how_it_was_pretrained_shows_the_card(engine) -> None:
    app = viewed(PRETRAINING)
    assert not app.exception
    assert "**47.9%** (95% interval 46.9–48.8%)" in words(app)
    assert "**Before training** **After 1 epoch** **After 3 epochs** **After 15 epochs**" in words(app)
    assert len(app.get("plotly_chart")) == 1 and not app.dataframe


@pytest.mark.parametrize("view", [OWN, PRETRAINING])
def test_of_other_backbones_the_views_say_so_and_lead_to_frame8(engine, view: str) -> None:
    app = viewed(view, backbone="vgg16")
    assert not app.exception
    assert "Frame8 was pretrained for this app" in words(app)
    app.button(key="backbone_show_frame8").click().run()
    assert not app.exception and app.radio(key="backbone_choice").value == "frame8"
    assert app.get("plotly_chart")


def test_without_a_worker_the_view_says_so(engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def call(task: Task[object], **arguments: str) -> None:
        raise EngineUnavailable("No worker answered. Try again.")

    monkeypatch.setattr(engine, "call", call)
    app = viewed(OWN, picture="sample:galaxies:956")
    assert not app.exception
    assert "No worker answered" in words(app)


def test_what_it_mostly_says() -> None:
    said = Answers("d", np.arange(4), np.array([2, 0, 2, 2]), np.array([0.9, 0.2, 0.6, 0.5], "f4"), ("a", "b", "c"))
    assert habits(said) == "it calls 75.0% c, 25.0% a. It is more than half sure of 50.0%."


def test_backbones_are_compared_at_once_and_measured_anew_on_request(engine, monkeypatch) -> None:
    asked = []
    monkeypatch.setattr("models.jobs.engine.submit", lambda job, spec, *, owner: asked.append((job.kind, spec)))
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(data="textures", backbone_view=COMPARED)
    app = app.switch_page("app_pages/backbone.py").run()
    assert not app.exception and len(app.get("plotly_chart")) == 1
    result = ARCHITECTURES.shipped(ArchitecturesSpec(dataset="textures"))
    assert f"## {compared.headline(result, 120)}" in words(app) and "serves best" in words(app)
    assert result.processor in words(app).replace("\\", "")
    rows = app.dataframe[0].value.set_index("Backbone")
    assert list(rows.index) == ["EfficientNet-Lite0", "Frame8"]
    assert rows.loc["EfficientNet-Lite0", "ImageNet top-1"] == "75.1% at 224 px"
    assert rows.loc["Frame8", "ImageNet top-1"] == "no figure"
    others = app.dataframe[1].value.set_index("Backbone")
    assert list(others.index) == [spec.title for spec in BACKBONES.values() if not spec.shipped]
    assert others.loc["MobileNetV2", "ImageNet top-1"] == "60.3% at 96 px"
    app.get_by_key("compared_amount").set_value("few").run()
    assert f"## {compared.headline(result, 20)}" in words(app)
    app.button(key="compared_start").click().run()
    app.selectbox(key="compared_side").set_value(96).run()
    assert not app.exception and not app.get("plotly_chart")
    app.button(key="compared_start").click().run()
    spec = ArchitecturesSpec(dataset="textures")
    assert asked == [("architectures", spec), ("architectures", replace(spec, side=96))]


def test_an_own_measurement_comes_before_the_shipped_one_and_more_backbones_can_be_chosen(engine, monkeypatch) -> None:
    monkeypatch.setattr("models.representations.architectures.here", lambda: ("frame8", "lite0", "mobilenetv2"))
    app = AppTest.from_file(APP, default_timeout=60)
    app.query_params.update(backbone_view=COMPARED)
    app = app.switch_page("app_pages/backbone.py").run()
    assert "1,500 pictures, 3 backbones: about" in words(app)
    app.get_by_key("compared_backbones").set_value(["frame8", "lite0"]).run()
    assert "Measure on this machine" in app.button(key="compared_start").label
    spec = ArchitecturesSpec()
    run = runs.create("architectures", spec.to_json(), owner=app.session_state["ff_owner"], title="Compared")
    ARCHITECTURES.path(run).write_bytes(files.pack(replace(ARCHITECTURES.shipped(spec), processor="An *own* one")))
    run.set_status(runs.RunStatus("done", finished=time.time()))
    app.run()
    assert not app.exception and "An \\*own\\* one" in words(app)
    assert "compared_start" not in [button.key for button in app.button]
