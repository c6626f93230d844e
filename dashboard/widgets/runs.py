"""The warning on a run that was made wrong on purpose, for every page that shows its results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from models.backbones.registry import BACKBONES
from models.jobs import engine
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.sweeps.spec import SweepSpec
from models.training.costs import estimate as costs_estimate
from models.training.costs.estimate import Cost
from models.training.recipes import estimate
from models.training.spec import TrainingSpec


def mistakes(spec: Mapping[str, Any]) -> list[str]:
    """Return, a sentence each, what was made wrong on purpose in a run of this recipe (as JSON)."""
    said = []
    if spec.get("preprocessing", "own") != "own":
        said.append("its pictures are divided by 255 before a network that scales them itself.")
    if leaked := spec.get("leaked", 0.0):
        said.append(
            f"copies of {leaked:.0%} of the test pictures lie among its training pictures, so that its test accuracy "
            "and everything made of test pictures say too much."
        )
    if noise := spec.get("label_noise", 0.0):
        said.append(
            f"{noise:.0%} of its training pictures have the label of another class. Validation and test labels are "
            "right."
        )
    return said


def made_wrong(spec: Mapping[str, Any]) -> None:
    """Draw what was made wrong on purpose in a run of this recipe (as JSON); nothing where nothing was."""
    for sentence in mistakes(spec):
        st.warning(f"**This run was made wrong on purpose:** {sentence}", icon=":material/warning:")


# FOLDED dashboard/views/train/recipe.py: What is learnt from: how many pictures, which of them, how large, and how
# many with a wrong label.


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


# FOLDED dashboard/views/sweeps/controls.py: What a sweep is asked: what changes, its values, how often, the recipe
# around it; its cost, and the button.


def sweep_title(sweep: SweepSpec) -> str:
    """Return the name a sweep goes by."""
    what = {"depth": "Freeze depth", "shots": "Shots", "regulariser": "Regularisers", "none": "Controls"}[sweep.choice]
    seeds = f"{sweep.seeds} seed{'' if sweep.seeds == 1 else 's'}"
    base = sweep.base
    shots = f", {base.shots} per class" if base.shots and sweep.choice != "shots" else ""
    return f"{what}: {DATASETS[base.dataset].title}, {BACKBONES[base.backbone].title}{shots}, {seeds}"


# FOLDED dashboard/views/train/start.py: The train panel: head, recipe, data, augmentation, what a run will cost,
# and the button that starts it.


def kept_words(cost: Cost) -> str:
    """Return how many epochs a run would keep and what they take: "20 epochs, 40 MB"."""
    return f"{cost.kept_epochs} epochs, {cost.kept_epochs * cost.moving_mb:.2g} MB"


def queue(specs: Sequence[TrainingSpec], owner: str) -> list[str]:
    """Queue runs, all or none, keep with each what it is predicted to cost, and return their ids.

    Raises:
        FreezeframeError: The visitor has too many jobs already, or nothing takes them.
    """
    queued = engine.submit_all_old("training", [(spec.to_json(), title(spec)) for spec in specs], owner=owner)
    for run_id, spec in zip(queued, specs, strict=True):
        costs_estimate.keep(runs.get(run_id).folder, estimate(spec))
    return queued


def title(spec: TrainingSpec) -> str:
    """Return the name a run goes by: data, backbone, and what learns in it."""
    learns = f"{len(spec.trainable)} layers learn" if spec.trainable else "frozen"
    random = ", random weights" if spec.weights == "random" else ""
    first = "head first, then " if spec.head_epochs else ""
    data = summary(spec)
    more = f"{random}{', ' if data else ''}{data}{', augmented' if spec.augmentation.on else ''}"
    return f"{DATASETS[spec.dataset].title}: {BACKBONES[spec.backbone].title} {first}{learns}{more}"
