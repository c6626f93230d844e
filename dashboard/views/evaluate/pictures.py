"""Pictures with their predictions: test pictures, and training pictures with wrong labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.widgets import cache
from dashboard.widgets.page import lead_on
from dashboard.widgets.tiles import Tile, picture_tiles
from models.ids import PictureId
from models.intervals import wilson
from models.pictures import datasets
from models.pictures.datasets import DatasetSpec
from models.training.evaluation import Answers, cell_members, most_confident_mistakes
from models.training.results import TrainingResult
from models.wording import grouped, percent

PICTURE_PX = 104
_NOISY_SHEET = 8
_OPENS = {"occlusion": "Occlusion", "activations": "Activations"}
_CHOSEN = "evaluate_chosen"  # what was clicked: picture id and what the way back is called


def _opens_control() -> None:
    """Draw where a click on a picture leads, and go there when one was clicked."""
    st.segmented_control(
        "A click on a picture opens",
        list(_OPENS),
        format_func=_OPENS.__getitem__,
        key="evaluate_opens",
        default="occlusion",
        required=True,
        bind="query-params",
        help="Occlusion: which parts of the picture the answer depends on. Activations: what every channel of a layer "
        "answers to it.",
    )
    if chosen := state.get(_CHOSEN):
        state.put(_CHOSEN, None)
        picture, label = chosen
        lead_on(picture, state.get("evaluate_opens"), label=label, page="evaluate")


def cell_pictures(result: TrainingResult, dataset: DatasetSpec, cell: tuple[int, int]) -> None:
    """Draw the test pictures of one cell (true, predicted) of the confusion matrix."""
    members = cell_members(result.label, result.probability, *cell)
    true, predicted = (safe_label(dataset.classes[number]) for number in cell)
    st.markdown(
        f"True class **{true}**, predicted **{predicted}**: {len(members)}",
        help="The surest first; below each picture the probability of the predicted class.",
    )
    judged_pictures(members, result, dataset, sheet=6, key=f"evaluate_{cell[0]}_{cell[1]}")
    _opens_control()


def mistake_strip(result: TrainingResult, dataset: DatasetSpec, count: int = 8) -> None:
    """Draw the wrongly classified test pictures the classifier was surest about."""
    mistakes = most_confident_mistakes(result.label, result.probability, count)
    if len(mistakes):
        judged_pictures(mistakes, result, dataset, sheet=count, key="evaluate_mistake", name_classes=True)
    else:
        st.caption("There are none: every test picture is right.")


def judged_pictures(
    answers: Answers,
    result: TrainingResult,
    dataset: DatasetSpec,
    *,
    sheet: int,
    key: str,
    name_classes: bool = False,
) -> None:
    """Draw the pictures in the order given, a sheet at a time; a click on one leads on.

    Args:
        answers: Which pictures; `position` counts within the test pictures of `result`.
        result: Where their place in the data set is written.
        dataset: Where they are from.
        sheet: How many there are on a sheet; further pictures are on further sheets.
        key: A widget key prefix, unique on the page.
        name_classes: Write the true and the predicted class under each picture.
    """
    judged = []
    for place in range(len(answers)):
        true, predicted = (dataset.classes[int(n)] for n in (answers.label[place], answers.predicted[place]))
        sure = percent(answers.confidence[place])
        index = int(result.index[answers.position[place]])
        judged.append(
            _Judged(
                str(PictureId(dataset.id, index)),
                f"{true} → {predicted}, {sure}" if name_classes else sure,
                f"Picture {grouped(index)}: {true}, called {predicted} with a probability of {sure}",
                f"Evaluate: {safe_label(true)} called {safe_label(predicted)}",
            )
        )
    _tiles(judged, sheet, key)


@dataclass(frozen=True, slots=True)
class _Judged:
    """A picture id, the words under it, those of its tooltip, and what the way back from it is called; safe text."""

    picture: str
    words: str
    alt: str
    way_back: str


def _tiles(judged: Sequence[_Judged], size: int, key: str) -> None:
    """Draw one sheet of pictures, and the choice of another where there are several."""
    place, count = st.container(gap="small"), len(judged)
    sheet = st.pagination(-(-count // size), key=f"{key}_sheet", max_visible_pages=5) if count > size else 1
    shown = judged[(sheet - 1) * size :][:size]

    def choose(number: int) -> None:
        state.put(_CHOSEN, (shown[number].picture, shown[number].way_back))

    if shown:
        with place:
            picture_tiles(
                [Tile(cache.enlarged_png(one.picture, 2 * PICTURE_PX), one.words, one.alt) for one in shown],
                selected=None,
                key=f"{key}_tiles",
                side=PICTURE_PX,
                alt="Pictures; a click leads on",
                on_choose=choose,
            )


def noisy_labels_panel(result: TrainingResult, dataset: DatasetSpec) -> None:
    """Draw the training pictures that had a wrong label with their predictions; nothing where there are none."""
    if not len(result.noisy_index):
        return
    true = datasets.labels(dataset.id)[result.noisy_index]
    predicted = result.noisy_probability.argmax(axis=1)
    n = len(predicted)
    through = wilson(int((predicted == true).sum()), n)
    by_heart = wilson(int((predicted == result.noisy_label).sum()), n)
    st.markdown("## Wrong labels")
    st.markdown(
        f"**{n}** training pictures were learnt with the label of another class. For **{percent(through.value)}** "
        f"({percent(through.low)} to {percent(through.high)}) the classifier gives the true class all the same. For "
        f"**{percent(by_heart.value)}** ({percent(by_heart.low)} to {percent(by_heart.high)}) it gives the wrong one, "
        "which it has memorised.",
        help="In brackets the 95% intervals (Wilson). The test pictures above all have their true labels.",
    )
    judged = []
    for place in range(n):
        names = [dataset.classes[int(numbers[place])] for numbers in (true, result.noisy_label, predicted)]
        picture = str(PictureId(dataset.id, int(result.noisy_index[place])))
        judged.append(_noisy(picture, *names))
    _tiles(judged, _NOISY_SHEET, "evaluate_noisy")


def _noisy(picture: str, true: str, given: str, predicted: str) -> _Judged:
    verdict = {true: "true class found", given: "memorised"}.get(predicted, f"says {predicted}")
    return _Judged(
        picture,
        f"{true}, named {given}: {verdict}",
        f"A picture of the class {true}, learnt as {given}; the classifier says {predicted}",
        f"Evaluate: {safe_label(true)} named {safe_label(given)}",
    )
