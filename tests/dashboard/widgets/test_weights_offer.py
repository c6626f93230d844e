"""The offer to download weights that are not here, and to check a file that lies there already."""

import pytest
from streamlit.testing.v1 import AppTest

from models.backbones import registry, weights


def page():
    from dashboard.widgets.weights_offer import weights_offer
    from models.training.spec import TrainingSpec

    weights_offer(TrainingSpec(backbone="vgg16"), "4" * 32)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))


def test_what_is_not_here_can_be_downloaded():
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.warning[0].value.startswith(
        "The pretrained weights of VGG16 (58.9 MB) are not on this machine yet. "
        "At 10 megabits a second their download takes about 47 s; without a network, "
    )
    assert app.button(key="train_weights_download").label == "Download them"


def test_a_file_that_lies_there_unchecked_is_not_called_missing():
    file = weights.path(registry.BACKBONES["vgg16"])
    file.parent.mkdir()
    file.write_bytes(b"of somebody's own")
    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.warning[0].value == (
        "A file lies where the pretrained weights of VGG16 belong; it has not been checked yet. Only if it turns out "
        "to be another file are 58.9 MB downloaded."
    )
    assert app.button(key="train_weights_download").label == "Check the file"
    assert file.read_bytes() == b"of somebody's own"
