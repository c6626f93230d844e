"""Questions to the occlusion page: settings, price, and their answers, given at once or by jobs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.widgets import cache, work
from dashboard.widgets.jobs import refusal, refusal_kept
from models.errors import InputError
from models.jobs import engine
from models.networks import layers
from models.networks.answers import SCORES, Prediction
from models.occlusion.occlusion import FILLS
from models.occlusion.scores import OCCLUSION, OcclusionSpec, PatchScores
from models.storage import runs
from models.wording import duration, grouped, percent

AT_ONCE_S = 2.0  # what takes longer is a job
TAPPED = "occlusion_tapped"  # the layer whose strongest map is watched, on all views
_PREDICTED = -1
_PROBLEM = "occlusion_problem"
_MANY = 20  # classes: more are listed with the most probable first
_FILL_HELP = (
    "What the hidden square shows. Grey is the classic, but on a dark sky a grey square is itself a bright object; the "
    "picture's mean colour and the blurred picture add less that is new; noise adds a texture."
)
_SCORE_HELP = (
    "The logit is the score before softmax turns the scores of all classes into probabilities. It moves where the "
    "probability of a sure answer hardly does, and it does not depend on the other classes. Nothing has to be computed "
    "again for the other one."
)


def class_picker(prediction: Prediction) -> int:
    """Draw which class's score is explained and return its number; begins with the predicted class."""
    best = int(prediction.probabilities.argmax())
    numbers = range(len(prediction.classes))
    if len(numbers) > _MANY:
        numbers = np.argsort(-prediction.probabilities, kind="stable").tolist()
    index = st.selectbox(
        "Class to explain",
        [_PREDICTED, *numbers],
        format_func=lambda number: "the predicted one" if number == _PREDICTED else prediction.classes[number],
        key="occlusion_class",
        bind="query-params",
        help="The map shows how the score of this class falls.",
    )
    chosen = best if index == _PREDICTED else index
    name, probability = safe_label(prediction.classes[chosen]), prediction.probabilities[chosen]
    st.caption(f"**{name}** has {percent(probability)} in the untouched picture.")
    return chosen


def tapped(network: str) -> str:
    """Return the layer whose strongest map is watched: the one chosen on the figure, else the deepest with maps."""
    choices, kept = layers.layers(network), state.get(TAPPED)
    if kept in {layer.name for layer in choices}:
        return str(kept)
    maps = [layer.name for layer in choices if layer.is_map and not layer.name.endswith("pool")]
    rectified = [name for name in maps if name.endswith(("relu", "_out"))]
    return (rectified or maps or [choices[-1].name])[-1]


def first(network: str, picture: str) -> OcclusionSpec:
    """Return what the page begins with for a picture."""
    return OcclusionSpec.first(network, picture, layers.side(network), tapped(network))


def square(spec: OcclusionSpec) -> OcclusionSpec:
    """Draw size and stride of the square, beginning with those of `spec`; return the question with what is chosen."""
    side = layers.side(spec.network)
    patch = st.slider(
        "Patch side (px)", 2, side, spec.patch, key=f"occlusion_patch_{side}", bind="query-params",
        help="A small patch gives detail; a large one hides enough for the score to move.",
    )  # fmt: skip
    stride = st.slider(
        "Stride (px)", 1, side // 2, spec.stride, key=f"occlusion_stride_{side}", bind="query-params",
        help="The step to the next square, at most the patch side. Where squares overlap, their effects are averaged.",
    )  # fmt: skip
    return replace(spec, patch=patch, stride=stride)


def fill_picker(*, disabled: bool = False) -> str:
    """Draw what the square shows."""
    return st.selectbox(
        "Fill",
        FILLS,
        FILLS.index("mean"),
        key="occlusion_fill",
        bind="query-params",
        help=_FILL_HELP,
        disabled=disabled,
    )


def score_picker() -> str:
    """Draw which score is explained."""
    return st.selectbox(
        "Score (logit: before softmax)",
        SCORES,
        SCORES.index("logit"),
        key="occlusion_score",
        bind="query-params",
        help=_SCORE_HELP,
    )


@dataclass(frozen=True, slots=True)
class Questions:
    """Questions about one picture, and what there is of their answers.

    Attributes:
        specs: The questions.
        found: What there was of each when the page was drawn; () if all are answered at once.
    """

    specs: tuple[OcclusionSpec, ...]
    found: tuple[work.Found[PatchScores], ...] = ()

    @property
    def active(self) -> bool:
        """Whether a job waits or works."""
        return any(found.run is not None and found.run.status.active for found in self.found)

    def current(self) -> list[PatchScores | None]:
        """Return what is known by now: whole, partial, a coarse preview, or None where that would take long, too.

        Raises:
            InputError: The network gives no numbers.
        """
        if not self.found:
            known: list[PatchScores | None] = [occlusion_cache.patch_scores(spec) for spec in self.specs]
        else:
            known = [_written(found.run) if found.result is None else found.result for found in self.found]
            previews = [replace(spec, stride=spec.patch) for spec in self.specs]
            if sum(preview.seconds for preview in previews) <= AT_ONCE_S:
                known = [
                    occlusion_cache.patch_scores(preview) if scores is None else scores
                    for scores, preview in zip(known, previews, strict=True)
                ]
        if not all(np.isfinite(scores.base_logits).all() for scores in known if scores is not None):
            raise InputError("Expected scores that are numbers. Received none: the training of this run diverged.")
        return known

    def remark(self, known: Sequence[PatchScores | None]) -> str:
        """Return a word on what `current` gave where it is not the whole."""
        for spec, scores in zip(self.specs, known, strict=True):
            if scores is None:
                return "Start the computation to see the map."
            if scores.stride != spec.stride:
                return f"Coarse preview, stride {scores.stride} px."
            if not scores.done.all():
                return (
                    f"{grouped(int(scores.done.sum()))} of {grouped(scores.n_positions)} positions so far, "
                    "from coarse to fine."
                )
        return ""


def ask(specs: Sequence[OcclusionSpec], owner: str, beside: DeltaGenerator) -> Questions:
    """Draw `beside` the settings what the questions cost and, for long ones, the button that starts their jobs.

    Raises:
        InputError: Sizes that do not go together.
    """
    positions, seconds = sum(spec.n_positions for spec in specs), sum(spec.seconds for spec in specs)
    price = f"{grouped(positions)} positions, about {duration(seconds)}"
    if seconds <= AT_ONCE_S:
        beside.caption(price)
        return Questions(tuple(specs))
    engine.warm_up_jobs()  # while the visitor reads what it costs
    questions = Questions(tuple(specs), tuple(work.find(OCCLUSION, spec, owner) for spec in specs))
    whole = all(found.result is not None for found in questions.found)
    beside.caption(f"{grouped(positions)} positions, computed" if whole else price)
    idle = [found.result is None and not (found.run and found.run.status.active) for found in questions.found]
    if missing := [spec for spec, start in zip(specs, idle, strict=True) if start]:
        words = "Compute the map" if len(specs) == 1 else "Compute the maps"
        beside.button(
            words, key="occlusion_compute", icon=":material/play_arrow:", type="primary", on_click=_start,
            args=(missing, owner),
        )  # fmt: skip
        refusal(_PROBLEM, beside)
    return questions


def jobs_below(questions: Questions) -> None:
    """Draw how far the jobs are or how they ended; below the picture, so that it stays where it is."""
    for number, found in enumerate(questions.found):
        if found.result is None:
            work.progress(found.run, "occlusion" if number == 0 else f"occlusion_{number}")


def _start(specs: Sequence[OcclusionSpec], owner: str) -> None:
    with refusal_kept(_PROBLEM):
        engine.submit_all(OCCLUSION, specs, owner=owner)


def _written(run: runs.Run | None) -> PatchScores | None:
    """Return what a job that goes on, or has just ended, has written by now."""
    if run is None or not (run.status.active or run.status.state == "done"):
        return None
    return cache.result(OCCLUSION, run)
