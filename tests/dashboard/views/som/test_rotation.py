"""The comparison of both maps on the page: shipped at once, else measured and found again."""

import time

from models.jobs import engine
from models.som.rotation import ROTATION
from models.storage import runs


def test_rotation_is_shipped_and_other_settings_are_offered_with_their_cost(view, words, monkeypatch):
    page = view("Rotation")
    assert not page.exception and len(page.get("plotly_chart")) == 2
    assert "Plain map: 4" in words(page) and "Rotation-invariant map: 7" in words(page)
    assert "over 5 seeds; n = 600 unseen pictures" in words(page) and "Precomputed" in words(page)
    page.segmented_control(key="som_rotation_turns").set_value(4).run()
    assert "8 poses of each of 1,500 pictures" in words(page) and not page.get("plotly_chart")
    asked = []
    monkeypatch.setattr(engine, "submit", lambda job, task, **_: asked.append((job, task.turns)) or "")
    page.button(key="som_rotation_start").click().run()
    assert asked == [(ROTATION, 4)] and not page.exception


def test_rotation_is_measured_and_found_again(view, words):
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
