"""What a step of training does, typeset with the values of the map at hand."""

from __future__ import annotations

import streamlit as st

from models.som_data import SomTask


def formulas(task: SomTask, samples: int) -> None:
    """Typeset what a step does, with the values of this map filled in."""
    som = task.som
    steps = som.steps(samples)
    constant = rf"s_n = \tfrac{{{steps}}}{{{som.decay:g}}}" + (
        rf" = {steps / som.decay:.4g}" if som.decay else r" = \infty"
    )
    theta = r"\theta_i(s) = \exp\!\left(-\frac{\lVert r_i - r_{\mathrm{BMU}}\rVert^2}{2\,\sigma(s)^2}\right)"
    sigma = rf"\sigma(s) = {som.radius0:g}\,e^{{-s/s_n}}"
    if som.method == "online":
        st.latex(rf"W_i \leftarrow W_i + LR(s)\,\theta_i(s)\,(x - W_i) \qquad {theta}")
        st.latex(rf"LR(s) = {som.rate0:g}\,e^{{-s/s_n}} \qquad {sigma} \qquad {constant}")
    else:
        st.latex(rf"W_i \leftarrow \frac{{\sum_x \theta_i(s)\,x}}{{\sum_x \theta_i(s)}} \qquad {theta}")
        st.latex(rf"{sigma} \qquad {constant}")
    st.caption(
        "s counts steps, r is a place on the lattice, W are weights, x is a sample. The neighbourhood θ is measured on "
        "the lattice and squared; measured between weights instead, the map would lose its order."
    )
