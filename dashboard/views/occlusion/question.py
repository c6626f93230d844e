"""What is hidden, and every class's scores that come of it: at once, or as jobs that go from coarse to fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.widgets.jobs import job_panel
from dashboard.widgets.work import _occlusion_duration
from models.errors import FreezeframeError, InputError, RunNotFound
from models.jobs import engine
from models.networks import layers as networks_layers
from models.networks.answers import SCORES, Prediction
from models.occlusion import costs
from models.occlusion import scores as occlusion_scores
from models.occlusion.occlusion import FILLS, cost
from models.occlusion.scores import PatchScores
from models.storage import runs

AT_ONCE_S = 2.0  # what takes longer is a job
TAPPED = "occlusion_tapped"  # the layer whose strongest map is watched, on all views
_PREDICTED = -1
_FILL_HELP = (
    "What the hidden square shows. Grey is the classic, but on a dark sky a grey square is itself a bright object; the "
    "picture's mean colour and the blurred picture add less that is new; noise adds a texture."
)
_SCORE_HELP = (
    "The probability of a sure classifier hardly moves. The logit is the score before the softmax: it has no such "
    "ceiling, and does not depend on the other classes. Both come of one computation: change freely."
)


@dataclass(frozen=True, slots=True)
class Question:
    """What is hidden, and whose strongest map is watched; one answer serves every class and score."""

    network: str
    picture: str
    patch: int
    stride: int
    fill: str
    layer: str
    channel: int = -1  # the strongest

    @property
    def n_positions(self) -> int:
        """How many squares are hidden; raises InputError for sizes that do not go together."""
        side = networks_layers.side(self.network)
        return cost(side, side, self.patch, self.stride)

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return costs.patch_seconds(self.network, self.patch, self.stride)

    @property
    def spec(self) -> dict[str, str | int]:
        """The settings of the job that answers it."""
        fields = asdict(self)
        return {"network_id": fields.pop("network"), "picture_id": fields.pop("picture"), **fields}


def class_picker(said: Prediction) -> int:
    """Draw which class's score is explained and return its number; begins with the predicted class."""
    best = int(said.probabilities.argmax())
    index = st.selectbox(
        "Class to explain",
        [_PREDICTED, *range(len(said.classes))],
        format_func=lambda number: "the predicted one" if number == _PREDICTED else said.classes[number],
        key="occlusion_class",
        bind="query-params",
        help="The map shows how the score of this class falls.",
    )
    chosen = best if index == _PREDICTED else index
    st.caption(f"**{safe_label(said.classes[chosen])}** has {said.probabilities[chosen]:.1%} in the untouched picture.")
    return chosen


def tapped(network: str) -> str:
    """Return the layer whose strongest map is watched: the one chosen on the figure, else the deepest with maps."""
    layers = networks_layers.layers(network)
    kept = state.get(TAPPED)
    if kept in {layer.name for layer in layers}:
        return str(kept)
    maps = [layer.name for layer in layers if layer.is_map and not layer.name.endswith("pool")]
    rectified = [name for name in maps if name.endswith(("relu", "_out"))]
    return (rectified or maps or [layers[-1].name])[-1]


def square(network: str) -> tuple[int, int]:
    """Draw size and stride of the square; the defaults hide a sixteenth of the picture at 13 x 13 places."""
    side = networks_layers.side(network)
    patch = st.slider(
        "Patch side (px)", 2, side, side // 4, key=f"occlusion_patch_{side}", bind="query-params",
        help="A small patch gives detail; a large one hides enough for the score to move.",
    )  # fmt: skip
    stride = st.slider(
        "Stride (px)", 1, side // 2, side // 16, key=f"occlusion_stride_{side}", bind="query-params",
        help="The step to the next square, at most the patch side. Where squares overlap, their effects are averaged.",
    )  # fmt: skip
    return patch, stride


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
    return st.selectbox("Score", SCORES, key="occlusion_score", bind="query-params", help=_SCORE_HELP)


@dataclass(frozen=True, slots=True)
class Asked:
    """Questions on one picture, and the visitor's jobs for those that are not answered at once."""

    questions: tuple[Question, ...]
    jobs: tuple[runs.Run | None, ...]
    at_once: bool

    @property
    def active(self) -> list[runs.Run]:
        """The jobs that wait or work."""
        return [run for run in self.jobs if run is not None and run.status.active]

    def current(self) -> list[PatchScores | None]:
        """Return what is known by now: whole, partial, a coarse preview, or None where that would take long, too.

        Raises:
            InputError: The network gives no numbers.
        """
        previews = [replace(question, stride=question.patch) for question in self.questions]
        quick = sum(preview.seconds for preview in previews) <= AT_ONCE_S
        found = []
        for question, preview, run in zip(self.questions, previews, self.jobs, strict=True):
            scores = occlusion_cache.patch_scores(**asdict(question)) if self.at_once else _written(run)
            if scores is None and quick:
                scores = occlusion_cache.patch_scores(**asdict(preview))
            if scores is not None and not np.isfinite(scores.base_logits).all():
                raise InputError("Expected scores that are numbers. Received none: the training of this run diverged.")
            found.append(scores)
        return found

    def remark(self, known: Sequence[PatchScores | None]) -> str:
        """Return a word on what `current` gave where it is not the whole."""
        for question, scores in zip(self.questions, known, strict=True):
            if scores is None:
                return "Start the computation to see the map."
            if scores.stride != question.stride:
                return f"Coarse preview, stride {scores.stride} px."
            if not scores.done.all():
                return f"{int(scores.done.sum()):,} of {scores.n_positions:,} positions so far, from coarse to fine."
        return ""


def ask(questions: Sequence[Question], owner: str, beside: DeltaGenerator) -> Asked:
    """Draw `beside` the settings what the questions cost and, for long ones, the button that starts their jobs.

    Raises:
        InputError: Sizes that do not go together.
    """
    positions, seconds = sum(one.n_positions for one in questions), sum(one.seconds for one in questions)
    price = f"{positions:,} positions"
    if seconds <= AT_ONCE_S:
        beside.caption(f"{price}, about {max(seconds, 0.1):.1f} s")
        return Asked(tuple(questions), (None,) * len(questions), at_once=True)
    engine.warm_up_jobs()  # while the visitor reads what it costs
    asked = Asked(tuple(questions), tuple(_job(one, owner) for one in questions), at_once=False)
    missing = [one for one, run in zip(questions, asked.jobs, strict=True) if run is None]
    if not missing:
        beside.caption(f"{price}, computed" if not asked.active else f"{price}, about {_occlusion_duration(seconds)}")
        return asked
    beside.caption(f"{price}, about {_occlusion_duration(seconds)}")
    beside.button(
        "Compute the map" if len(questions) == 1 else "Compute the maps",
        key="occlusion_compute",
        icon=":material/play_arrow:",
        type="primary",
        on_click=_start,
        args=(missing, owner),
    )
    if problem := state.get("occlusion_problem"):
        beside.warning(safe_label(problem, 400), icon=":material/hourglass_top:")
        state.put("occlusion_problem", "")
    return asked


def jobs_below(asked: Asked) -> None:
    """Draw how far the jobs are; below the picture, so that it stays where it is."""
    for number, run in enumerate(asked.active):
        job_panel(run.id, key="occlusion" if number == 0 else f"occlusion_{number}")


def _start(questions: Sequence[Question], owner: str) -> None:
    try:
        for question in questions:
            engine.submit_old("occlusion", question.spec, owner=owner, title=f"Occlusion map, {question.fill}")
    except FreezeframeError as error:
        state.put("occlusion_problem", str(error))


def _job(question: Question, owner: str) -> runs.Run | None:
    """Return the visitor's newest job for this very question that works or left scores that can be read."""
    mine = (run for run in runs.listing(owner, "occlusion") if run.spec == question.spec)
    return next((run for run in mine if run.status.active or _is_whole(run)), None)


def _is_whole(run: runs.Run) -> bool:
    return run.status.state == "done" and _written(run) is not None


def _written(run: runs.Run | None) -> PatchScores | None:
    """Return what a job has written so far; None where nothing can be read."""
    if run is None:
        return None
    try:
        return occlusion_cache.patch_scores_result(run.id, occlusion_scores.version(run.path(occlusion_scores.RESULT)))
    except RunNotFound:
        return None
