"""Sweeps as plain data: cells and their recipes, what is refused, the cost."""

from dataclasses import replace

import pytest

from models.errors import InputError
from models.sweeps import variations
from models.sweeps.spec import SweepSpec, cell_seconds, remarks, suggested, validate
from models.sweeps.spec import depths as depths_of
from models.training import recipes
from models.training.spec import TrainingSpec

BASE = TrainingSpec(dataset="digits", shots=5, epochs=3, batch=8, seed=7, split_seed=2)


def test_the_suggested_depths_train_the_head_to_its_end_and_pretrained_layers_at_a_rate_of_their_own():
    """60 steps at 0.001 for everything made the line that has a new head alone look 15 points lower."""
    base = suggested("depth", recipes.DEFAULT).base
    assert (base.head_epochs, base.head_rate) == (recipes.DEFAULT.epochs, recipes.DEFAULT.learning_rate) == (60, 3e-3)
    assert base.learning_rate == recipes.FINE_TUNING_RATE < base.head_rate
    frozen = SweepSpec("depth", ("conv5",), base=base, seeds=1).cells()[0].spec
    assert frozen.epochs >= 60 and frozen.learning_rate == 3e-3


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


@pytest.mark.parametrize(
    ("sweep", "words"),
    [
        (SweepSpec("shots", ("2", "02"), base=BASE), "2 per class and 02 per class"),
        (
            SweepSpec("none", lines=(variations.AS_IS, variations.FROZEN), base=replace(BASE, keep_epochs=False)),
            "As the recipe says and Pretrained, frozen",
        ),
    ],
)
def test_two_values_that_make_the_same_recipe_are_refused(sweep, words):
    with pytest.raises(InputError, match=f"different recipes. Received two that make the same: {words}"):
        validate(sweep)


def test_what_has_no_effect_in_a_cell_is_said_with_its_name():
    base = replace(suggested("regulariser", BASE).base, epochs=4)
    sweep = SweepSpec("regulariser", ("none", "dropout", "stopping"), base=base)
    assert remarks(sweep) == (
        "Early stopping: Early stopping has no effect: it waits for 5 epochs after the best one, and training ends "
        "after 4.",
    )
    assert remarks(replace(sweep, base=replace(base, epochs=7))) == ()
    noisy = replace(BASE, label_noise=0.01, epochs=9)  # 20 and 100 pictures
    assert remarks(SweepSpec("shots", ("2", "10"), base=noisy)) == (
        "2 per class: No label is wrong: 1.0% of 20 pictures is less than one.",
    )


def test_validation_names_the_cell():
    with pytest.raises(InputError, match="500 per class: "):
        validate(SweepSpec("shots", ("2", "500"), base=BASE))


def test_the_first_seed_is_predicted_to_pay_for_what_the_others_share():
    sweep = SweepSpec("depth", ("conv1", "conv5"), base=replace(BASE, shots=50, side=96), seeds=3)
    seconds = cell_seconds(sweep)
    assert seconds["base", "conv5", 1] < 0.5 * seconds["base", "conv5", 0]
    assert seconds["base", "conv1", 1] < seconds["base", "conv1", 0]
    assert seconds["base", "conv1", 1] == seconds["base", "conv1", 2] > seconds["base", "conv5", 1]
    assert sweep.seconds == pytest.approx(sum(seconds.values())) and len(seconds) == 2 * 3
