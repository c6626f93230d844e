"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call("activation_maps", network=network, layer=layer, picture=picture)
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from models.attribution import randomised, trust
from models.attribution.deletion import Curves
from models.attribution.maps import Attribution, ExplanationSpec
from models.attribution.randomised import RandomisedResult, RandomisedSpec
from models.attribution.trust import TrustResult, TrustSpec
from models.jobs import engine
from models.occlusion import scores
from models.occlusion.scores import PatchScores
from models.storage import files, runs
from models.storage.files import Result

if TYPE_CHECKING:
    pass


@st.cache_resource(max_entries=32, show_spinner="Hiding one part after the other…")
def patch_scores(
    network: str, picture: str, patch: int, stride: int, fill: str, layer: str, channel: int
) -> PatchScores:
    """Return every class's score and one map's activity with parts of a picture hidden; read-only."""
    answer: PatchScores = engine.call(
        "patch_scores",
        network=network, picture=picture, patch=patch, stride=stride, fill=fill, layer=layer, channel=channel,
    )  # fmt: skip
    return answer


@st.cache_resource(max_entries=32, show_spinner=False)
def patch_scores_result(run_id: str, version: int) -> PatchScores | None:
    """Return what a job has written at this version of its file (`patch_scores.version`); read-only."""
    return scores.load(runs.get(run_id).path(scores.RESULT)) if version else None


@st.cache_resource(max_entries=64, show_spinner="Following the gradient…")
def attribution_map(spec: ExplanationSpec) -> Attribution:
    """Return the map of one method for one class of a picture; of a second or two at most; read-only."""
    answer: Attribution = engine.call("attribution_map", spec=spec.to_json())
    return answer


@st.cache_resource(max_entries=32, show_spinner="Taking the picture apart and putting it together again…")
def deletion_curves(spec: ExplanationSpec) -> Curves:
    """Return the deletion and insertion curves of all methods for one class of a picture; read-only."""
    answer: Curves = engine.call("deletion_curves", spec=spec.to_json())
    return answer


def explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    """Return what a job for one picture has written under `name`; None where nothing can be read."""
    path = runs.get(run_id).path(name)
    found: Result | None = _explanation_result(run_id, name, kind) if path.exists() else None
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    return files.read(runs.get(run_id).path(name), kind)


@st.cache_resource(max_entries=8, show_spinner=False)
def trust_result(spec: TrustSpec, run_id: str) -> TrustResult | None:
    """Return what a classifier's maps are worth over its test pictures: what a run measured, else what is shipped."""
    return trust.load(runs.get(run_id)) if run_id else trust.truth(spec)


@st.cache_resource(max_entries=8, show_spinner=False)
def randomised_result(spec: RandomisedSpec, run_id: str) -> RandomisedResult | None:
    """Return what random weights do to a classifier's maps: what a run measured, else what is shipped."""
    return randomised.load(runs.get(run_id)) if run_id else trust.randomised(spec)
