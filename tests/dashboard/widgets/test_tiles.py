"""What a browser sends about a click is checked against what was drawn."""

from types import SimpleNamespace

import pytest

from dashboard import state
from dashboard.figures.activations import Grid, Legend
from dashboard.widgets import tiles

GRID = Grid(b"", 1, 1, (7, 3), ("7", "3"), ("a", "b"), (False, False), (Legend(("white",), "0", "1"),))


@pytest.mark.parametrize(("sent", "chosen"), [(3, [3]), (3.0, [3]), (4, []), (-1, []), ("x", []), (None, [])])
def test_only_a_channel_that_is_drawn_can_be_chosen(monkeypatch, sent, chosen):
    given, found = {}, []
    monkeypatch.setattr(tiles, "_grid", lambda **arguments: given.update(arguments))
    monkeypatch.setattr(tiles.st, "session_state", {"grid": {"channel": sent}})
    tiles.channel_grid(GRID, 7, key="grid", alt="", on_choose=found.append)
    given["on_channel_change"]()
    assert found == chosen


@pytest.mark.parametrize(
    ("sent", "chosen"),
    [("sample:digits:2", ["sample:digits:2"]), ("sample:digits:3", []), ("", []), (None, []), (["x"], [])],
)
def test_only_a_picture_that_is_drawn_can_be_chosen(monkeypatch, sent, chosen):
    given, found = {}, []
    row = tiles.Row("", "red", ("sample:digits:1", "sample:digits:2"), ("one", "two"))
    monkeypatch.setattr(tiles, "_rows", lambda **arguments: given.update(arguments))
    monkeypatch.setattr(state, "choose", lambda picture: found.append(picture))
    monkeypatch.setattr(tiles.st, "session_state", {"tiles": SimpleNamespace(picture=sent)})
    tiles.thumbnails([row], selected="", key="tiles", side=10, alt="")
    given["on_picture_change"]()
    assert found == chosen
