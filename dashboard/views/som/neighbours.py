"""Are the classes that a run confuses neighbours on the map of its features?"""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.confusion import confusion_heatmap
from dashboard.labels import safe_label
from dashboard.views.som import figures_classes
from dashboard.widgets.page import not_shown
from models.errors import FreezeframeError
from models.ids import NetworkId
from models.som.data import SomTask
from models.som.film import SomRecord
from models.som.lattice import Lattice
from models.som.measures import NextDoor, class_counts, neighbours, next_door
from models.storage import runs
from models.training.evaluation import evaluate
from models.training.results import load_result
from models.wording import fixed, grouped, p_value, percent

TITLE = "Are confused classes neighbours on the map?"
LIMITS = (
    "The map was trained on all pictures of the data, the matrix counts test pictures only. Nearness on the map does "
    "not cause confusion: both come from the same features."
)


def draw(record: SomRecord, task: SomTask) -> None:
    """Draw the confusion matrix of the run behind a map, and the answer; say what is needed where there is no run."""
    run_id = NetworkId.parse(task.network).run if task.origin.sample_is == "features" else ""
    if not run_id or not len(record.labels):
        st.caption(
            f"**{TITLE}** Choose a trained run above, train a map on its features in Watch, and this is answered here."
        )
        return
    st.markdown(f"## {TITLE}")
    try:
        run = runs.get(run_id)
        result = load_result(run)
        evaluation = evaluate(result.label, result.probability, record.classes)
        lattice = Lattice(record.rows, record.columns, record.lattice, record.toroid)
        counts = class_counts(record.bmu[-1], record.labels, record.rows * record.columns, len(record.classes))
        found = next_door(evaluation.matrix, neighbours(counts, lattice))
    except FreezeframeError as error:
        st.info(f"The run behind this map has no results any more. {safe_label(str(error), 300)}")
        return
    st.markdown(answer(found, record.classes))
    matrix, pairs = st.columns([5, 5], gap="medium")
    with matrix:
        st.plotly_chart(
            confusion_heatmap(evaluation.matrix, record.classes, shares=False),
            key="som_read_confusion",
            width="content",
            config=theme.CONFIG,
            alt=f"Confusion matrix of the run, {evaluation.n} test pictures.",
        )
    with pairs:
        st.plotly_chart(
            figures_classes.pairs(found, record.classes), key="som_read_pairs", config=theme.CONFIG, alt=describe(found)
        )
    not_shown(LIMITS)


def answer(found: NextDoor, classes: Sequence[str]) -> str:
    """Return the answer as a sentence with its numbers."""
    if math.isnan(found.rho):
        return "There is nothing to compare: too few classes, no mistakes, or no differences between the pairs."
    words = (
        "**Yes**: the more often two classes are confused, the nearer they live"
        if found.p <= 0.05
        else "**Not clearly**: classes that are confused more often live no nearer than chance allows"
        if found.rho > 0
        else "**No**: classes that are confused more often do not live nearer"
    )
    count, top = len(found.pairs), int(found.confused.argmax())
    first, second = (safe_label(classes[number]) for number in found.pairs[top])
    place = int((found.near > found.near[top]).sum()) + 1
    return (
        f"{words} (rank correlation ρ = {fixed(found.rho, 2)} over n = {count} pairs of classes; p "
        f"{p_value(found.p)}, from "
        f"{grouped(found.ways)} ways to exchange the classes). Most confused are {first} and {second}, "
        f"{percent(found.confused[top])} of their test pictures; of {count} pairs they live "
        + ("nearest to each other." if place == 1 else f"{_ordinal(place)} nearest.")
    )


def describe(found: NextDoor) -> str:
    """Return what the dots show, for who cannot see them."""
    if math.isnan(found.rho):
        return f"{len(found.pairs)} pairs of classes; there is no correlation to give."
    return f"{len(found.pairs)} pairs of classes: confusion against nearness, rank correlation {fixed(found.rho, 2)}."


def _ordinal(number: int) -> str:
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
