"""The recipe panel: how a classifier is trained, apart from what is frozen and what the head looks like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, get_args

import streamlit as st

from models.backbones import BACKBONES
from models.training_specs import Optimizer, Schedule, TrainingSpec, Weights

T = TypeVar("T")

ALL = 0  # the choice of shots that stands for all pictures: a picker cannot hold None
SHOTS = (ALL, 1, 2, 5, 10, 20, 50, 100)
OPTIMIZERS: tuple[Optimizer, ...] = get_args(Optimizer)
SCHEDULES: tuple[Schedule, ...] = get_args(Schedule)
WEIGHTS: tuple[Weights, ...] = get_args(Weights)
OPTIMIZER_TITLES: dict[Optimizer, str] = {"adam": "Adam", "sgd": "SGD, momentum", "rmsprop": "RMSprop"}
HELP = {
    "optimizer": "The rule that turns gradients into steps.",
    "schedule": "How the learning rate falls: not at all, along a cosine to 0, or exponentially to a hundredth.",
    "rate": "Length of the first step. A new head takes 0.001 to 0.01; pretrained layers rather 0.0001 or less.",
    "epochs": "One epoch shows every training picture once.",
    "batch": "Pictures per step. Every step changes the weights once.",
    "patience": "Stop after so many epochs without a better validation accuracy. 0 never stops early.",
    "shots": "Train on so few pictures of every class. Validation and test pictures stay the same.",
    "side": "Pictures are resized to this height and width. Smaller is faster; details get lost.",
    "weights": "Pretrained weights carry over what an earlier task taught. Random ones know nothing: a control.",
    "keep": "Writes down what moves after every epoch, so that the Activations page shows how maps came about. Costs "
    "disk space, told before you start, and changes no number.",
    "seed": "Decides the new weights, the order of the pictures, and dropout. Same seed and settings: same result.",
}


def recipe_panel(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the recipe and return `spec` with what they say; `spec` also holds their defaults."""
    first, second, third = (st.columns(4) for _ in range(3))
    with first[0]:
        epochs = _number("Epochs", "epochs", 1, 1000, spec.epochs)
    with first[1]:
        rate = _rate(spec.learning_rate)
    with first[2]:
        batch = _number("Batch", "batch", 1, 512, spec.batch)
    with first[3]:
        patience = _number("Early stopping", "patience", 0, 1000, spec.patience)
    with second[0]:
        optimizer = _choice("Optimiser", "optimizer", OPTIMIZERS, spec.optimizer, OPTIMIZER_TITLES.__getitem__)
    with second[1]:
        schedule = _choice("Schedule", "schedule", SCHEDULES, spec.schedule, str)
    with second[2]:
        seed = _number("Seed", "seed", 0, 2**31 - 1, spec.seed)
    with second[3]:
        st.space("small")  # as high as the labels beside it
        keep = st.toggle(
            "Keep every epoch", spec.keep_epochs, key="train_keep_epochs", bind="query-params", help=HELP["keep"]
        )
    with third[0]:
        shots = _choice("Shots per class", "shots", SHOTS, ALL, lambda count: f"{count} pictures" if count else "all")
    with third[1]:
        sides = BACKBONES[spec.backbone].sides
        side = _choice("Picture side", f"side_{spec.backbone}", sides, spec.side, lambda side: f"{side} pixels")
    with third[2]:
        weights = _choice("Weights", "weights", WEIGHTS, spec.weights, str)
    return replace(
        spec, epochs=epochs, learning_rate=rate, batch=batch, optimizer=optimizer, schedule=schedule,
        patience=patience, shots=shots or None, side=side, weights=weights, seed=seed, keep_epochs=keep,
    )  # fmt: skip


def _number(label: str, name: str, low: int, high: int, default: int) -> int:
    """Draw a whole number's input and return it."""
    key = f"train_{name}"
    return int(st.number_input(label, low, high, default, 1, key=key, bind="query-params", help=HELP[name]))


def _rate(default: float) -> float:
    """Draw the learning rate's input and return it."""
    return float(
        st.number_input(
            "Learning rate",
            min_value=0.0,
            value=default,
            step=1e-4,
            format="%g",
            key="train_rate",
            bind="query-params",
            help=HELP["rate"],
        )
    )


def _choice(label: str, name: str, options: tuple[T, ...], default: T, titles: Callable[[T], str]) -> T:
    """Draw a picker and return what it says; sides have a key per backbone, for every backbone has its own."""
    return st.selectbox(
        label,
        options,
        index=options.index(default),
        format_func=titles,
        key=f"train_{name}",
        bind="query-params",
        help=HELP[name.split("_")[0]],
    )


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for the recipe of `spec`, by key."""
    return {
        "train_optimizer": spec.optimizer,
        "train_schedule": spec.schedule,
        "train_epochs": spec.epochs,
        "train_shots": spec.shots or ALL,
        f"train_side_{spec.backbone}": spec.side,
        "train_rate": spec.learning_rate,
        "train_batch": spec.batch,
        "train_patience": spec.patience,
        "train_seed": spec.seed,
        "train_weights": spec.weights,
        "train_keep_epochs": spec.keep_epochs,
    }


def summary(spec: TrainingSpec) -> str:
    """Return the recipe in a few words."""
    shots = f", {spec.shots} shots" if spec.shots else ""
    return f"{OPTIMIZER_TITLES[spec.optimizer].split(',')[0]} {spec.learning_rate:g}, {spec.epochs} epochs{shots}"
