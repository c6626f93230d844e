"""The Features page on the shipped example run, with real workers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from models.features import patches
from models.features.patches import NETWORK, PATCHES, PatchSpec
from models.networks import layers as networks_layers
from models.storage import files, runs
from models.training.spec import HeadSpec, TrainingSpec

PAGE = "features"


def words(app):
    return " ".join(caption.value for caption in app.caption)


def test_every_unit_has_its_own_link(visit):
    app = visit(features_layer="conv2_relu", features_channel="17")
    assert not app.exception and not app.error
    assert app.selectbox(key="features_layer").value == "conv2_relu"
    assert app.number_input(key="features_channel").value == 17
    assert app.query_params["features_layer"] == "conv2_relu" and app.query_params["features_channel"] == "17"
    assert "channel 17 of conv2_relu" in words(app)


@pytest.mark.parametrize("channel", ["192", "99999999999999999999", "-3", "seven"])
def test_a_channel_that_the_layer_has_not_is_said(visit, channel):
    app = visit(features_layer="conv3_relu", features_channel=channel)
    assert not app.exception and not app.error
    shown = app.number_input(key="features_channel").value
    assert 0 <= shown < 192
    [said] = [one.value.replace("\\", "") for one in (*app.info, *app.caption) if "link" in one.value]
    assert f"names {channel} for “Channel, 0 to 191”. Shown: {shown}." in said  # once, and nowhere else


def test_another_layer_has_its_own_channels(visit):
    app = visit(features_layer="conv5_relu", features_channel="255")
    app.selectbox(key="features_block").select("conv1").run()
    assert not app.exception
    assert app.selectbox(key="features_layer").value == "pool1"
    assert app.number_input(key="features_channel").max == 47


def test_to_the_activations_of_this_unit_and_back(visit):
    app = visit(features_layer="conv2_relu", features_channel="17")
    app.button(key="features_activations").click().run()
    assert app.selectbox(key="activations_layer").value == "conv2_relu"
    assert app.number_input(key="activations_channel").value == 17
    app.switch_page("app_pages/activations.py").run()  # the app under test stays on the page it was told to open
    app.number_input(key="activations_channel").set_value(9).run()
    app.button(key="activations_features").click().run()
    assert not app.exception
    assert app.selectbox(key="features_layer").value == "conv2_relu"
    assert app.number_input(key="features_channel").value == 9


def pairs(app):
    """What the component of patches and projections was given."""
    [found] = [element for element in app.get("bidi_component") if "freezeframe_patch_pairs" in str(element.proto)]
    return json.loads(found.proto.json)


def test_a_first_visit_shows_nine_pairs_of_one_telling_unit(visit):
    app = visit()
    assert not app.exception and not app.error
    result = patches.shipped(PatchSpec(NETWORK, "galaxies")).of("conv3_relu")
    number = app.number_input(key="features_channel").value
    assert result.value[-1, number] > 0
    found = pairs(app)
    assert len(found["words"]) == len(found["marks"]) == 9 and found["width"] == found["height"] == 35
    assert len({word.split()[0] for word in found["words"]}) == 1  # all of one class
    assert "the 9 of 1,500 pictures" in words(app) and "cut to the 35 × 35 px" in words(app)
    assert "one place per picture" in words(app)


def test_units_that_see_everything_get_whole_pictures(visit):
    app = visit(features_layer="conv5_relu", features_channel="17")
    found = pairs(app)
    assert found["width"] == 64 and all(len(mark) == 2 for mark in found["marks"])
    assert "The ring marks the place" in words(app)
    app = visit(features_layer="head_output", features_channel="3")
    found = pairs(app)
    assert found["width"] == 64 and not any(found["marks"])
    assert {word.split()[0] for word in found["words"]} == {"ring"}
    assert "unit 3 of head_output" in words(app)


def test_a_patch_leads_on_to_its_picture_and_this_unit(visit):
    app = visit(features_layer="conv2_relu", features_channel="17")
    expected = patches.shipped(PatchSpec(NETWORK, "galaxies")).of("conv2_relu").picture[4, 17]
    app.session_state["features_patch"] = ("channel 17 of conv2_relu", 4)
    app.run()
    app.button(key="features_to_activations").click().run()
    assert not app.exception
    assert app.query_params["picture"] == f"sample:galaxies:{expected}"
    assert app.number_input(key="activations_channel").value == 17
    assert app.get("page_link")[-1].proto.label == "Features: channel 17 of conv2_relu"


def test_what_nobody_has_looked_for_yet_is_offered(visit):
    app = visit(backbone="mobilenetv2", data="digits")
    assert not app.exception and not app.error
    assert "Random weights" in words(app)
    [info] = app.info
    assert "1,797 pictures" in info.value and "all 153 layers at once" in info.value
    assert app.button(key="features_patches_start") and ": about " in words(app)


def a_search(owner, network, result=None):
    """A finished search of a visitor's, with a file where there is a result."""
    run = runs.create("patches", {"network": network, "dataset": "galaxies"}, owner=owner, title="By hand")
    files.write_atomically(PATCHES.path(run), b"torn" if result is None else files.pack(result))
    run.set_status(runs.RunStatus("done", share=1.0))
    return run


def test_a_search_is_found_again_and_a_torn_one_is_said(visit):
    network = "backbone:frame8:64:random"
    shipped = patches.shipped(PatchSpec(NETWORK, "galaxies"))
    value = shipped.value.copy()
    first = shipped.ends[shipped.layers.index("conv1_relu") - 1]
    value[:, first + 5] = 0  # dead
    spec = TrainingSpec(weights="random", head=HeadSpec()).to_json()
    run = runs.create("training", spec, owner="", title="Random, frozen")
    run.set_status(runs.RunStatus("done", share=1.0))
    app = visit(run=run.id, features_layer="conv1_relu", features_channel="5")
    assert app.button(key="features_patches_start")  # frozen, but not on the weights that are shipped
    owner = app.session_state["ff_owner"]
    a_search(owner, f"run:{run.id}")
    assert "cannot be read" in app.run().warning[0].value
    a_search(owner, f"run:{run.id}", replace(shipped, network=network, value=value, digest=""))
    app.run()
    assert not app.exception
    assert "Channel 5 of conv1_relu is dead" in app.info[0].value and "1,500" in app.info[0].value


def test_layers_of_a_run_that_froze_the_backbone_are_the_backbones():
    spec = TrainingSpec(head=HeadSpec(widths=(6,)))
    frozen = runs.create("training", spec.to_json(), owner="", title="Frozen")
    tuned = runs.create("training", replace(spec, trainable=("conv5",)).to_json(), owner="", title="Tuned")
    assert [*networks_layers.sources(f"run:{frozen.id}")] == [f"run:{frozen.id}", "backbone:frame8:64"]
    assert [*networks_layers.sources(f"run:{tuned.id}")] == [f"run:{tuned.id}"]
    found = patches.find(f"run:{frozen.id}", "textures", "conv3", "x" * 32)
    assert isinstance(found, patches.TopPatches) and found.dataset == "textures"
    assert patches.find(f"run:{frozen.id}", "textures", "head_output", "x" * 32) is None
    assert patches.find(f"run:{tuned.id}", "textures", "conv3", "x" * 32) is None


def test_the_shipped_results_are_of_every_layer():
    for dataset in ("galaxies", "textures", "digits"):
        shipped = patches.shipped(PatchSpec(NETWORK, dataset))
        layers = networks_layers.layers("backbone:frame8:64")
        assert shipped.layers == tuple(layer.name for layer in layers)
        for layer in layers:
            part = shipped.of(layer.name)
            assert part.value.shape == (9, layer.shape[2])
            assert (np.diff(part.value, axis=0) <= 0).all()
            assert part.row.max() < layer.shape[0] and part.col.max() < layer.shape[1]


def test_all_units_of_a_layer_can_be_looked_through(visit):
    app = visit(features_layer="conv2_relu", features_channel="17", features_ranking="Channel number")
    tiles = json.loads(
        next(e for e in app.get("bidi_component") if "freezeframe_picture_tiles" in str(e.proto)).proto.json
    )["tiles"]
    assert [tile["words"].split(":")[0] for tile in tiles] == [str(number) for number in range(18)]
    strongest = patches.shipped(PatchSpec(NETWORK, "galaxies")).of("conv2_relu")
    of_class = np.arange(1500) % 5
    assert strongest.ranked(of_class, "strongest")[0] == strongest.value[0].argmax()
    first = strongest.ranked(of_class, "class")[0]
    assert len({of_class[picture] for picture in strongest.picture[:, first]}) == 1
