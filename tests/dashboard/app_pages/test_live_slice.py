"""The live slice on its page: the example at once, the choice of digits, the button, and every state of a run."""

import time

import pytest

from models.errors import QueueFull
from models.jobs import engine
from models.storage import runs
from models.transferability import slice
from models.transferability.slice import SliceSpec

PAGE = "general"
VIEW = {"general_view": "Live on digits"}
TINY = SliceSpec(a=(1, 2, 4, 7, 8), seeds=1, shots=12, epochs=1)


def texts(page) -> str:
    return "\n".join(
        element.value for kind in ("markdown", "caption", "info", "warning", "error") for element in page.get(kind)
    )


@pytest.fixture
def asked(monkeypatch):
    """What is submitted: (kind, spec)."""
    found = []
    monkeypatch.setattr(engine, "submit", lambda job, spec, *, owner: found.append((job.kind, spec)) or "")
    return found


def test_the_first_visit_shows_the_example_and_the_choices_make_a_spec(visit, asked):
    page = visit(**VIEW)
    assert not page.exception and len(page.get("plotly_chart")) == 1
    shown = texts(page)
    assert "85 of 85 networks" in shown and "5 of 5 seeds" in shown and "**Specificity.**" in shown
    assert "filters in the first layer the layers above reach 98.5%" in shown and "85 small networks: about" in shown
    assert len(page.dataframe[-1].value) == 85
    page.get("button_group")[1].set_value([0, 1, 2, 3]).run()
    assert "Choose 1 more: A has 4 of 5 digits (0 1 2 3)" in texts(page)
    assert page.button(key="general_slice_start").disabled
    page.number_input(key="general_slice_seed").set_value(7).run()
    page.button(key="general_slice_draw").click().run()
    drawn = slice.draw(7)
    assert f"A: {' '.join(map(str, drawn))}." in texts(page)
    page.slider(key="general_slice_seeds").set_value(2).run()
    page.button(key="general_slice_start").click().run()
    assert asked == [("transferability", SliceSpec(drawn, 7, 2))]
    assert SliceSpec(drawn, 7, 2).title.endswith("2 seeds from 7; all pictures")


def test_a_full_queue_is_said(visit, monkeypatch):
    def full(*_, **__):
        raise QueueFull("You already have 4 jobs")

    page = visit(**VIEW)
    monkeypatch.setattr(engine, "submit", full)
    page.button(key="general_slice_start").click().run()
    assert not page.exception and "You already have 4 jobs" in texts(page)


def test_every_state_of_a_run_is_shown(visit, monkeypatch):
    monkeypatch.setattr(engine, "ahead", lambda run_id: [runs.get(run_id)] * 2)
    run = runs.create("transferability", TINY.to_json(), owner="o" * 32, title="Somebody's *slice*")
    page = visit(**VIEW, slice=run.id)
    assert not page.exception and page.session_state["ff_slice"] == run.id
    assert page.selectbox(key="general_slice_run").value == run.id and not page.get("plotly_chart")
    assert "Waiting for 2 " in page.get("progress")[0].proto.text
    rows = "\n".join(slice.EXAMPLE.read_text().splitlines()[:4])
    run.path("rows.csv").write_text(rows)
    run.set_status(runs.RunStatus("running", started=time.time(), share=0.2, note="Training AnB"))
    page.run()
    assert not page.exception and len(page.get("plotly_chart")) == 1 and "3 of 17 networks" in texts(page)
    run.set_status(runs.RunStatus("cancelled", finished=time.time()))
    page.run()
    assert "Cancelled" in texts(page) and "3 of 17 networks" in texts(page) and "**General.**" not in texts(page)
    run.path("rows.csv").write_bytes(b"\xff torn")
    run.set_status(runs.RunStatus("failed", message="Out of *memory*", finished=time.time()))
    page.run()
    assert not page.exception and "Train the whole table again" in texts(page) and r"Out of \*memory\*" in texts(page)


def test_equal_slices_keep_apart_in_the_choice(visit):
    """The browser sends back a name, so that of two equal ones it would always mean the first."""
    page = visit(**VIEW)
    for _ in range(2):
        run = runs.create("transferability", TINY.to_json(), owner=page.session_state["ff_owner"], title="The same")
        run.set_status(runs.RunStatus("cancelled", finished=time.time()))
    page.run()
    choice = page.selectbox(key="general_slice_run")
    assert choice.options[1:] == ["The same (2)", "The same"]  # the newest first
    choice.select(run.id).run()
    assert page.session_state["ff_slice"] == run.id


def test_a_link_to_another_kind_of_run_shows_the_example(visit):
    other = runs.create("som", {}, owner="o" * 32, title="Map")
    other.set_status(runs.RunStatus("cancelled"))
    page = visit(**VIEW, slice=other.id)
    assert not page.exception and page.session_state["ff_slice"] == "" and "85 of 85 networks" in texts(page)
