"""The shipped example is a real run: its classifier, rebuilt, says what its results say."""

import numpy as np

from models import datasets, images, networks, recipes, runs
from models.training_specs import TrainingSpec


def test_the_rebuilt_classifier_gives_the_recorded_probabilities():
    run = runs.get(runs.EXAMPLE)
    assert run.status.state == "done" and run.owner == ""
    result = recipes.load_result(run)
    network = networks.load("run:example")
    pictures = np.stack([datasets.picture(run.spec["dataset"], int(i)) for i in result.index[:40]])
    given = networks.forward(network, images.resize(pictures, network.height, network.width))
    np.testing.assert_allclose(given, result.probability[:40], atol=1e-4)


def test_the_example_is_the_default_recipe():
    assert TrainingSpec.from_json(runs.get(runs.EXAMPLE).spec) == recipes.DEFAULT
