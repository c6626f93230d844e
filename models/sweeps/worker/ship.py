"""Sweeps that are shipped, so that the pages show something before anything is trained; and the script that makes them.

    FREEZEFRAME_HOME=FOLDER python -m models.sweeps.results       about 40 minutes on two cores

Started again with the same folder it continues. `assets/sweeps/NAME.json` holds the spec and the finished cells; the
controls of the example run are kept whole, without their classifiers, in `assets/controls/LINE`.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.storage import files, runs
from models.sweeps import cells, spec
from models.sweeps.results import CONTROLS, FOLDER
from models.sweeps.spec import Choice, SweepSpec
from models.training import recipes

KEPT = ("spec.json", "status.json", "history.json", "predictions.npz", "weight_change.json", "summary.json")


def shipped() -> dict[Choice, SweepSpec]:
    """Return the sweeps that are shipped, by what changes in them: suggestions on the Galaxies, with more seeds."""
    depth, shots, regulariser = (
        spec.suggested(choice, recipes.DEFAULT) for choice in ("depth", "shots", "regulariser")
    )
    return {
        "depth": replace(depth, seeds=5),
        "shots": replace(shots, values=(*shots.values, "50", spec.ALL)),
        "regulariser": replace(regulariser, seeds=5),
    }


def _run(name: str, sweep: SweepSpec) -> runs.Run:
    """Train a sweep, or continue the one that was begun in this home folder, to its end."""
    from models.jobs import execute

    known = files.home() / f"recording-{name}"
    if not known.exists():
        run = runs.create(spec.KIND, sweep.to_json(), owner="", title=name)
        known.write_text(run.id)
    run = runs.get(known.read_text())
    if (state := execute.execute(run.id)) != "done":
        raise SystemExit(f"{name} ended as {state}: {run.status.message}")
    return run


def _rows(run: runs.Run) -> list[dict[str, Any]]:
    order = {cell.key: place for place, cell in enumerate(SweepSpec.from_json(run.spec).cells())}
    rows = sorted(cells.finished(run.folder), key=lambda row: order[row.key])
    return [{**row.to_json(), "run": "", "seconds": round(row.seconds, 1)} for row in rows]


def _keep_control(run: runs.Run, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in KEPT:
        shutil.copyfile(run.path(name), folder / name)


def main() -> None:
    """Train everything that is shipped."""
    FOLDER.mkdir(exist_ok=True)
    for name, sweep in shipped().items():
        rows = _rows(_run(name, sweep))
        text = json.dumps({"spec": sweep.to_json(), "cells": rows}, indent=1)
        files.write_atomically(FOLDER / f"{name}.json", text.encode())
    for row in cells.finished(_run("controls", spec.controls_of(recipes.DEFAULT)).folder):
        _keep_control(runs.get(row.run), CONTROLS / row.line)


if __name__ == "__main__":
    main()
