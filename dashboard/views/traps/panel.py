"""Prepared mistakes: the choice of one, its training beside the cured one, the difference, how to notice it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import streamlit as st

from dashboard.figures import theme
from dashboard.figures.curves import learning_curves
from dashboard.widgets import cache
from dashboard.widgets.page import not_shown
from dashboard.widgets.runs import clearness, points
from models.ids import PictureId
from models.intervals import Estimate
from models.pictures import datasets
from models.training.comparison import Difference, paired
from models.training.traps import SEEDS, TRAPS, Outcome, Role, Trap, claimed, noticed, outcomes
from models.wording import percent

_HEIGHT = 210  # px of the curves
LEAKED_PAIRS: Final = 3
_PAIR_PX: Final = 96  # of a picture
NAMES: Final[Mapping[Role, str]] = {"wrong": "Wrong", "cured": "Cured", "control": "Control"}
ICONS: Final[Mapping[Role, str]] = {
    "wrong": ":material/warning:",
    "cured": ":material/healing:",
    "control": ":material/science:",
}


def choose() -> str:
    """Draw the choice of a mistake, which the address keeps, and return its name."""
    chosen = st.segmented_control(
        "What goes wrong",
        list(TRAPS),
        format_func=lambda name: TRAPS[name].title,
        default=next(iter(TRAPS)),
        key="traps_demo",
        bind="query-params",
        required=True,
        label_visibility="collapsed",
    )
    return str(chosen or next(iter(TRAPS)))  # the browser's back button empties what is bound to the address


def results(name: str) -> None:
    """Draw what is shipped for a mistake: both trainings, their difference, how to notice it, and the cure."""
    trap, shipped = TRAPS[name], outcomes(name)
    st.markdown(f"**{trap.group}.** {trap.why}")
    if "wrong" not in shipped or "cured" not in shipped:
        st.info("No results are shipped for these recipes. Train both below.", icon=":material/model_training:")
        return
    wrong, cured = shipped["wrong"], shipped["cured"]
    if wrong[0].spec.leaked:
        leak_claim(wrong[0], cured[0])
    else:
        st.markdown(f"## {_accuracy(wrong[0])} right with the mistake, {_accuracy(cured[0])} when cured")
    beside = [made[0] for made in shipped.values()]
    left, right = st.columns(2, gap="medium")
    with left:
        training("wrong", wrong, beside)
    with right:
        training("cured", cured, beside)
    if "control" in shipped:
        left, right = st.columns(2, gap="medium", vertical_alignment="center")
        with left:
            training("control", shipped["control"], beside)
        with right:
            _control(trap, wrong[0], cured[0], shipped["control"][0])
    st.markdown(difference(wrong[0], cured[0]))
    if wrong[0].spec.leaked:
        leaked_pairs(wrong[0])
    notice, cure = st.columns(2, gap="medium")
    notice.markdown(f"**How you notice it.** {noticed(trap, shipped)}")
    cure.markdown(f"**The cure.** {trap.cure}")
    not_shown(
        "How large the effect is with your data. These numbers come from three seeds of one small network; the "
        "intervals are over test pictures, not over seeds."
    )


def _control(trap: Trap, wrong: Outcome, cured: Outcome, control: Outcome) -> None:
    """Draw what the third run is, and how it stands to the two others."""
    st.markdown(f"**Control:** {trap.control_title}.")
    st.markdown(difference(wrong, control, "Control against wrong"))
    st.markdown(difference(control, cured, "Cured against control"))


def training(role: Role, made: Sequence[Outcome], beside: Sequence[Outcome], *, own: bool = False) -> None:
    """Draw one training: accuracy, curves of the first seed, and what the other seeds gave.

    Args:
        role: Of the recipe.
        made: One outcome per seed.
        beside: Outcomes drawn beside it, on axes of the same range.
        own: It is the visitor's, not a shipped one.
    """
    first = made[0]
    title, right = f"{NAMES[role]}{', your run' if own else ''}", _right(first.judged.accuracy)
    st.markdown(f"{ICONS[role]} **{title}:** {right}")
    st.plotly_chart(
        learning_curves(first.history, first.best_epoch, _HEIGHT, beside=[one.history for one in beside]),
        key=f"traps_{'own_' if own else ''}curves_{role}",
        config=theme.CONFIG,
        alt=f"{title}: accuracy and loss per epoch. {right}",
    )
    watched = first.validation
    seeds = "" if own else f" Test accuracy with {_seeds(made)}."
    st.caption(
        f"{_interval(first.judged.accuracy)}. {_apart(first)}Validation {percent(watched.value)} of {watched.n}, "
        f"training {percent(first.training)}.{seeds}"
    )


def _right(accuracy: Estimate) -> str:
    return f"**{percent(accuracy.value)}** of {accuracy.n} test pictures right"


def _accuracy(outcome: Outcome) -> str:
    return percent(outcome.judged.accuracy.value)


def _interval(accuracy: Estimate) -> str:
    return f"95% interval {percent(accuracy.low)} to {percent(accuracy.high)}"


def _seeds(made: Sequence[Outcome]) -> str:
    values = ", ".join(percent(one.judged.accuracy.value) for one in made)
    return f"seeds {', '.join(map(str, SEEDS))}: {values}"


def _apart(outcome: Outcome) -> str:
    """Return how it did on pictures that leaked and on the others; "" where none leaked."""
    if (parts := outcome.judged.apart()) is None:
        return ""
    known, fresh = parts
    return (
        f"{percent(known.value)} of the {known.n} that leaked, {percent(fresh.value)} of the other {fresh.n} "
        f"({percent(fresh.low)} to {percent(fresh.high)}). "
    )


def difference(first: Outcome, second: Outcome, words: str = "Cured against wrong") -> str:
    """Return by how much a second run is better on the test pictures that neither has learnt from."""
    found = paired(first.judged, second.judged)
    if found is None:
        return f"**{words}**: no test picture is left that neither has learnt from."
    return (
        f"**{words}**: {points(found.difference)} on the same {found.difference.n} test pictures, "
        f"{clearness(found.difference)}.{leak_meaning(found) if found.left_out else ''}"
    )


def leak_claim(wrong: Outcome, cured: Outcome) -> None:
    """Draw what the leaking run claims beside what is true, and how far the leak carries the claim."""
    st.markdown(f"## {claimed(wrong, cured)}")
    if (parts := wrong.judged.apart()) is not None:
        known, fresh = parts
        st.markdown(
            f"Of the {known.n} test pictures that leaked it gets {percent(known.value)} right, of the other {fresh.n} "
            f"{percent(fresh.value)}. The true accuracy is that of the same training without the leak."
        )


def leak_meaning(found: Difference) -> str:
    """Return which pictures are left out of a comparison with a run that leaked, and what the rest of them says."""
    left = f" The {found.left_out} pictures that leaked are left out"
    if found.difference.low < 0 < found.difference.high:
        return f"{left}: the leak made the number larger, not the network better."
    return f"{left}."


def leaked_pairs(wrong: Outcome) -> None:
    """Draw some pictures that the run has learnt from and was tested on, each twice: as it lies in either part."""
    leaked = wrong.judged.leaked
    chosen = leaked[np.linspace(0, len(leaked) - 1, LEAKED_PAIRS).round().astype(np.intp)].tolist()
    data = datasets.get(wrong.spec.dataset)
    st.markdown(f"**Learned from and tested on:** {LEAKED_PAIRS} of the {len(leaked)} pictures that lie in both parts.")
    for column, index in zip(st.columns(LEAKED_PAIRS, gap="medium"), chosen, strict=True):
        picture = cache.enlarged_png(str(PictureId(data.id, index)), _PAIR_PX)
        name = f"{data.classes[datasets.label(data.id, index)]}, picture {index}"
        with column, st.container(horizontal=True, gap="small"):
            for part in ("for training", "for the test"):
                st.image(picture, caption=part, width=_PAIR_PX, alt=f"{name}, {part}")
