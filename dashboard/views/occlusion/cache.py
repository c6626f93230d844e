"""The caches of the occlusion page; keys are ids, digests and numbers, never arrays."""

from __future__ import annotations

import streamlit as st

from models.attribution.deletion import DELETION_CURVES, Curves
from models.attribution.maps import ATTRIBUTION_MAP, Attribution, ExplanationSpec, written
from models.jobs import engine
from models.occlusion.scores import PATCH_SCORES, OcclusionSpec, PatchScores
from models.storage import runs
from models.storage.files import Result


@st.cache_resource(max_entries=32, show_spinner="Hiding one part after the other…")
def patch_scores(spec: OcclusionSpec) -> PatchScores:
    """Return every class's score and one map's activity with parts of a picture hidden; read-only."""
    return engine.call(PATCH_SCORES, spec=spec)


@st.cache_resource(max_entries=64, show_spinner="Following the gradient…")
def attribution_map(spec: ExplanationSpec) -> Attribution:
    """Return the map of one method for one class of a picture; of a second or two at most; read-only."""
    return engine.call(ATTRIBUTION_MAP, spec=spec)


@st.cache_resource(max_entries=32, show_spinner="Taking the picture apart and putting it together again…")
def deletion_curves(spec: ExplanationSpec) -> Curves:
    """Return the deletion and insertion curves of all methods for one class of a picture; read-only."""
    return engine.call(DELETION_CURVES, spec=spec)


def explanation(run: runs.Run | None, name: str, kind: type[Result]) -> Result | None:
    """Return what a job for one picture has written under `name`, see `maps.written`; None without a job."""
    if run is None or not (path := run.path(f"{name}.npz")).exists():
        return None
    found: Result | None = _explanation(run.id, name, kind, path.stat().st_mtime_ns)
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _explanation(run_id: str, name: str, kind: type[Result], version: int) -> Result | None:  # noqa: ARG001  the key
    return written(runs.get(run_id), name, kind)
