"""What to train a map on, and how, what that will cost, and the button that starts it; all kept in the address."""

from __future__ import annotations

from typing import Any

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.som.table_upload import table_fields
from dashboard.widgets.jobs import refusal, refusal_kept
from dashboard.widgets.page import network_of, say_random
from dashboard.widgets.unit_picker import layer_picker
from models.errors import FreezeframeError
from models.jobs import engine
from models.pictures import datasets
from models.som.costs import refuse_too_large
from models.som.data import SomTask
from models.som.film import SOM
from models.som.samples import PICTURE_SIDE
from models.som.sources import SOURCES
from models.som.spec import LATTICES, LAWS, METHODS, NEIGHBOURHOODS, STARTS, SomSpec
from models.wording import duration, file_size, grouped

_METHODS = {"batch": "Batch", "online": "Online"}
_SOURCE_HELP = (
    "Colours are points in red, green and blue; points in a plane or in space show the net unfold. Digits and pictures "
    "are points with one number a pixel. Features are what one layer of the chosen network answers to each picture of "
    "the chosen data, averaged over the picture. A table is your own CSV file."
)
_ROTATION_HELP = (
    "A turned or mirrored picture then counts as the same: the BMU is sought over four quarter turns and their mirror "
    "images, as for Radio Galaxy Zoo. The view Rotation compares both maps."
)
_STARTS = {"random": "Random", "sample": "Random samples", "pca": "PCA plane"}
_DISTANCES = {"lattice": "on the lattice (Kohonen)", "weights": "between weights (the slide)"}
_DECAY_HELP = (
    "How far rate and radius fall: to e to the power of minus this, 5% of the start for 3. By the exponential law the "
    "training lasts so many time constants sₙ: after each, they are 37% of what they were."
)
_LAW_HELP = (
    "How rate and radius fall; all three end at the same value. Exponential is the lecture's, linear falls evenly, "
    "inverse falls fast at first."
)
_NEIGHBOURHOOD_HELP = (
    "How strongly a unit follows the BMU, by its distance on the lattice. Gaussian fades; bubble pulls all units "
    "within the radius equally; triangle fades in a straight line; the Mexican hat pushes units beyond the radius away."
)
_DISTANCE_HELP = (
    "Kohonen measures the neighbourhood on the lattice, squared: exp(−‖rᵢ − r_BMU‖² / 2σ²). A lecture slide writes it "
    "with weights instead: exp(−‖Wᵢ − W_BMU‖ / 2σ²). Then units follow because they are similar, not because they are "
    "neighbours: the lattice plays no part, and the map has no order to show."
)
_WEIGHTS_WARNING = (
    "With distances between weights the lattice plays no part: the map loses its order, and σ is measured in the data. "
    "Train both with the same seed to compare."
)


def draw(chosen: state.Selection) -> None:
    """Draw the controls in the current column, and the button that trains what they describe."""
    source = st.selectbox(
        "Data",
        list(SOURCES),
        format_func=lambda name: SOURCES[name].title,
        key="som_source",
        bind="query-params",
        help=_SOURCE_HELP,
    )
    fields = _fields_of(source, chosen)
    method = st.segmented_control(
        "Training",
        METHODS,
        default="batch",
        format_func=lambda name: _METHODS[name],
        key="som_method",
        bind="query-params",
        required=True,
        width="stretch",
        help="Online is Kohonen's rule: one random sample a step pulls its BMU (best-matching unit) and the BMU's "
        "neighbours. Batch uses all samples in every step, and needs no learning rate.",
    )
    numbers = _numbers(source, str(method))
    button = st.container()
    with st.expander("More settings"):
        more = _more_settings(str(method))
        if SOURCES[source].ignores_rotations and method == "batch":
            rotations = st.toggle("Ignore rotations", key="som_rotations", bind="query-params", help=_ROTATION_HELP)
            fields = fields and {**fields, "rotations": rotations}
    with button:
        _offer(source, fields, {**numbers, **more}, chosen.owner)


def _fields_of(source: str, chosen: state.Selection) -> dict[str, Any] | None:
    """Draw what a source still needs; return its fields of a SomTask, None while something is missing."""
    needs = SOURCES[source].needs
    if "shape" in needs:
        shape = st.selectbox(
            "Shape", SOURCES[source].shapes, format_func=str.capitalize, key=f"som_shape_{source}", bind="query-params"
        )
        return {"shape": shape}
    if "table" in needs:
        return table_fields(chosen.owner)
    if "network" in needs:
        network = network_of(chosen)
        layer = layer_picker("som", network).name
        say_random(network)
        return {"network": network, "layer": layer, "dataset": chosen.dataset}
    if "dataset" in needs:
        title = datasets.get(chosen.dataset).title
        st.caption(f"{title}, shrunk to at most {PICTURE_SIDE} × {PICTURE_SIDE} pixels.")
        return {"dataset": chosen.dataset}
    return {}


def _numbers(source: str, method: str) -> dict[str, Any]:
    """Draw the numbers; every source has a lattice on which its pictures are readable, and so its own keys."""
    side = SOURCES[source].side
    left, right = st.columns(2, gap="small")
    with left:
        rows = _whole(
            "Rows", 1, 200, side, f"som_rows_{source}", "Height of the lattice, in units. One row is a line of units."
        )
        epochs = _whole(
            "Epochs", 1, 1000, 100, "som_epochs", "How often the training sees as many samples as there are."
        )
        radius = _real(
            "Radius σ₀",
            (0.1, 200.0),
            side / 2,
            f"som_radius_{source}",
            "Width of the neighbourhood at the start, in units.",
        )
    with right:
        columns = _whole("Columns", 1, 200, side, f"som_columns_{source}", "Width of the lattice, in units.")
        seed = _whole("Seed", 0, 9999, 0, "som_seed", "Same seed, same settings: the same map.")
        rate = _real(
            "Rate LR₀",
            (0.01, 1.0),
            0.5,
            "som_rate",
            "Learning rate at the start; only online training has one.",
            off=method == "batch",
        )
    return {
        "rows": rows,
        "columns": columns,
        "method": method,
        "epochs": epochs,
        "rate0": rate,
        "radius0": radius,
        "seed": seed,
    }


def _more_settings(method: str) -> dict[str, Any]:
    """Draw lattice, neighbourhood, decay and start, without what a method cannot do; return fields of a SomSpec."""
    lattice, toroid = _lattice()
    online = method == "online"
    weights = online and _distance()
    neighbourhood = "gaussian"
    if not weights:
        offered = NEIGHBOURHOODS if online else NEIGHBOURHOODS[:-1]
        neighbourhood = _choice("Neighbourhood", offered, f"som_neighbourhood_{method}", _NEIGHBOURHOOD_HELP)
    law = _choice("Decay law", LAWS, "som_law", _LAW_HELP)
    decay = st.number_input(
        "Decay", 0.0, 10.0, 3.0, 0.1, format="%g", key="som_decay", bind="query-params", help=_DECAY_HELP
    )
    start = st.selectbox(
        "Weights at the start",
        STARTS,
        format_func=lambda name: _STARTS[name],
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


def _lattice() -> tuple[str, bool]:
    """Draw the form of the lattice; return it, and whether its borders touch."""
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
    return str(lattice), toroid


def _distance() -> bool:
    """Draw the form of the neighbourhood; return whether it is the slide's."""
    chosen = st.selectbox(
        "Distance in the neighbourhood",
        _DISTANCES,
        format_func=lambda name: _DISTANCES[name],
        key="som_distance",
        bind="query-params",
        help=_DISTANCE_HELP,
    )
    if chosen == "weights":
        st.caption(f":material/warning: {_WEIGHTS_WARNING}")
    return bool(chosen == "weights")


def _choice(label: str, options: tuple[str, ...], key: str, explanation: str) -> str:
    return str(st.selectbox(label, options, format_func=str.capitalize, key=key, bind="query-params", help=explanation))


def _whole(label: str, low: int, high: int, default: int, key: str, explanation: str) -> int:
    return int(st.number_input(label, low, high, default, 1, key=key, bind="query-params", help=explanation))


def _real(
    label: str, limits: tuple[float, float], default: float, key: str, explanation: str, off: bool = False
) -> float:
    low, high = limits
    return float(
        st.number_input(
            label, low, high, default, 0.1, format="%g", key=key, bind="query-params", help=explanation, disabled=off
        )
    )


def _offer(source: str, fields: dict[str, Any] | None, som: dict[str, Any], owner: str) -> None:
    """Draw the button, or why there is none, and what the training costs."""
    if fields is None:
        return
    try:
        task = SomTask(source, SomSpec(**som, snapshots=SOURCES[source].kept), **fields)
        cost = task.cost
        refuse_too_large(task.som, cost)
    except FreezeframeError as error:
        st.error(safe_label(str(error), 400), icon=":material/error:")
        return
    _train_button(task, owner)
    for sentence in task.som.remarks(cost.samples):
        st.caption(f":material/info: {sentence}")
    st.caption(
        f"{grouped(cost.units)} units × {grouped(cost.features)} weights, {grouped(cost.samples)} samples: about "
        f"{duration(cost.seconds)}, "
        f"{file_size(1e6 * max(cost.memory_mb, 1))}.",
        help="Time is the right size, not the right second. Memory is what the training needs at its peak.",
    )


def _train_button(task: SomTask, owner: str) -> None:
    """Draw the button that queues the training, and the reason when that is refused."""

    def begin() -> None:
        with refusal_kept("som_problem"):
            state.show(SOM, engine.submit(SOM, task, owner=owner))

    st.button(
        "Train this map",
        type="primary",
        icon=":material/play_arrow:",
        key="som_train",
        width="stretch",
        on_click=begin,
    )
    refusal("som_problem")
