"""Pictures with what the classifier said about them, each leading on to its activations and its occlusion map."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.confusion import UNDEFINED, score_intervals
from dashboard.labels import safe_label
from dashboard.widgets import cache
from dashboard.widgets.page import lead_on
from models.intervals import Estimate, wilson
from models.pictures import datasets
from models.pictures.datasets import DatasetSpec
from models.training.evaluation import Answers, Evaluation, cell_members, most_confident_mistakes
from models.training.results import TrainingResult

PICTURE_PX = 112
_LEADS_ON = (
    ("activations", "Activations", ":material/blur_on:", "What every channel of a layer answers to this picture"),
    ("occlusion", "Occlusion", ":material/select_all:", "Which parts of this picture the answer depends on"),
)


def cell_pictures(result: TrainingResult, dataset: DatasetSpec, cell: tuple[int, int]) -> None:
    """Draw the test pictures of one cell (true, predicted) of the confusion matrix."""
    members = cell_members(result.label, result.probability, *cell)
    true, predicted = (safe_label(dataset.classes[number]) for number in cell)
    st.markdown(
        f"True class **{true}**, predicted **{predicted}**: {len(members)}",
        help="The surest first; below each picture the probability of the predicted class.",
    )
    judged_pictures(members, result, dataset, columns=3, rows=2, key=f"evaluate_{cell[0]}_{cell[1]}")


def mistake_strip(result: TrainingResult, dataset: DatasetSpec, count: int = 8) -> None:
    """Draw the wrongly classified test pictures the classifier was surest about."""
    mistakes = most_confident_mistakes(result.label, result.probability, count)
    if len(mistakes):
        judged_pictures(mistakes, result, dataset, columns=count, rows=1, key="evaluate_mistake", name_classes=True)
    else:
        st.caption("There are none: every test picture is right.")


def judged_pictures(
    answers: Answers,
    result: TrainingResult,
    dataset: DatasetSpec,
    *,
    columns: int,
    rows: int,
    key: str,
    name_classes: bool = False,
) -> None:
    """Draw the pictures in the order given, `columns` x `rows` at a time.

    Args:
        answers: Which pictures; `position` counts within the test pictures of `result`.
        result: Where their place in the data set is written.
        dataset: Where they are from.
        columns: Pictures in a row.
        rows: Rows on a sheet; further pictures are on further sheets.
        key: A widget key prefix, unique on the page.
        name_classes: Write the true and the predicted class under each picture.
    """
    count = columns * rows
    pictures = st.container(gap="small")
    sheet = (
        st.pagination(-(-len(answers) // count), key=f"{key}_sheet", max_visible_pages=5) if len(answers) > count else 1
    )
    end = min(sheet * count, len(answers))
    for first in range((sheet - 1) * count, end, columns):
        for place, column in zip(range(first, end), pictures.columns(columns, gap="small"), strict=False):
            index = int(result.index[answers.position[place]])
            with column.container(gap=None):
                _card(answers, place, f"sample:{dataset.id}:{index}", dataset.classes, f"{key}_{index}", name_classes)


def _card(answers: Answers, place: int, picture: str, classes: Sequence[str], key: str, name_classes: bool) -> None:
    true, predicted = (classes[int(number)] for number in (answers.label[place], answers.predicted[place]))
    confidence = f"{answers.confidence[place]:.1%}"
    st.image(
        cache.enlarged_png(picture, 2 * PICTURE_PX),
        width=PICTURE_PX,
        alt=f"A picture of the class {true}, predicted as {predicted} with a probability of {confidence}",
    )
    st.caption(f"{safe_label(true)} → {safe_label(predicted)} {confidence}" if name_classes else confidence)
    for page, label, icon, text in _LEADS_ON:
        if st.button(label, key=f"{key}_{page}", type="tertiary", icon=icon, help=text):
            label = f"Evaluate: {safe_label(true)} called {safe_label(predicted)}"
            lead_on(picture, page, label=label, page="evaluate")


# FOLDED dashboard/views/evaluate/pictures.py: What became of wrong labels: learnt by heart, or seen through.

_SHEET, _PICTURE_PX = 8, 112


def noisy_labels_panel(result: TrainingResult, dataset: DatasetSpec) -> None:
    """Draw the training pictures that had a wrong label, and what the classifier says of them; nothing without any."""
    if not len(result.noisy_index):
        return
    true = datasets.labels(dataset.id)[result.noisy_index]
    said = result.noisy_probability.argmax(axis=1)
    n = len(said)
    through, by_heart = wilson(int((said == true).sum()), n), wilson(int((said == result.noisy_label).sum()), n)
    st.markdown("##### Wrong labels")
    st.markdown(
        f"**{n}** training pictures were learnt with the label of another class. Of **{through.value:.0%}** "
        f"({through.low:.0%} to {through.high:.0%}) the classifier says the true class all the same: it saw through "
        f"the label. Of **{by_heart.value:.0%}** ({by_heart.low:.0%} to {by_heart.high:.0%}) it says the wrong one: "
        "learnt by heart.",
        help="In brackets the 95% intervals (Wilson). The test pictures above all have their true labels.",
    )
    pictures = st.container()
    sheets = -(-n // _SHEET)
    sheet = st.pagination(sheets, key="evaluate_noisy_sheet", max_visible_pages=5) if sheets > 1 else 1
    first = (sheet - 1) * _SHEET
    for place, column in zip(range(first, min(first + _SHEET, n)), pictures.columns(_SHEET, gap="small"), strict=False):
        words = [dataset.classes[int(numbers[place])] for numbers in (true, result.noisy_label, said)]
        with column.container(gap=None):
            _noisy_card(f"sample:{dataset.id}:{int(result.noisy_index[place])}", *words)


def _noisy_card(picture: str, true: str, given: str, said: str) -> None:
    alt = f"A picture of the class {true}, learnt as {given}; the classifier says {said}"
    st.image(cache.enlarged_png(picture, 2 * _PICTURE_PX), width=_PICTURE_PX, alt=alt)
    icon = ":material/visibility:" if said == true else ":material/psychology:" if said == given else ":material/help:"
    st.caption(f"{safe_label(true)}, named {safe_label(given)}  \n{icon} says {safe_label(said)}")


# FOLDED dashboard/views/evaluate/pictures.py: Precision, recall and F1 of every class, with intervals.

HELP = (
    "Precision: of the pictures called so, how many are. Recall: of the pictures that are so, how many were found. "
    "F1: their harmonic mean, 2 hits / (2 hits + false alarms + misses). Intervals: Wilson's for precision and recall; "
    "for F1, Wilson's for J = hits / (hits + false alarms + misses), carried over by F1 = 2 J / (1 + J). "
    "“of”: the pictures a number rests on; for F1 those that are of the class or were called so."
)


def percent(value: float) -> str:
    """Return a share as "93%", or a dash where it is undefined."""
    return UNDEFINED if math.isnan(value) else f"{value:.0%}"


def with_interval(estimate: Estimate) -> str:
    """Return "93% (84–97) of 60", or a dash where it is undefined."""
    if math.isnan(estimate.value):
        return UNDEFINED
    return f"{percent(estimate.value)} ({100 * estimate.low:.0f}–{100 * estimate.high:.0f}) of {estimate.n}"


def score_table(evaluation: Evaluation) -> None:
    """Draw the scores as dots with intervals beside the same numbers as a table."""
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
