"""The recipe panel: how the weights that learn are changed, step by step, in one phase or in two."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import streamlit as st

from dashboard.components.fields import choice, number, rate
from models.training_specs import Optimizer, Schedule, TrainingSpec, Weights

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
    "patience": "Stop after so many epochs without a better validation accuracy. 0 never stops early. The weights of "
    "the best epoch are kept in any case.",
    "smoothing": "Takes this share of the target away from the true class and spreads it evenly over all classes, in "
    "the training loss only: the network gets less sure of itself. The validation loss stays plain.",
    "weights": "Pretrained weights carry over what an earlier task taught. Random ones know nothing: a control.",
    "keep": "Writes down what moves after every epoch, so that the Activations page shows how maps came about. Costs "
    "disk space, told before you start, and changes no number.",
    "seed": "Decides the new weights, the order of the pictures, dropout, augmentation, and which labels are wrong. "
    "Same seed and settings: same result.",
    "head_epochs": "Above 0 there are two phases. First the head alone learns for so many epochs, quickly, on "
    "features computed once. Then, from its best epoch and with a new optimiser, the layers you freed learn too, at "
    "the learning rate and for the epochs above. A head that knows something disturbs them less.",
    "head_rate": "Length of the first step while the head learns alone.",
}


def recipe_panel(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the recipe and return `spec` with what they say; `spec` also holds their defaults."""
    first, second, third = (st.columns(4) for _ in range(3))
    with first[0]:
        epochs = number("Epochs", "epochs", 1, 1000, spec.epochs, HELP["epochs"])
    with first[1]:
        learning_rate = rate("Learning rate", "rate", spec.learning_rate, HELP["rate"])
    with first[2]:
        batch = number("Batch", "batch", 1, 512, spec.batch, HELP["batch"])
    with first[3]:
        patience = number("Early stopping", "patience", 0, 1000, spec.patience, HELP["patience"])
    with second[0]:
        optimizer = choice("Optimiser", "optimizer", OPTIMIZERS, spec.optimizer, OPTIMIZER_TITLES.__getitem__, HELP)
    with second[1]:
        schedule = choice("Schedule", "schedule", SCHEDULES, spec.schedule, str, HELP)
    with second[2]:
        smoothing = st.number_input(
            "Label smoothing", 0.0, 0.9, spec.label_smoothing, 0.05, key="train_smoothing", bind="query-params",
            help=HELP["smoothing"],
        )  # fmt: skip
    with second[3]:
        seed = number("Seed", "seed", 0, 2**31 - 1, spec.seed, HELP["seed"])
    with third[0]:
        head_epochs = number("First the head: epochs", "head_epochs", 0, 1000, spec.head_epochs, HELP["head_epochs"])
    with third[1]:
        head_rate = rate("First the head: rate", "head_rate", spec.head_rate, HELP["head_rate"])
    with third[2]:
        weights = choice("Weights", "weights", WEIGHTS, spec.weights, str, HELP)
    with third[3]:
        st.space("small")  # as high as the labels beside it
        keep = st.toggle(
            "Keep epochs", spec.keep_epochs, key="train_keep_epochs", bind="query-params", help=HELP["keep"]
        )
    spec = replace(
        spec, epochs=epochs, learning_rate=learning_rate, batch=batch, patience=patience, optimizer=optimizer,
        schedule=schedule, label_smoothing=float(smoothing), seed=seed, head_epochs=head_epochs, head_rate=head_rate,
        weights=weights, keep_epochs=keep,
    )  # fmt: skip
    st.caption(phases_in_words(spec))
    return spec


def phases_in_words(spec: TrainingSpec) -> str:
    """Return in a sentence what learns when."""
    if not spec.head_epochs:
        return "One phase: all that is not frozen learns from the first step on."
    return (
        f"Two phases: the head alone for {spec.head_epochs} epochs from a rate of {spec.head_rate:g}, then all that is "
        f"not frozen for {spec.epochs} epochs from {spec.learning_rate:g}."
    )


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for the recipe of `spec`, by key."""
    return {
        "train_optimizer": spec.optimizer,
        "train_schedule": spec.schedule,
        "train_epochs": spec.epochs,
        "train_rate": spec.learning_rate,
        "train_batch": spec.batch,
        "train_patience": spec.patience,
        "train_smoothing": spec.label_smoothing,
        "train_seed": spec.seed,
        "train_head_epochs": spec.head_epochs,
        "train_head_rate": spec.head_rate,
        "train_weights": spec.weights,
        "train_keep_epochs": spec.keep_epochs,
    }


def summary(spec: TrainingSpec) -> str:
    """Return the recipe in a few words."""
    first = f"head {spec.head_epochs} epochs, then " if spec.head_epochs else ""
    smooth = f", smoothing {spec.label_smoothing:g}" if spec.label_smoothing else ""
    name = OPTIMIZER_TITLES[spec.optimizer].split(",")[0]
    return f"{first}{name} {spec.learning_rate:g}, {spec.epochs} epochs{smooth}"
