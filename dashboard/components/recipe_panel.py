"""The recipe panel: how a classifier is trained, apart from what is frozen and what the head looks like."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import streamlit as st

from models.backbones import BACKBONES
from models.recipes import Optimizer, Schedule, TrainingSpec, Weights

PATIENCE_HELP = "Stop after so many epochs without a better validation accuracy. 0 never stops early."
SHOTS: tuple[int | None, ...] = (None, 1, 2, 5, 10, 20, 50, 100)
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
WEIGHTS: tuple[Weights, ...] = get_args(Weights)
OPTIMIZER_TITLES: dict[Optimizer, str] = {"adam": "Adam", "sgd": "SGD, momentum 0.9", "rmsprop": "RMSprop"}


def recipe_panel(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the recipe and return `spec` with what they say; `spec` also holds their defaults."""
    left, right = st.columns(2)
    with left:
        spec = replace(spec, optimizer=_optimizer(), schedule=_schedule(spec), side=_side(spec), shots=_shots())
        epochs = _number("Epochs", 1, 1000, spec.epochs, "train_epochs", "One epoch shows every training picture once.")
    with right:
        rate = _learning_rate(spec)
        batch = _number("Batch", 1, 512, spec.batch, "train_batch", "Pictures per step; a step changes weights once.")
        seed = _number("Seed", 0, 2**31 - 1, spec.seed, "train_seed", "Same seed, same settings: the same result.")
        weights = _weights()
        patience = _number("Early stopping", 0, 1000, spec.patience, "train_patience", PATIENCE_HELP)
    return replace(
        spec, epochs=epochs, learning_rate=rate, batch=batch, seed=seed, weights=weights, patience=patience
    )  # fmt: skip


def _number(label: str, low: int, high: int, default: int, key: str, explanation: str) -> int:
    """Draw a whole number's input and return it."""
    return int(st.number_input(label, low, high, default, 1, key=key, bind="query-params", help=explanation))


def _optimizer() -> Optimizer:
    return st.selectbox(
        "Optimiser",
        OPTIMIZERS,
        format_func=lambda name: OPTIMIZER_TITLES[name],
        key="train_optimizer",
        bind="query-params",
        help="The rule that turns gradients into steps.",
    )


def _schedule(spec: TrainingSpec) -> Schedule:
    return st.selectbox(
        "Schedule",
        SCHEDULES,
        index=SCHEDULES.index(spec.schedule),
        key="train_schedule",
        bind="query-params",
        help="How the learning rate falls: not at all, along a cosine to 0, or exponentially to a hundredth.",
    )


def _learning_rate(spec: TrainingSpec) -> float:
    return float(
        st.number_input(
            "Learning rate",
            min_value=0.0,
            value=spec.learning_rate,
            step=1e-4,
            format="%g",
            key="train_rate",
            bind="query-params",
            help="Length of the first step. A new head takes 0.001 to 0.01; pretrained layers rather 0.0001 or less.",
        )
    )


def _shots() -> int | None:
    return st.selectbox(
        "Shots per class",
        SHOTS,
        format_func=lambda count: "all pictures" if count is None else f"{count} pictures",
        key="train_shots",
        bind="query-params",
        help="Train on so few pictures of every class. Validation and test pictures stay the same.",
    )


def _weights() -> Weights:
    return st.selectbox(
        "Backbone weights",
        WEIGHTS,
        key="train_weights",
        bind="query-params",
        help="Pretrained weights carry over what an earlier task taught. Random ones know nothing: a control.",
    )


def _side(spec: TrainingSpec) -> int:
    """Draw the choice of the pictures' side; every backbone has its own sides, and so its own key."""
    sides = BACKBONES[spec.backbone].sides
    return st.selectbox(
        "Picture side",
        sides,
        index=sides.index(BACKBONES[spec.backbone].default_side),
        format_func=lambda side: f"{side} pixels",
        key=f"train_side_{spec.backbone}",
        bind="query-params",
        help="Pictures are resized to this height and width. Smaller is faster; details get lost.",
    )


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for the recipe of `spec`, by key."""
    return {
        "train_optimizer": spec.optimizer,
        "train_schedule": spec.schedule,
        "train_epochs": spec.epochs,
        "train_shots": spec.shots,
        f"train_side_{spec.backbone}": spec.side,
        "train_rate": spec.learning_rate,
        "train_batch": spec.batch,
        "train_patience": spec.patience,
        "train_seed": spec.seed,
        "train_weights": spec.weights,
    }


def summary(spec: TrainingSpec) -> str:
    """Return the recipe in a few words."""
    shots = f", {spec.shots} shots" if spec.shots else ""
    return f"{OPTIMIZER_TITLES[spec.optimizer].split(',')[0]} {spec.learning_rate:g}, {spec.epochs} epochs{shots}"
