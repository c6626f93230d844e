"""The view "What it looks for" of the Features page, with real workers."""

import json
import struct
import time

from models.features.maximisation import MAXIMISATION, MaximisationSpec, first
from models.storage import files, runs

PAGE = "features"
VIEW = {"features_view": "What it looks for"}
UNIT = {"features_layer": "conv1_relu", "features_channel": "5"}


def words(app):
    return " ".join(element.value for element in [*app.caption, *app.markdown])


def films(app):
    """What the player was given."""
    for element in app.get("bidi_component"):
        if "freezeframe_ascent_player" in str(element.proto.component_name):
            data = element.proto.bytes
            return json.loads(data[4 : 4 + struct.unpack("<I", data[:4])[0]])["films"]
    return []


def ended(app, seconds=60):
    """Run the page until no job of the visitor is active."""
    for _ in range(int(seconds / 0.3)):
        if not any(run.status.active for run in runs.listing(app.session_state["ff_owner"], MAXIMISATION.kind)):
            return app.run()
        time.sleep(0.3)
    raise AssertionError("the job did not end")


def kept(owner, spec, state="done", result=None):
    """A run of a visitor's as a worker left it."""
    run = runs.create(MAXIMISATION.kind, spec.to_json(), owner=owner, title="By hand")
    if result is not None:
        files.write_atomically(MAXIMISATION.path(run), result)
    run.set_status(runs.RunStatus(state, message="The network's numbers overflow." if state == "failed" else ""))
    return run


def test_a_first_visit_sees_both_films_and_the_sheet_at_once(visit):
    app = visit(**VIEW)
    assert not app.exception and not app.error
    first, other = films(app)
    assert first["steps"][-1] == other["steps"][-1] == 128 and len(first["steps"]) > 12
    assert app.button(key="features_ascend").disabled
    assert "Every switch off" in other["words"] and "jitter 4 px" in first["words"]
    assert f"{first['values'][-1]:.3g}" in words(app) and "The regularisers prefer certain patterns" in words(app)
    assert "Channels of conv3_relu" in words(app) and "which pixels made channel" in words(app)


def test_a_switch_is_turned_off_made_and_found_again(visit):
    app = visit(**VIEW, **UNIT, features_steps="64")
    assert films(app) == [] and "No picture was made" in app.info[0].value
    assert app.session_state["features_place"] == "everywhere"
    app.pills(key="features_switches").unselect("jitter").run()
    assert "Without jitter: patterns settle" in words(app)
    app.button(key="features_ascend").click().run()
    assert not app.exception
    ended(app)
    first, other = films(app)
    assert first["steps"][-1] == other["steps"][-1] == 64
    assert "jitter" not in first["words"].lower() and "Every switch off" in other["words"]
    owner = app.session_state["ff_owner"]
    assert [run.status.state for run in runs.listing(owner, MAXIMISATION.kind)] == ["done", "done"]
    app.pills(key="features_switches").select("jitter").run()
    assert not app.button(key="features_ascend").disabled and films(app)[0]["steps"] == []
    app.pills(key="features_switches").unselect("jitter").run()
    assert app.button(key="features_ascend").disabled and films(app)[0] == first


def test_a_cancelled_or_torn_film_is_offered_again(visit):
    app = visit(**VIEW, **UNIT)
    owner, spec = app.session_state["ff_owner"], MaximisationSpec("backbone:frame8:64", "conv1_relu", 5)
    for state in ("cancelled", "done", "failed"):
        kept(owner, spec, state, b"torn")
        app.run()
        assert not app.exception
        assert films(app) == [] and not app.button(key="features_ascend").disabled


def test_earlier_pictures_of_the_unit_are_offered_for_comparison(visit):
    app = visit(**VIEW)
    owner, spec = app.session_state["ff_owner"], first()
    data = MAXIMISATION.shipped_path(spec).read_bytes()
    other = MaximisationSpec.from_json(spec.to_json() | {"seed": 3})
    kept(owner, other, result=data)
    app.run()
    assert "Earlier pictures for this unit" in words(app)
    app.session_state["features_against"] = other.to_json()
    app.run()
    assert films(app)[1]["words"].endswith("seed 3")


def test_a_class_has_no_choice_of_place_and_its_sheet_names_the_classes(visit):
    app = visit(**VIEW, features_layer="head_output", features_channel="1")
    assert not app.exception and not app.error
    assert "features_place" not in app.session_state
    assert "Classes of head_output" in words(app)
    assert "unit 1 of head_output" in words(app) and "before the softmax" in words(app)


def test_with_random_weights_it_says_so(visit):
    app = visit(**VIEW, backbone="mobilenetv2", data="digits")
    assert not app.exception and "Random weights" in words(app)
