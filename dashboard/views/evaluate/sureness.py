"""How sure the classifier may be: confidence against accuracy, the pictures of each bin, and a temperature."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.evaluate.figures import reliability_figure
from dashboard.views.evaluate.pictures import judged_pictures
from dashboard.widgets.page import not_shown
from models.errors import FreezeframeError
from models.pictures.datasets import DatasetSpec
from models.training import calibration
from models.training.calibration import Bins, Reliability
from models.training.evaluation import Answers
from models.training.results import TrainingResult
from models.wording import fixed, percent, percent_range, significant

_BINS: Final[dict[Bins, str]] = {"width": "Equal width", "mass": "Equal numbers"}
_PICTURES: Final = 8
_NOT_SHOWN = (
    "How sure it is of the classes it does not choose: only the highest probability of each picture counts here, "
    "except in the Brier score. The error over bins is never 0 with few pictures, even of a perfect classifier, and "
    "hangs on how the bins are made. Pictures of another kind than these may be answered with any confidence."
)


def sureness_panel(result: TrainingResult, dataset: DatasetSpec, epoch: int | None) -> None:
    """Draw the whole section.

    Args:
        result: With the answers that are shown.
        dataset: Where the pictures are from.
        epoch: After which the answers were given; None for the best one, whose validation answers are known.
    """
    st.markdown("## How sure may it be?")
    try:
        calibration.reliability(result.label, result.probability)
    except FreezeframeError as error:
        st.caption(safe_label(str(error), 400))
        return
    controls, figure = st.columns([5, 8], gap="medium")
    with controls:
        bins = _bins()
        found = calibration.reliability(result.label, result.probability, bins)
        st.markdown(f"**{verdict(found)}** {calibration_error(result, bins)}")
        if epoch is None:  # of other epochs the probabilities of the other classes are not kept
            st.markdown(f"{brier_score(result)} {scaled(result)}")
    with figure:
        chart = reliability_figure(found)
        alt = f"Accuracy against confidence in {len(found.n)} bins. {verdict(found)}"
        st.plotly_chart(chart, key="evaluate_reliability", config=theme.CONFIG, alt=alt)
    number = _bin(found)
    judged_pictures(
        members(result, found, number),
        result,
        dataset,
        sheet=_PICTURES,
        key=f"evaluate_bin_{number}",
        name_classes=True,
    )
    not_shown(_NOT_SHOWN)


def _bins() -> Bins:
    return st.segmented_control(
        "Bins",
        list(_BINS),
        default="width",
        required=True,
        format_func=_BINS.__getitem__,
        key="evaluate_bins",
        bind="query-params",
        help="Ten bins of confidence of equal width, of which empty ones are left out; or ten with equal numbers of "
        "pictures.",
    )


def _bin(found: Reliability) -> int:
    """Draw which bin's pictures are shown and return its number; begins with that in which most answers are wrong."""
    wrong = found.n - found.right
    return int(
        st.select_slider(
            "Pictures of the bin",
            list(range(len(found.n))),
            int(wrong.argmax()),
            format_func=lambda number: percent_range(float(found.low[number]), float(found.high[number])),
            key=f"evaluate_bin_of_{len(found.n)}",
            persist_state="session",
            help="The wrong ones come first, the surest before the others.",
        )
        if len(found.n) > 1
        else 0
    )


def members(result: TrainingResult, found: Reliability, number: int) -> Answers:
    """Return the pictures of a bin: the wrong ones first, and the surest before the others."""
    inside = np.flatnonzero(found.place == number)
    probability = np.asarray(result.probability[inside], np.float64)
    predicted, confidence = probability.argmax(axis=1), probability.max(axis=1)
    label = np.asarray(result.label[inside])
    order = np.lexsort((-confidence, predicted == label))
    true = probability[np.arange(len(inside)), label]
    return Answers(inside[order], label[order], predicted[order], confidence[order], true[order])


def verdict(found: Reliability) -> str:
    """Return whether the classifier is too sure, by the interval of its accuracy."""
    sure, right = found.sure, found.overall
    words = f"{percent(sure)} sure on average, {percent(right.value)} right ({percent_range(right.low, right.high)})"
    if sure > right.high:
        return f"Too sure: {words}."
    if sure < right.low:
        return f"Not sure enough: {words}."
    return f"As sure as it is right, as far as {right.n} pictures can tell: {words}."


def calibration_error(result: TrainingResult, bins: Bins) -> str:
    """Return the expected calibration error with its interval."""
    error = calibration.error(result.label, result.probability, bins)
    points = f"{fixed(100 * error.low, 1)}–{fixed(100 * error.high, 1)}"
    return f"Expected calibration error: {fixed(100 * error.value, 1)} points (95% interval {points})."


def brier_score(result: TrainingResult) -> str:
    """Return the Brier score with its interval."""
    found = calibration.brier(result.label, result.probability)
    interval = f"{significant(max(found.low, 0))}–{significant(min(found.high, 2))}"
    return f"Brier score: {significant(found.value)} (95% interval {interval}); 0 is best, 2 is worst."


def scaled(result: TrainingResult) -> str:
    """Return what a temperature that is found on the validation pictures does to the test pictures."""
    if not len(result.val_label):
        return "Without validation pictures no temperature can be found."
    degree = calibration.temperature(result.val_label, result.val_probability)
    before, after = result.probability, calibration.cooled(result.probability, degree)
    errors = [fixed(100 * calibration.reliability(result.label, values).error, 1) for values in (before, after)]
    losses = [calibration.surprise(result.label, values) for values in (before, after)]
    does = "surer" if degree < 1 else "less sure"
    helps = "It helps" if losses[1] < losses[0] else "It does not help"
    return (
        f"A **temperature** of {significant(degree)}, found on {len(result.val_label)} validation pictures, would make "
        f"it {does}. {helps}: on the test pictures cross-entropy goes from {significant(losses[0])} to "
        f"{significant(losses[1])}, the calibration error from {errors[0]} to {errors[1]} points. No answer changes."
    )
