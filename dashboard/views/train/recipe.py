"""The controls of a recipe: the head, how weights are changed step by step, and the data that are learnt from."""

from __future__ import annotations

from dataclasses import replace
from typing import get_args

import streamlit as st

from dashboard.views.train.fields import choice, number, rate, share
from models.backbones.registry import BACKBONES
from models.errors import InputError
from models.training import recipes
from models.training.spec import HeadSpec, Optimizer, Pooling, Preprocessing, Schedule, TrainingSpec, Weights
from models.wording import grouped, significant

WIDTHS = (0, 16, 32, 64, 128, 256, 512, 1024)
DROPOUT_HELP = "Share of the values set to 0 at random in every training step, before every dense layer."
BATCH_NORM_HELP = (
    "Brings every value that enters the head to mean 0 and variance 1, then scales and shifts it by two learnt "
    "numbers: (x − mean) / √(variance + ε) · γ + β."
)
DECAY_HELP = "Adds λ times the sum of the squared weights of the head to the loss. 0 is off."
MAX_NORM_HELP = "After every step, weights into one unit longer than this are scaled back to this length. 0 is off."
POOLING_TITLES: dict[Pooling, str] = {
    "average": "average",
    "max": "maximum",
    "average+max": "both",
    "flatten": "none: flatten",
}

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
    "weights": "Pretrained weights bring along what was learned on an earlier task. Random ones bring nothing: a "
    "control.",
    "keep": "Writes down what moves after every epoch, so that the Activations page shows how maps came about. Costs "
    "disk space, shown before you start, and changes no number.",
    "seed": "Decides the new weights, the order of the pictures, dropout, augmentation, and which labels are wrong. "
    "Same seed and settings: same result.",
    "head_epochs": "Above 0 there are two phases. First the head alone learns for so many epochs, quickly, on "
    "features computed once. Then, from its best epoch and with a new optimiser, the layers you freed learn too, at "
    "the learning rate and for the epochs above. A head that knows something disturbs them less.",
    "head_rate": "Length of the first step while the head learns alone.",
}

ALL = 0  # the choice of shots that stands for all pictures: a picker cannot hold None
SHOTS = (ALL, 1, 2, 5, 10, 20, 50, 100)
DATA_HELP = {
    "shots": "Train on so few pictures of every class. Validation and test pictures stay the same.",
    "side": "Pictures are resized to this height and width. Smaller is faster; details get lost.",
    "noise": "So many of the training pictures get the label of another class, drawn at random with the run's seed. "
    "Validation and test labels stay right, so you see what wrong labels cost.",
    "split": "Divides the pictures anew into training, validation and test, every class in the same proportions. "
    "Accuracy differs between splits; by how much tells how far to trust a small difference.",
    "preprocessing": "Every backbone scales pictures itself, as it did when it was pretrained. Scaled twice means "
    "divided by 255 before that: a common mistake, made here on purpose.",
    "leaked": "Exact copies of so many test pictures lie among the training pictures: a common mistake, made here on "
    "purpose. The test then measures what was memorised.",
}
PREPROCESSING: dict[Preprocessing, str] = {"own": "as the backbone expects", "scaled twice": "wrong: scaled twice"}


def head_controls(default: HeadSpec) -> HeadSpec:
    """Draw the controls of the head, which start from `default`, and return the head they describe."""
    pooling = st.segmented_control(
        "Pooling",
        get_args(Pooling),
        default=default.pooling,
        required=True,
        format_func=lambda name: POOLING_TITLES[name],
        key="train_pooling",
        bind="query-params",
        help="How the backbone's last activation maps become one vector. Average and maximum keep one number per "
        "channel and forget where it was; flatten keeps every position and needs many more weights.",
    )
    first, second, third = st.columns(3)
    widths = (*default.widths, 0, 0)
    with first:
        hidden1 = _hidden("First hidden layer", 1, widths[0])
        batch_norm = _batch_norm(default.batch_norm)
    with second:
        hidden2 = _hidden("Second hidden layer", 2, widths[1])
        decay = _penalty("Weight decay λ", "train_decay", default.weight_decay, 1e-4, DECAY_HELP)
    with third:
        dropout = st.slider(
            "Dropout", 0.0, 0.9, default.dropout, 0.05, key="train_dropout", bind="query-params", help=DROPOUT_HELP
        )
        norm = _penalty("Max-norm", "train_max_norm", default.max_norm, 0.5, MAX_NORM_HELP)
    return HeadSpec(
        pooling=pooling,
        widths=tuple(width for width in (hidden1, hidden2) if width),
        dropout=dropout,
        batch_norm=batch_norm,
        weight_decay=decay,
        max_norm=norm,
    )


def _hidden(label: str, number: int, default: int) -> int:
    """Draw the choice of a hidden layer's width and return it; 0 stands for no layer."""
    return st.selectbox(
        label,
        WIDTHS,
        index=WIDTHS.index(default),
        format_func=lambda width: f"{width} units" if width else "none",
        key=f"train_hidden{number}",
        bind="query-params",
        help="Units of a dense layer with ReLU between the pooled features and the softmax over the classes.",
    )


def _batch_norm(default: bool) -> bool:
    """Draw the switch of the head's own BatchNorm and return it."""
    st.space("small")  # as high as the labels beside it
    return st.toggle("BatchNorm", default, key="train_head_bn", bind="query-params", help=BATCH_NORM_HELP)


def _penalty(label: str, key: str, default: float, step: float, explanation: str) -> float:
    """Draw the strength of a brake on large weights and return it."""
    return float(
        st.number_input(
            label, min_value=0.0, value=default, step=step, format="%g", key=key, bind="query-params", help=explanation
        )
    )


def head_summary(head: HeadSpec, n_classes: int) -> str:
    """Return the head in a sentence: "Head: average pooling, 256 units, then 5 classes."."""
    pooling = {
        "average": "average pooling", "max": "maximum pooling", "average+max": "average and maximum pooling",
        "flatten": "all positions",
    }[head.pooling]  # fmt: skip
    hidden = [f"{width} units" for width in head.widths]
    return f"Head: {', '.join([pooling, *hidden])}, then {n_classes} classes."


def recipe_controls(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the steps and phases, which start from `spec`, and return `spec` with their values."""
    first, second = st.columns(4), st.columns(4)
    with first[0]:
        epochs = number("Epochs", "epochs", 1, 1000, spec.epochs, HELP["epochs"])
    with first[1]:
        learning_rate = rate("Learning rate", "rate", spec.learning_rate, HELP["rate"])
    with first[2]:
        batch = number("Batch", "batch", 1, 512, spec.batch, HELP["batch"])
    with first[3]:
        patience = number("Early stopping", "patience", 0, 1000, spec.patience, HELP["patience"])
    with second[0]:
        optimizer = choice(
            "Optimiser", "optimizer", OPTIMIZERS, spec.optimizer, OPTIMIZER_TITLES.__getitem__, HELP["optimizer"]
        )
    with second[1]:
        schedule = choice("Schedule", "schedule", SCHEDULES, spec.schedule, str, HELP["schedule"])
    with second[2]:
        smoothing = st.number_input(
            "Label smoothing", 0.0, 0.9, spec.label_smoothing, 0.05, key="train_smoothing", bind="query-params",
            help=HELP["smoothing"],
        )  # fmt: skip
    with second[3]:
        seed = number("Seed", "seed", 0, 2**31 - 1, spec.seed, HELP["seed"])
    spec = replace(
        spec, epochs=epochs, learning_rate=learning_rate, batch=batch, patience=patience, optimizer=optimizer,
        schedule=schedule, label_smoothing=float(smoothing), seed=seed,
    )  # fmt: skip
    spec = _head_phase_and_weights(spec)
    st.caption(_phases_sentence(spec))
    return spec


def _head_phase_and_weights(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the head's own phase, of the weights to begin with, and of keeping epochs."""
    columns = st.columns(4)
    with columns[0]:
        head_epochs = number("First the head: epochs", "head_epochs", 0, 1000, spec.head_epochs, HELP["head_epochs"])
    with columns[1]:
        head_rate = rate("First the head: rate", "head_rate", spec.head_rate, HELP["head_rate"])
    with columns[2]:
        weights = choice("Weights", "weights", WEIGHTS, spec.weights, str, HELP["weights"])
    with columns[3]:
        st.space("small")  # as high as the labels beside it
        keep = st.toggle(
            "Keep epochs", spec.keep_epochs, key="train_keep_epochs", bind="query-params", help=HELP["keep"]
        )
    return replace(spec, head_epochs=head_epochs, head_rate=head_rate, weights=weights, keep_epochs=keep)


def _phases_sentence(spec: TrainingSpec) -> str:
    """Return in a sentence what learns when."""
    if not spec.head_epochs:
        return "One phase: all that is not frozen learns from the first step on."
    return (
        f"Two phases: the head alone for {spec.head_epochs} epochs from a rate of {significant(spec.head_rate, 6)}, "
        "then all that is "
        f"not frozen for {spec.epochs} epochs from {significant(spec.learning_rate, 6)}."
    )


def summary(spec: TrainingSpec) -> str:
    """Return the steps in a sentence: "Training: Adam, rate 0.003, 60 epochs."."""
    first = (
        f"first the head, rate {significant(spec.head_rate, 6)}, {_epochs(spec.head_epochs)}; then "
        if spec.head_epochs
        else ""
    )
    smooth = f", label smoothing {significant(spec.label_smoothing, 6)}" if spec.label_smoothing else ""
    name = OPTIMIZER_TITLES[spec.optimizer].split(",")[0]
    return f"Training: {name}, {first}rate {significant(spec.learning_rate, 6)}, {_epochs(spec.epochs)}{smooth}."


def _epochs(count: int) -> str:
    return f"{count} epoch{'' if count == 1 else 's'}"


def data_controls(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls of the data, which start from `spec`, and return `spec` with their values."""
    first, second, third = st.columns(3)
    backbone = BACKBONES[spec.backbone]
    sides = backbone.sides
    with first:
        shots = choice(
            "Shots per class", "shots", SHOTS, spec.shots or ALL, lambda n: f"{n} pictures" if n else "all",
            DATA_HELP["shots"],
        )  # fmt: skip
    with second:
        side = choice(
            "Picture side",
            f"side_{spec.backbone}",
            sides,
            spec.side,
            lambda n: f"{n} pixels",
            f"{DATA_HELP['side']} Pretrained weights are those of a training at {backbone.trained_side} px.",
        )
    with third:
        split = number("Seed of the split", "split", 0, 2**31 - 1, spec.split_seed, DATA_HELP["split"])
    return replace(spec, shots=shots or None, side=side, split_seed=split)


def mistake_controls(spec: TrainingSpec) -> TrainingSpec:
    """Draw the mistakes that can be made on purpose, which start from `spec`, and return `spec` with their values."""
    st.caption("Common mistakes, to see what they cost. A run that has one says so on every page.")
    first, second, third = st.columns(3)
    names = tuple(PREPROCESSING)
    with first:
        noise = share("Wrong labels", "noise", 1.0, spec.label_noise, DATA_HELP["noise"])
    with second:
        leaked = share("Leaked test pictures", "leaked", 1.0, spec.leaked, DATA_HELP["leaked"])
    with third:
        scaled = choice(
            "Scaling", "preprocessing", names, spec.preprocessing, PREPROCESSING.__getitem__, DATA_HELP["preprocessing"]
        )
    return replace(spec, label_noise=noise, preprocessing=scaled, leaked=leaked)


def split_caption(spec: TrainingSpec) -> None:
    """Draw how many pictures each part has, and what their size means to the pretrained weights.

    Nothing of the parts where the settings are refused beside the button.
    """
    sized = BACKBONES[spec.backbone].at(spec.side) if spec.weights == "pretrained" else ""
    for sentence in filter(None, (_split_sentence(spec), sized)):
        st.caption(sentence)


def _split_sentence(spec: TrainingSpec) -> str:
    """Return how many pictures each part has; nothing where the settings are refused beside the button."""
    try:
        parts = recipes.split_of(spec)
    except InputError:
        return ""
    wrong = f", {round(spec.label_noise * len(parts.train))} of them with a wrong label" if spec.label_noise else ""
    wrong += f", {round(spec.leaked * len(parts.test))} of them copies of test pictures" if spec.leaked else ""
    return (
        f"Learns from {grouped(len(parts.train))} pictures{wrong}; watched on {grouped(len(parts.validation))}, "
        "tested on "
        f"{grouped(len(parts.test))}."
    )


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for head, recipe and data of `spec`, by key."""
    head = spec.head
    first, second, *_ = (*head.widths, 0, 0)
    return {
        "train_pooling": head.pooling,
        "train_hidden1": first,
        "train_hidden2": second,
        "train_dropout": head.dropout,
        "train_head_bn": head.batch_norm,
        "train_decay": head.weight_decay,
        "train_max_norm": head.max_norm,
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
        "train_shots": spec.shots or ALL,
        f"train_side_{spec.backbone}": spec.side,
        "train_noise": spec.label_noise,
        "train_split": spec.split_seed,
        "train_preprocessing": spec.preprocessing,
        "train_leaked": spec.leaked,
    }
