"""What is learnt from: how many pictures, which of them, how large, and how many with a wrong label."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.components.fields import choice, number, share
from models import recipes
from models.backbones import BACKBONES
from models.errors import InputError
from models.training_specs import Preprocessing, TrainingSpec

ALL = 0  # the choice of shots that stands for all pictures: a picker cannot hold None
SHOTS = (ALL, 1, 2, 5, 10, 20, 50, 100)
HELP = {
    "shots": "Train on so few pictures of every class. Validation and test pictures stay the same.",
    "side": "Pictures are resized to this height and width. Smaller is faster; details get lost.",
    "noise": "So many of the training pictures get the label of another class, drawn at random with the run's seed. "
    "Validation and test labels stay right, so you see what wrong labels cost.",
    "split": "Divides the pictures anew into training, validation and test, every class in the same proportions. "
    "Accuracy differs between splits; by how much tells how far to trust a small difference.",
    "preprocessing": "Every backbone scales pictures itself, as it did when it was pretrained. Scaled twice means "
    "divided by 255 before that: a common mistake, made here on purpose.",
    "leaked": "Exact copies of so many test pictures lie among the training pictures: a common mistake, made here on "
    "purpose. The test then asks what was learnt by heart.",
}
PREPROCESSING: dict[Preprocessing, str] = {"own": "as the backbone expects", "scaled twice": "wrong: scaled twice"}


def learning_data_panel(spec: TrainingSpec) -> TrainingSpec:
    """Draw the controls and return `spec` with what they say; `spec` also holds their defaults."""
    left, right = st.columns(2)
    with left:
        shots = choice("Shots per class", "shots", SHOTS, ALL, lambda n: f"{n} pictures" if n else "all", HELP)
        sides = BACKBONES[spec.backbone].sides
        side = choice("Picture side", f"side_{spec.backbone}", sides, spec.side, lambda n: f"{n} pixels", HELP)
    with right:
        noise = share("Wrong labels", "noise", 1.0, spec.label_noise, HELP["noise"])
        split = number("Seed of the split", "split", 0, 2**31 - 1, spec.split_seed, HELP["split"])
    with left:
        names = tuple(PREPROCESSING)
        scaled = choice("Scaling", "preprocessing", names, spec.preprocessing, PREPROCESSING.__getitem__, HELP)
    with right:
        leaked = share("Leaked test pictures", "leaked", 1.0, spec.leaked, HELP["leaked"])
    spec = replace(
        spec, shots=shots or None, side=side, label_noise=noise, split_seed=split, preprocessing=scaled, leaked=leaked
    )
    if words := _in_words(spec):
        st.caption(words)
    return spec


def _in_words(spec: TrainingSpec) -> str:
    """Return how many pictures each part has; nothing where the settings are refused beside the button."""
    try:
        parts = recipes.split_of(spec)
    except InputError:
        return ""
    wrong = f", {round(spec.label_noise * len(parts.train))} of them with a wrong label" if spec.label_noise else ""
    wrong += f", {round(spec.leaked * len(parts.test))} of them copies of test pictures" if spec.leaked else ""
    return (
        f"Learns from {len(parts.train):,} pictures{wrong}; watched on {len(parts.validation):,}, tested on "
        f"{len(parts.test):,}."
    )


def choices(spec: TrainingSpec) -> dict[str, object]:
    """Return the widget values that stand for the data of `spec`, by key."""
    return {
        "train_shots": spec.shots or ALL,
        f"train_side_{spec.backbone}": spec.side,
        "train_noise": spec.label_noise,
        "train_split": spec.split_seed,
        "train_preprocessing": spec.preprocessing,
        "train_leaked": spec.leaked,
    }


def summary(spec: TrainingSpec) -> str:
    """Return in a few words what differs from all pictures of the first split; "" if nothing does."""
    said = [
        (f"{spec.shots} shots", spec.shots),
        (f"{spec.label_noise:.0%} wrong labels", spec.label_noise),
        (f"split {spec.split_seed}", spec.split_seed),
        ("scaled twice", spec.preprocessing == "scaled twice"),
        (f"{spec.leaked:.0%} of the test leaked", spec.leaked),
    ]
    return ", ".join(text for text, applies in said if applies)
