"""What a map costs, told before it trains: right in size, from memory to what would fit."""

import pytest

from models.errors import TooLarge
from models.som import costs, data, tables
from models.som.data import SomTask
from models.som.spec import SomSpec
from models.som.tables import parse
from models.som.training import memory_mb

FEATURES = {"network": "backbone:frame8:64", "layer": "conv5_relu", "dataset": "digits"}


@pytest.mark.parametrize(
    "task",
    [
        SomTask(),
        SomTask("points", shape="ring"),
        SomTask("points3d", shape="sphere"),
        SomTask("digits"),
        SomTask("pictures", dataset="digits"),
    ],
    ids=lambda task: task.source,
)
def test_sizes_are_those_of_the_data(task):
    assert costs.sizes(task) == data.load(task).features.shape


def test_sizes_of_a_table_and_of_features(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    table = tables.store(parse(b"a,b,c\n1,2,3\n4,5,6\n", "t"), "o" * 32)
    assert costs.sizes(SomTask("table", table=table, columns=("a", "c"))) == (2, 2)
    assert costs.sizes(SomTask("features", **FEATURES)) == (1797, 256)


def test_time_grows_with_the_work():
    def seconds(source="colours", **fields):
        return costs.estimate(SomTask(source, **fields)).seconds

    small = seconds()
    assert small < 2 < seconds(som=SomSpec(200, 200, "online", 10)) < 600
    assert seconds(som=SomSpec(epochs=200)) == pytest.approx(2 * small)
    assert seconds("features", **FEATURES) > 2
    turned = seconds("pictures", dataset="galaxies", rotations=True)
    assert turned > 6 * seconds("pictures", dataset="galaxies")


def test_what_does_not_fit_is_refused_with_what_would(monkeypatch):
    task = SomTask("digits", SomSpec(200, 200))
    cost = costs.estimate(task)
    assert (cost.units, cost.samples, cost.features) == (40_000, 1797, 64)
    assert cost.memory_mb == memory_mb(task.som, 1797, 64)
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "40")
    with pytest.raises(TooLarge) as refused:
        costs.refuse(task, cost)
    side = int(str(refused.value).split("A map of ")[1].split(" ")[0])
    assert 1 < side < 200
    costs.refuse(task, costs.estimate(SomTask("digits", SomSpec(side, side))))
    with pytest.raises(TooLarge):
        costs.refuse(task, costs.estimate(SomTask("digits", SomSpec(side + 1, side + 1))))
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "1")
    with pytest.raises(TooLarge, match="fewer samples or features"):
        costs.refuse(task, cost)
