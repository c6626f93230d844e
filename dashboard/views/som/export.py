"""A trained map to take away: weights, labels, film, and the script that trains it again."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from dashboard.views.som import cache
from models.errors import InputError
from models.som.data import SomTask, load
from models.som.export import animation, codebook_npz, file_name, labels_csv, script_lacks
from models.som.film import SomRecord
from models.som.lattice import Floats
from models.som.script import SAMPLES_FILE, draws_its_samples, script


def draw(record: SomRecord, task: SomTask, folder: Path | None) -> None:
    """Draw one download for each file; nothing is computed before it is asked for.

    Args:
        record: A film that is complete.
        task: What it was trained on.
        folder: Of the run; None for the example.
    """
    files = (
        (
            "Weights (.npz)", "weights", SAMPLES_FILE, "application/octet-stream",
            lambda: codebook_npz(record, task, _samples(task, folder)),
            "For numpy.load: `codebook` (rows, columns, values), its `samples`, the settings, and `about`: what "
            "this is.",
        ),
        (
            "Labels (.csv)", "labels", file_name(task, "labels.csv"), "text/csv",
            lambda: labels_csv(record, cache.rows_of(task)),
            "A row for each sample: its unit's row and column, its class, its distance to the unit's weights; of a "
            "table the line of its file and the name of the row, too.",
        ),
        (
            "Film (.webp)", "film", file_name(task, "film.webp"), "image/webp", lambda: animation(record, task),
            "An animated picture for slides and pages, 3 MB at most. Making it takes a few seconds.",
        ),
        (
            "Script (.py)", "script", "freezeframe_map.py", "text/x-python", lambda: script(task),
            "Trains this map again, step by step, in plain NumPy. It makes colours and digits itself, and finds other "
            "samples in the file of the weights beside it.",
        ),
    )  # fmt: skip
    with st.expander("Take this map with you", icon=":material/download:"):
        lacks = script_lacks(task, folder)
        if lacks:
            st.caption(f":material/warning: {lacks}")
        elif task.rotations:
            st.caption(":material/info: The script of a map that ignores rotations runs in a copy of Freezeframe only.")
        elif not draws_its_samples(task):
            st.caption(f":material/info: The script reads its samples from {SAMPLES_FILE}: download the weights too.")
        with st.container(horizontal=True):
            for label, key, name, kind, make, explanation in files:
                st.download_button(
                    label, make, name, kind, key=f"som_export_{key}", on_click="ignore", help=explanation,
                    disabled=bool(lacks) and key == "script",
                )  # fmt: skip


def _samples(task: SomTask, folder: Path | None) -> Floats | None:
    """Return what the map was trained on; None where it is no longer kept."""
    try:
        return load(task, folder).features
    except InputError:
        return None
