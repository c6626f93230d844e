"""Reading tables: what is guessed is right or said, every guess can be overruled, and a refusal says where."""

import re
from pathlib import Path

import numpy as np
import pytest

from models.errors import InputError
from models.som import table_lines, tables
from models.som.table_reading import Reading, parse
from models.som.tables import samples

TABLES = Path(__file__).parents[2] / "data" / "tables"


def of(name):
    return parse((TABLES / name).read_bytes(), name)


def said(table):
    return "\n".join(table.notes)


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
        (b"# by hand\n" * 9 + b"a;b\n1,5;2\n3;4\n", ("a", "b"), [[1.5, 2], [3, 4]]),  # more remarks than rows
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
        (b"a,b\n1,2\n", "at least 2 rows of numbers. Received 1; line 1 was taken for names."),
        (b"a,b\nx,y\nz,w\n", "one column that holds numbers only. Received none: line 1 of “column 1” holds “a”"),
        (b"PK\x03\x04\x00\x00", "a byte 0 in line 1; save a spreadsheet as CSV"),
        (b"\xff\xfe\x00\xd8\x41", "Received bytes that are no text"),
        (b"a,b\n1\n" * 3, "one column that holds numbers only"),
        (b"a,b\n" + b'"1,2\n' * 101, "marks that never end, the first in line 2"),
        (
            b",".join([b"1"] * 10000) + b"\n" + b",".join([b"2"] * 10000),
            "2,000 columns. Received 2 and 10,000 (line 1)",
        ),
        (b"1,2\n" * 100001, "100,000 rows"),
        (b"1" * 5_000_001, "at most 5 MB. Received 5 MB"),
        (b'a,b\n1,2\n"' + b"x" * 140_000 + b'",3\n', "Received a cell without end in line 3."),
        (b"<html>\n<script>alert(1)</script>\n</html>", "one column that holds numbers only"),
    ],
)
def test_what_is_no_table_is_refused_in_words(data, reason):
    with pytest.raises(InputError, match=re.escape(reason)):
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


def test_the_wines_are_a_table():
    table = parse(tables.wine(), "Wines")
    assert len(table.values) == 178 and len(table.names) == 13 and table.label_names == ("grower",)


CASES = {  # file: names and first row of the columns to train on; the line of that row; label; column that names rows
    "decimal_comma_one_number.csv": (("Wert",), [0.5], 2, "", "Name"),
    "decimal_comma_four_texts.csv": (("pH", "Leitwert"), [6, 300], 2, "Labor", "Probe"),
    "country_years.csv": (("2019", "2020", "2021"), [10, 11, 12], 2, "", "country"),
    "stray_quote.csv": (("b", "c"), [2, 3], 2, "", "a"),
    "tab_thousands.tsv": (("a", "b", "c"), [100, 50, 0], 2, "", "name"),
    "tab_millions.tsv": (("pop",), [1234567], 2, "", "name"),
    "nbsp_thousands.csv": (("pop",), [1020.5], 2, "", "name"),
    "r_row_names.csv": (("Sepal.Length", "Sepal.Width", "Petal.Length"), [5.1, 3.1, 1.1], 2, "", "column 1"),
    "numeric_label.csv": (("x", "y", "z"), [-0.18, 1.809, 0.345], 2, "klasse", ""),
    "gaps.csv": (("x", "y"), [0, 0], 2, "", "name"),
    "excel_na.csv": (("a", "b"), [1, 2], 2, "", ""),
    "plus_minus_one.csv": (("x", "y"), [0, 0], 2, "label", ""),
    "126_names.csv": (("gdp", "life"), [0, 60], 2, "", "country"),
    "sep_line.csv": (("a", "b", "c"), [1.5, 2, 3], 3, "", ""),
    "units_row.csv": (("a", "b", "c"), [1, 2, 3], 3, "", ""),
    "comment_line.csv": (("a", "b", "c"), [1, 2, 3], 3, "", ""),
}


def test_every_table_here_has_its_right_reading():
    assert set(CASES) == {path.name for path in TABLES.iterdir()}


@pytest.mark.parametrize("name", CASES)
def test_tables_that_were_misread(name):
    table, (names, first, line, label, row_names) = of(name), CASES[name]
    assert tuple(column for column in table.names if column not in table.set_aside) == names
    assert table.values[0, [table.names.index(column) for column in names]].tolist() == first
    assert (table.lines[0], table.label, table.row_names_of) == (line, label, row_names)


def test_the_last_rows_of_those_tables_are_right_too():
    assert of("decimal_comma_one_number.csv").values[:, 0].tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    assert of("tab_thousands.tsv").values.tolist()[-1] == [4600, 3550, 7.5]
    assert of("tab_millions.tsv").values[:, 0].tolist() == [1234567, 999, 2000000]
    assert of("nbsp_thousands.csv").values[:, 0].tolist() == [1020.5, 12300.5, 999.1]
    assert of("country_years.csv").values.shape == (8, 3) and of("126_names.csv").values.shape == (126, 2)
    assert of("sep_line.csv").values.tolist() == [[1.5, 2, 3], [2.5, 3, 4], [3.5, 4, 5]]
    assert np.array_equal(of("stray_quote.csv").values, np.outer(np.arange(1, 151), [1, 2, 3]))
    assert np.isnan(of("excel_na.csv").values[1, 0]) and not np.isnan(of("excel_na.csv").values[1:, 1]).any()
    assert of("plus_minus_one.csv").label_classes == (("-1", "1"),)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("stray_quote.csv", "A quotation mark never ends: left out (line 11)."),
        ("stray_quote.csv", "“a” counts the rows: not trained on unless you choose it."),
        ("tab_thousands.tsv", "“1,000” in “a” is read as 1000; with a decimal comma it would be 1."),
        ("r_row_names.csv", "The first column has no name: taken for names of the rows, as R writes them."),
        ("numeric_label.csv", "“klasse” is named as labels are and holds 3 different numbers: not trained on"),
        ("gaps.csv", "2 of 10 rows lack a number somewhere. Taken as missing: empty (2)."),
        ("excel_na.csv", "1 of 5 rows lack a number somewhere. Taken as missing: “#N/A” (1)."),
        ("126_names.csv", "“country” cannot be labels: it holds 126 different values, 30 are the most."),
        ("decimal_comma_four_texts.csv", "“Ort” cannot be labels: it holds “Köln” only."),
        ("decimal_comma_four_texts.csv", "separated by semicolon, with names, decimal comma."),
        ("sep_line.csv", "Line 1 names the separator: semicolon."),
        ("units_row.csv", "Line 2 was taken for units, not for a row: mm, mm, kg."),
        ("comment_line.csv", "Left out as a remark: line 1, “# measured 2024”."),
    ],
)
def test_what_was_guessed_is_said(name, sentence):
    assert sentence in said(of(name))


@pytest.mark.parametrize("marker", ["#N/A", ".", "n.d.", "<LOD", "< 0.05", "k. A.", "#DIV/0!", "", "NaN", "–", "NULL"])
def test_markers_of_missing_numbers(marker):
    table = parse(f"a,b\n1,2\n{marker},3\n3,4\n4,6\n".encode(), "t")
    assert table.names == ("a", "b") and np.isnan(table.values[1, 0]) and np.isfinite(table.values).sum() == 7
    assert (f"“{marker}” (1)" if marker else "empty (1)") in said(table)


def test_every_sign_for_minus_is_one():
    assert parse("a;b\n\u22121,5;2\n\u20133;4\n-1;2\n".encode(), "t").values[:, 0].tolist() == [-1.5, -3, -1]


@pytest.mark.parametrize(
    ("data", "values"),
    [
        ("a;b\n1.234,5;0.125\n2.000,5;1.250\n", [[1234.5, 0.125], [2000.5, 1.25]]),  # each column its own sign
        ("a;b\n1,234.5;2\n2;3\n", [[1234.5, 2], [2, 3]]),
        ("a;b\n1.234;2,5\n2.345;3,5\n", [[1234, 2.5], [2345, 3.5]]),  # the other column has a comma
        ("a;b\n1.234;2\n2.345;3\n", [[1.234, 2], [2.345, 3]]),  # nothing says otherwise
        ("a;b\n1,234;2\n2,345;3\n", [[1.234, 2], [2.345, 3]]),  # semicolons are written where commas are decimal
        ('a,b\n"1,234",2\n"2,345",3\n', [[1234, 2], [2345, 3]]),
        ('a,b\n"0,125",2\n"2,345",3\n', [[0.125, 2], [2.345, 3]]),  # no thousand begins with 0
        ("a;b\n1'234.5;2\n12'000;3\n", [[1234.5, 2], [12000, 3]]),
        ("a\n1,5\n2,5\n", [[1.5], [2.5]]),
        ("1,5;2\n2,5;3\n", [[1.5, 2], [2.5, 3]]),
        ("1,5;2,5\n2,5;3,5\n", [[1.5, 2.5], [2.5, 3.5]]),  # all cells numbers, though commas make more cells
        ("a b\n1 2\n3  4\n", [[1, 2], [3, 4]]),
    ],
)
def test_decimal_signs_and_thousands_by_column(data, values):
    assert parse(data.encode(), "t").values.tolist() == values


def test_a_guess_can_be_overruled():
    data = b"a;b\n1,234;2\n2,345;3\n"
    assert parse(data, "t", Reading(decimal=".")).values[:, 0].tolist() == [1234, 2345]
    years = (TABLES / "country_years.csv").read_bytes()
    assert parse(years, "t", Reading(header="no")).values[0].tolist() == [2019, 2020, 2021]
    assert parse(b"1,2\n3,4\n5,6\n", "t", Reading(header="yes")).names == ("1", "2")
    assert parse(b"1,5;2\n2,5;3\n", "t", Reading(separator=";", decimal=",")).values[0].tolist() == [1.5, 2]
    with pytest.raises(InputError, match="one column that holds numbers only"):
        parse(b"1,5;2\n2,5;3\n", "t", Reading(separator="|"))
    table = parse(data, "t", Reading(decimal="."))
    assert table.read_with == (";", ".", "yes") and table.chosen == ("", ".", "")
    with pytest.raises(InputError, match="Expected separator to be one of"):
        Reading.from_json({"separator": "x"})


@pytest.mark.parametrize(
    ("data", "header"),
    [
        ("country,2020\nAustria,10\nBelgium,13\n", True),
        ("name,1,2,3\nx,0.5,0.1,2.5\ny,1.5,0.2,7.5\n", True),
        ("x,1,2\nx,0.5,5.5\ny,1.5,7.5\n", False),  # the name of the first column comes again
        ("Austria,2001,2002\nBelgium,1999,2005\n", False),  # years are its values
        ("1,2\n3,4\n", False),
        (",a,b\n0,1.5,2\n1,2.5,3\n2,3,4\n3,3,4\n4,1,1\n", True),
    ],
)
def test_names_that_are_numbers(data, header):
    assert parse(data.encode(), "t").read_with[2] == ("yes" if header else "no")


def test_a_column_that_is_nearly_numbers_says_where_it_is_not():
    table = parse(b"a,b\n1,1\nabout 5,2\n2,3\n3,4\n4,5\n5,5\n6,7\n", "t")
    assert table.names == ("b",) and "“a” is no column of numbers: line 3 of “a” holds “about 5”." in said(table)


def test_a_column_of_two_decimal_signs_is_no_column_of_numbers():
    table = parse(b"a;b\n1.5;1\n2,5;2\n3;3\n", "t")
    assert table.names == ("b",) and "line 3 of “a” holds “2,5” beside numbers with a decimal point" in said(table)


def test_rows_of_another_length_are_named():
    assert "(lines 3, 4)" in said(parse(b"a,b\n1,2\n3\n4,5,6\n7,8\n", "t"))


def test_a_cell_may_go_over_lines_and_lines_keep_their_numbers():
    table = parse(b'text,a\n"one\ntwo",1\n\nx,2\n"y ""z""",3\n', "t")
    assert table.values[:, 0].tolist() == [1, 2, 3] and table.lines.tolist() == [2, 5, 6]
    assert table.row_names == ("one two", "x", 'y "z"')


def test_a_guessed_encoding_is_said_and_a_known_one_is_not():
    text = "größe;höhe\n1,5;2\n2,5;3\n"
    assert "not UTF-8: Windows-1252 is a guess" in said(parse(text.encode("cp1252"), "t"))
    assert "guess" not in said(parse(text.encode(), "t")) and "guess" not in said(parse(text.encode("utf-16"), "t"))


@pytest.mark.parametrize(
    ("column", "cells", "why"),
    [
        ("patient_id", ["17", "5", "93", "12"], "is named as identifiers are"),
        ("customerID", ["17", "5", "5", "12"], "is named as identifiers are"),
        ("plz", ["01067", "80331", "20095", "04109"], "holds codes that begin with 0"),
        ("objid", ["1237648720693755918", "1237648720693755919", "3", "4"], "more than 15 digits"),
        ("class", ["0", "1", "1", "0"], "is named as labels are"),
        ("population", ["17", "5", "93", "12"], ""),
        ("width", ["0.5", "1.5", "2", "3"], ""),
        ("class", ["0.5", "1.5", "2", "3"], ""),  # measured
        ("class", ["0.5", "0.5", "0.5", "1.5", "1.5", "1.5"], "is named as labels are"),
    ],
)
def test_labels_and_identifiers_are_not_trained_on_unawares(column, cells, why):
    rows = "".join(f"{index / 3:.2f},{cell}\n" for index, cell in enumerate(cells))
    table = parse(f"x,{column}\n{rows}".encode(), "t")
    assert table.set_aside == ((column,) if why else ()) and table.names == ("x", column)
    assert f"“{column}” " not in said(table) if not why else why in said(table)


def test_a_column_of_few_whole_numbers_at_the_end_is_taken_for_labels_where_it_is_the_only_one():
    rows = [f"{index / 7:.3f},{index % 3},{index % 2}" for index in range(40)]
    one = parse("\n".join(["x,y", *(row[: row.rindex(",")] for row in rows)]).encode(), "t")
    assert (one.set_aside, one.label) == (("y",), "y")
    two = parse("\n".join(["x,y,z", *rows]).encode(), "t")
    assert (two.set_aside, two.label) == ((), "") and two.label_names == ("y", "z")
    front = [",".join(reversed(row.split(","))) for row in rows]
    assert parse("\n".join(["y,z,x", *front]).encode(), "t").set_aside == ()


def of_columns(first, last, rows, names="x,y"):
    """A table of measurements and another column, which both have a number for a row."""
    return parse("\n".join([names, *(f"{first(row)},{last(row)}" for row in range(rows))]).encode(), "t")


def test_how_many_rows_and_values_make_numbers_labels_rows_counted_and_texts_classes():
    def measured(row):
        return f"{row * row / 7:.3f}"

    assert of_columns(measured, lambda row: row % 3, 20).set_aside == ("y",)
    assert of_columns(measured, lambda row: row % 3, 19).set_aside == ()  # too few rows for numbers to mean labels
    assert of_columns(measured, lambda row: row % 10, 40).set_aside == ("y",)
    assert of_columns(measured, lambda row: row % 11, 44).set_aside == ()  # too many values
    for start in (0, 1):
        assert of_columns(lambda row: start + row, measured, 5).set_aside == ("x",)  # noqa: B023
    assert of_columns(lambda row: 1 + row, measured, 4).set_aside == ()
    assert of_columns(lambda row: 2 + row, measured, 5).set_aside == ()  # rows are counted from 0 or 1
    assert of_columns(measured, lambda row: f"k{row % 30}", 60).label_names == ("y",)
    assert of_columns(measured, lambda row: f"k{row % 31}", 62).label_names == ()
    assert of_columns(measured, lambda row: 2**53 - row, 3).set_aside == ("y",)
    assert of_columns(measured, lambda row: 2**53 - 1 - row, 3).set_aside == ()


@pytest.mark.parametrize(
    ("cells", "classes"),
    [
        ("-1 1 -1 1", ("-1", "1")),  # whole numbers: two rows each
        ("-1 1 -1", ()),
        ("0.5 1.5 0.5 1.5 0.5 1.5", ("0.5", "1.5")),  # measured: three
        ("0.5 1.5 0.5 1.5", ()),
        ("a a a", ()),  # one class is none
    ],
)
def test_how_often_values_come_again_that_are_classes(cells, classes):
    cells = cells.split()
    table = of_columns(lambda row: f"{row * row / 7:.3f}", lambda row: cells[row], len(cells), "x,class")
    assert table.label_classes == ((classes,) if classes else ())


def test_the_separator_cuts_rows_of_equal_length_even_where_another_makes_more_numbers():
    assert table_lines.cut("k;v,u\nw;7,1\nx;8,2\ny;z\n", "", 10).separator == ";"


def test_two_stray_quotation_marks_hide_no_rows_between_them():
    table = parse(b'a,b,c\n"1,2,3\n4,5,6\n7,8",9\n10,11,12\n13,14,15\n', "t")
    assert table.names == ("a", "c") and table.values[:, 1].tolist() == [3, 6, 9, 12, 15]
    assert "A quotation mark never ends: left out (line 2)." in said(table)
    assert '“b” is no column of numbers: line 4 of “b” holds “8"”.' in said(table)


def test_labels_are_the_column_that_is_named_so_and_names_stand_in_front_or_are_texts():
    table = parse(b",colour,x,class,id\nr1,red,1.5,a,7\nr2,red,2,b,5\nr3,blue,3,a,9\nr4,blue,4,b,8\n", "t")
    assert (table.label, table.row_names_of, table.row_names[0]) == ("class", "column 1", "r1")
    table = parse(b"id,x,who\n7,1.5,ann\n5,2,bea\n9,3,cem\n", "t")
    assert (table.row_names_of, table.set_aside) == ("who", ("id",))
    table = parse(b",x,who\n7,1.5,ann\n5,2,bea\n9,3,cem\n", "t")
    assert (table.row_names_of, table.set_aside) == ("column 1", ("column 1",))


def test_a_table_of_identifiers_only_is_taken_whole():
    assert parse(b"id\n5\n7\n9\n", "t").set_aside == ()


def test_names_behind_a_hash_and_titles():
    assert parse(b"# a,b\n1,2\n3,4\n", "t").names == ("a", "b")
    table = parse(b"Measured in spring\n\na;b;c\n1;2;3\n4;5;6\n", "t")
    assert table.names == ("a", "b", "c") and "line 1, “Measured in spring”" in said(table)


def test_the_first_rows_are_kept_as_they_stand():
    assert of("tab_thousands.tsv").head[1] == ("n1", "1,000", "750", "1.5") and len(of("stray_quote.csv").head) == 5
    assert of("tab_thousands.tsv").columns == ("name", "a", "b", "c")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([1300], "line 1,300"),
        ([2, 5, 1300], "lines 2, 5, 1,300"),
        ([2, 5, 9, 11], "lines 2, 5, 9 and 1 more"),
        (list(range(7, 2010)), "lines 7, 8, 9 and 2,000 more"),
    ],
)
def test_of_many_lines_the_first_three_are_named(lines, words):
    assert table_lines.listed(lines) == words
