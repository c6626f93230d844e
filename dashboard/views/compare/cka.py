"""Linear CKA of two of the compared networks, layer by layer: which two, the job, the matrix."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.compare import figures
from dashboard.widgets import work
from dashboard.widgets.page import not_shown
from models.errors import FreezeframeError
from models.ids import NetworkId
from models.pictures import datasets
from models.representations.cka import CKA, PICTURES, CkaSpec, Likeness
from models.training.comparison import Compared
from models.wording import fixed


def cka_panel(compared: Sequence[Compared], owner: str) -> None:
    """Draw the choice of two networks, and their CKA or the offer to measure it."""
    st.markdown("## Do two layers consider the same pictures similar?")
    networks = _networks(compared)
    names = list(networks)
    controls, picture = st.columns([4, 11], gap="medium")
    with controls:
        first = _choice("Rows", "compare_likeness_first", names, 0 if len(compared) > 1 else 1)
        second = _choice("Columns", "compare_likeness_second", names, 2 if len(compared) > 1 else 0)
        try:
            spec = CkaSpec(networks[first], networks[second], compared[0].spec.dataset)
        except FreezeframeError as error:
            st.error(safe_label(str(error), 300), icon=":material/error:")
            return
    with picture:
        result = work.answer(
            CKA,
            spec,
            owner=owner,
            what=f"Both networks look at {PICTURES} pictures",
            button="Measure",
            key="compare_likeness",
            beside=controls,
        )
        if result is not None:
            _matrix(result, first, second)
        else:
            st.caption(
                "CKA = 1: both layers consider the same pictures similar. CKA = 0: nothing in common. Weights can move "
                "far while CKA stays at 1."
            )


def _networks(compared: Sequence[Compared]) -> dict[str, str]:
    """Return the networks that can be chosen: {name: id}."""
    found = {}
    for run in compared:
        found[f"Run {run.number}, trained"] = str(NetworkId(run.run_id))
        found[f"Run {run.number}, at its start"] = str(NetworkId(run.run_id, start=True))
    return found


def _choice(label: str, key: str, names: list[str], default: int) -> str:
    chosen = state.get(key)
    state.put(key, chosen if chosen in names else names[default])
    return str(st.selectbox(label, names, key=key, persist_state="session"))


def _matrix(result: Likeness, first: str, second: str) -> None:
    same = "; ".join(f"{name} {fixed(value, 2)}" for name, value in result.diagonal.items())
    st.plotly_chart(
        figures.matrix(result, first, second, 120 + 30 * len(result.first)),
        key="compare_likeness_matrix",
        config=theme.CONFIG,
        alt=f"CKA of every layer of {first} with every layer of {second}. Of the same layer: {same}",
    )
    st.caption(
        f"The same layer in both: {same}. CKA = 1: both layers consider the same pictures similar. CKA = 0: nothing in "
        f"common. Measured on {result.pictures} test pictures of {datasets.get(result.dataset).title}, by the split of "
        "the rows; with another split the columns may have learned from some of them."
    )
    not_shown(
        "Which network is better. Neighbouring layers are usually similar, so compare the diagonal with what surrounds "
        "it. Turning or scaling all values of a layer does not change its CKA."
    )
