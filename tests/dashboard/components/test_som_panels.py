"""Depth, rotation and failures on the page: shipped at once, measured on demand, said in words."""

import time
from types import SimpleNamespace

import pytest

from dashboard.widgets.jobs import distinct_names
from models.jobs import engine
from models.som.failures import FAILURES
from models.storage import runs

PAGE = "app_pages/som.py"


@pytest.fixture
def view(app):
    def open_it(name):
        page = app.switch_page(PAGE).run()
        return page.segmented_control(key="som_view").set_value(name).run()

    return open_it


def words(page) -> str:
    return "\n".join(element.value for kind in ("markdown", "caption") for element in page.get(kind))


def test_a_failure_stands_beside_its_cure(view):
    page = view("When it goes wrong")
    for name in ("twist", "steps"):
        failure = FAILURES[name]
        page.selectbox(key="som_failure").set_value(name).run()
        assert not page.exception and len(page.get("plotly_chart")) == 2
        assert failure.changed in words(page) and words(page).count("Unfolded") == 1


def test_rotation_is_shipped_and_other_settings_are_offered_with_their_cost(view, monkeypatch):
    page = view("Rotation")
    assert not page.exception and len(page.get("plotly_chart")) == 2
    assert "Plain map: 4" in words(page) and "Rotation-invariant map: 7" in words(page)
    assert "over 5 seeds; n = 600 unseen pictures" in words(page) and "Measured beforehand" in words(page)
    page.segmented_control(key="som_rotation_turns").set_value(4).run()
    assert "8 poses of each of 1,500 pictures" in words(page) and not page.get("plotly_chart")
    asked = []
    monkeypatch.setattr(engine, "submit", lambda kind, spec, **_: asked.append((kind, spec["turns"])) or "")
    page.button(key="som_rotation_start").click().run()
    assert asked == [("rotation", 4)] and not page.exception


def test_rotation_is_measured_and_found_again(view):
    page = view("Rotation")
    page.session_state["ff_data"] = "digits"
    page.segmented_control(key="som_rotation_turns").set_value(4)
    page.number_input(key="som_rotation_side").set_value(2)
    page.number_input(key="som_rotation_seeds").set_value(1).run()
    page.button(key="som_rotation_start").click().run()
    [run] = runs.listing(page.session_state["ff_owner"], "rotation")
    until = time.monotonic() + 120
    while run.status.active and time.monotonic() < until:
        time.sleep(0.2)
    assert run.status.state == "done"
    page.run()
    assert not page.exception and len(page.get("plotly_chart")) == 2 and "1 seed; n = " in words(page)


def test_depth_is_shipped_for_the_example_and_offered_for_others(view):
    page = view("Depth")
    assert not page.exception and len(page.get("plotly_chart")) == 1 and "n = 600 pictures" in words(page)
    page.session_state["ff_run"] = ""
    page.run()
    assert "7 layers, 5 maps each, 1,500 pictures" in words(page) and not page.get("plotly_chart")
    assert page.button(key="som_depth_start").label == "Measure"


def test_maps_of_one_title_have_names_of_their_own_oldest_first():
    newest_first = {key: SimpleNamespace(title=title) for key, title in (("c", "A"), ("b", "B"), ("a", "A"))}
    assert distinct_names(newest_first) == {"c": "A (2)", "b": "B", "a": "A"}
