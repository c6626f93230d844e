"""The epochs of a run that goes on, read from its events."""

import json

from dashboard.views.train import progress
from models.storage import runs


def test_an_epoch_reported_twice_is_drawn_once(tmp_path):
    run = runs.Run("0" * 32, tmp_path)
    events = [{"epoch": 1, "loss": 2.0}, {"note": "x"}, {"epoch": 2, "loss": 1.5}, {"epoch": 2, "loss": 1.0}]
    run.path("events.jsonl").write_text("\n".join(map(json.dumps, events)))
    assert [event["loss"] for event in progress.epochs_so_far(run)] == [2.0, 1.0]
