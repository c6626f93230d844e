"""How a trained map is read: its U-matrix and its hits."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.figures import som as figures
from dashboard.figures import theme
from models.som_lattice import Lattice
from models.som_measures import hit_map
from models.som_record import SomRecord


def measures(record: SomRecord) -> None:
    """Draw the U-matrix and the hits of the last frame side by side."""
    lattice = Lattice(record.rows, record.columns, record.lattice, record.toroid)
    left, right = st.columns(2, gap="medium")
    hits = hit_map(record.bmu[-1].astype(np.int64), record.rows, record.columns)
    with left:
        st.markdown(
            "**U-matrix**", help="Mean distance of a unit's weights to its neighbours': bright ridges part groups."
        )
        st.plotly_chart(
            figures.numbers(lattice, record.u_matrix, "distance"),
            key="som_umatrix",
            config=theme.CONFIG,
            alt=figures.describe(record.u_matrix, "U-matrix"),
        )
    with right:
        st.markdown("**Hits**", help="How many samples have the unit as their BMU, the best-matching unit.")
        st.plotly_chart(
            figures.numbers(lattice, hits, "samples"),
            key="som_hits",
            config=theme.CONFIG,
            alt=figures.describe(hits, "Hits"),
        )
