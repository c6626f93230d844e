"""What a map costs, known before it trains: right in size, from memory to what would fit."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from models.errors import TooLarge
from models.som import tables
from models.som.costs import estimate, memory_mb, refuse_too_large
from models.som.data import SomTask, load
from models.som.spec import SomSpec
from models.som.table_reading import parse
from models.som.training import snapshots

FEATURES = {"network": "backbone:frame8:64", "layer": "conv5_relu", "dataset": "digits"}


def test_time_grows_with_the_work():
    def seconds(source="colours", **fields):
        return SomTask(source, **fields).seconds

    small = seconds()
    assert small < 2 < seconds(som=SomSpec(200, 200, "online", 10)) < 600
    assert seconds(som=SomSpec(epochs=200)) == pytest.approx(2 * small)
    assert seconds("features", **FEATURES) > 2
    turned = seconds("pictures", dataset="galaxies", rotations=True)
    assert turned > 6 * seconds("pictures", dataset="galaxies")


def test_what_does_not_fit_is_refused_with_what_would(monkeypatch):
    task = SomTask("digits", SomSpec(200, 200))
    cost = task.cost
    assert (cost.units, cost.samples, cost.features) == (40_000, 1797, 64)
    assert cost.memory_mb == memory_mb(task.som, 1797, 64)
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "40")
    with pytest.raises(TooLarge) as refused:
        refuse_too_large(task.som, cost)
    side = int(str(refused.value).split("A map of ")[1].split(" ")[0])
    assert 1 < side < 200
    refuse_too_large(SomSpec(side, side), estimate(SomSpec(side, side), 1797, 64))
    with pytest.raises(TooLarge):
        refuse_too_large(SomSpec(side + 1, side + 1), estimate(SomSpec(side + 1, side + 1), 1797, 64))
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "1")
    with pytest.raises(TooLarge, match="fewer samples or features"):
        refuse_too_large(task.som, cost)


@pytest.mark.parametrize(("start", "method"), [("random", "batch"), ("pca", "batch"), ("sample", "online")])
def test_the_memory_predicted_is_about_the_memory_used(start: str, method: str) -> None:
    spec = SomSpec(60, 60, method, 1, start=start, snapshots=2)
    samples = np.random.default_rng(0).random((200, 300), np.float32)
    list(snapshots(samples, replace(spec, rows=2)))  # what the first training imports is not the training's
    tracemalloc.start()
    for snapshot in snapshots(samples, spec):
        del snapshot
    used = tracemalloc.get_traced_memory()[1] / 2**20 + samples.nbytes / 2**20
    tracemalloc.stop()
    assert 0.5 * used < memory_mb(spec, 200, 300) and used < 1.1 * memory_mb(spec, 200, 300)


def test_memory_grows_with_what_is_held_and_is_refused_with_its_cost(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = SomSpec(200, 200)
    weights = 200 * 200 * 64 * 4 / 2**20
    assert memory_mb(spec, 1000, 64) > 2 * weights
    assert memory_mb(spec, 1_000_000, 64) - memory_mb(spec, 1000, 64) == pytest.approx(999_000 * (256 + 40) / 2**20)
    assert memory_mb(SomSpec(30, 30), 1_000_000, 64) < 1500
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "50")
    with pytest.raises(TooLarge, match=r"fits into the 50 MB left\. Received one of 200 x 200 units"):
        snapshots(np.zeros((10, 64), np.float32), spec)


def test_rows_of_a_table_take_twice_the_memory_and_are_refused_by_it(tmp_path, monkeypatch):
    assert memory_mb(SomSpec(30, 30), 5000, 9, number=8) == pytest.approx(
        2 * memory_mb(SomSpec(30, 30), 5000, 9) - 40 * 5000 / 2**20
    )
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    rng = np.random.default_rng(0)
    lines = "\n".join(",".join(f"{value:.3f}" for value in row) for row in rng.random((300, 3)))
    table = tables.store(parse(f"a,b,c\n{lines}".encode(), "t.csv"), "o" * 32)
    task = SomTask("table", SomSpec(40, 40), table=table, columns=("a", "b", "c"))
    assert load(task).features.itemsize == task.cost.number == 8 and SomTask().cost.number == 4
    assert task.cost.memory_mb == memory_mb(task.som, 300, 3, number=8)
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", f"{0.75 * task.cost.memory_mb}")
    with pytest.raises(TooLarge, match="40 x 40 units"):
        snapshots(load(task).features, task.som)
