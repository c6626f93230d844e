"""Precision, recall and F1 of every class, with intervals, as a figure and as a table."""

from __future__ import annotations

import math

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.confusion import score_intervals
from models.intervals import Estimate
from models.training.evaluation import Evaluation
from models.wording import UNDEFINED, percent, percent_range

HELP = (
    "Precision: of the pictures called so, how many are. Recall: of the pictures that are so, how many were found. "
    "F1: their harmonic mean, 2 hits / (2 hits + false alarms + misses). Intervals: Wilson's for precision and recall; "
    "for F1, Wilson's for J = hits / (hits + false alarms + misses), carried over by F1 = 2 J / (1 + J). "
    "“of”: the pictures a number rests on; for F1 those that are of the class or were called so."
)


def with_interval(estimate: Estimate) -> str:
    """Return "93.3% (84.1–97.4%) of 60", or a dash where it is undefined."""
    if math.isnan(estimate.value):
        return UNDEFINED
    return f"{percent(estimate.value)} ({percent_range(estimate.low, estimate.high)}) of {estimate.n}"


def score_table(evaluation: Evaluation) -> None:
    """Draw the scores of the classes as dots with intervals, beside the same numbers as a table."""
    scores = evaluation.scores
    chart, table = st.columns([4, 7], gap="small")
    chart.plotly_chart(
        score_intervals(scores),
        key="evaluate_intervals",
        config=theme.CONFIG,
        alt="Precision, recall and F1 of every class as dots with their 95% intervals; the table has the numbers",
    )
    macro = (evaluation.macro_precision, evaluation.macro_recall, evaluation.macro_f1)
    table.dataframe(
        {
            "Class": [score.name for score in scores] + ["Mean"],
            "Precision": [with_interval(score.precision) for score in scores] + [percent(macro[0])],
            "Recall": [with_interval(score.recall) for score in scores] + [percent(macro[1])],
            "F1": [with_interval(score.f1) for score in scores] + [percent(macro[2])],
        },
        hide_index=True,
        height="content",
        key="evaluate_scores",
    )
    table.caption(
        f"In brackets the 95% interval; {UNDEFINED} is undefined (no pictures) and left out of the mean.",
        help=HELP,
    )
