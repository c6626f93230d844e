"""Training runs on several pages: the queue, mistakes that were made on purpose, and how two runs differ."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from models.intervals import Estimate
from models.jobs import engine
from models.storage import runs
from models.training.comparison import Compared, paired
from models.training.costs import estimate
from models.training.costs.estimate import Cost
from models.training.spec import TRAINING, TrainingSpec
from models.wording import file_size, in_points, p_value, whole_percent


def mistakes(spec: TrainingSpec) -> list[str]:
    """Return, a sentence each, which mistakes were made on purpose in a run of this recipe."""
    sentences = []
    if spec.preprocessing != "own":
        sentences.append("its pictures are divided by 255 before a network that scales them itself.")
    if spec.leaked:
        sentences.append(
            f"copies of {whole_percent(spec.leaked)} of the test pictures lie among its training pictures, so that "
            "its test "
            "accuracy and everything made of test pictures say too much."
        )
    if spec.label_noise:
        sentences.append(
            f"{whole_percent(spec.label_noise)} of its training pictures have the label of another class. Validation "
            "and test "
            "labels are right."
        )
    return sentences


def mistake_warning(spec: TrainingSpec) -> None:
    """Draw the mistakes that were made on purpose in a run of this recipe; nothing where there are none."""
    for sentence in mistakes(spec):
        st.warning(f"**This run was made wrong on purpose:** {sentence}", icon=":material/warning:")


def kept_words(cost: Cost) -> str:
    """Return how many epochs a run would keep and what they take: "20 epochs, 40 MB"."""
    return f"{cost.kept_epochs} epochs, {file_size(1e6 * cost.kept_epochs * cost.moving_mb)}"


def queue(costs: Mapping[TrainingSpec, Cost], owner: str) -> list[str]:
    """Queue trainings, all or none, keep with each run what it is predicted to cost, and return the ids of the runs.

    Args:
        costs: What `validate` returned for each of them.
        owner: The visitor.

    Raises:
        FreezeframeError: The visitor has too many jobs already, or the runs cannot be written.
    """
    queued = engine.submit_all(TRAINING, list(costs), owner=owner, seconds=[cost.seconds for cost in costs.values()])
    for run_id, cost in zip(queued, costs.values(), strict=True):
        estimate.keep(runs.get(run_id).folder, cost)
    return queued


def verdict(first: Compared, second: Compared) -> str:
    """Return how the second run differs from the first on the pictures that both were tested on."""
    one, two = first.number, second.number
    if first.spec.dataset != second.spec.dataset:
        return f"**{two} and {one}** were trained on other data: their accuracies cannot be compared."
    found = paired(first.judged, second.judged)
    if found is None:
        return f"**{two} and {one}** share no test picture that neither has learnt from: other splits, or leaks."
    difference = found.difference
    chance = p_value(found.p)
    left = f" {found.left_out} pictures that one of them has learnt from are left out." if found.left_out else ""
    noun = "picture" if found.only_first == 1 else "pictures"
    return (
        f"**{two} against {one}**: {points(difference)} on {difference.n} pictures both were tested on, "
        f"{clearness(difference)}. {found.only_first} {noun} only run {one} got right, {found.only_second} only "
        f"run {two} (McNemar p {chance}).{left}"
    )


def points(difference: Estimate) -> str:
    """Return a difference of shares with its interval: "+1.3 points (95% interval −0.2 to +2.8)"."""
    value, low, high = (in_points(share) for share in (difference.value, difference.low, difference.high))
    return f"{value} points (95% interval {low} to {high})"


def clearness(difference: Estimate) -> str:
    """Return whether the interval of a difference leaves 0 out, in words."""
    return "a clear difference" if difference.low > 0 or difference.high < 0 else "no clear difference"
