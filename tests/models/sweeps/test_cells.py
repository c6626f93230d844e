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


def test_a_process_stays_with_its_value_then_with_its_line_and_else_begins_with_the_most_work(tmp_path):
    """The seeds of one value share what is computed once, and the values of a line their network."""
    sweep = SweepSpec("shots", ("5", "20"), lines=("frozen", "scratch"), base=TrainingSpec(), seeds=2)
    ledger = Ledger(tmp_path, sweep)
    ledger.free()
    seconds = {("frozen", "5"): 1, ("frozen", "20"): 3, ("scratch", "5"): 4, ("scratch", "20"): 2}
    ledger.seconds = {key: seconds[key[:2]] for key in ledger.cells}
    cell, order = None, []
    while cell := ledger.claim(cell):
        order.append(cell.key)
    blocks = [("scratch", "5"), ("scratch", "20"), ("frozen", "20"), ("frozen", "5")]
    assert order == [(*block, number) for block in blocks for number in (0, 1)]
    ledger.free()
    first = ledger.claim(ledger.cells["frozen", "5", 1])
    assert first.key == ("frozen", "5", 0)  # of this value, though others have more work left
    assert Ledger(tmp_path, sweep).claim(first).key == ("frozen", "5", 1)  # another process takes what is left
