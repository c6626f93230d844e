"""A map that failed on purpose beside its cure, and what the detector finds in both."""

from __future__ import annotations

import streamlit as st

from dashboard.figures import theme
from dashboard.views.som import cache, figures_net
from dashboard.views.som.watch import ERRORS
from dashboard.widgets.page import not_shown
from models.som.failures import FAILURES, Outcome
from models.wording import percent

DETECTOR_HELP = (
    "It walks around every cell of the lattice, where its units lie in the data. In a map that lies flat all cells "
    "turn the same way. Cells turned over mean a fold if they meet the others along a line, and a twist if they meet "
    "them in a point. It also looks at how far the units spread, whether they still move, and whether a feature is "
    "ignored."
)


def draw() -> None:
    """Draw the choice of a failure, its map and the cured one."""
    name = st.selectbox(
        "What was set wrong",
        list(FAILURES),
        format_func=lambda key: FAILURES[key].title,
        key="som_failure",
        bind="query-params",
        label_visibility="collapsed",
        width=420,
    )
    failure = FAILURES[name]
    st.markdown(failure.why)
    wrong, right = st.columns(2, gap="medium")
    with wrong:
        _map("It went wrong", cache.failure(name, cured=False), f"som_failure_wrong_{name}")
    with right:
        _map("Cured", cache.failure(name, cured=True), f"som_failure_right_{name}")
    st.markdown(f"**The cure.** {failure.changed} Data, seed and everything else are the same.")
    not_shown(
        "Whether every map is wrong that looks like this: where data fill more than a plane, or the lattice is a "
        "toroid, a map has to fold."
    )


def _map(heading: str, outcome: Outcome, key: str) -> None:
    found = outcome.diagnosis
    flat = found.verdict == "flat"
    st.markdown(f"**{heading}** · :material/{'check' if flat else 'warning'}: {found.sentence}", help=DETECTOR_HELP)
    st.plotly_chart(
        figures_net.unfolded(outcome.lattice, outcome.codebook, outcome.points, found.sides),
        key=key,
        config=theme.CONFIG,
        alt=f"{heading}: the net of the map over its points. {found.sentence}",
    )
    st.caption(
        f"Topographic error {percent(found.topographic_error)} · spread of units {percent(found.spread)} of the "
        "data's · "
        f"{int((found.sides < 0).sum())} of {len(found.sides)} cells turned over",
        help=ERRORS,
    )
