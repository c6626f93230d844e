"""Tables from strangers: what a cell means, what is refused, and that a table stays its owner's."""

import os

import numpy as np
import pytest

from models.errors import InputError
from models.som import tables
from models.som.tables import forget, load, mine, parse, samples, store


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    return tmp_path


def test_numbers_names_and_labels_of_a_plain_table():
    table = parse(b"height,width,kind\n1,2.5,cat\n-3,4e1,dog\n", "pets.csv")
    assert (table.title, table.names, table.label_names) == ("pets.csv", ("height", "width"), ("kind",))
    assert table.values.tolist() == [[1, 2.5], [-3, 40]]
    assert table.label_classes == (("cat", "dog"),) and table.codes.tolist() == [[0], [1]]
    assert "separated by comma, with names" in table.notes[0]


@pytest.mark.parametrize(
    ("data", "names", "values"),
    [
        (b"1,2\n3,4\n", ("column 1", "column 2"), [[1, 2], [3, 4]]),  # no header
        (b"year,2020\n1,2\n3,4\n", ("year", "2020"), [[1, 2], [3, 4]]),  # a header with a number in it
        ("größe;höhe\n1,5;2\n1.234,5;3\n".encode("cp1252"), ("größe", "höhe"), [[1.5, 2], [1234.5, 3]]),
        ("a\tb\n1\t2\n3\t4\n".encode("utf-16"), ("a", "b"), [[1, 2], [3, 4]]),
        ("\ufeffa|b\r\n1|2\r\n\r\n3|4\r\n".encode(), ("a", "b"), [[1, 2], [3, 4]]),
        (b'"a, b","c ""d"""\n"1","2"\n"3","4"\n', ("a, b", 'c "d"'), [[1, 2], [3, 4]]),
        (b"a,a,\n1,2,3\n4,5,6\n", ("a", "a (2)", "column 3"), [[1, 2, 3], [4, 5, 6]]),
        (b"a,b\n1,2,9\n3\n", ("a", "b"), [[1, 2], [3, np.nan]]),  # ragged
        (b"=1+1,![x](http://evil/x.png)\n1,2\n3,4\n", ("=1+1", "![x](http://evil/x.png)"), [[1, 2], [3, 4]]),
        (b"a,b\nnan,1\ninf,2\n1e999,3\n1e39,4\n,5\n6,7\n", ("a", "b"), [[np.nan, k] for k in range(1, 6)] + [[6, 7]]),
        (b"a,b\n1_000,1\n2,2\n", ("b",), [[1], [2]]),  # Python alone would read 1_000
        (b"a\n1\n2\n", ("a",), [[1], [2]]),
    ],
)
def test_all_sorts_of_tables(data, names, values):
    table = parse(data, "t")
    assert table.names == names
    np.testing.assert_allclose(table.values, np.array(values, float))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Received an empty file"),
        (b"a,b\n1,2\n", "at least 2 rows of numbers. Received 1"),
        (b"a,b\nx,y\nz,w\n", "one column that holds numbers only"),
        (b"PK\x03\x04\x00\x00", "save a spreadsheet as CSV"),
        (b"\xff\xfe\x00\xd8\x41", "Received bytes that are no text"),
        (b"a,b\n1\n" * 3, "one column that holds numbers only"),
        (b'a,b\n"1,2\n' + b"3,4\n" * 40000, "is a quotation mark missing"),
        (b",".join([b"1"] * 10000) + b"\n" + b",".join([b"2"] * 10000), "2,000 columns. Received 2 and 10,000"),
        (b"1,2\n" * 100001, "100,000 rows"),
        (b"1" * 5_000_001, "at most 5 MB. Received 5.0 MB"),
        (b"<html>\n<script>alert(1)</script>\n</html>", "one column that holds numbers only"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data, reason):
    with pytest.raises(InputError, match=reason.replace("(", r"\(")):
        parse(data, "t")


def test_names_lose_control_signs_and_length():
    table = parse(
        ("\u202eevil\x07\x00name"[0:5] + "x" * 500 + ",b\n1,2\n3,4\n").encode(), "\x1b[31m a   title " + "y" * 200
    )
    assert table.names[0].startswith("evil") and len(table.names[0]) == 60
    assert table.title.startswith("[31m a title y") and len(table.title) == 60


def test_few_whole_numbers_may_be_labels_and_missing_ones_have_none():
    table = parse(b"x,grade\n1.5,2\n2.5,\n3.5,10\n", "t")
    assert table.label_classes == (("10", "2"),) and table.codes[:, 0].tolist() == [1, -1, 0]
    data = samples(table, ("x",), "grade", standardise=False)
    assert data.features.ravel().tolist() == [1.5, 2.5, 3.5]
    assert data.labels.tolist() == [1, 2, 0] and data.classes == ("10", "2", "none")


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


def test_the_wines_are_a_table():
    table = parse(tables.wine(), "Wines")
    assert len(table.values) == 178 and len(table.names) == 13 and table.label_names == ("grower",)
