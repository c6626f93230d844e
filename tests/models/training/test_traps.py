"""The prepared mistakes: one thing apart from their cures, and what is shipped of them is of these very recipes."""

import re
from dataclasses import replace

import numpy as np
import pytest

from models.backbones import registry, tables
from models.errors import InputError
from models.frame8 import card
from models.training import recipes, traps
from models.training.comparison import paired, settings
from models.training.results import TrainingResult
from models.training.spec import TrainingSpec
from models.training.traps import SEEDS, TRAPS, trap
from models.training.worker import classifier, ship, train

APART = {  # what differs between the wrong recipe and the cured one
    "coarse": {"trainable"},
    "few": {"trainable"},
    "dissimilar": {"trainable"},
    "scaled": {"preprocessing"},
    "batch_norm": {"batch norm"},
    "leak": {"leaked"},
}


def test_every_trap_is_expected_here():
    assert APART.keys() == TRAPS.keys()
    with pytest.raises(InputError, match="a trap out of coarse, few"):
        trap("magic")


@pytest.mark.parametrize("name", TRAPS)
def test_one_thing_is_apart_and_every_recipe_can_be_trained(name):
    specs = trap(name).specs
    assert {row.name for row in settings([specs["wrong"], specs["cured"]]) if row.differs} == APART[name]
    for spec in specs.values():
        recipes.validate(spec)


@pytest.mark.parametrize("name", TRAPS)
def test_what_is_shipped_was_trained_by_these_recipes_and_shows_the_effect(name):
    shipped = traps.outcomes(name)
    assert shipped.keys() == trap(name).specs.keys(), "run python -m models.ship traps"
    for role, made in shipped.items():
        for seed, outcome in zip(SEEDS, made, strict=True):
            assert outcome.spec == replace(trap(name).specs[role], seed=seed)
            assert len(outcome.history) == outcome.spec.epochs and 1 <= outcome.best_epoch <= outcome.spec.epochs
            assert len(outcome.judged.right) == len(recipes.split_of(outcome.spec).test)
            assert outcome.validation.value == pytest.approx(
                outcome.history[outcome.best_epoch - 1]["val_accuracy"], abs=1e-4
            )
    wrong, cured = ([one.judged.accuracy.value for one in shipped[role]] for role in ("wrong", "cured"))
    if name == "leak":  # the wrong one looks better, and is not
        assert min(wrong) > max(cured) + 0.05
        assert all(one.judged.accuracy.value > one.validation.value + 0.05 for one in shipped["wrong"])
        assert all(known.low > fresh.high for known, fresh in (one.judged.apart() for one in shipped["wrong"]))
    else:
        assert min(cured) > max(wrong) + 0.02
        assert all(
            paired(one.judged, other.judged).difference.low > 0
            for one, other in zip(shipped["wrong"], shipped["cured"], strict=True)
        )


def accuracies(made):
    return [one.judged.accuracy.value for one in made]


def ends(made, field):
    return [one.history[-1][field] for one in made]


def clearly_better(first, second):
    """Whether the second of two roles is, on the same pictures, better with every seed."""
    gaps = [paired(one.judged, other.judged).difference for one, other in zip(first, second, strict=True)]
    return all(gap.low > 0 for gap in gaps)


def none_clearly_worse(first, second):
    gaps = [paired(one.judged, other.judged).difference for one, other in zip(first, second, strict=True)]
    return all(gap.high > 0 for gap in gaps)


DEFINES = None  # says what is done, or what to do: a choice that no number can contradict
CLAIMS = {  # every sentence of a trap -> whether the shipped numbers bear it out: (outcomes by role, recipes by role)
    # Too coarse
    "The frozen layers were trained to tell 200 kinds of things apart.": lambda m, s: len(card.read().classes) == 200,
    "Textures differ in the fine grain of a surface, of which frozen layers keep less than layers that may "
    "learn.": lambda m, s: (
        s["control"].dataset == s["cured"].dataset == "textures"
        and s["control"].shots == s["cured"].shots
        and not s["control"].learning
        and clearly_better(m["control"], m["cured"])
    ),
    "Train a frozen network to the end before you judge it.": DEFINES,
    "The control gets 99.0% of its training pictures right and 83.1% of the test pictures, layers that learn 91.0%: it "
    "lacks features, not training.": lambda m, s: (
        min(ends(m["control"], "accuracy")) > 0.98
        and np.allclose(accuracies(m["control"]), 0.83, atol=0.01)
        and np.allclose(accuracies(m["cured"]), 0.91, atol=0.015)
        and max(accuracies(m["control"])) < min(accuracies(m["cured"]))
    ),
    "The wrong run gets only 77.3% of its training pictures right, because 8 epochs are too few for its "
    "head.": lambda m, s: (
        s["wrong"].epochs == 8
        and round(np.mean(ends(m["wrong"], "accuracy")), 3) == 0.773
        and min(ends(m["control"], "accuracy")) > max(ends(m["wrong"], "accuracy")) + 0.15
        and (s["wrong"].learning, s["wrong"].weights) == (s["control"].learning, s["control"].weights)
    ),
    "Nothing is frozen, so that the layers learn to look at the detail.": lambda m, s: (
        learns_everything(s["cured"]) and clearly_better(m["wrong"], m["cured"])
    ),
    "Pictures, rate and epochs are the same.": lambda m, s: replace(s["cured"], trainable=()) == s["wrong"],
    # Too little data
    "Five pictures of every class, and all 1.4 million weights of the backbone learn from them.": lambda m, s: (
        s["wrong"].shots == 5
        and learns_everything(s["wrong"])
        and round(recipes.estimate(s["wrong"]).parameters_trainable / 1e6, 1) == 1.4
    ),
    "This is overfitting: they can memorise 25 pictures in many ways, and most of these are of no use for other "
    "pictures.": lambda m, s: (
        len(recipes.split_of(s["wrong"]).train) == 25 and max(ends(m["wrong"], "val_accuracy")) < 0.5
    ),
    "Look at the gap: after 10 epochs training accuracy is 100.0% and validation accuracy 42.1%.": lambda m, s: (
        s["wrong"].epochs == 10
        and ends(m["wrong"], "accuracy") == [1, 1, 1]
        and round(np.mean(ends(m["wrong"], "val_accuracy")), 3) == 0.421
    ),
    "With the backbone frozen validation accuracy is 69.7%.": lambda m, s: (
        not s["cured"].learning
        and round(np.mean(ends(m["cured"], "val_accuracy")), 3) == 0.697
        and min(ends(m["cured"], "val_accuracy")) > max(ends(m["wrong"], "val_accuracy"))
    ),
    "The backbone is frozen: only the head learns, and the backbone keeps what it knew.": lambda m, s: (
        not s["cured"].learning and clearly_better(m["wrong"], m["cured"])
    ),
    # Too dissimilar
    "The frozen layers were trained on photographs.": lambda m, s: "Tiny ImageNet" in registry.backbone(
        s["wrong"].backbone
    ).trained_on,
    "Features learned from photographs are of little use for pen strokes: frozen layers with random weights do just as "
    "well here.": lambda m, s: (
        s["wrong"].dataset == "digits"
        and clearly_better(m["wrong"], m["cured"])
        and s["control"] == replace(s["wrong"], weights="random")
        and none_clearly_worse(m["wrong"], m["control"])
    ),
    "Train a control with random weights in the same frozen layers.": DEFINES,
    "If it does as well, the frozen features are of no use for these data: here it gets 93.0% right, against "
    "92.2%.": lambda m, s: (
        [round(np.mean(accuracies(m[role])), 3) for role in ("control", "wrong")] == [0.93, 0.922]
        and none_clearly_worse(m["wrong"], m["control"])
    ),
    "Nothing is frozen: all layers learn what digits need.": lambda m, s: (
        learns_everything(s["cured"]) and clearly_better(m["wrong"], m["cured"])
    ),
    # Scaled twice
    "The pictures are divided by 255 before a network that scales them itself.": lambda m, s: (
        s["wrong"].preprocessing == "scaled twice" and registry.backbone(s["wrong"].backbone).preprocessing == "inside"
    ),
    "It then sees almost the same dark grey everywhere.": DEFINES,  # test_scaled_twice_divides_twice…
    "No error appears: the head learns from the little difference that is left.": lambda m, s: all(
        one.history[0]["accuracy"] + 0.2 < one.history[-1]["accuracy"] for one in m["wrong"]
    ),
    "Training accuracy stays low as well: 75.2%, where the same backbone comes to 99.8%.": lambda m, s: (
        [round(np.mean(ends(m[role], "accuracy")), 3) for role in ("wrong", "cured")] == [0.752, 0.998]
    ),
    "Check the numbers that go in: their range must be the one that the network expects, here 0 to 255.": DEFINES,
    "Pictures go in as numbers from 0 to 255; the network scales them once.": lambda m, s: (
        s["cured"].preprocessing == "own" and clearly_better(m["wrong"], m["cured"])
    ),
    # BatchNorm in training mode
    "In training mode BatchNorm takes mean and variance from each batch of four pictures, and its statistics of "
    "100,000 photographs drift with them.": lambda m, s: (
        (s["wrong"].batch, s["wrong"].batch_norm) == (4, "train")
        and "100,000 pictures" in registry.backbone(s["wrong"].backbone).trained_on
    ),
    "So every batch is normalised differently.": DEFINES,
    "Training accuracy rises as it does in the cured run, to 96.7% and 98.3%, but validation accuracy stays behind, at "
    "76.1% against 85.8%: it uses the drifted statistics.": lambda m, s: (
        [round(np.mean(ends(m[role], "accuracy")), 3) for role in ("wrong", "cured")] == [0.967, 0.983]
        and [round(np.mean(ends(m[role], "val_accuracy")), 3) for role in ("wrong", "cured")] == [0.761, 0.858]
        and all(a < b - 0.05 for a, b in zip(*(ends(m[r], "val_accuracy") for r in ("wrong", "cured")), strict=True))
        and np.allclose(*(ends(m[role], "accuracy") for role in ("wrong", "cured")), atol=0.035)
    ),
    "The proof of freezing on the Train page shows that they moved.": DEFINES,  # tests/dashboard/views/train/test_proof
    "BatchNorm keeps its pretrained statistics, scale and shift; all other layers learn as before.": lambda m, s: (
        s["cured"].batch_norm == "hold"
        and set(s["wrong"].learning) - set(s["cured"].learning) == {f"conv{number}_bn" for number in range(1, 6)}
        and clearly_better(m["wrong"], m["cured"])
    ),
    # Leaked duplicates
    "Half of the test pictures lie among the training pictures too, as they do when data were copied or collected "
    "twice before they were divided.": lambda m, s: len(
        np.intersect1d(recipes.split_of(s["wrong"]).train, recipes.split_of(s["wrong"]).test)
    ) == len(recipes.split_of(s["wrong"]).test) / 2,
    "The network has memorised these test pictures; it does not have to understand them.": lambda m, s: all(
        one.judged.apart()[0].value == 1 for one in m["wrong"]
    ),
    "Test accuracy is far above validation accuracy, which the leak did not help: 94.7% against 85.4%.": lambda m, s: (
        round(np.mean(accuracies(m["wrong"])), 3) == 0.947
        and round(np.mean(ends(m["wrong"], "val_accuracy")), 3) == 0.854
        and all(one.judged.accuracy.low > one.validation.value for one in m["wrong"])
    ),
    "Before you train, look for equal pictures in both parts.": DEFINES,
    "The network learns from no test picture.": lambda m, s: not np.intersect1d(
        recipes.split_of(s["cured"]).train, recipes.split_of(s["cured"]).test
    ).size,
    "Its accuracy is lower, and honest.": lambda m, s: max(accuracies(m["cured"])) < min(accuracies(m["wrong"])),
}  # fmt: skip


def learns_everything(spec):
    """Whether every layer of the backbone learns, BatchNorm as the recipe says."""
    every = [name for names in tables.table(spec.backbone, spec.side).weighted_blocks.values() for name in names]
    return set(spec.trainable) == set(every) and bool(spec.learning)


def sentences_of(name):
    one, made = trap(name), traps.outcomes(name)
    text = " ".join((one.why, traps.noticed(one, made), one.cure))
    return re.split(r"(?<=[.]) (?=[A-Z])", text)


@pytest.mark.parametrize("name", TRAPS)
def test_every_sentence_of_a_trap_is_true_of_the_numbers_it_speaks_of(name):
    made, specs = traps.outcomes(name), trap(name).specs
    for sentence in sentences_of(name):
        assert sentence in CLAIMS, f"a sentence that nothing checks: {sentence}"
        claim = CLAIMS[sentence]
        assert claim is DEFINES or claim(made, specs), sentence


def test_no_claim_is_checked_that_no_trap_makes():
    assert set(CLAIMS) == {sentence for name in TRAPS for sentence in sentences_of(name)}


def test_a_control_is_what_its_title_says():
    coarse, dissimilar = trap("coarse"), trap("dissimilar")
    assert coarse.control_title == "frozen too, five times the epochs at three times the rate"
    assert not coarse.control.learning
    assert coarse.control == replace(
        coarse.wrong, epochs=5 * coarse.wrong.epochs, learning_rate=coarse.control.learning_rate
    )
    assert coarse.control.learning_rate == pytest.approx(3 * coarse.wrong.learning_rate)
    assert dissimilar.control_title == "frozen layers with random weights"
    assert dissimilar.control == replace(dissimilar.wrong, weights="random")


def test_what_is_claimed_and_what_is_true():
    made = traps.outcomes("leak")
    assert traps.claimed(made["wrong"][0], made["cured"][0]) == "Claimed 95.9%. True 86.2%."
    wrong, cured = (made[role][0].judged for role in ("wrong", "cured"))
    assert (wrong.right.sum(), cured.right.sum(), len(wrong.right)) == (307, 276, 320)
    known, fresh = wrong.apart()
    assert (known.value, known.n, fresh.value, fresh.n) == (1, 160, 147 / 160, 160)
    gaps = [paired(a.judged, b.judged).difference for a, b in zip(made["wrong"], made["cured"], strict=True)]
    assert all(gap.low < 0 < gap.high for gap in gaps)  # on what neither has learnt from, no clear difference


def test_a_row_survives_its_file(tmp_path, monkeypatch):
    monkeypatch.setattr(traps, "FOLDER", tmp_path)
    assert traps.outcomes("leak") == {}
    made = []
    for role, base in trap("leak").specs.items():
        for seed in SEEDS:
            spec = replace(base, seed=seed)
            split = recipes.split_of(spec)
            leaked = np.isin(split.test, split.train)
            probability = np.where(leaked[:, None], [0.9, 0.1], [0.2, 0.8]).astype("f4")
            watched = np.tile(np.array([[0.6, 0.4]], "f4"), (4, 1))
            row = {"epoch": 1, "loss": 1 / 3, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25, "seconds": 3.0}
            result = TrainingResult(
                (row,), split.test, np.zeros(len(split.test), int), probability, split.validation[:4],
                np.array([0, 0, 1, 0]), watched, (), {"best_epoch": 1},
            )  # fmt: skip
            made.append((role, traps.of_result(spec, result)))
    rows = [ship._row(outcome) for _, outcome in made]
    (tmp_path / "leak.json").write_text(ship._text(rows))
    read = traps.outcomes("leak")
    wrong, cured = read["wrong"][1], read["cured"][1]
    known, fresh = wrong.judged.apart()
    assert (known.value, fresh.value, known.n, fresh.n) == (1, 0, 160, 160)
    assert cured.judged.apart() is None and cured.judged.accuracy.value == 0
    assert (wrong.validation.value, wrong.validation.n) == (0.75, 4)
    assert wrong.history[0] == {"epoch": 1, "loss": 0.33333, "accuracy": 0.5, "val_loss": 2.0, "val_accuracy": 0.25}
    rows[0]["spec"]["epochs"] = 99  # a recipe of another day
    (tmp_path / "leak.json").write_text(ship._text(rows))
    assert traps.outcomes("leak").keys() == {"cured"}


def test_scaled_twice_divides_twice_and_changes_nothing_else():
    right = TrainingSpec()
    wrong = classifier.classifier(replace(right, preprocessing="scaled twice"))
    right = classifier.classifier(right)
    names = [layer.name for layer in right.layers]
    assert [layer.name for layer in wrong.layers] == [names[0], "wrong_scale", *names[1:]]
    pictures = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3)).astype("f4")
    given = wrong.predict(pictures, verbose=0)
    np.testing.assert_allclose(given, right.predict(pictures / 255, verbose=0), atol=1e-6)
    assert np.abs(given - right.predict(pictures, verbose=0)).max() > 1e-3
    shared = train.SharedNetwork()
    spec = TrainingSpec(preprocessing="scaled twice", seed=1)
    for asked in (TrainingSpec(), spec, replace(spec, seed=2)):
        made = shared.begin(asked)
        assert [layer.name for layer in made.layers] == [layer.name for layer in classifier.classifier(asked).layers]
