"""Recorded answers of tasks come back as they were given."""

from models.jobs import shipped
from models.jobs.machine import WARM, Warmth


def test_an_answer_comes_back_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(shipped, "FOLDER", tmp_path)
    assert shipped.find(WARM, {"a": 1}) is None
    shipped.record(WARM, {"a": 1}, Warmth(7))
    assert shipped.find(WARM, {"a": 1}) == Warmth(7)
    assert shipped.find(WARM, {"a": 2}) is None
    shipped.path_of("warm", {"a": 1}).write_bytes(b"PK\x03\x04 torn")
    assert shipped.find(WARM, {"a": 1}) is None
