"""The caches of the occlusion page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

import streamlit as st

from models.attribution.deletion import DELETION_CURVES, Curves
from models.attribution.maps import ATTRIBUTION_MAP, Attribution, ExplanationSpec
from models.jobs import engine
from models.occlusion import scores
from models.occlusion.scores import PATCH_SCORES, PatchScores
from models.storage import files, runs
from models.storage.files import Result


@st.cache_resource(max_entries=32, show_spinner="Hiding one part after the other…")
def patch_scores(
    network: str, picture: str, patch: int, stride: int, fill: str, layer: str, channel: int
) -> PatchScores:
    """Return every class's score and one map's activity with parts of a picture hidden; read-only."""
    return engine.call(
        PATCH_SCORES,
        network=network, picture=picture, patch=patch, stride=stride, fill=fill, layer=layer, channel=channel,
    )  # fmt: skip


@st.cache_resource(max_entries=32, show_spinner=False)
def patch_scores_result(run_id: str, version: int) -> PatchScores | None:
    """Return what a job has written at this version of its file (`patch_scores.version`); read-only."""
    return scores.load(runs.get(run_id).path(scores.RESULT)) if version else None


@st.cache_resource(max_entries=64, show_spinner="Following the gradient…")
def attribution_map(spec: ExplanationSpec) -> Attribution:
    """Return the map of one method for one class of a picture; of a second or two at most; read-only."""
    return engine.call(ATTRIBUTION_MAP, spec=spec)


@st.cache_resource(max_entries=32, show_spinner="Taking the picture apart and putting it together again…")
def deletion_curves(spec: ExplanationSpec) -> Curves:
    """Return the deletion and insertion curves of all methods for one class of a picture; read-only."""
    return engine.call(DELETION_CURVES, spec=spec)


def explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    """Return what a job for one picture has written under `name`; None where nothing can be read."""
    path = runs.get(run_id).path(name)
    found: Result | None = _explanation_result(run_id, name, kind) if path.exists() else None
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    return files.read(runs.get(run_id).path(name), kind)
