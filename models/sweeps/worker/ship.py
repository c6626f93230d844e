"""The sweeps and the controls of the example run that are shipped with the app, trained anew.

    FREEZEFRAME_HOME=FOLDER python -m models.ship sweeps       about 45 minutes on two cores

Started again with the same folder it continues.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from models.jobs import execute
from models.storage import files, runs
from models.sweeps.cells import finished
from models.sweeps.results import CONTROLS, FOLDER
from models.sweeps.spec import ALL, SWEEP, Choice, SweepSpec, controls_of, suggested
from models.training import recipes

KEPT = ("spec.json", "status.json", "history.json", "predictions.npz", "weight_change.json", "summary.json")


def specs() -> dict[Choice, SweepSpec]:
    """Return the sweeps that are shipped, by what changes in them: suggestions on the Galaxies, or more than those."""
    depth, shots, regulariser = (suggested(choice, recipes.DEFAULT) for choice in ("depth", "shots", "regulariser"))
    return {
        "depth": depth,
        "shots": replace(shots, values=(*shots.values, "50", ALL)),
        "regulariser": replace(regulariser, seeds=5),
    }


def _run(name: str, sweep: SweepSpec) -> runs.Run:
    """Train a sweep, or continue the one that was begun in this home folder, to its end."""
    known = files.home() / f"recording-{name}"
    if not known.exists():
        run = runs.create(SWEEP.kind, sweep.to_json(), owner="", title=name)
        known.write_text(run.id)
    run = runs.get(known.read_text())
    if (state := execute.execute(run.id)) != "done":
        raise SystemExit(f"{name} ended as {state}: {run.status.message}")
    return run


def _rows(run: runs.Run) -> list[dict[str, Any]]:
    order = {cell.key: place for place, cell in enumerate(SWEEP.spec_of(run).cells())}
    rows = sorted(finished(run.folder), key=lambda row: order[row.key])
    return [{**row.to_json(), "run": "", "seconds": round(row.seconds, 1)} for row in rows]


def _keep_control(run: runs.Run, folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name in KEPT:
        shutil.copyfile(run.path(name), folder / name)


def ship() -> None:
    """Train every sweep and control that is shipped, and write them to where the app ships them."""
    FOLDER.mkdir(exist_ok=True)
    for name, sweep in specs().items():
        rows = _rows(_run(name, sweep))
        text = json.dumps({"spec": sweep.to_json(), "cells": rows}, indent=1)
        files.write_atomically(FOLDER / f"{name}.json", text.encode())
    for row in finished(_run("controls", controls_of(recipes.DEFAULT)).folder):
        _keep_control(runs.get(row.run), CONTROLS / row.line)
