"""The shipped runs are real runs: their classifiers, rebuilt, say what their results say."""

import numpy as np
import pytest

from models.networks.worker import opened
from models.pictures import datasets, images
from models.storage import runs
from models.training import epoch_answers, kept_epochs, recipes, results
from models.training.spec import TrainingSpec
from models.training.worker import ship


@pytest.mark.parametrize("name", runs.SHIPPED)
def test_the_rebuilt_classifier_gives_the_recorded_probabilities(name):
    run = runs.get(name)
    assert run.status.state == "done" and run.owner == ""
    result = results.load_result(run)
    network = opened.load(f"run:{name}")
    pictures = np.stack([datasets.picture(run.spec["dataset"], int(i)) for i in result.index[:40]])
    given = opened.forward(network, images.resize(pictures, network.height, network.width))
    np.testing.assert_allclose(given, result.probability[:40], atol=1e-4)
    assert epoch_answers.of_result(run, result) is not None


@pytest.mark.parametrize(("name", "recipe"), [("example", recipes.DEFAULT), ("fine-tuned", recipes.FINE_TUNED)])
def test_the_shipped_runs_are_the_recipes_that_they_are_made_by(name, recipe):
    assert TrainingSpec.from_json(runs.get(name).spec) == recipe


def test_the_fine_tuned_run_moved_its_last_block_and_keeps_a_few_epochs_of_it():
    run = runs.get(runs.FINE_TUNED)
    result = results.load_result(run)
    moved = {row.name for row in result.weight_change if row.max_abs_change and row.part == "backbone"}
    assert moved == {"conv5"}
    kept = kept_epochs.epochs(run.folder)
    assert set(kept) == {*ship.FINE_TUNED_EPOCHS, result.summary["best_epoch"]}
    assert result.summary["best_epoch"] > recipes.FINE_TUNED.head_epochs
    assert sum(path.stat().st_size for path in run.folder.iterdir()) < 8e6
    example = results.load_result(runs.get(runs.EXAMPLE))
    assert np.array_equal(example.index, result.index)
