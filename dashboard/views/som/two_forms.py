"""The neighbourhood on the lattice, and between weights as a lecture slide writes it: both maps at their end."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from dashboard.figures import theme
from dashboard.views.som import cache, weights
from dashboard.views.som.watch import ERRORS
from models.som.data import SomTask
from models.som.lattice import Lattice
from models.som.one_step import Trained
from models.wording import percent, significant

# Radius at the start; the slide's form needs one on the scale of the data, or all weights fall on one point.
RADII = {"lattice": 5.0, "weights": 0.3}
_FORMULAS = (
    r"$\theta_i = e^{-\lVert r_i - r_{BMU}\rVert^2/(2\sigma^2)}$, as Kohonen wrote it",
    r"$\theta_i = e^{-\lVert W_i - W_{BMU}\rVert/(2\sigma^2)}$, the slide's form",
)


def draw(task: SomTask, run_id: str) -> None:
    """Draw both maps at the end of the same training, with their errors and what they mean."""
    som = replace(task.som, neighbourhood="gaussian")
    radii = RADII | {som.distance: som.radius0}
    forms = [replace(som, distance=form, radius0=radius) for form, radius in radii.items()]
    ends = []
    for column, som, text in zip(st.columns(2, gap="medium"), forms, _FORMULAS, strict=True):
        one = replace(task, som=som)
        end = cache.trained(one, run_id)
        ends.append(end)
        lattice = Lattice.of(som)
        with column:
            st.markdown(f"{text}, σ₀ = {significant(som.radius0, 6)}")
            figure = weights.figure(one, lattice, end.codebook, height=280)
            if figure is not None:
                st.plotly_chart(
                    figure,
                    key=f"som_step_end_{som.distance}",
                    config=theme.CONFIG,
                    alt=f"The trained map: quantisation error {significant(end.quantization_error)}.",
                )
            st.markdown(
                f"Quantisation error **{significant(end.quantization_error)}**, topographic error "
                + ("**–**" if end.collapsed else f"**{percent(end.topographic_error)}**"),
                help=ERRORS,
            )
    _verdict(*ends)


def _verdict(kohonen: Trained, slide: Trained) -> None:
    if slide.collapsed:
        st.markdown(
            "In the slide's form **all units fell on one point**: a radius this wide is wider than the data, so every "
            "unit follows every sample. Who is second best is then chance, and the topographic error means nothing."
        )
    else:
        st.markdown(
            "Same data, same start, same samples in the same order. In the slide's form a unit pulls those whose "
            "weights are similar already, wherever they are: weights still spread over the data (quantisation error), "
            f"but neighbours on the lattice do not become similar. For **{percent(slide.topographic_error)}** of the "
            "samples the two best units do not touch, against "
            f"**{percent(kohonen.topographic_error)}** with Kohonen's neighbourhood. It is no longer a map."
        )
