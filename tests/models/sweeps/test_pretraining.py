"""Was pretraining needed? The answer of a sweep, of a run beside its control, and of what is shipped."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.storage import runs
from models.sweeps import pretraining, results, variations
from models.sweeps.cells import Finished
from models.sweeps.pretraining import Answer
from models.sweeps.spec import SweepSpec
from models.training.comparison import Compared
from models.training.results import load_result
from models.training.spec import TRAINING, TrainingSpec

README = Path(__file__).resolve().parents[3] / "README.md"
SWEEP = SweepSpec(
    "shots", ("5", "20", "all"), (variations.FROZEN, variations.SCRATCH), TrainingSpec(dataset="galaxies")
)


def rows(line, value, accuracies):
    return [Finished(line, value, number, "", share, 100, 1.0, 1.0) for number, share in enumerate(accuracies)]


def test_the_shipped_sweep_answers_no_with_all_pictures_and_yes_with_few():
    found = pretraining.answers(*results.shipped("shots"))
    assert [(answer.shots, answer.ahead) for answer in found] == [(5, 1), (10, 1), (20, 1), (50, 0), (180, -1)]
    assert (round(found[-1].scratch, 3), round(found[-1].frozen, 3)) == (0.986, 0.963)
    assert pretraining.sentence(found) == (
        "With 180 pictures a class, no: 98.6% from scratch, 96.3% with the pretrained backbone frozen. "
        "With 20, yes: 79.8% from scratch, 88.3% with the pretrained backbone frozen."
    )


def test_the_readme_says_what_the_shipped_sweep_says():
    found = {answer.shots: answer for answer in pretraining.answers(*results.shipped("shots"))}
    few, all_of_them = found[20], found[180]
    text = " ".join(README.read_text().split())
    assert (
        f"with 180 pictures a class a network from scratch beats the frozen backbone ({100 * all_of_them.scratch:.1f} "
        f"against {100 * all_of_them.frozen:.1f} %), and with 20 it loses ({100 * few.scratch:.1f} against "
        f"{100 * few.frozen:.1f} %)"
    ) in text


def test_only_seeds_that_both_have_count_and_one_is_no_answer():
    found = rows("frozen", "5", [0.9, 0.8, 0.1]) + rows("scratch", "5", [0.5, 0.39])
    found += rows("frozen", "20", [0.9, 0.8]) + rows("scratch", "20", [0.5])
    [answer] = pretraining.answers(SWEEP, found)
    assert (answer.frozen, answer.scratch, answer.seeds) == (pytest.approx(0.85), pytest.approx(0.445), 2)
    assert pretraining.answers(replace(SWEEP, lines=(variations.FROZEN,)), found) == ()
    assert pretraining.answers(SweepSpec("depth", ("conv5",), base=SWEEP.base), []) == ()


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([], ""),
        ([Answer(20, 0.9, 0.8, 3, 1)], "Yes, with up to 20 pictures a class: 80.0% from scratch, 90.0% with"),
        ([Answer(20, 0.9, 0.9, 3, 0)], "With 20 pictures a class, not shown by these seeds: 90.0% from scratch"),
        (
            [Answer(5, 0.9, 0.8, 3, 0), Answer(20, 0.9, 0.95, 3, -1)],
            "With 20 pictures a class, no: 95.0% from scratch, 90.0% with the pretrained backbone frozen. With fewer, "
            "these seeds do not show it either.",
        ),
    ],
)
def test_no_more_is_said_than_is_clear(answers, words):
    assert pretraining.sentence(answers).startswith(words)
    assert bool(pretraining.sentence(answers)) == bool(words)


def compared(number, run):
    return Compared(number, run.id, "A run", TRAINING.spec_of(run), load_result(run))


def test_the_example_alone_does_not_show_it_and_the_shipped_sweep_stands_beside_it():
    """290 and 294 of the same 300 pictures right."""
    example = runs.get(runs.EXAMPLE)
    scratch = compared(2, results.control_of_example(variations.SCRATCH))
    said = pretraining.of_one(compared(1, example), scratch)
    assert said == "This one seed does not show it: 98.0% from scratch, 96.7% with this run, on 300 test pictures."
    random = compared(2, results.control_of_example(variations.RANDOM))
    assert pretraining.of_one(compared(1, example), random).startswith("Yes: 82.7%")
    assert pretraining.of_one(random, compared(1, example)).startswith("No: 96.7%")
    recipe = TRAINING.spec_of(example)
    assert pretraining.of_pictures_like(recipe).startswith("With 180 pictures a class, no: ")
    assert pretraining.of_pictures_like(recipe).endswith("(Means of 3 seeds.)")
    for other in ({"dataset": "digits"}, {"trainable": ("conv5",)}, {"weights": "random"}):
        assert pretraining.of_pictures_like(replace(recipe, **other)) == ""
