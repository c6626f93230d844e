"""The transferability experiment: its cells and rows, and that its networks are trained as it says."""

import json
from dataclasses import replace

import keras
import numpy as np
import pytest

from models.errors import InputError
from models.frame8.tiny_imagenet import Pictures
from models.transferability import experiment
from models.transferability.experiment import FOUR, Architecture, Cell, Row, Schedule
from models.transferability.worker import experiment as transferability_experiment
from models.transferability.worker import train

TINY = Architecture(6, 8, 1, ((3, 3, 1, True), (4, 3, 1, False)), (5,))
SHORT = Schedule(epochs=2, batch=8)


@pytest.fixture(scope="module")
def task():
    """Pictures of two classes that differ in brightness, and some noise."""
    rng = np.random.default_rng(3)
    labels = np.arange(40) % 2
    images = (rng.integers(0, 120, (40, 6, 8, 1)) + 120 * labels[:, None, None, None]).astype(np.uint8)
    return train.Task(images, labels, images[:20], labels[:20])


def test_one_split_and_seed_has_both_bases_and_every_treatment_at_every_depth():
    cells = experiment.cells(8, "random", 3)
    assert len(cells) == 2 + 5 * 7 and len(set(cells)) == len(cells)
    assert cells[:2] == (Cell("baseA", 0, "random", 3), Cell("baseB", 0, "random", 3))
    assert {cell.n for cell in cells[2:]} == set(range(1, 8))


def test_a_cell_knows_what_it_copies_and_what_it_freezes():
    known = {name: Cell(name, 2, "random", 0) for name in experiment.TREATMENTS}
    assert {name: cell.source for name, cell in known.items()} == {
        "BnB": "baseB", "AnB": "baseA", "BnB+": "baseB", "AnB+": "baseA", "RnB": None,
    }  # fmt: skip
    assert {name for name, cell in known.items() if cell.frozen} == {"BnB", "AnB", "RnB"}
    assert Cell("baseA", 0, "random", 0).source is None
    with pytest.raises(InputError, match=r"Expected a treatment among .* Received CnB"):
        Cell("CnB", 1, "random", 0)


def test_the_digest_changes_with_every_setting():
    first = experiment.digest(FOUR, SHORT)
    assert first == experiment.digest(FOUR, SHORT) and len(first) == 12
    others = {experiment.digest(replace(FOUR, dense=(49,)), SHORT), experiment.digest(FOUR, replace(SHORT, epochs=3))}
    assert first not in others and len(others) == 2


def test_rows_survive_the_csv(tmp_path):
    row = Row("AnB+", 3, "random", 1, 6, 0.3456, 100, 5000, 61.5, "0123456789ab")
    other = replace(row, n=2)
    (tmp_path / "rows.csv").write_text(experiment.to_csv([row, other]))
    assert experiment.read_csv(tmp_path / "rows.csv") == (other, row)


def test_the_architectures_have_as_many_layers_as_their_names_say():
    assert (experiment.EIGHT.depth, FOUR.depth) == (8, 4)
    chain = train.Chain(experiment.EIGHT, 100, seed=0)
    weighted = [layer for layer in chain.layers() if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense)]
    assert len(chain.blocks) == len(weighted) == 8


def test_what_is_copied_and_frozen_stays_and_the_rest_learns(task):
    base = train.Chain(TINY, 2, seed=5)
    chain = train.train(Cell("AnB", 2, "random", 0), task, TINY, SHORT, base)
    for frozen, origin in zip(chain.layers(0, 2), base.layers(0, 2), strict=True):
        for mine, theirs in zip(frozen.get_weights(), origin.get_weights(), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    fresh = train.Chain(TINY, 2, train.seed_of(Cell("AnB", 2, "random", 0)))
    assert not np.array_equal(chain.blocks[2][0].get_weights()[0], fresh.blocks[2][0].get_weights()[0])
    tuned = train.train(Cell("AnB+", 2, "random", 0), task, TINY, SHORT, base)
    assert not np.array_equal(tuned.blocks[0][0].get_weights()[0], base.blocks[0][0].get_weights()[0])


def test_learning_on_ready_outputs_is_learning_through_the_frozen_layers(task):
    """The fast path against its slow twin: the same tail, with the frozen layers run for every picture."""
    base, cell = train.Chain(TINY, 2, seed=5), Cell("BnB", 1, "random", 0)
    fast = train.train(cell, task, TINY, SHORT, base)
    slow = train.Chain(TINY, 2, train.seed_of(cell))
    slow.copy(base, 1)
    plain = train.frozen_outputs(slow, 1, task.images, mirror=False)[:, 0]
    turned = train.frozen_outputs(slow, 1, np.ascontiguousarray(task.images[:, :, ::-1]), mirror=False)[:, 0]
    both = np.stack([plain, turned], axis=1)
    np.testing.assert_array_equal(both, train.frozen_outputs(slow, 1, task.images, mirror=True))
    direct = keras.ops.convert_to_numpy(train.apply(slow.layers(0, 1), train.scaled(task.images), training=False))
    np.testing.assert_allclose(plain, direct, atol=2e-3)
    train.fit(slow.layers(1), both, task.labels, SHORT, train.seed_of(cell), lambda: None)
    for mine, theirs in zip(fast.weights(), slow.weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_networks_of_one_seed_repeat_and_never_start_alike(task):
    cell = Cell("baseB", 0, "random", 0)
    first, second = (train.train(cell, task, TINY, SHORT).weights() for _ in range(2))
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))
    seeds = {train.seed_of(cell) for seed in (0, 1) for cell in experiment.cells(8, "random", seed)}
    assert len(seeds) == 2 * 37


def test_random_filters_get_the_statistics_of_the_pictures(task):
    chain = train.Chain(TINY, 2, seed=1)
    train.calibrate(chain, 1, task.images)
    before = keras.ops.convert_to_numpy(chain.blocks[0][0](train.scaled(task.images)))
    norm = chain.blocks[0][1]
    np.testing.assert_allclose(norm.moving_mean.numpy(), before.mean((0, 1, 2)), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance.numpy(), before.var((0, 1, 2)), rtol=1e-3)


def test_the_rate_rises_and_falls_to_nothing():
    rates = [train.learning_rate(step, 100, SHORT) for step in range(100)]
    assert rates[0] == pytest.approx(0.1 / 11) and max(rates) == rates[10] == pytest.approx(0.1)
    assert (np.diff(rates[:11]) > 0).all() and (np.diff(rates[10:]) < 0).all() and rates[-1] < 1e-4


def test_accuracy_counts_right_answers(task):
    chain = train.train(Cell("baseB", 0, "random", 0), task, TINY, replace(SHORT, epochs=15))
    assert train.accuracy(chain, task.images, task.labels) > 0.9
    assert train.accuracy(chain, task.images, 1 - task.labels) < 0.1


def test_natural_is_what_nobody_made():
    natural = {
        "n01443537": "goldfish",
        "n02509815": "red panda",
        "n07753592": "banana",
        "n09193705": "alp",
        "n12267677": "acorn",
    }
    made = {"n02666196": "abacus", "n04596742": "wok", "n07711569": "mashed potato", "n07873807": "pizza"}
    assert all(transferability_experiment.is_natural(wnid) for wnid in natural) and not any(
        transferability_experiment.is_natural(wnid) for wnid in made
    )


def test_the_halves_share_no_class():
    wnids = tuple(f"n0{1 if i < 30 else 3}{i:06d}" for i in range(80))
    a, b = transferability_experiment.halves(wnids, "random", 4)
    assert len(a) == len(b) == 40 and not set(a) & set(b)
    assert not np.array_equal(a, transferability_experiment.halves(wnids, "random", 5)[0])
    natural, made = transferability_experiment.halves(wnids, "natural to man-made", 4)
    assert len(natural) == len(made) == 30 and natural.max() < 30 <= made.min()
    swapped = transferability_experiment.halves(wnids, "man-made to natural", 4)
    np.testing.assert_array_equal(swapped[0], made)
    np.testing.assert_array_equal(swapped[1], natural)


def test_a_task_numbers_its_classes_anew():
    pictures = Pictures(np.zeros((6, 4, 5, 3), np.uint8), np.array([0, 1, 2, 2, 1, 0], np.int32), ("a", "b", "c"))
    chosen = transferability_experiment.task(pictures, pictures, np.array([0, 2]))
    assert chosen.labels.tolist() == [0, 1, 1, 0] and chosen.classes == 2 and len(chosen.images) == 4


def test_a_finished_network_is_never_trained_twice(tmp_path, task, monkeypatch):
    monkeypatch.setattr(transferability_experiment, "EIGHT", TINY)
    tasks = {"A": task, "B": task}
    base = transferability_experiment.run(Cell("baseB", 0, "random", 0), tasks, SHORT, tmp_path)
    first = transferability_experiment.run(Cell("BnB", 1, "random", 0), tasks, SHORT, tmp_path)
    assert (base.classes, base.pictures, base.epochs, first.n) == (2, 20, 2, 1)
    monkeypatch.setattr(transferability_experiment, "train", lambda *_: pytest.fail("trained again"))
    assert transferability_experiment.run(Cell("BnB", 1, "random", 0), tasks, SHORT, tmp_path) == first
    transferability_experiment.collect(tmp_path, tmp_path / "rows.csv")
    rows = experiment.read_csv(tmp_path / "rows.csv")
    assert [(row.treatment, row.accuracy) for row in rows] == [
        (row.treatment, pytest.approx(row.accuracy, abs=5e-5)) for row in (first, base)
    ]
    assert json.loads(next(tmp_path.glob("*BnB-1.json")).read_text())["treatment"] == "BnB"
