"""Pictures with their predictions: test pictures, and training pictures with wrong labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.labels import safe_label
from dashboard.pages import PAGES
from dashboard.widgets import cache
from dashboard.widgets.page import lead_on
from models.ids import PictureId
from models.intervals import wilson
from models.pictures import datasets
from models.pictures.datasets import DatasetSpec
from models.training.evaluation import Answers, cell_members, most_confident_mistakes
from models.training.results import TrainingResult
from models.wording import percent

PICTURE_PX = 112
_NOISY_COLUMNS = 8
_NEXT_PAGES = {
    "activations": "What every channel of a layer answers to this picture",
    "occlusion": "Which parts of this picture the answer depends on",
}


def cell_pictures(result: TrainingResult, dataset: DatasetSpec, cell: tuple[int, int]) -> None:
    """Draw the test pictures of one cell (true, predicted) of the confusion matrix."""
    members = cell_members(result.label, result.probability, *cell)
    true, predicted = (safe_label(dataset.classes[number]) for number in cell)
    st.markdown(
        f"True class **{true}**, predicted **{predicted}**: {len(members)}",
        help="The surest first; below each picture the probability of the predicted class.",
    )
    judged_pictures(members, result, dataset, grid=(3, 2), key=f"evaluate_{cell[0]}_{cell[1]}")


def mistake_strip(result: TrainingResult, dataset: DatasetSpec, count: int = 8) -> None:
    """Draw the wrongly classified test pictures the classifier was surest about."""
    mistakes = most_confident_mistakes(result.label, result.probability, count)
    if len(mistakes):
        judged_pictures(mistakes, result, dataset, grid=(count, 1), key="evaluate_mistake", name_classes=True)
    else:
        st.caption("There are none: every test picture is right.")


def judged_pictures(
    answers: Answers,
    result: TrainingResult,
    dataset: DatasetSpec,
    *,
    grid: tuple[int, int],
    key: str,
    name_classes: bool = False,
) -> None:
    """Draw the pictures in the order given, a sheet at a time.

    Args:
        answers: Which pictures; `position` counts within the test pictures of `result`.
        result: Where their place in the data set is written.
        dataset: Where they are from.
        grid: Columns and rows of a sheet; further pictures are on further sheets.
        key: A widget key prefix, unique on the page.
        name_classes: Write the true and the predicted class under each picture.
    """
    for place, column in _sheet(len(answers), grid, key):
        index = int(result.index[answers.position[place]])
        with column:
            picture = str(PictureId(dataset.id, index))
            _card(answers, place, picture, dataset.classes, f"{key}_{index}", name_classes)


def _sheet(count: int, grid: tuple[int, int], key: str) -> Iterator[tuple[int, DeltaGenerator]]:
    """Draw the choice of a sheet where one is not enough; yield places below `count` with their containers."""
    pictures, (columns, rows) = st.container(gap="small"), grid
    size = columns * rows
    sheet = st.pagination(-(-count // size), key=f"{key}_sheet", max_visible_pages=5) if count > size else 1
    end = min(sheet * size, count)
    for first in range((sheet - 1) * size, end, columns):
        for place, column in zip(range(first, end), pictures.columns(columns, gap="small"), strict=False):
            yield place, column.container(gap=None)


def _card(answers: Answers, place: int, picture: str, classes: Sequence[str], key: str, name_classes: bool) -> None:
    true, predicted = (classes[int(number)] for number in (answers.label[place], answers.predicted[place]))
    confidence = percent(answers.confidence[place])
    st.image(
        cache.enlarged_png(picture, 2 * PICTURE_PX),
        width=PICTURE_PX,
        alt=f"A picture of the class {true}, predicted as {predicted} with a probability of {confidence}",
    )
    st.caption(f"{safe_label(true)} → {safe_label(predicted)} {confidence}" if name_classes else confidence)
    for name, explanation in _NEXT_PAGES.items():
        page = PAGES[name]
        if st.button(page.title, key=f"{key}_{name}", type="tertiary", icon=page.icon, help=explanation):
            label = f"Evaluate: {safe_label(true)} called {safe_label(predicted)}"
            lead_on(picture, name, label=label, page="evaluate")


def noisy_labels_panel(result: TrainingResult, dataset: DatasetSpec) -> None:
    """Draw the training pictures that had a wrong label with their predictions; nothing where there are none."""
    if not len(result.noisy_index):
        return
    true = datasets.labels(dataset.id)[result.noisy_index]
    predicted = result.noisy_probability.argmax(axis=1)
    n = len(predicted)
    through = wilson(int((predicted == true).sum()), n)
    by_heart = wilson(int((predicted == result.noisy_label).sum()), n)
    st.markdown("##### Wrong labels")
    st.markdown(
        f"**{n}** training pictures were learnt with the label of another class. Of **{percent(through.value)}** "
        f"({percent(through.low)} to {percent(through.high)}) the classifier says the true class all the same: it saw "
        "through "
        f"the label. Of **{percent(by_heart.value)}** ({percent(by_heart.low)} to {percent(by_heart.high)}) it says "
        "the wrong one: "
        "learnt by heart.",
        help="In brackets the 95% intervals (Wilson). The test pictures above all have their true labels.",
    )
    for place, column in _sheet(n, (_NOISY_COLUMNS, 1), "evaluate_noisy"):
        names = [dataset.classes[int(numbers[place])] for numbers in (true, result.noisy_label, predicted)]
        with column:
            _noisy_card(str(PictureId(dataset.id, int(result.noisy_index[place]))), *names)


def _noisy_card(picture: str, true: str, given: str, predicted: str) -> None:
    alt = f"A picture of the class {true}, learnt as {given}; the classifier says {predicted}"
    st.image(cache.enlarged_png(picture, 2 * PICTURE_PX), width=PICTURE_PX, alt=alt)
    icon = {true: ":material/visibility:", given: ":material/psychology:"}.get(predicted, ":material/help:")
    st.caption(f"{safe_label(true)}, named {safe_label(given)}  \n{icon} says {safe_label(predicted)}")
