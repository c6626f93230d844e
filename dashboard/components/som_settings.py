"""How a map is trained, beyond the essentials: lattice, neighbourhood, decay, start; all kept in the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from models.som_spec import LATTICES, LAWS, NEIGHBOURHOODS, STARTS

START_TITLES = {"random": "Random", "sample": "Random samples", "pca": "PCA plane"}
DISTANCE_TITLES = {"lattice": "on the lattice (Kohonen)", "weights": "between weights (the slide)"}
DECAY_HELP = "How many time constants sₙ the training lasts: after each, rate and radius are 37% of what they were."
_LAW_HELP = (
    "How rate and radius fall; all three end at the same value. Exponential is the lecture's, linear falls evenly, "
    "inverse falls fast at first."
)
_NEIGHBOURHOOD_HELP = (
    "How strongly a unit follows the BMU, by its distance on the lattice. Gaussian fades; bubble pulls all units "
    "within the radius alike; triangle fades in a straight line; the Mexican hat pushes units beyond the radius away."
)
_DISTANCE_HELP = (
    "Kohonen measures the neighbourhood on the lattice, squared: exp(−‖rᵢ − r_BMU‖² / 2σ²). A lecture slide writes it "
    "with weights instead: exp(−‖Wᵢ − W_BMU‖ / 2σ²). Then units follow because they are alike, not because they are "
    "neighbours: the lattice plays no part, and the map has no order to show."
)
WEIGHTS_WARNING = (
    "With distances between weights the lattice plays no part: the map loses its order, and σ is measured in the data. "
    "Train both with the same seed to compare."
)


def settings(method: str) -> dict[str, Any]:
    """Draw the settings and return them as fields of a SomSpec; what a method cannot do is not offered."""
    lattice = st.segmented_control(
        "Lattice",
        LATTICES,
        default=LATTICES[0],
        format_func=str.capitalize,
        key="som_lattice",
        bind="query-params",
        required=True,
        width="stretch",
        help="In a hexagonal lattice each unit has six neighbours, all equally near; in a rectangular one four.",
    )
    toroid = st.toggle(
        "Toroid",
        key="som_toroid",
        bind="query-params",
        help="Left touches right and top touches bottom: no unit sits at a border. Over flat data such a map has to "
        "fold.",
    )
    online = method == "online"
    weights = online and _distance()
    neighbourhood = "gaussian"
    if not weights:
        offered = NEIGHBOURHOODS if online else NEIGHBOURHOODS[:-1]
        neighbourhood = _choice("Neighbourhood", offered, f"som_neighbourhood_{method}", _NEIGHBOURHOOD_HELP)
    law = _choice("Decay law", LAWS, "som_law", _LAW_HELP)
    decay = st.number_input(
        "Decay", 0.0, 10.0, 3.0, 0.1, format="%g", key="som_decay", bind="query-params", help=DECAY_HELP
    )
    start = st.selectbox(
        "Weights at the start",
        STARTS,
        format_func=lambda name: START_TITLES[name],
        key="som_start",
        bind="query-params",
        help="Random within the range of the data, random samples, or the plane of the first two principal components.",
    )
    return {
        "lattice": lattice,
        "toroid": toroid,
        "neighbourhood": neighbourhood,
        "law": law,
        "decay": float(decay),
        "start": start,
        "distance": "weights" if weights else "lattice",
    }


def _distance() -> bool:
    """Draw the form of the neighbourhood; return whether it is the slide's."""
    chosen = st.selectbox(
        "Distance in the neighbourhood",
        DISTANCE_TITLES,
        format_func=lambda name: DISTANCE_TITLES[name],
        key="som_distance",
        bind="query-params",
        help=_DISTANCE_HELP,
    )
    if chosen == "weights":
        st.caption(f":material/warning: {WEIGHTS_WARNING}")
    return bool(chosen == "weights")


def _choice(label: str, options: tuple[str, ...], key: str, explanation: str) -> str:
    return str(st.selectbox(label, options, format_func=str.capitalize, key=key, bind="query-params", help=explanation))
