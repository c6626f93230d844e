"""Tasks that belong to no other module's tests."""

import keras
import numpy as np

from models.jobs.job import function
from models.networks.worker import opened
from models.pictures import datasets, images
from models.training.results import CLASSIFIER_FILE


def test_the_example_classifier_as_a_file_is_the_same_network(tmp_path):
    path = tmp_path / "classifier.keras"
    path.write_bytes(function(CLASSIFIER_FILE.work)("example").data.tobytes())
    loaded = keras.models.load_model(path, compile=False, safe_mode=True)
    picture = images.resize(datasets.picture("galaxies", 400), 64, 64)[None]
    expected = opened.forward(opened.load("run:example"), picture)
    np.testing.assert_allclose(loaded(picture.astype(np.float32), training=False), expected, atol=1e-5)
