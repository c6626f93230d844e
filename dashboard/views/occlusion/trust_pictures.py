"""What the maps of a classifier are worth over all test pictures: shipped for the example, else measured by a job."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.widgets import work
from models.attribution.trust import SAMPLE, TRUST, TrustResult, TrustSpec

_KEY = "occlusion_trust_job"


def test_pictures(chosen: state.Selection, network: str, beside: DeltaGenerator) -> work.Found[TrustResult]:
    """Draw the price and the button where nothing is measured yet; return what there is."""
    spec = TrustSpec(network)
    found = work.find(TRUST, spec, chosen.owner)
    if found.result is None:
        what = f"All maps of {spec.n_pictures} test pictures, curves of {min(SAMPLE, spec.n_pictures)}"
        work.offer(
            TRUST, spec, found.run, owner=chosen.owner, what=what, button="Measure them", key=_KEY, beside=beside
        )
    return found


def missing(found: work.Found[TrustResult]) -> None:
    """Draw how far the job is; for where its result would stand."""
    work.progress(found.run, _KEY)
