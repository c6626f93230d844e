"""How alike two of the compared networks represent pictures, layer by layer: measured on demand, kept as a job."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.compare import figures
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from models.errors import FreezeframeError
from models.jobs import engine
from models.pictures.datasets import DATASETS
from models.representations import likeness
from models.representations.likeness import LikenessSpec
from models.storage import runs
from models.training.comparison import Compared

_PROBLEM = "compare_likeness_problem"


def likeness_panel(compared: Sequence[Compared], owner: str) -> None:
    """Draw the choice of two networks, and their likeness or the offer to measure it."""
    st.markdown("##### Do the layers find the same pictures alike?")
    networks = _networks(compared)
    names = list(networks)
    controls, picture = st.columns([4, 11], gap="medium")
    with controls:
        first = _choice("Rows", "compare_likeness_first", names, 0 if len(compared) > 1 else 1)
        second = _choice("Columns", "compare_likeness_second", names, 2 if len(compared) > 1 else 0)
        try:
            spec = LikenessSpec(networks[first], networks[second], compared[0].spec.dataset)
        except FreezeframeError as error:
            st.error(safe_label(str(error), 300), icon=":material/error:")
            return
        job = next((run for run in runs.listing(owner, likeness.KIND) if run.spec == spec.to_json()), None)
        if job is None or job.status.state in ("failed", "cancelled"):
            _offer(spec, f"{first} and {second}", owner)
    with picture:
        if job is not None:
            job_panel(job.id, key="compare_likeness")
            if job.status.state == "done":
                _result(job, first, second)
        else:
            st.caption(
                "Linear CKA is 1 where a layer finds the same pictures alike as another one, however turned, mirrored "
                "or scaled its values are; 0 where the two have nothing in common. Weights can move far and leave it "
                "at 1."
            )


def _networks(compared: Sequence[Compared]) -> dict[str, str]:
    """Return the networks that can be chosen: {name: id}."""
    found = {}
    for run in compared:
        found[f"Run {run.number}, trained"] = f"run:{run.run_id}"
        found[f"Run {run.number}, at its start"] = f"run:{run.run_id}:start"
    return found


def _choice(label: str, key: str, names: list[str], default: int) -> str:
    chosen = state.get(key)
    state.put(key, chosen if chosen in names else names[default])
    return str(st.selectbox(label, names, key=key, persist_state="session"))


def _offer(spec: LikenessSpec, title: str, owner: str) -> None:
    def begin() -> None:
        with refusal_kept(_PROBLEM):
            engine.submit_old(likeness.KIND, spec.to_json(), owner=owner, title=title)

    st.button(
        f"Measure (about {spec.seconds:.0f} s)",
        key="compare_likeness_start",
        icon=":material/compare:",
        on_click=begin,
        width="stretch",
    )
    refusal(_PROBLEM)


def _result(job: runs.Run, first: str, second: str) -> None:
    found = likeness.load(job)
    if found is None:
        st.error("The result of this comparison cannot be read. Measure again.", icon=":material/error:")
        return
    same = "; ".join(f"{name} {value:.2f}" for name, value in found.diagonal.items())
    st.plotly_chart(
        figures.matrix(found, first, second, 120 + 30 * len(found.first)),
        key="compare_likeness_matrix",
        config=theme.CONFIG,
        alt=f"Likeness of every layer of {first} with every layer of {second}. Of the same layer: {same}",
    )
    st.caption(
        f"Linear CKA on {found.pictures} pictures of {DATASETS[found.dataset].title} from the test part of the rows' "
        "split; with another split the columns may have learnt from some of them. The same layer in both: "
        f"{same}. 1: both find the same pictures alike, however turned or scaled their values are. Neighbouring layers "
        "are usually much alike, so look at the diagonal against its surroundings. It does not say which is better."
    )
