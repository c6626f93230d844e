"""Finished cells as files, and what is written of one."""

from math import nan

import numpy as np
import pytest

from models.sweeps.cells import Finished, Ledger, finished, record
from models.sweeps.spec import SweepSpec
from models.training.results import TrainingResult
from models.training.spec import TrainingSpec


@pytest.mark.parametrize(("best", "kept"), [(1, True), (3, False)])
def test_a_cell_says_whether_fine_tuning_was_of_use(tmp_path, best, kept):
    sweep = SweepSpec("depth", ("conv4",), base=TrainingSpec(head_epochs=2, epochs=2), seeds=1)
    history = [
        {"epoch": epoch, "phase": 1 + (epoch > 2), "accuracy": 0.5, "val_loss": 1.0 / epoch, "learning_rate": 0.1}
        for epoch in (1, 2, 3, 4)
    ]
    empty = np.empty(0)
    summary = {"best_epoch": best, "accuracy": 0.9, "n_test": 300}
    result = TrainingResult(tuple(history), *[empty] * 6, weight_change=(), summary=summary)
    Ledger(tmp_path, sweep).record(sweep.cells()[0], "", result, 1.0)
    [row] = finished(tmp_path)
    assert row.head_kept is kept
    assert row.late_fall == pytest.approx(1 / 3 - 1 / 4)


def test_finished_cells_survive_as_files_and_damaged_ones_are_passed_over(tmp_path):
    rows = [
        Finished("base", "../../conv1", number, "", share, 100, 1.0, 1.0) for number, share in enumerate((0.5, nan))
    ]
    for row in rows:
        record(tmp_path, row)
    (tmp_path / "cells" / "broken.json").write_text("{")
    (tmp_path / "cells" / "other.json").write_text('{"line": 3}')
    assert {row.key for row in finished(tmp_path)} == {row.key for row in rows}
    assert not list(tmp_path.parent.glob("*.json"))
    assert finished(tmp_path / "nowhere") == ()
