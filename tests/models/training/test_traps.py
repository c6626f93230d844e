"""The prepared mistakes: one thing apart from their cures, and what is shipped of them is of these very recipes."""

from dataclasses import replace

import numpy as np
import pytest

from models.errors import InputError
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


def test_the_controls_say_what_they_are_to_say():
    patient = traps.outcomes("coarse")
    assert max(one.judged.accuracy.value for one in patient["control"]) < min(
        one.judged.accuracy.value for one in patient["cured"]
    )
    digits = traps.outcomes("dissimilar")
    for one, other in zip(digits["wrong"], digits["control"], strict=True):
        gap = paired(one.judged, other.judged).difference
        assert gap.low < 0 < gap.high or gap.low > 0  # random filters do as well, or better


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
