"""Finished cells as files."""

from math import nan

from models.sweeps.cells import Finished, finished, record


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
