"""What to train a map on, and how."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import streamlit as st

from dashboard import state
from dashboard.components.layer_picker import layer_picker
from dashboard.components.subject import network_of, say_random
from models import datasets, engine
from models.backbones import BACKBONES
from models.errors import FreezeframeError
from models.som import MAX_SNAPSHOTS, METHODS, SomSpec
from models.som_data import SOURCES, SomTask
from models.som_start import STARTS

SOURCE_TITLES = {
    "colours": "Random colours",
    "named": "Named colours",
    "digits": "Digits",
    "features": "Features of the network",
}
METHOD_TITLES = {"batch": "Batch", "online": "Online"}
START_TITLES = {"random": "Random", "sample": "Random samples", "pca": "PCA plane"}
DECAY_HELP = "How many time constants sₙ the training lasts: after each, rate and radius are 37% of what they were."
SIDES = {"digits": 14, "features": 12}
SNAPSHOTS = {"digits": 51, "features": 51}  # frames that are pictures are larger than grids of colours


def som_controls(chosen: state.Selection) -> None:
    """Draw the controls in the current column, and the button that trains what they describe."""
    source = st.selectbox(
        "Data",
        SOURCES,
        format_func=lambda name: SOURCE_TITLES[name],
        key="som_source",
        bind="query-params",
        help="Colours are points in red, green and blue. Digits are points in 64 pixels. Features are what one layer "
        "of the chosen network answers to each picture of the chosen data, averaged over the picture.",
    )
    network, layer = "", ""
    if source == "features":
        network = network_of(chosen)
        layer = layer_picker("som", network).name
        say_random(network)
    method = st.segmented_control(
        "Training",
        METHODS,
        default="batch",
        format_func=lambda name: METHOD_TITLES[name],
        key="som_method",
        bind="query-params",
        required=True,
        width="stretch",
        help="Online is Kohonen's rule: one random sample a step pulls its BMU (best-matching unit) and the BMU's "
        "neighbours. Batch uses all samples in every step, and needs no learning rate.",
    )
    som = replace(_numbers(source, str(method)), snapshots=SNAPSHOTS.get(source, MAX_SNAPSHOTS))
    button = st.container()
    with st.expander("More settings"):
        som = replace(som, **_more())
    of_network = (network, layer, chosen.dataset) if network else ()
    with button:
        train_button(SomTask(source, som, *of_network), chosen.owner)


def _numbers(source: str, method: str) -> SomSpec:
    """Draw the numbers; every source has a lattice on which its pictures are readable, and so its own keys."""
    side = SIDES.get(source, 20)
    left, right = st.columns(2, gap="small")
    with left:
        rows = _whole(
            "Rows", 1, 60, side, f"som_rows_{source}", "Height of the lattice, in units. One row is a line of units."
        )
        epochs = _whole(
            "Epochs", 1, 200, 100, "som_epochs", "How often the training sees as many samples as there are."
        )
        radius = _real(
            "Radius σ₀",
            0.1,
            60.0,
            side / 2,
            f"som_radius_{source}",
            "Width of the neighbourhood at the start, in units.",
        )
    with right:
        columns = _whole("Columns", 1, 60, side, f"som_columns_{source}", "Width of the lattice, in units.")
        seed = _whole("Seed", 0, 9999, 0, "som_seed", "Same seed, same settings: the same map.")
        rate = _real(
            "Rate LR₀",
            0.01,
            1.0,
            0.5,
            "som_rate",
            "Learning rate at the start; only online training has one.",
            off=method == "batch",
        )
    return SomSpec(rows, columns, method, epochs, rate, radius, seed=seed)


def _more() -> dict[str, Any]:
    decay = _real("Decay", 0.0, 10.0, 3.0, "som_decay", DECAY_HELP)
    start = st.selectbox(
        "Weights at the start",
        STARTS,
        format_func=lambda name: START_TITLES[name],
        key="som_start",
        bind="query-params",
        help="Random within the range of the data, random samples, or the plane of the first two principal components.",
    )
    return {"decay": decay, "start": start}


def _whole(label: str, low: int, high: int, default: int, key: str, explanation: str) -> int:
    return int(st.number_input(label, low, high, default, 1, key=key, bind="query-params", help=explanation))


def _real(label: str, low: float, high: float, default: float, key: str, explanation: str, off: bool = False) -> float:
    return float(
        st.number_input(
            label, low, high, default, 0.1, format="%g", key=key, bind="query-params", help=explanation, disabled=off
        )
    )


def title(task: SomTask) -> str:
    """Return the name a map goes by."""
    lattice = f"{task.som.rows} × {task.som.columns}, {task.som.method}"
    if task.source != "features":
        return f"{SOURCE_TITLES[task.source]}, {lattice}"
    backbone = task.network.split(":")[1]
    network = BACKBONES[backbone].title if backbone in BACKBONES else "the trained run"
    if task.network.endswith(":random"):
        network += " with random weights"
    return f"{datasets.DATASETS[task.dataset].title} as {task.layer} of {network} sees them, {lattice}"


def train_button(task: SomTask, owner: str) -> None:
    """Draw the button that queues the training, and the reason when that is refused."""

    def begin() -> None:
        try:
            state.put("ff_map", engine.submit("som", task.to_json(), owner=owner, title=title(task)))
            state.put("som_problem", "")
        except FreezeframeError as error:
            state.put("som_problem", str(error))

    st.button(
        "Train this map",
        type="primary",
        icon=":material/play_arrow:",
        key="som_train",
        width="stretch",
        on_click=begin,
    )
    if problem := state.get("som_problem"):
        st.error(problem, icon=":material/error:")
