"""The Features page on the shipped example run, with real workers."""

import pytest

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
    assert 0 <= app.number_input(key="features_channel").value < 192
    assert ("which conv3_relu does not have" in words(app)) == channel.isdecimal()


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
