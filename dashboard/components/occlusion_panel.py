"""What is hidden, which score is watched, and the map that comes of it, at once or as a job."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache, state
from dashboard.components.job_panel import job_panel
from dashboard.labels import safe_label
from models import engine, network_layers, runs
from models.errors import QueueFull, RunNotFound
from models.occlusion import FILLS, SCORES, OcclusionMap, cost
from models.results import Prediction

AT_ONCE_S = 2.0  # a map that takes longer is a job
_PREDICTED = -1
_FILL_HELP = (
    "What the hidden square shows. Grey is the classic, but on a dark sky a grey square is itself a bright object; the "
    "picture's mean colour and the blurred picture add less that is new; noise adds a texture."
)
_SCORE_HELP = (
    "The probability of a sure classifier hardly moves. The logit is the score before the softmax: it has no such "
    "ceiling, and does not depend on the other classes."
)


@dataclass(frozen=True, slots=True)
class Question:
    """The arguments of one occlusion map."""

    network: str
    picture: str
    patch: int
    stride: int
    fill: str
    score: str
    class_index: int

    @property
    def n_positions(self) -> int:
        """How many squares are hidden; raises InputError for sizes that do not go together."""
        side = network_layers.side(self.network)
        return cost(side, side, self.patch, self.stride)

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return network_layers.seconds(self.network, self.n_positions + 1)


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


def settings(network: str, picture: str, class_index: int) -> Question:
    """Draw size, stride, fill and score; the defaults hide a sixteenth of the picture at 13 x 13 places."""
    side = network_layers.side(network)
    patch = st.slider(
        "Patch side (px)", 2, side, side // 4, key=f"occlusion_patch_{side}", bind="query-params",
        help="A small patch gives detail; a large one hides enough for the score to move.",
    )  # fmt: skip
    stride = st.slider(
        "Stride (px)", 1, side // 2, side // 16, key=f"occlusion_stride_{side}", bind="query-params",
        help="The step to the next square, at most the patch side. Where squares overlap, their effects are averaged.",
    )  # fmt: skip
    fill = st.selectbox("Fill", FILLS, FILLS.index("mean"), key="occlusion_fill", bind="query-params", help=_FILL_HELP)
    score = st.selectbox("Score", SCORES, key="occlusion_score", bind="query-params", help=_SCORE_HELP)
    return Question(network, picture, patch, stride, fill, score, class_index)


def answer(question: Question, owner: str, beside: DeltaGenerator) -> tuple[OcclusionMap | None, str]:
    """Return the map and a word on it: the whole map at once, or a coarse one until the job for the whole is done.

    Draws the cost (and, for long maps, the button that starts the job) `beside` the settings, and the job's progress
    here. The map is None where even the coarse one would take long.
    """
    price = f"{question.n_positions:,} positions"
    if question.seconds <= AT_ONCE_S:
        beside.caption(f"{price}, about {max(question.seconds, 0.1):.1f} s")
        return cache.occlusion_map(**asdict(question)), ""
    run = _job(question, owner)
    if run is not None and run.status.state == "done":
        beside.caption(f"{price}, computed")
        return cache.occlusion_result(run.id), ""
    if run is None:
        beside.caption(f"{price}, about {_duration(question.seconds)}")
        beside.button(
            "Compute the map",
            key="occlusion_compute",
            icon=":material/play_arrow:",
            type="primary",
            on_click=_start,
            args=(question, owner),
        )
        if problem := state.get("occlusion_problem"):
            st.warning(problem, icon=":material/hourglass_top:")
            state.put("occlusion_problem", "")
    else:
        job_panel(run.id, key="occlusion")
    coarse = replace(question, stride=question.patch)
    if coarse.seconds > AT_ONCE_S:
        return None, "Start the computation to see the map."
    return cache.occlusion_map(**asdict(coarse)), f"Coarse preview, stride {coarse.stride} px."


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def _spec(question: Question) -> dict[str, str | int]:
    fields = asdict(question)
    return {"network_id": fields.pop("network"), "picture_id": fields.pop("picture"), **fields}


def _start(question: Question, owner: str) -> None:
    try:
        engine.submit("occlusion", _spec(question), owner=owner, title="Occlusion map")
    except QueueFull as error:
        state.put("occlusion_problem", str(error))


def _job(question: Question, owner: str) -> runs.Run | None:
    """Return the visitor's newest job for this very question that works or left a map that can be read."""
    wanted = _spec(question)
    mine = (run for run in runs.listing(owner, "occlusion") if run.spec == wanted)
    return next((run for run in mine if run.status.active or _has_map(run)), None)


def _has_map(run: runs.Run) -> bool:
    try:
        return run.status.state == "done" and cache.occlusion_result(run.id) is not None
    except RunNotFound:
        return False
