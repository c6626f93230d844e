"""A visitor's table on the page: its rows as they were read, sentences on every guess, controls that overrule it."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from dashboard.views.som import table_as_read
from models.jobs import engine
from models.som import tables
from models.som.data import SomTask, load
from models.som.film import SOM
from models.som.worker.tables import read
from models.storage import runs

TABLES = Path(__file__).parents[3] / "data" / "tables"


@pytest.fixture
def page(app, monkeypatch):
    """The map's page with tables as its data; what it queues is kept in `asked` instead of being trained."""
    app.asked = []
    monkeypatch.setattr(engine, "submit", lambda job, task, **_: app.asked.append(task) or "")
    page = app.switch_page("app_pages/som.py").run()
    page.selectbox(key="som_source").set_value("table").run()
    yield page
    for table in tables.mine(owner(page)):
        tables.forget(table, owner(page))


def owner(page):
    return page.session_state["ff_owner"]


def uploaded(page, data, name="t.csv"):
    """The id of the table that an upload has become, and its shortened form, which ends the keys of its widgets."""
    page.get("file_uploader")[0].upload(name, data, "text/csv").run()
    assert not page.exception
    table = tables.mine(owner(page))[0]
    return table, table[:8]


def trained(page) -> SomTask:
    page.button(key="som_train").click().run()
    assert not page.exception
    return page.asked[-1]


def captions(page):
    return " ".join(caption.value.replace("\\", "") for caption in page.caption)


def test_the_first_rows_are_shown_as_they_were_read(page):
    _, key = uploaded(page, (TABLES / "tab_thousands.tsv").read_bytes())
    [shown] = [frame.value for frame in page.dataframe if "name" in frame.value.columns]
    assert shown["name"].tolist() == [f"n{i}" for i in range(5)] and shown["a"].tolist()[:3] == [100, 1000, 1900]
    assert shown.index.tolist() == [2, 3, 4, 5, 6] and shown.index.name == "line"
    assert "“1,000” in “a” is read as 1000; with a decimal comma it would be 1." in captions(page)
    assert "As read: 5 of 6 rows" in captions(page)
    assert page.selectbox(key=f"som_read_separator_{key}").format_func("") == "found: tab"


def test_labels_are_chosen_and_not_trained_on(page):
    _, key = uploaded(page, (TABLES / "numeric_label.csv").read_bytes())
    task = trained(page)
    assert (task.columns, task.label) == (("x", "y", "z"), "klasse")
    assert "“klasse” is named as labels are" in captions(page)
    page.multiselect(key=f"som_columns_{key}").set_value(["x", "klasse"]).run()
    assert "Trained on, although labels or identifiers: klasse." in captions(page)
    assert trained(page).columns == ("x", "klasse")


def test_a_guess_is_overruled_and_the_table_read_before_goes(page):
    before, key = uploaded(page, b"a;b\n1,234;2\n2,345;3\n")
    assert tables.load(before).values[0].tolist() == [1.234, 2]
    page.selectbox(key=f"som_read_decimal_{key}").set_value(".")
    page.button(key=f"som_anew_{key}").click().run()
    [after] = tables.mine(owner(page))
    assert after != before and tables.load(after).values[0].tolist() == [1234, 2] and trained(page).table == after
    assert page.selectbox(key=f"som_read_decimal_{after[:8]}").value == "."
    page.selectbox(key=f"som_read_separator_{after[:8]}").set_value("|")
    page.button(key=f"som_anew_{after[:8]}").click().run()
    assert "one column that holds numbers only" in page.error[0].value and tables.mine(owner(page)) == (after,)
    page.selectbox(key=f"som_read_separator_{after[:8]}").set_value("")
    page.selectbox(key=f"som_read_header_{after[:8]}").set_value("no")
    page.button(key=f"som_anew_{after[:8]}").click().run()
    assert len(page.error) == 1 and "one column" in page.error[0].value  # "a" is no number
    assert not page.exception


def test_a_table_that_a_map_was_trained_on_stays_as_it_was(page):
    before, key = uploaded(page, b"a;b\n1,234;2\n2,345;3\n")
    run = runs.create(SOM.kind, SomTask("table", table=before, columns=("a",)).to_json(), owner=owner(page), title="t")
    page.selectbox(key=f"som_read_decimal_{key}").set_value(".")
    page.button(key=f"som_anew_{key}").click().run()
    assert len(tables.mine(owner(page))) == 2 and tables.load(before).values[0].tolist() == [1.234, 2]
    assert page.selectbox(key="som_table").options == ["t.csv", "t.csv (earlier)"]
    shutil.rmtree(run.folder)


def test_a_refused_file_may_be_read_otherwise_and_its_message_goes_with_it(page):
    page.get("file_uploader")[0].upload("t.csv", b"2019,2020\n10.5,11.5\n", "text/csv").run()
    assert tables.mine(owner(page)) == () and not page.exception
    assert "at least 2 rows of numbers" in page.error[0].value
    page.selectbox(key="som_read_header_refused").set_value("no")
    page.button(key="som_read_refused").click().run()
    [table] = tables.mine(owner(page))
    assert tables.load(table).values.tolist() == [[2019, 2020], [10.5, 11.5]] and not page.error


def test_the_message_of_a_refused_file_goes_when_another_comes(page):
    page.get("file_uploader")[0].upload("t.csv", b"a,b\n1,2\n", "text/csv").run()
    assert len(page.error) == 1
    uploaded(page, b"a,b\n1,2\n3,4\n")
    assert not page.error and "som_read_refused" not in [button.key for button in page.button]


def test_a_large_table_is_read_by_a_worker(page, monkeypatch):
    asked = []
    monkeypatch.setattr(tables, "AT_ONCE", 10)
    monkeypatch.setattr(engine, "call", lambda task, **given: asked.append(task) or read(**given))
    table, _ = uploaded(page, b"a,b\n1,2\n3,4\n")
    assert asked == [tables.READ_TABLE] and tables.load(table).values.tolist() == [[1, 2], [3, 4]]


def test_a_table_of_an_earlier_version_has_no_rows_to_show():
    table = tables.Table("t", ("a",), np.ones((2, 1)), (), (), np.empty((2, 0), np.int16), ("Read.",))
    assert table.head == () and table.read_with == () and table_as_read.first_rows(table).empty


def test_samples_are_shown_with_line_and_name_whatever_their_columns_are_called(page):
    table, _ = uploaded(page, b"who,x,class,y\na,0,1,5\nb,,2,5\nc,2,1,7\nd,3,2,7\n")
    task = SomTask("table", table=table, columns=("x", "class"), label="class", standardise=False)
    shown = table_as_read.samples_as_rows(task, load(task), np.array([2, 0]), task.columns)
    assert shown["line"].tolist() == ["5", "2"] and shown["name"].tolist() == ["d", "a"]
    assert shown["class of the row"].tolist() == ["2", "1"] and shown["class"].tolist() == [2, 1]
    colours = SomTask("colours")
    others = table_as_read.samples_as_rows(colours, load(colours), np.array([1]), ("red", "green", "blue"))
    assert others.columns.tolist() == ["red", "green", "blue"]


def test_what_came_of_a_table_goes_with_the_refusal_of_the_next_and_the_refusal_with_another_choice(page):
    table, key = uploaded(page, b"a,b\n1,2\n3,4\n")
    assert f"som_columns_{key}" in [one.key for one in page.multiselect]
    page.get("file_uploader")[0].upload("b.csv", b"nothing but words\n", "text/csv").run()
    assert page.error and page.selectbox(key="som_table").value is None
    assert not [one for one in page.multiselect if str(one.key).startswith("som_columns")]
    page.selectbox(key="som_table").set_value(table).run()
    assert not page.error and f"som_columns_{key}" in [one.key for one in page.multiselect]


def test_a_refusal_goes_when_the_table_is_removed(page):
    uploaded(page, b"a,b\n1,2\n3,4\n")
    page.session_state["som_table_problem"], page.session_state["som_table_refused"] = "Expected …", ("", "b.csv")
    page.run()
    assert page.error
    page.button(key="som_table_remove").click().run()
    assert not page.error
