"""The confusion matrix with its controls, and what is computed from it: precision, recall and F1 of every class.

A click on a cell, or two pickers, choose which pictures are shown.
"""

from __future__ import annotations

import math

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.confusion import confusion_heatmap, score_intervals
from models.intervals import Estimate
from models.training.evaluation import Evaluation, most_confused_pair
from models.wording import UNDEFINED, percent, percent_range

COUNTS, SHARES = "Counts", "Shares"
PICKER_HELP = "Chooses the cell, as a click on it does. Cleared, it goes back to the two classes confused most often."
SCORES_HELP = (
    "Precision: of the pictures called so, how many are. Recall: of the pictures that are so, how many were found. "
    "F1: their harmonic mean, 2 hits / (2 hits + false alarms + misses). Intervals: Wilson's for precision and recall; "
    "for F1, Wilson's for J = hits / (hits + false alarms + misses), carried over by F1 = 2 J / (1 + J). "
    "“of”: the pictures a number rests on; for F1 those that are of the class or were called so."
)
_TRUE, _PREDICTED, _MATRIX = "evaluate_true", "evaluate_predicted", "evaluate_matrix"


def confusion_panel(evaluation: Evaluation) -> tuple[int, int]:
    """Draw controls and matrix; return the chosen cell, the most confused pair of classes while none is chosen.

    Args:
        evaluation: What to draw; at least one class.

    Returns:
        (true, predicted), class numbers.
    """
    start = most_confused_pair(evaluation.matrix) or (0, 0)
    with st.container(key="evaluate_choices"):
        numbers, true, predicted = st.columns([2, 2, 2], vertical_alignment="bottom")
    with numbers:
        shown = st.segmented_control(
            "Numbers",
            [COUNTS, SHARES],
            key="evaluate_numbers",
            default=COUNTS,
            required=True,
            bind="query-params",
            help="Counts: pictures in the cell. Shares: pictures in the cell out of all pictures of that true class. "
            "Mistakes are red, right answers grey; the colour deepens with the square root of the number, so that "
            "single mistakes can be seen. A blank cell has no pictures.",
        )
    with true:
        row = _class_picker("True class", _TRUE, evaluation.classes, start[0])
    with predicted:
        column = _class_picker("Predicted class", _PREDICTED, evaluation.classes, start[1])
    st.plotly_chart(
        confusion_heatmap(evaluation.matrix, evaluation.classes, shares=shown == SHARES, selected=(row, column)),
        key=_MATRIX,
        on_select=take_click,
        selection_mode="points",
        width="content",
        config=theme.CONFIG,
        alt=matrix_sentence(evaluation),
    )
    return row, column


def accuracy_line(evaluation: Evaluation, epoch: int | None) -> None:
    """Draw the share of right answers; `epoch` is that after which they were given, None for the kept one."""
    low, high = evaluation.accuracy_interval
    share, of = f"**{percent(evaluation.accuracy)}**", f"({percent_range(low, high)}), n = {evaluation.n}"
    st.markdown(
        f"Accuracy {share} {of}" if epoch is None else f"Epoch {epoch}: {share} right {of}",
        help="Pictures on the diagonal out of all n test pictures, which training never saw. "
        "In brackets is the 95% interval (Wilson): other pictures of the same kind would give another number.",
    )


def matrix_sentence(evaluation: Evaluation) -> str:
    """Return the matrix in a sentence, for those who cannot see it."""
    right = int(evaluation.matrix.trace())
    pair = most_confused_pair(evaluation.matrix)
    if pair is None:
        return f"Confusion matrix: {right} of {evaluation.n} pictures are on the diagonal, there are no mistakes."
    true, predicted = (evaluation.classes[index] for index in pair)
    return (
        f"Confusion matrix of {len(evaluation.classes)} classes: {right} of {evaluation.n} pictures are on the "
        f"diagonal; most often {true} is called {predicted} ({evaluation.matrix[pair]} pictures)."
    )


def _class_picker(label: str, key: str, classes: tuple[str, ...], start: int) -> int:
    """Return the chosen class, `start` while none is chosen; so an untouched page follows the run."""
    chosen = st.selectbox(
        label,
        range(len(classes)),
        index=None,
        placeholder=classes[start],
        format_func=lambda index: classes[index],
        key=key,
        bind="query-params",
        help=PICKER_HELP,
    )
    return start if chosen is None else chosen


def take_click() -> None:
    """Copy a clicked cell into the pickers; the chart forgets it when it is drawn anew."""
    points = state.get(_MATRIX).selection.points
    if points:
        true, predicted, *_ = points[0]["customdata"]
        state.put(_TRUE, true)
        state.put(_PREDICTED, predicted)


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
        f"Precision, recall and F1 of every class, with their 95% intervals in brackets. {UNDEFINED} is undefined (no "
        "pictures) and left out of the mean.",
        help=SCORES_HELP,
    )
