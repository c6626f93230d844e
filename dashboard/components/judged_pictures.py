"""Pictures with what the classifier said about them, each leading on to its activations and its occlusion map."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import cache
from dashboard.components.trail import lead_on
from dashboard.labels import safe_label
from models.dataset_specs import DatasetSpec
from models.evaluation import Answers, cell_members, most_confident_mistakes
from models.training_results import TrainingResult

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
