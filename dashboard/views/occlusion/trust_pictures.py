"""What the maps of a classifier are worth over all test pictures: shipped for the example, else measured by a job."""

from __future__ import annotations

from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.widgets import work as widgets_work
from models.attribution.trust import KIND, SAMPLE, TrustResult, TrustSpec
from models.pictures.datasets import DATASETS
from models.storage import runs


def test_pictures(
    chosen: state.Selection, network: str, beside: DeltaGenerator
) -> tuple[TrustResult | None, runs.Run | None]:
    """Draw the price and the button where nothing is measured yet; return the result, and the visitor's job for it."""
    spec = TrustSpec(network)
    work = widgets_work.Work(
        KIND, spec.to_json(), f"{DATASETS[spec.dataset].title}: maps against the truth", spec.seconds
    )
    result, run = occlusion_cache.trust_result(spec, ""), None
    if result is None:
        run = work.newest(chosen.owner)
        if run is not None and run.status.state == "done":
            result = occlusion_cache.trust_result(spec, run.id)
    if result is None:
        what = f"All maps of {spec.n_pictures} test pictures, curves of {min(SAMPLE, spec.n_pictures)}"
        button = "Measure them"
        widgets_work.price(work, run, chosen.owner, what=what, button=button, key="occlusion_trust_job", beside=beside)
    return result, run


def missing(run: runs.Run | None) -> None:
    """Draw how far the job is; for where its result would stand."""
    widgets_work.progress(run, "occlusion_trust_job", "This measurement cannot be read. Measure again.")
