"""A recipe explained: its last layer and loss, typeset with their numbers, and the whole as plain Keras code."""

from __future__ import annotations

import streamlit as st

from models.pictures.datasets import DATASETS
from models.training import keras_script
from models.training.head import targets
from models.training.spec import TrainingSpec
from models.wording import fixed, significant, tex

_CODE_PX = 420


def last_layer_explained(spec: TrainingSpec, n_classes: int) -> None:
    """Draw what the last layer computes, what the loss compares, and what other tasks would take."""
    goal = targets(n_classes, spec.label_smoothing)
    st.markdown(f"**Last layer and loss**: softmax over {n_classes} classes, categorical cross-entropy")
    st.latex(
        rf"p_k = \frac{{e^{{z_k}}}}{{\sum_{{j=1}}^{{{n_classes}}} e^{{z_j}}}} \qquad "
        rf"L = -\sum_{{k=1}}^{{{n_classes}}} y_k \ln p_k{_penalty(spec)}"
    )
    st.caption(f"{_targets_sentence(spec, n_classes)} {other_tasks(n_classes)}")
    if spec.label_smoothing:
        st.latex(
            rf"y_{{\text{{true}}}} = 1 - \varepsilon + \tfrac{{\varepsilon}}{{K}} = 1 - "
            rf"{tex(significant(spec.label_smoothing, 6))} + "
            rf"\tfrac{{{tex(significant(spec.label_smoothing, 6))}}}{{{n_classes}}} = {tex(significant(goal.true))} "
            rf"\qquad "
            rf"y_{{\text{{other}}}} = \tfrac{{\varepsilon}}{{K}} = {tex(significant(goal.other))}"
        )


def _penalty(spec: TrainingSpec) -> str:
    return rf" + {tex(significant(spec.head.weight_decay, 6))} \sum w^2" if spec.head.weight_decay else ""


def _targets_sentence(spec: TrainingSpec, n_classes: int) -> str:
    """Return what the loss is at its best and without any knowledge."""
    goal = targets(n_classes, spec.label_smoothing)
    ignorant = f"Equal probabilities for all classes cost ln {n_classes} = {fixed(goal.ignorant, 2)}."
    if not spec.label_smoothing:
        return (
            f"The target is 1 for the true class and 0 for the others: the loss is −ln of its probability. {ignorant}"
        )
    return (
        f"With label smoothing ε = {significant(spec.label_smoothing, 6)} the training loss cannot fall below "
        f"{fixed(goal.least, 2)}; the "
        f"validation loss is plain and can. {ignorant}"
    )


def other_tasks(n_classes: int) -> str:
    """Return what a task with other answers would take."""
    if n_classes == 1:
        return "A single class leaves nothing to learn: softmax gives it a probability of 1, whatever the picture."
    two = (
        "With two classes this is the same as one sigmoid of z₁ − z₂ with binary cross-entropy."
        if n_classes == 2
        else "Two classes could take one sigmoid with binary cross-entropy, which is the same as softmax over both."
    )
    return f"{two} A number as the answer would take no activation and the mean squared error."


def code_toggle() -> bool:
    """Draw the switch of the code and return whether it is on."""
    return st.toggle(
        "Show the Keras",
        key="train_keras",
        bind="query-params",
        help="The whole training as plain Keras code; it follows every control.",
    )


def keras_code(spec: TrainingSpec) -> None:
    """Draw the code of a recipe, with a button that copies it."""
    st.code(
        keras_script.script(spec, len(DATASETS[spec.dataset].classes)),
        language="python",
        height=_CODE_PX,
        wrap_lines=True,
    )
    st.caption(
        f"Press Train, then take the run along as a ZIP: `{keras_script.SCRIPT}` with the `{keras_script.DATA}` and "
        f"`{keras_script.BACKBONE}` that it reads."
    )
