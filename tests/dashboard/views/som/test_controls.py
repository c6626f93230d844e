"""What to train a map on and how: every source and setting reaches the job; what cannot be is refused in words."""

import errno

import pytest

from models.jobs import engine
from models.som import tables
from models.som.data import SomTask
from models.storage import files

PAGE = "app_pages/som.py"


@pytest.fixture
def page(app, monkeypatch):
    """The map's page; what it queues is kept in `asked` instead of being trained."""
    app.asked = []
    monkeypatch.setattr(engine, "submit", lambda job, task, **_: app.asked.append(task) or "")
    return app.switch_page(PAGE).run()


def trained(page) -> SomTask:
    page.button(key="som_train").click().run()
    assert not page.exception
    return page.asked[-1]


def test_untouched_controls_train_the_shipped_example(page):
    assert trained(page) == SomTask()
    assert any("400 units × 3 weights, 1,000 samples" in caption.value for caption in page.caption)


def test_every_setting_reaches_the_job(page):
    page.segmented_control(key="som_method").set_value("online").run()
    page.segmented_control(key="som_lattice").set_value("hexagonal")
    page.toggle(key="som_toroid").set_value(True)
    page.selectbox(key="som_neighbourhood_online").set_value("mexican hat")
    page.selectbox(key="som_law").set_value("inverse")
    page.selectbox(key="som_start").set_value("pca").run()
    som = trained(page).som
    assert (som.method, som.lattice, som.toroid, som.neighbourhood) == ("online", "hexagonal", True, "mexican hat")
    assert (som.law, som.start, som.distance) == ("inverse", "pca", "lattice")
    page.selectbox(key="som_distance").set_value("weights").run()
    assert any("the map loses its order" in caption.value for caption in page.caption)
    som = trained(page).som
    assert (som.distance, som.neighbourhood) == ("weights", "gaussian")
    page.segmented_control(key="som_method").set_value("batch").run()
    assert "mexican hat" not in page.selectbox(key="som_neighbourhood_batch").options
    assert trained(page).som.distance == "lattice"


def test_sources_with_their_fields(page):
    page.selectbox(key="som_source").set_value("points").run()
    page.selectbox(key="som_shape_points").set_value("two moons").run()
    assert (trained(page).shape, trained(page).som.rows) == ("two moons", 12)
    page.selectbox(key="som_source").set_value("points3d").run()
    assert trained(page).shape == "sphere"
    page.selectbox(key="som_source").set_value("pictures").run()
    page.toggle(key="som_rotations").set_value(True).run()
    assert (trained(page).dataset, trained(page).rotations) == ("galaxies", True)
    page.segmented_control(key="som_method").set_value("online").run()
    assert not trained(page).rotations


def test_what_cannot_be_or_does_not_fit_says_so_and_has_no_button(page, monkeypatch):
    page.segmented_control(key="som_lattice").set_value("hexagonal")
    page.toggle(key="som_toroid").set_value(True)
    page.number_input(key="som_rows_colours").set_value(5).run()
    assert "even number of rows" in page.error[0].value and "som_train" not in [button.key for button in page.button]
    page.toggle(key="som_toroid").set_value(False).run()
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "20")
    page.number_input(key="som_rows_colours").set_value(200)
    page.number_input(key="som_columns_colours").set_value(200).run()
    assert "units would fit" in page.error[0].value and not page.exception


def test_a_table_is_uploaded_chosen_and_removed(page):
    owner = page.session_state["ff_owner"]
    page.selectbox(key="som_source").set_value("table").run()
    assert "Upload a CSV file" in page.info[0].value and "som_train" not in [button.key for button in page.button]
    page.button(key="som_table_wine").click().run()
    [name] = tables.mine(owner)
    task = trained(page)
    assert (task.table, len(task.columns), task.label, task.standardise) == (name, 13, "grower", True)
    page.multiselect(key=f"som_columns_{name[:8]}").set_value(["ash", "hue"])
    page.toggle(key=f"som_standardise_{name[:8]}").set_value(False).run()
    assert (trained(page).columns, trained(page).standardise) == (("ash", "hue"), False)
    page.multiselect(key=f"som_columns_{name[:8]}").set_value([]).run()
    assert "som_train" not in [button.key for button in page.button] and not page.exception
    page.button(key="som_table_remove").click().run()
    assert tables.mine(owner) == () and not page.exception


def test_on_a_full_disk_a_table_is_refused_with_a_sentence(page, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    page.selectbox(key="som_source").set_value("table").run()
    monkeypatch.setattr(files, "write_atomically", full)
    page.button(key="som_table_wine").click().run()
    assert any(error.value.startswith("The disk is full") for error in page.error) and not page.exception


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("good.csv", b"a,![x](http://evil/x.png),k\n1,5,x\n2,6,y\n3,7,x\n", ""),
        ("bad.csv", b"a,b\nx,y\nz,w\n", "numbers only"),
        ("one.csv", b"a,b\n1,2\n", "at least 2 rows"),
        ("zip.csv", b"PK\x03\x04\x00\x00", "save a spreadsheet as CSV"),
    ],
)
def test_uploads_good_and_bad(page, name, data, said):
    page.selectbox(key="som_source").set_value("table").run()
    page.get("file_uploader")[0].upload(name, data, "text/csv").run()
    assert not page.exception
    if said:
        assert said in page.error[0].value and tables.mine(page.session_state["ff_owner"]) == ()
    else:
        task = trained(page)
        assert task.columns == ("a", "![x](http://evil/x.png)") and task.label == "k"
        tables.forget(task.table, page.session_state["ff_owner"])


def test_a_table_of_many_columns_is_taken_whole(page):
    owner, head = page.session_state["ff_owner"], ",".join(f"c{i}" for i in range(40))
    rows = "\n".join(",".join(str(i * j % 7) for i in range(40)) for j in range(5))
    page.selectbox(key="som_source").set_value("table").run()
    page.get("file_uploader")[0].upload("wide.csv", f"{head}\n{rows}".encode(), "text/csv").run()
    task = trained(page)
    assert task.columns == tuple(f"c{i}" for i in range(40) if i % 7)  # the others are 0 in every row
    tables.forget(task.table, owner)


def test_what_looks_odd_is_said_before_the_training(page):
    page.number_input(key="som_rows_colours").set_value(1)
    page.number_input(key="som_columns_colours").set_value(1).run()
    assert any("A single unit has no neighbours" in caption.value for caption in page.caption)
    page.number_input(key="som_columns_colours").set_value(9).run()
    said = "\n".join(caption.value for caption in page.caption)
    assert "A radius of 10 is larger than the map" in said and "More units than samples" not in said
    page.number_input(key="som_rows_colours").set_value(200)
    page.number_input(key="som_decay").set_value(0.0).run()
    said = "\n".join(caption.value for caption in page.caption)
    assert "at least 800 of 1,800 units" in said and "Without decay the radius stays" in said
    assert "larger than the map" not in said and trained(page).som.rows == 200
