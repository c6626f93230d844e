"""The Activations page on the shipped example run, with real workers."""

import numpy as np
import pytest

from dashboard.widgets.unit_picker import describe
from models.activations.maps import ACTIVATION_MAPS, CHANNEL_STATISTICS, rank
from models.jobs import engine
from models.networks import layers
from models.pictures import images

PAGE = "activations"


def words(app):
    return " ".join(caption.value for caption in app.caption)


def best(layer, picture, criterion="strongest"):
    answer = engine.call(ACTIVATION_MAPS, network="run:example", layer=layer, picture=picture)
    usual = engine.call(CHANNEL_STATISTICS, network="run:example", layer=layer, dataset="galaxies")
    return int(rank(answer, usual, criterion)[0])


def test_a_first_visit_shows_a_readable_layer_and_its_strongest_channel(visit):
    app = visit()
    assert not app.exception
    assert app.selectbox(key="activations_layer").value == "conv3_relu"
    assert app.selectbox(key="activations_block").value == "conv3"
    assert app.number_input(key="activations_channel").value == best("conv3_relu", app.query_params["picture"])
    assert "192 channels" in words(app)
    assert "in 64 training pictures of Galaxies" in words(app)
    assert "One value looks at 35 × 35 pixels (its receptive field); the next one looks 4 px further" in words(app)


def test_the_link_reproduces_layer_and_channel(visit):
    app = visit(activations_layer="conv1_relu", activations_channel="7", activations_ranking="Most unusual here")
    assert not app.exception
    assert app.selectbox(key="activations_layer").value == "conv1_relu"
    assert app.selectbox(key="activations_ranking").value == "unusual"
    assert app.number_input(key="activations_channel").value == 7


def test_another_layer_begins_with_its_own_strongest_channel(visit):
    app = visit(activations_layer="conv1_relu", activations_channel="7")
    app.selectbox(key="activations_block").select("conv5").run()
    assert app.selectbox(key="activations_layer").value == "conv5_relu"
    assert app.number_input(key="activations_channel").value == best("conv5_relu", app.query_params["picture"])


def test_units_of_the_head_are_bars_with_the_names_of_the_classes(visit):
    app = visit(activations_layer="head_output")
    assert not app.exception
    assert "elliptical" in app.get("plotly_chart")[0].proto.spec
    assert "5 values. One value looks at all of the 64 × 64 pixels." in words(app)


@pytest.mark.parametrize("channel", ["99999", "-3", "seven"])
def test_a_broken_link_falls_back(visit, channel):
    app = visit(activations_layer="conv99", activations_channel=channel)
    assert not app.exception
    assert app.selectbox(key="activations_layer").value == "conv3_relu"
    assert app.number_input(key="activations_channel").value == best("conv3_relu", app.query_params["picture"])


def test_your_own_picture_of_another_shape(visit):
    picture = images.store_upload(np.random.default_rng(0).integers(0, 256, (50, 90, 3), np.uint8), "me")
    app = visit(picture=picture)
    assert not app.exception
    assert not app.error
    assert app.number_input(key="activations_channel").value == best("conv3_relu", picture)
    assert "Resized to 64 × 64 px" in words(app)
    assert "Resized" not in words(visit())


def test_a_layer_is_described_in_one_sentence():
    first = layers.layer("backbone:frame8:64", "conv1_relu")
    assert describe(first, 64) == (
        "48 channels, 32 × 32 values each. One value looks at 7 × 7 pixels (its receptive field); the next one looks "
        "2 px further."
    )
    last = layers.layer("backbone:frame8:64", "conv5_relu")
    assert describe(last, 64).startswith(
        "256 channels, 8 × 8 values each. One value could look at 75 × 75 pixels (its receptive field), more than the "
        "picture has; the next one looks 8 px further."
    )
