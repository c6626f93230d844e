"""The features of a layer are its answer, averaged over the picture."""

import keras
import numpy as np
import pytest

from models.networks.worker import opened
from models.networks.worker.answers import layer_features
from models.pictures import datasets, images
from models.storage import progress


@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
def test_features_are_a_layers_answer_averaged_over_the_picture(monkeypatch):
    few = datasets.Dataset(datasets.get("digits"), datasets.load("digits").images[:70], np.zeros(70, np.int64), None)
    monkeypatch.setattr(datasets, "load", lambda dataset: few)
    name = "backbone:frame8:64:random"
    [found] = layer_features(name, ("conv2_relu",), "digits", progress.SILENT)
    model = opened.load(name).model
    pictures = images.resize(few.images, 64, 64).astype(np.float32)
    maps = np.array(keras.Model(model.input, model.get_layer("conv2_relu").output)(pictures))
    assert found == pytest.approx(maps.mean(axis=(1, 2)), abs=1e-4)
    assert found.shape == (70, maps.shape[-1]) and found.std() > 0
