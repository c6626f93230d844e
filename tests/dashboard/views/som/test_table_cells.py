"""Rows of samples, which a browser offers as a file: nothing in them is a formula to a spreadsheet."""

import numpy as np

from dashboard.views.som import cache, table_as_read, unit
from models.som.data import SomTask
from models.som.samples import SomData
from models.som.spec import SomSpec
from tests.models.som.trained import filmed

TASK = SomTask("points", SomSpec(1, 2, epochs=2, radius0=1, snapshots=2), shape="two moons")
DATA = SomData(np.arange(6, dtype=np.float32).reshape(3, 2), np.array([1, 0, 1]), ("=1+1", "tame"))


def test_classes_and_names_of_rows_get_an_apostrophe_where_they_look_like_formulas(monkeypatch):
    monkeypatch.setattr(cache, "rows_of", lambda _: {"line": ["2", "3", "4"], "name": ["@SUM(A1)", "-2", "fine"]})
    rows = table_as_read.samples_as_rows(TASK, DATA, np.array([0, 1]), ["x", "y"])
    assert rows["class"].tolist() == ["tame", "'=1+1"]
    assert rows["name"].tolist() == ["'@SUM(A1)", "'-2"] and rows["line"].tolist() == ["2", "3"]
    assert rows[["x", "y"]].to_numpy().tolist() == [[0, 1], [2, 3]]


def test_columns_of_a_unit_get_one_too(monkeypatch):
    shown = []
    monkeypatch.setattr(type(TASK.origin), "feature_names", lambda *_: ["+x", "plain"])
    monkeypatch.setattr(unit, "load", lambda _: DATA)
    monkeypatch.setattr(unit.st, "dataframe", lambda table, **_: shown.append(table))
    record = filmed(TASK, DATA)
    unit._numbers(record, TASK, 0, 1, len(record.sizes) - 1, np.array([0, 2]))
    weights, samples = shown
    assert weights.index.tolist() == ["'+x", "plain"]
    assert samples.columns.tolist()[-2:] == ["'+x", "plain"]
