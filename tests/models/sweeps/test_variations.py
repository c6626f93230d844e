"""Variations of a recipe: the controls, and one regulariser at a time."""

from dataclasses import replace

from models.sweeps import variations
from models.training import recipes
from models.training.spec import HeadSpec, TrainingSpec

BASE = TrainingSpec(dataset="digits", shots=5, epochs=3, batch=8, seed=7, split_seed=2)


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
