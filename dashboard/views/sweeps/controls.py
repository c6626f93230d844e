"""Controls of a sweep: what changes, its values, seeds and recipe; its cost, and the button that starts it."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.widgets.jobs import refusal, refusal_kept
from dashboard.widgets.weights_offer import weights_missing
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError, InputError
from models.jobs import engine
from models.storage import runs
from models.sweeps import variations
from models.sweeps.spec import (
    ALL,
    MOST_SEEDS,
    SWEEP,
    Choice,
    SweepSpec,
    depths,
    remarks,
    suggested,
    validate,
    value_title,
)
from models.training.spec import TrainingSpec
from models.wording import duration

CHOICES: Final[dict[str, str]] = {"depth": "Depth", "shots": "Shots", "regulariser": "Regularisers"}
_SHOTS: Final = ("1", "2", "5", "10", "20", "50", "100", ALL)
_LABELS: Final = {"depth": "Frozen up to and including", "shots": "Pictures per class", "regulariser": "One at a time"}
_PROBLEM: Final = "sweeps_problem"
_SEEDS_HELP: Final = (
    "Every value is trained once with each seed. A seed decides the new weights, the order of the pictures and their "
    "split into training, validation and test."
)
_BATCH_HELP = (
    "Pictures per step. With very few pictures it is made smaller, and it is changed where BatchNorm would be left "
    "with a single picture."
)


def choice_control() -> Choice:
    """Draw what may change, and return it; a link to a sweep brings its own."""
    shown = state.shown(SWEEP)
    if shown is not None and state.bound("sweeps_choice") is None and (choice := choice_of(shown)) in CHOICES:
        state.put("sweeps_choice", choice)
    chosen = st.segmented_control(
        "What changes",
        list(CHOICES),
        format_func=CHOICES.__getitem__,
        default="depth" if "sweeps_choice" not in st.session_state else None,
        required=True,
        key="sweeps_choice",
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
        on_change=lambda: state.show(SWEEP, ""),
    )
    return cast(Choice, chosen or "depth")


def choice_of(run: runs.Run) -> str:
    """Return what changes in a sweep, "" where its spec cannot be read."""
    try:
        return SWEEP.spec_of(run).choice
    except FreezeframeError:
        return ""


def sweep_controls(choice: Choice, chosen: state.Selection) -> SweepSpec | None:
    """Draw the values, the seeds and the recipe; None, and a sentence, while they do not go together."""
    start = replace(TrainingSpec(), backbone=chosen.backbone, dataset=chosen.dataset)
    start = replace(start, side=BACKBONES[chosen.backbone].default_side)
    suggestion = suggested(choice, start)
    offered = {
        "depth": depths(chosen.backbone, start.side), "shots": _SHOTS,
        "regulariser": tuple(variations.REGULARISERS),
    }[choice]  # fmt: skip
    key = f"sweeps_values_{choice}" + (f"_{chosen.backbone}" if choice == "depth" else "")
    values = st.pills(
        _LABELS[choice],
        offered,
        selection_mode="multi",
        default=list(suggestion.values),
        format_func=lambda value: value if choice != "regulariser" else value_title(choice, value),
        wrap=True,
        key=key,
        persist_state="session",
        help=_help(choice),
    )
    lines = _lines(suggestion) if choice == "shots" else suggestion.lines
    left, right = st.columns(2)
    with left:
        seeds = _number("Seeds", f"seeds_{choice}", 1, MOST_SEEDS, 3, _SEEDS_HELP)
    with right:
        epochs = _number("Epochs", f"epochs_{choice}", 1, 1000, suggestion.base.epochs, _epochs_help(suggestion.base))
    base = replace(_recipe(choice, suggestion.base, left, right), epochs=epochs)
    shown = state.shown(SWEEP)
    earlier = shown.id if shown is not None and shown.owner == chosen.owner else ""
    try:
        ordered = tuple(value for value in offered if value in values)
        return SweepSpec(choice, ordered, lines, base, seeds, after=earlier)
    except InputError as error:
        st.caption(f":material/info: {safe_label(str(error), 400)}")
        return None


def _epochs_help(base: TrainingSpec) -> str:
    return "For everything that learns, after the head alone." if base.head_epochs else "For every training."


def _help(choice: str) -> str:
    if choice == "regulariser":
        each = "  \n".join(f"**{one.title}**: {one.description}" for one in variations.REGULARISERS.values())
        return f"Each is added alone to a recipe without any.  \n{each}"
    if choice == "shots":
        return "Validation and test pictures stay the same."
    return "The new head and all layers above the frozen ones learn. BatchNorm keeps its pretrained statistics."


def _number(label: str, name: str, low: int, high: int, default: int, explanation: str) -> int:
    key = f"sweeps_{name}"
    return int(st.number_input(label, low, high, default, 1, key=key, persist_state="session", help=explanation))


def _lines(suggestion: SweepSpec) -> tuple[str, ...]:
    key, offered = "sweeps_lines", (variations.FROZEN, variations.RANDOM, variations.SCRATCH)
    found = st.multiselect(
        "How the network begins",
        offered,
        default=list(suggestion.lines),
        format_func=lambda line: variations.LINES[line].title,
        key=key,
        persist_state="session",
        help="  \n".join(
            f"**{variations.LINES[line].title}**: {variations.LINES[line].description}" for line in offered
        ),
    )
    return tuple(line for line in offered if line in found)


def _recipe(choice: str, base: TrainingSpec, left: DeltaGenerator, right: DeltaGenerator) -> TrainingSpec:
    """Draw the rest of the recipe, whose defaults are those of `base`, and return it."""
    with left:
        batch = _number("Batch", f"batch_{choice}", 1, 512, base.batch, _BATCH_HELP)
    with right:
        rate = st.number_input(
            "Learning rate",
            min_value=1e-6,
            max_value=1.0,
            value=base.learning_rate,
            step=1e-4,
            format="%g",
            key=f"sweeps_rate_{choice}",
            persist_state="session",
            help="Of the first step. It falls to 0 along a cosine.",
        )
    if base.head_epochs:
        base = _head_first(base, left, right)
    if choice == "shots":
        return replace(base, batch=batch, learning_rate=rate)
    shots = _number(
        "Pictures per class",
        f"shots_{choice}",
        0,
        200,
        base.shots or 0,
        "How many pictures of every class it learns from; 0 means all.",
    )
    return replace(base, batch=batch, learning_rate=rate, shots=shots or None)


def _head_first(base: TrainingSpec, left: DeltaGenerator, right: DeltaGenerator) -> TrainingSpec:
    """Draw how long and at which rate the head learns before anything else does, and return the recipe."""
    with left:
        epochs = _number(
            "Epochs, head", "head_epochs_depth", 1, 1000, base.head_epochs, "For the head alone, at the beginning."
        )
    with right:
        rate = st.number_input(
            "Rate, head",
            min_value=1e-6,
            max_value=1.0,
            value=base.head_rate,
            step=1e-3,
            format="%g",
            key="sweeps_head_rate_depth",
            persist_state="session",
            help="Of the first step while the head learns alone. If the whole backbone is frozen, it is the only rate.",
        )
    return replace(base, head_epochs=epochs, head_rate=rate)


def start_button(sweep: SweepSpec | None, owner: str) -> None:
    """Draw the cost and the button, or the sentence that says what must change first."""
    problem, missing = "", False
    if sweep is not None:
        try:
            validate(sweep)
            _cost(sweep)
            for sentence in remarks(sweep):
                st.caption(f":material/info: {sentence}")
            missing = weights_missing(sweep.base) and any(cell.spec.weights == "pretrained" for cell in sweep.cells())
        except FreezeframeError as error:
            problem = str(error)
    st.button(
        "Train them all",
        key="sweeps_start",
        type="primary",
        icon=":material/play_arrow:",
        width="stretch",
        disabled=sweep is None or bool(problem) or missing,
        on_click=_begin,
        args=(sweep, owner),
    )
    if missing:
        st.page_link(
            "app_pages/train.py", label="First fetch this backbone's weights", icon=":material/cloud_download:"
        )
    if problem:
        st.error(safe_label(problem, 400), icon=":material/error:")
    refusal(_PROBLEM)


def _cost(sweep: SweepSpec) -> None:
    st.caption(
        f":material/timer: {len(sweep.cells())} trainings: about {duration(sweep.seconds)} on one core, about "
        f"{duration(sweep.seconds / 2)} on two. Each becomes a run that you can open. Trainings you already have are "
        "reused."
    )


def _begin(sweep: SweepSpec, owner: str) -> None:
    with refusal_kept(_PROBLEM):
        state.show(SWEEP, engine.submit(SWEEP, sweep, owner=owner))
