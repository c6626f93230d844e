"""Tables from strangers: which rows a map gets, and that a table stays its owner's."""

import os
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.jobs import execute, shipped
from models.som import export, tables
from models.som.data import SomTask
from models.som.spec import SomSpec
from models.som.table_reading import Reading, parse
from models.som.tables import forget, load, mine, samples, store
from tests.models.som.trained import filmed

TABLES = Path(__file__).parents[2] / "data" / "tables"
SMALL = SomSpec(rows=3, columns=5, epochs=5, radius0=2, snapshots=2)


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    return tmp_path


def test_rows_that_lack_a_chosen_number_are_left_out():
    table = parse(b"a,b\n1,1\n2,\n3,3\n", "t")
    assert samples(table, ("a", "b"), "", standardise=False).features.tolist() == [[1, 1], [3, 3]]
    assert samples(table, ("a",), "", standardise=False).features.ravel().tolist() == [1, 2, 3]
    with pytest.raises(InputError, match="a number in every chosen column"):
        samples(parse(b"a,b\n1,\n,2\n3,\n", "t"), ("a", "b"), "", standardise=True)


def test_standardised_by_hand_also_constant_and_huge_columns():
    table = parse(b"a,b,c\n1,7,1e30\n3,7,3e30\n", "t")
    assert table.constant.tolist() == [False, True, False]
    assert samples(table, ("a", "b", "c"), "", standardise=True).features.tolist() == [[-1, 0, -1], [1, 0, 1]]


@pytest.mark.parametrize(("columns", "label"), [((), ""), (("z",), ""), (("a",), "z")])
def test_columns_that_are_not_there_are_refused(columns, label):
    with pytest.raises(InputError, match="Expected columns of the table"):
        samples(parse(b"a,b\n1,1\n2,2\n", "t"), columns, label, standardise=True)


def test_a_table_is_kept_for_its_owner_alone(home):
    table = parse(b"a,k\n1,x\n2,y\n", "t.csv")
    name = store(table, "o" * 32)
    found = load(name)
    assert (
        found.names == ("a",)
        and found.label_classes == (("1", "2"), ("x", "y"))
        and found.values.tolist() == [[1], [2]]
    )
    assert mine("o" * 32) == (name,) and mine("p" * 32) == ()
    assert not any("o" * 32 in path.name for path in (home / "tables").iterdir())
    forget(name, "p" * 32)
    assert mine("o" * 32) == (name,)
    forget(name, "o" * 32)
    with pytest.raises(InputError, match="no longer kept"):
        load(name)


@pytest.mark.parametrize("name", ["", "../x", "*" * 32, "g" * 32, "a" * 31, "a" * 32 + "\n"])
def test_ids_from_outside_never_reach_the_disk(home, name):
    with pytest.raises(InputError, match="Expected the id of a table"):
        load(name)
    forget(name, "o" * 32)


def test_the_oldest_tables_go_first(home, monkeypatch):
    monkeypatch.setattr(tables, "MOST", 2)
    table = parse(b"a\n1\n2\n", "t")
    names = []
    for age in (30, 20, 10):
        names.append(store(table, "o" * 32))
        [path] = (home / "tables").glob(f"*.{names[-1]}.npz")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    other = store(table, "p" * 32)
    assert mine("o" * 32) == (names[2], names[1]) and mine("p" * 32) == (other,)
    [path] = (home / "tables").glob(f"*.{other}.npz")
    os.utime(path, (path.stat().st_mtime - 15 * 86400,) * 2)
    store(table, "q" * 32)
    assert mine("p" * 32) == ()


def test_a_damaged_table_is_gone(home):
    name = store(parse(b"a\n1\n2\n", "t"), "o" * 32)
    [path] = (home / "tables").glob(f"*.{name}.npz")
    path.write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(InputError, match="no longer kept"):
        load(name)


def test_a_file_is_kept_before_it_is_read_and_goes_with_its_table(home):
    data = b"a,k\n1,x\n2,y\n"
    name = tables.keep(data, "o" * 32)
    assert tables.source(name) == data and mine("o" * 32) == ()
    assert store(parse(data, "t"), "o" * 32, name) == name and mine("o" * 32) == (name,)
    forget(name, "p" * 32)
    assert tables.source(name) == data
    forget(name, "o" * 32)
    with pytest.raises(InputError, match="no longer kept"):
        tables.source(name)
    with pytest.raises(InputError, match="at most 5 MB"):
        tables.keep(b"1" * 5_000_001, "o" * 32)
    assert list((home / "tables").iterdir()) == []


def test_the_oldest_files_go_first_too(home, monkeypatch):
    monkeypatch.setattr(tables, "MOST", 2)
    names = []
    for age in (30, 20, 10):
        names.append(tables.keep(b"words", "o" * 32))
        [path] = (home / "tables").glob(f"*.{names[-1]}.gz")
        os.utime(path, (path.stat().st_mtime - age,) * 2)
    kept = {path.name.split(".")[1] for path in (home / "tables").iterdir()}
    assert kept == set(names[1:])


def test_a_table_comes_back_as_it_was(home):
    table = parse(b"name,a,k\nx y,1,0\nz,,1\n" + b"w,2,1\n" * 3, "t")
    found = load(store(table, "o" * 32))
    for field in ("title", "names", "label_names", "label_classes", "notes", "row_names", "head", "set_aside", "label"):
        assert getattr(found, field) == getattr(table, field), field
    assert found.lines.tolist() == [2, 3, 4, 5, 6] and found.read_with == (",", ".", "yes")
    assert found.chosen == ("", "", "")


def test_a_worker_reads_a_kept_file_and_a_refusal_comes_back(home):
    asked = {"table": tables.keep(b"a;b\n1,234;2\n2,345;3\n", "o" * 32), "title": "t", "reading": Reading(decimal=".")}
    assert shipped.find(tables.READ_TABLE, asked) is None
    found = pickle.loads(pickle.dumps(execute.interactive("read_table", asked)))
    assert type(found) is tables.Table and found.values.tolist() == [[1234, 2], [2345, 3]]
    refused = execute.interactive("read_table", {**asked, "reading": Reading(separator="|")})
    assert type(refused) is InputError and "numbers only" in str(refused)


def test_samples_know_their_lines_and_names():
    table = parse((TABLES / "gaps.csv").read_bytes(), "gaps.csv")  # y is missing in line 4, x in line 7
    found = tables.rows_of_samples(table, ("x", "y"))
    assert found == {
        "line": ["2", "3", "5", "6", "8", "9", "10", "11"],
        "name": ["n0", "n1", "n3", "n4", "n6", "n7", "n8", "n9"],
    }
    assert tables.rows_of_samples(table, ("x",))["line"] == ["2", "3", "4", "5", "6", "8", "9", "10", "11"]
    assert len(samples(table, ("x", "y"), "", standardise=True).features) == len(found["line"])
    old = replace(table, lines=np.empty(0, np.int32), row_names=())
    assert tables.rows_of_samples(old, ("x", "y")) == {}
    with pytest.raises(InputError, match="Expected columns of the table"):
        tables.rows_of_samples(table, ("z",))


def test_the_labels_of_a_map_name_lines_and_rows_of_the_file():
    table = parse(b"name,x,y\n=evil(),0,1\nb,,3\nc,4,1\n", "t")
    data = samples(table, ("x", "y"), "", standardise=False)
    record = filmed(SomTask("points", SMALL, shape="square"), data)
    lines = export.labels_csv(record, tables.rows_of_samples(table, ("x", "y"))).decode().splitlines()
    assert lines[0] == "sample,line,name,row,column,class,distance"
    assert [line.split(",")[:3] for line in lines[1:]] == [["0", "2", "'=evil()"], ["1", "4", "c"]]


def test_numbers_of_ten_digits_keep_them():
    table = parse(b"time,v\n1700000001,1.5\n1700000002,2.5\n1700000004,3\n", "t")
    assert table.values.dtype == np.float64 and table.values[:, 0].tolist() == [1700000001, 1700000002, 1700000004]
