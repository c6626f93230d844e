"""Prepared mistakes: the choice of one, its training beside the cured one, the difference, how to notice it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.curves import learning_curves
from dashboard.views.traps import leak
from dashboard.widgets.runs import clearness, points
from models.intervals import Estimate
from models.training.comparison import paired
from models.training.traps import SEEDS, TRAPS, Outcome, Role, Trap, noticed, outcomes
from models.wording import percent

_HEIGHT = 210  # px of the curves
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
        leak.claim(wrong[0], cured[0])
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
        leak.pairs(wrong[0])
    notice, cure = st.columns(2, gap="medium")
    notice.markdown(f"**How you notice it.** {noticed(trap, shipped)}")
    cure.markdown(f"**The cure.** {trap.cure}")
    st.caption(
        "What you do not see: how large the effect is with your data. These numbers stand on three seeds of one small "
        "network; the intervals are over test pictures, not over seeds."
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
        f"{clearness(found.difference)}.{leak.meaning(found) if found.left_out else ''}"
    )
