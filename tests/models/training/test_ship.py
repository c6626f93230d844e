"""The shipped example is a real run: its classifier, rebuilt, says what its results say."""

import numpy as np

from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage import runs
from models.training import recipes, results
from models.training.spec import TrainingSpec


def test_the_rebuilt_classifier_gives_the_recorded_probabilities():
    run = runs.get(runs.EXAMPLE)
    assert run.status.state == "done" and run.owner == ""
    result = results.load_result(run)
    network = opened.load("run:example")
    pictures = np.stack([datasets.picture(run.spec["dataset"], int(i)) for i in result.index[:40]])
    given = opened.forward(network, images.resize(pictures, network.height, network.width))
    np.testing.assert_allclose(given, result.probability[:40], atol=1e-4)


def test_the_example_is_the_default_recipe():
    assert TrainingSpec.from_json(runs.get(runs.EXAMPLE).spec) == recipes.DEFAULT
