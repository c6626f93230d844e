"""The view "First layer" of the Features page: Frame8, a 3 x 3 backbone, random weights, a run that learnt it."""

import io

import numpy as np
import pytest

from dashboard.views.features.gabor_compared import film_of
from dashboard.widgets.player.player import pack
from models.errors import InputError
from models.features import gabor_stages
from models.features.worker.gabor import kernels_of
from models.storage import runs
from models.training.spec import TrainingSpec
from tests.dashboard.widgets.player.test_player import unpack

PAGE = "features"
VIEW = {"features_view": "First layer"}


def texts(app) -> str:
    kinds = ("markdown", "caption", "info", "warning", "error")
    return "\n".join(element.value for kind in kinds for element in app.get(kind))


def table(app):
    return app.dataframe[0].value.set_index("Weights")


@pytest.fixture
def learnt():
    """A finished run whose first layer has other weights than the backbone's: those of another seed."""
    spec = TrainingSpec(weights="random", seed=5, trainable=("conv1", "conv1_bn"))
    run = runs.create("training", spec.to_json(), owner="o" * 32, title="From scratch")
    head = io.BytesIO()
    np.savez(
        head, **{"head_output/kernel": np.zeros((256, 5), np.float32), "head_output/bias": np.zeros(5, np.float32)}
    )
    run.path("head.npz").write_bytes(head.getvalue())
    run.set_status(runs.RunStatus("done"))
    return run.id


def test_frame8_shows_its_fits_beside_the_random_ones_at_once(visit, monkeypatch):
    monkeypatch.setattr("models.jobs.engine.call", None)  # whoever asks a worker fails
    app = visit(**VIEW)
    assert not app.exception and not app.error
    shown = texts(app)
    assert "Pretrained: **33 of 48** kernels well fitted" in shown and "Random: **0 of 48**" in shown
    assert "Your run kept the first layer frozen" in shown
    assert table(app).loc["Pretrained", "Colour blob"] == 11 and table(app).loc["Random", "Neither"] == 48
    assert app.number_input(key="features_kernel").value == 33  # the best fit
    assert "The fit explains **99%** of this kernel. It is almost pure grey." in shown
    assert any(r"\cos" in formula.value and "2.87" in formula.value for formula in app.latex)
    assert "after 1, 3, 15 epochs" in shown
    app.slider(key="features_well").set_value(0.95).run()
    assert not app.exception and "**33 of 48**" not in texts(app)


def test_a_link_names_the_kernel_and_the_buttons_lead_to_its_unit(visit):
    app = visit(**VIEW, features_kernel="44")
    assert app.number_input(key="features_kernel").value == 44
    assert "**Colour blob.**" in texts(app) and "(limit)" in app.latex[0].value
    app.button(key="features_kernel_patches").click().run()
    assert not app.exception and app.get_by_key("features_view").value == "Strongest patches"
    assert app.selectbox(key="features_layer").value == "conv1"
    assert app.number_input(key="features_channel").value == 44
    app = visit(**VIEW, features_kernel="44")
    app.button(key="features_kernel_maps").click().run()
    assert app.selectbox(key="activations_layer").value == "conv1"
    assert app.number_input(key="activations_channel").value == 44


@pytest.mark.parametrize("number", ["48", "9" * 30])
def test_a_kernel_that_is_not_there_is_passed_over(visit, number):
    app = visit(**VIEW, features_kernel=number)
    assert not app.exception and app.number_input(key="features_kernel").value == 33


def test_random_weights_are_said_and_lead_to_no_unit(visit):
    app = visit(**VIEW, features_weights="Random")
    assert not app.exception and "**Random weights**" in texts(app)
    assert "No kernel is an edge or a grating" in texts(app)
    assert "features_kernel_maps" not in [button.key for button in app.button]


def test_three_by_three_kernels_are_shown_without_a_fit(visit):
    app = visit(**VIEW, backbone="mobilenetv2")
    assert not app.exception and not app.error
    assert "No Gabor functions here" in texts(app) and "a kernel of 3 × 3 has 9 places" in texts(app)
    assert "32 kernels of Conv1" in texts(app) and not app.number_input


def test_a_run_that_learnt_its_first_layer_is_a_row_of_its_own(visit, learnt):
    app = visit(**VIEW, run=learnt)
    assert not app.exception and not app.error
    assert table(app).index.tolist() == ["Pretrained", "Random", "This run"]
    assert "This run: **0 of 48**" in texts(app) and "kept the first layer frozen" not in texts(app)
    assert app.get_by_key("features_weights").value == "This run"
    assert "features_kernel_maps" in [button.key for button in app.button]


def test_a_first_layer_that_does_not_see_three_colours_gets_a_sentence(visit, monkeypatch):
    def grey(network):
        return kernels_of([])

    monkeypatch.setattr("dashboard.views.features.cache.gabor_fits", grey)
    app = visit(**VIEW)
    assert not app.exception and "red, green and blue" in app.error[0].value
    with pytest.raises(InputError):
        grey("")


def test_another_backbones_kernels_have_no_film(visit, monkeypatch):
    fits = gabor_stages.stages().fits[0]
    monkeypatch.setattr("dashboard.views.features.cache.gabor_fits", lambda network: fits)
    app = visit(**VIEW, backbone="resnet50v2")
    assert not app.exception
    assert "No kernels from the way were kept of ResNet50 V2" in texts(app)
    assert "The pretrained weights of ResNet50 V2 are not on this machine" in texts(app)


def test_the_film_and_its_curves_are_those_of_the_moments():
    stages = gabor_stages.stages()
    film = film_of(stages, 0.8)
    assert len(film.frames) == len(film.captions) == 4 and (film.rows, film.columns) == (4, 12)
    assert film.captions == ("Before training", "After 1 of 15 epochs", "After 3 of 15 epochs", "After 15 of 15 epochs")
    header, _ = unpack(pack(film, height=250, alt="", live=False, picked=None))
    assert (header["rate"], header["unit"], header["kind"]) == (1, "Kernel", "pictures")
    good, median, blobs = film.series
    assert good.values == (0, 0, 17 / 48, 33 / 48) and blobs.values == (0, 1 / 48, 8 / 48, 11 / 48)
    assert median.values[-1] == pytest.approx(float(np.median(stages.fits[-1].r2)))
