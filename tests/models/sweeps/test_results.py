"""Results of a sweep: points, paired differences, and what is shipped."""

import pytest

from models.storage import runs
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SweepSpec, controls_of
from models.sweeps.worker import ship
from models.training import recipes
from models.training import results as training_results
from models.training.spec import TrainingSpec

BASE = TrainingSpec(dataset="digits", shots=5, epochs=3, batch=8, seed=7, split_seed=2)


def found(line, value, accuracies):
    return [Finished(line, value, number, "", share, 100, 1.0, 1.0) for number, share in enumerate(accuracies)]


def test_points_keep_the_order_of_values_and_leave_out_what_is_not_finished():
    sweep = SweepSpec("shots", ("5", "2"), (variations.FROZEN, variations.SCRATCH), BASE)
    rows = found("frozen", "2", [0.5, 0.7]) + found("frozen", "5", [0.9])
    points = results.points(sweep, rows)
    assert [point.value for point in points["frozen"]] == ["5", "2"]
    assert points["frozen"][1].mean == pytest.approx(0.6)
    assert points["scratch"] == ()


def test_gaps_are_paired_by_seed():
    """Differences 0.1, 0.2, 0.3: mean 0.2, standard error 0.1/sqrt(3), t(2) = 4.3027."""
    sweep = SweepSpec("depth", ("nothing", "conv5"), base=BASE)
    rows = found("base", "nothing", [0.5, 0.3, 0.6]) + found("base", "conv5", [0.4, 0.1, 0.3])
    [gap] = results.against_best(results.points(sweep, rows)["base"])
    assert gap.value == "conv5"
    assert gap.difference.value == pytest.approx(-0.2)
    assert gap.difference.high == pytest.approx(-0.2 + 4.302653 * 0.1 / 3**0.5)
    assert gap.clear == 0
    rows[3:] = found("base", "conv5", [0.4, 0.2, 0.49])
    [gap] = results.against_best(results.points(sweep, rows)["base"])
    assert gap.clear == -1


@pytest.mark.parametrize("choice", ["depth", "shots", "regulariser"])
def test_shipped_sweeps_are_whole_and_those_the_script_would_make(choice):
    spec, rows = results.shipped(choice)
    assert spec == ship.specs()[choice]
    assert [row.key for row in rows] == [cell.key for cell in spec.cells()]


@pytest.mark.parametrize("line", [variations.RANDOM, variations.SCRATCH])
def test_shipped_controls_are_those_of_the_example(line):
    example = TrainingSpec.from_json(runs.get(runs.EXAMPLE).spec)
    cells = {cell.line: cell.spec for cell in controls_of(example).cells()}
    run = results.control_of_example(line)
    assert TrainingSpec.from_json(run.spec) == cells[line]
    result = training_results.load_result(run)
    assert (result.index == recipes.split_of(example).test).all()
