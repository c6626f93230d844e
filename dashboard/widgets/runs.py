"""Training runs on several pages: names, the queue, and the warning on mistakes that were made on purpose."""

from __future__ import annotations

from collections.abc import Sequence

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


def mistakes(spec: TrainingSpec) -> list[str]:
    """Return, a sentence each, which mistakes were made on purpose in a run of this recipe."""
    sentences = []
    if spec.preprocessing != "own":
        sentences.append("its pictures are divided by 255 before a network that scales them itself.")
    if spec.leaked:
        sentences.append(
            f"copies of {spec.leaked:.0%} of the test pictures lie among its training pictures, so that its test "
            "accuracy and everything made of test pictures say too much."
        )
    if spec.label_noise:
        sentences.append(
            f"{spec.label_noise:.0%} of its training pictures have the label of another class. Validation and test "
            "labels are right."
        )
    return sentences


def mistake_warning(spec: TrainingSpec) -> None:
    """Draw the mistakes that were made on purpose in a run of this recipe; nothing where there are none."""
    for sentence in mistakes(spec):
        st.warning(f"**This run was made wrong on purpose:** {sentence}", icon=":material/warning:")


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


def sweep_title(sweep: SweepSpec) -> str:
    """Return the name a sweep goes by."""
    what = {"depth": "Freeze depth", "shots": "Shots", "regulariser": "Regularisers", "none": "Controls"}[sweep.choice]
    seeds = f"{sweep.seeds} seed{'' if sweep.seeds == 1 else 's'}"
    base = sweep.base
    shots = f", {base.shots} per class" if base.shots and sweep.choice != "shots" else ""
    return f"{what}: {DATASETS[base.dataset].title}, {BACKBONES[base.backbone].title}{shots}, {seeds}"


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
