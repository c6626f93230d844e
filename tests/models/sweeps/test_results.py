"""Results of a sweep: points, paired differences, and what is shipped."""

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest

from models import intervals
from models.storage import runs
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SweepSpec, controls_of, depths
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


def test_every_shipped_depth_was_trained_to_its_end():
    """A head of 60 steps stood 15 points too low, with 86 % of its own training pictures right."""
    sweep, rows = results.shipped("depth")
    for point in results.points(sweep, rows)[variations.AS_IS]:
        assert point.converged is True, (point.value, point.late_fall)
        assert point.train_mean > 0.98, (point.value, point.train_mean)


LIVELY = {"dropout", "augmentation"}  # what they learn from is made harder while it is measured


@pytest.mark.parametrize("choice", ["depth", "shots", "regulariser"])
def test_every_shipped_value_has_learnt_its_pictures(choice):
    """But for early stopping, which ends a training before that on purpose."""
    sweep, rows = results.shipped(choice)
    for line, points in results.points(sweep, rows).items():
        for point in points:
            if point.value not in LIVELY | {"stopping"}:
                assert point.train_mean > 0.97, (line, point.value, point.train_mean)


def shipped_trainings():
    """Yield the recipe and the accuracy of everything that is shipped as a result of the same few recipes."""
    for choice in ("depth", "shots", "regulariser"):
        sweep, rows = results.shipped(choice)
        specs = {cell.key: cell.spec for cell in sweep.cells()}
        yield from ((choice, specs[row.key], row.accuracy, row.tested) for row in rows)
    alone = (runs.get(runs.EXAMPLE), *map(results.control_of_example, (variations.RANDOM, variations.SCRATCH)))
    for run in alone:
        summary = training_results.load_result(run).summary
        yield "alone", TrainingSpec.from_json(run.spec), summary["accuracy"], summary["n_test"]


def learnt(spec):
    """What a training learns from and what learns in it; how long and at which rate is how it gets to its end."""
    data = (spec.dataset, spec.side, spec.shots or "all", spec.label_noise, spec.augmentation, spec.label_smoothing)
    return (*data, spec.backbone, spec.weights, spec.trainable, spec.batch_norm, spec.head, bool(spec.patience))


def test_the_same_training_in_two_shipped_results_reaches_the_same_accuracy_within_its_scatter():
    """Scatter: that of the test pictures, as if the two were right on them independently; paired by split."""
    found = defaultdict(lambda: defaultdict(dict))
    for source, spec, accuracy, tested in shipped_trainings():
        found[learnt(spec)][source][spec.split_seed] = (accuracy, tested)
    compared = 0
    for sources in found.values():
        for one, other in combinations(sources.values(), 2):
            both = sorted(one.keys() & other.keys())
            if not both:
                continue
            compared += 1
            difference = np.mean([one[split][0] - other[split][0] for split in both])
            variance = np.mean([sum(p * (1 - p) / n for p, n in (one[split], other[split])) for split in both])
            assert abs(difference) <= intervals.Z_95 * (variance / len(both)) ** 0.5, (sources, difference)
    assert compared >= 3  # the head alone with 20 and with all pictures, and from scratch with all


def test_intervals_of_several_differences_hold_at_once_with_the_scatter_of_all_points():
    """Without the means of points and seeds .05 -.05, -.05 .05, 0 0 are left: squares .01 with 2 degrees of freedom.

    Three points make three pairs: t(2) at 1 - .025 / 3 is 7.648804, and a difference of two means of two seeds has a
    standard error of sqrt(2 * .005 / 2).
    """
    sweep = SweepSpec("depth", ("nothing", "conv4", "conv5"), base=BASE)
    rows = (
        found("base", "nothing", [0.9, 0.9]) + found("base", "conv4", [0.8, 0.6]) + found("base", "conv5", [0.2, 0.1])
    )
    line = results.points(sweep, rows)["base"]
    [gap, _] = results.against_best(line)
    assert results.pairs(line) == 3
    assert gap.difference.high == pytest.approx(-0.2 + 7.648804 * 0.005**0.5, rel=1e-6)
    one_seed_less = [row for row in rows if row.key != ("base", "conv5", 1)]
    [gap, _] = results.against_best(results.points(sweep, one_seed_less)["base"])
    assert gap.difference.high == pytest.approx(-0.2 + 38.188459 * 0.1, rel=1e-6)  # t(1), and its own two differences


def test_where_six_depths_are_equal_none_is_called_lower_19_times_in_20():
    generator = np.random.default_rng(0)
    sweep, quiet = SweepSpec("depth", depths("frame8", 64), base=BASE), []
    for _ in range(1000):
        level = 0.88 + generator.normal(0, 0.02, 3)  # of a seed: its split is easy or hard for all
        rows = [row for value in sweep.values for row in found("base", value, level + generator.normal(0, 0.012, 3))]
        gaps = results.against_best(results.points(sweep, rows)["base"])
        quiet.append(not any(gap.clear for gap in gaps))
    assert len(gaps) == 5 and 0.94 <= np.mean(quiet) <= 0.99


def test_a_point_that_was_not_trained_to_its_end_is_not_judged():
    rows = [Finished("base", "conv5", number, "", 0.5, 100, 0.8, 1.0, 0.3) for number in range(3)]
    rows += [Finished("base", "conv4", number, "", 0.9, 100, 1.0, 1.0, 0.0) for number in range(3)]
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=BASE)
    [gap] = results.against_best(results.points(sweep, rows)["base"])
    assert (gap.judged, gap.clear) == (False, 0) and gap.difference.high < 0


def test_the_pooled_scatter_is_of_points_that_came_to_their_end_and_for_them_alone():
    sweep = SweepSpec("depth", ("nothing", "conv4", "conv5"), base=BASE)
    rows = found("base", "nothing", [0.9, 0.9]) + found("base", "conv4", [0.8, 0.6])
    rows += [Finished("base", "conv5", n, "", share, 100, 0.8, 1.0, 0.3) for n, share in enumerate([0.2, 0.1])]
    ended, cut_short = results.against_best(results.points(sweep, rows)["base"])
    # Of two points .05 -.05, -.05 .05 are left: squares .01 with 1 degree of freedom; t(1) at 1 - .025 / 3 is 38.188.
    assert ended.judged and ended.difference.high == pytest.approx(-0.2 + 38.188459 * 0.01**0.5, rel=1e-6)
    # Its own differences -.7 and -.8: standard error .05.
    assert not cut_short.judged and cut_short.difference.high == pytest.approx(-0.75 + 38.188459 * 0.05, rel=1e-6)
