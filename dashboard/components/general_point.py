"""The runs behind one point of the curves."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.figures import treatments
from dashboard.figures.transferability import written
from models.transferability import EIGHT, Row
from models.transferability_curves import BOTH, DIRECTIONS, Curves


def point_panel(
    rows: Sequence[Row], ours: Curves, paper: Curves, split: str, treatment: str, n: int, *, relative: bool
) -> None:
    """Draw what a treatment is, what it reached here and in the paper, and one line per network behind it.

    Args:
        rows: Of one configuration.
        ours, paper: The curves that are drawn.
        split: One of `SPLITS`, or `BOTH`.
        treatment: The chosen one.
        n: Layers copied; 0 for the base.
        relative: Whether the curves are differences to baseB.
    """
    words, table = st.columns([6, 14], gap="small")
    with words:
        st.markdown(f"**{treatment}{f', n = {n}' if n else ''}.** {treatments.sentence(treatment, n, EIGHT.depth)}")
        st.markdown(
            f":material/science: {_reached(ours, treatment, n, 'seed', relative)}  \n"
            f":material/menu_book: {_reached(paper, treatment, n, 'run', relative)}"
        )
    splits = DIRECTIONS if split == BOTH else [split]
    behind = [row for row in rows if (row.treatment, row.n) == (treatment, n) and row.split in splits]
    with table:
        if behind:
            _table(behind)
        else:
            st.info("No network of this treatment has been trained here yet.", icon=":material/hourglass_top:")


def _reached(curves: Curves, treatment: str, n: int, unit: str, relative: bool) -> str:
    """Return the value of a point in words, with its range and n."""
    for point in curves.get(treatment, ()):
        if point.n == n:
            mean, low, high = (written(value, relative) for value in (point.mean, point.low, point.high))
            spread = f" ({low} to {high})" if point.runs > 1 else ""
            count = f"{point.runs} {unit}{'' if point.runs == 1 else 's'}"
            return f"**{mean}**{' points' if relative else ''}{spread}, {count}"
    return "not measured"


def _table(behind: Sequence[Row]) -> None:
    ordered = sorted(behind, key=lambda row: (row.split, row.seed))
    st.dataframe(
        {
            "A and B": [row.split for row in ordered],
            "Seed": [row.seed for row in ordered],
            "Accuracy": [100 * row.accuracy for row in ordered],
            "Pictures": [row.pictures for row in ordered],
            "Classes": [row.classes for row in ordered],
            "Epochs": [row.epochs for row in ordered],
            "Seconds": [row.seconds for row in ordered],
            "Digest": [row.digest for row in ordered],
        },
        hide_index=True,
        width="stretch",
        height="content",
        column_config={
            "Accuracy": st.column_config.NumberColumn(format="%.2f %%", help="Top-1 on the validation pictures of B."),
            "Pictures": st.column_config.NumberColumn(help="The accuracy was measured on."),
            "Seconds": st.column_config.NumberColumn(format="%.0f", help="Its training took, on one processor core."),
            "Digest": st.column_config.TextColumn(help="Changes with any value of the architecture or the schedule."),
        },
        key="general_runs",
        alt="The networks behind the chosen point: seed, accuracy, epochs, seconds, digest",
    )
