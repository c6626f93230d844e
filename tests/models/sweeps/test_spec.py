"""Sweeps as plain data: cells and their recipes, controls, regularisers, what results say."""

from dataclasses import replace
from math import nan

import pytest

from models.errors import InputError
from models.storage import runs
from models.sweeps import cells as sweeps_cells
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SweepSpec, cell_seconds, controls_of, validate
from models.sweeps.spec import depths as depths_of
from models.sweeps.worker import ship
from models.training import recipes
from models.training import results as training_results
from models.training.spec import HeadSpec, TrainingSpec

BASE = TrainingSpec(dataset="digits", shots=5, epochs=3, batch=8, seed=7, split_seed=2)


def found(line, value, accuracies):
    return [Finished(line, value, number, "", share, 100, 1.0, 1.0) for number, share in enumerate(accuracies)]


def test_cells_are_every_line_with_every_value_and_seed_and_a_seed_brings_its_split():
    sweep = SweepSpec("shots", ("2", "all"), (variations.FROZEN, variations.SCRATCH), BASE, seeds=2)
    cells = sweep.cells()
    assert [cell.key for cell in cells][:3] == [("frozen", "2", 0), ("frozen", "2", 1), ("frozen", "all", 0)]
    assert len(cells) == 8
    assert [(cell.spec.seed, cell.spec.split_seed) for cell in cells[:2]] == [(7, 2), (8, 3)]
    assert cells[0].spec.shots == 2
    assert cells[2].spec.shots is None
    assert SweepSpec.from_json(sweep.to_json()) == sweep


def test_few_pictures_make_smaller_batches():
    [cell] = SweepSpec("shots", ("1",), base=replace(BASE, batch=64), seeds=1).cells()
    assert cell.spec.batch == 10


def test_depths_of_frame8_and_what_learns_above_them():
    depths = depths_of("frame8", 64)
    assert depths == ("nothing", "conv1", "conv2", "conv3", "conv4", "conv5")
    cells = SweepSpec("depth", ("nothing", "conv4", "conv5"), base=BASE, seeds=1).cells()
    assert len(cells[0].spec.trainable) == 10
    assert cells[1].spec.trainable == ("conv5", "conv5_bn")
    assert cells[2].spec.trainable == ()


def test_with_nothing_left_to_fine_tune_the_head_learns_as_long():
    two = replace(BASE, head_epochs=4, head_rate=0.02, learning_rate=1e-4)
    [cell] = SweepSpec("depth", ("conv5",), base=two, seeds=1).cells()
    assert (cell.spec.epochs, cell.spec.head_epochs, cell.spec.learning_rate) == (7, 0, 0.02)


def test_controls_begin_without_what_was_learnt_and_take_as_many_epochs():
    spec = replace(BASE, trainable=("conv5",), head_epochs=4, head_rate=0.02, label_smoothing=0.1)
    frozen, scratch = variations.random_frozen(spec), variations.from_scratch(spec)
    assert (frozen.weights, frozen.trainable, frozen.epochs, frozen.learning_rate) == ("random", (), 7, 0.02)
    assert (scratch.weights, scratch.epochs, scratch.batch_norm) == ("random", 7, "train")
    assert len(scratch.trainable) == 10
    assert frozen.label_smoothing == scratch.label_smoothing == 0.1
    for one in (frozen, scratch):
        recipes.validate(one)


def test_every_regulariser_changes_one_thing_of_a_recipe_without_any():
    busy = replace(BASE, head=HeadSpec(widths=(8,), dropout=0.3, batch_norm=True), patience=3, label_smoothing=0.2)
    plain = variations.apply("none", busy)
    assert plain.head == HeadSpec(widths=(8,))
    assert (plain.patience, plain.label_smoothing) == (0, 0.0)
    specs = [variations.apply(name, busy) for name in variations.REGULARISERS]
    assert len({str(spec) for spec in specs}) == len(specs)
    for spec in specs:
        recipes.validate(spec)
        assert variations.without(spec) == plain


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"values": ()}, "one or more different values"),
        ({"values": ("2", "2")}, "one or more different values"),
        ({"lines": ()}, "different ways to begin"),
        ({"seeds": 0}, "1 to 10 seeds"),
        ({"values": tuple(map(str, range(1, 30))), "seeds": 2}, "at most 48 trainings"),
    ],
)
def test_a_sweep_that_makes_no_sense_is_refused(changes, words):
    with pytest.raises(InputError, match=words):
        SweepSpec(**{"choice": "shots", "values": ("2", "5"), "base": BASE, **changes})


@pytest.mark.parametrize(
    ("choice", "value", "words"),
    [
        ("depth", "conv9", "nothing, or a block of frame8"),
        ("shots", "-1", "a number of pictures"),
        ("shots", "0", "0 per class: .* shots from 1 to"),
        ("regulariser", "luck", "a regulariser among"),
        ("none", "x", "no value where nothing changes"),
    ],
)
def test_an_unknown_value_is_refused(choice, value, words):
    with pytest.raises(InputError, match=words):
        validate(SweepSpec(choice, (value,), base=BASE))
    with pytest.raises(InputError, match="a way to begin among"):
        SweepSpec("none", lines=("luck",), base=BASE).cells()


def test_validation_names_the_cell():
    with pytest.raises(InputError, match="500 per class: "):
        validate(SweepSpec("shots", ("2", "500"), base=BASE))


def test_the_first_seed_is_predicted_to_pay_for_what_the_others_share():
    sweep = SweepSpec("depth", ("conv1", "conv5"), base=replace(BASE, shots=50), seeds=3)
    seconds = cell_seconds(sweep)
    assert seconds["base", "conv5", 1] < 0.5 * seconds["base", "conv5", 0]
    assert seconds["base", "conv1", 1] < seconds["base", "conv1", 0]
    assert seconds["base", "conv1", 1] == seconds["base", "conv1", 2] > seconds["base", "conv5", 1]


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


def test_finished_cells_survive_as_files_and_damaged_ones_are_passed_over(tmp_path):
    rows = found("base", "../../conv1", [0.5, nan])
    for row in rows:
        sweeps_cells.record(tmp_path, row)
    (tmp_path / "cells" / "broken.json").write_text("{")
    (tmp_path / "cells" / "other.json").write_text('{"line": 3}')
    assert {row.key for row in sweeps_cells.finished(tmp_path)} == {row.key for row in rows}
    assert not list(tmp_path.parent.glob("*.json"))
    assert sweeps_cells.finished(tmp_path / "nowhere") == ()


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
