"""The view "Before and after": a layer before and after training, channel by channel; how far every layer moved."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import map_pairs, theme
from dashboard.views.activations import cache as activations_cache
from dashboard.views.activations.field import Map, field_view
from dashboard.views.activations.fine_tune import fine_tune_offer
from dashboard.views.activations.now import channel_number, choose, chosen_channel
from dashboard.widgets.page import has_classifier, not_shown
from dashboard.widgets.picture_picker import picture_picker
from dashboard.widgets.tiles import channel_grid
from dashboard.widgets.unit_picker import layer_picker, open_unit
from models.activations.changes import RANKINGS, LayerChanges, MapPair
from models.errors import RunNotFound
from models.networks import layers
from models.networks.layers import LayerChoice
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.training.results import WeightChange, load_result
from models.wording import grouped, percent, significant

VIEW = "Before and after"


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view, or what is missing for it."""
    run = chosen.run
    if run is None or not has_classifier(chosen):
        st.info(
            "This view compares a network with itself: as it was before your training, and as it is now. There is no "
            "finished run to compare yet.",
            icon=":material/compare:",
        )
        fine_tune_offer(chosen)
        return
    top = st.container()
    controls, main, zoom = st.columns([5, 12, 6], gap="medium")
    with controls:
        picture = picture_picker("activations")
        layer = layer_picker("activations", network)
    with top:
        pair = activations_cache.map_pair(run.id, layer.name, picture)
        changes = activations_cache.layer_changes(run.id, chosen.dataset)
        _sentence(chosen, network, layer, float(np.abs(pair.difference).max()), changes)
    with main:
        drawing = st.container()
        criterion, sheet = _controls(layer.shape[2])
    order = pair.rank(criterion)
    number = chosen_channel(network, layer.name, layer.shape[2], int(order[0]), VIEW)
    with drawing:
        if layer.is_map:
            grid = activations_cache.change_grid(run.id, layer.name, picture, criterion, sheet)
            alt = f"Channels of {layer.name}: before training, after it, and the difference"
            channel_grid(grid, number, key="activations_pairs", alt=alt, on_choose=choose)
        else:
            part = order[sheet * map_pairs.PER_PAGE :][: map_pairs.PER_PAGE]
            names = DATASETS[chosen.dataset].classes if layer.name == "head_output" else ()
            figure = map_pairs.units(pair.before.ravel(), pair.after.ravel(), part, names)
            alt = f"Units of {layer.name} before and after training"
            st.plotly_chart(figure, key="activations_unit_pairs", config=theme.CONFIG, alt=alt)
    with zoom:
        _zoom(pair, layer, network, picture)
    with main:
        _layers(run, network, layer.name, changes)


def _controls(n_channels: int) -> tuple[str, int]:
    """Draw the ranking and the pages of the grid; return a key of `RANKINGS` and the page from 0."""
    pages = -(-n_channels // map_pairs.PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        criterion = st.selectbox(
            "Rank channels by",
            list(RANKINGS),
            format_func=lambda name: RANKINGS[name],
            key="activations_changes_ranking",
            bind="query-params",
            width=210,
            help="The difference is the root of the mean square over the map; relative to that of the map before. A "
            "channel that was zero before and is not now counts as 100%.",
        )
    sheet = st.pagination(pages, key=f"activations_changes_sheet_{pages}", width="stretch") if pages > 1 else 1
    return criterion, sheet - 1


def _sentence(chosen: state.Selection, network: str, layer: LayerChoice, largest: float, changes: LayerChanges) -> None:
    """Say how far this layer moved, or prove that it did not, and offer a layer or a run where something did."""
    moved = changes.change[changes.layers.index(layer.name)]
    untouched = layer.block != layers.HEAD and layer not in layers.reached(network)
    if not untouched:
        low, middle, high = np.percentile(moved, (25, 50, 75))
        st.markdown(
            f"Training moved what **{layer.name}** answers by **{percent(middle)}** of what it was: the median over "
            f"{len(moved)} pictures of {DATASETS[changes.dataset].title} (middle half {percent(low)} to "
            f"{percent(high)})."
        )
        return
    st.markdown(
        f":blue[:material/ac_unit:] **Nothing up to {layer.name} learns, so nothing changed.** "
        f"{_proof(chosen, network, layer)}The largest difference between the {grouped(int(np.prod(layer.shape)))} "
        "values of "
        f"this picture before and after is {f'{significant(largest)}' if largest else 'exactly 0'}."
    )
    if target := layers.moved_most(network):
        st.button(
            f"Show {target.name}, which training reached",
            key="activations_to_reached",
            icon=":material/local_fire_department:",
            on_click=show_layer,
            args=(target.name,),
        )
    else:
        st.caption("This run froze the whole backbone. To see maps change, let some of it learn:")
        fine_tune_offer(chosen)


def _proof(chosen: state.Selection, network: str, layer: LayerChoice) -> str:
    """Return what the run wrote down about the weights up to a layer."""
    try:
        rows = load_result(chosen.run).weight_change if chosen.run else ()
    except RunNotFound:
        return ""
    names = [choice.name for choice in layers.layers(network)]
    below = [row for row in rows if row.name in names[: names.index(layer.name) + 1] and row.part == "backbone"]
    return f"{_weights(below)} " if below else ""


def _weights(rows: list[WeightChange]) -> str:
    largest = max(max(row.max_abs_change, row.statistics_max_abs_change) for row in rows)
    return (
        f"The {grouped(sum(row.parameters for row in rows))} weights of the {len(rows)} layers up to here are the "
        "same to the "
        f"last bit (largest change {significant(largest)})."
    )


def begin(network: str) -> None:
    """Begin a look at training with a layer it reached, unless the visitor chose one."""
    first, reached = layers.interesting(network), layers.moved_most(network)
    untouched = (None, first.name) if state.get("activations_seen") else (None,)  # a link may name the first one
    if reached and state.bound("activations_layer") in untouched:
        show_layer(reached.name)


def show_layer(name: str) -> None:
    """Show the layer `name` in every view of the page."""
    state.put("activations_layer", name)


def _zoom(pair: MapPair, layer: LayerChoice, network: str, picture: str) -> None:
    """Draw one channel three times, with values, beside what they depend on."""
    number = channel_number(pair.after.shape[2])
    moved, share = (values[number] for values in pair.change())
    old, new = pair.before[..., number], pair.after[..., number]
    if layer.is_map:
        values, difference = map_pairs.scales(pair)
        maps = [Map(old, values, "before"), Map(new, values, "after"), Map(new - old, difference, "difference")]
        side, alt = layers.side(network), f"Channel {number} before and after training, and the difference"
        field_view(maps, layer, picture, side, key="activations_change_zoom", alt=alt)
        st.caption(
            f"The map changed by {percent(share)} (root mean square {significant(moved)}). Its strongest value was "
            f"{significant(old.max())} before and is {significant(new.max())} now."
            if moved
            else f"No change. The strongest value is {significant(old.max())}."
        )
    else:
        st.caption(f"{significant(old.max())} before, {significant(new.max())} after.")
    if st.button("What it looks for", icon=":material/travel_explore:", key="activations_changes_features"):
        open_unit("features", network, (layer.name, number))


def _layers(run: runs.Run, network: str, shown: str, changes: LayerChanges) -> None:
    """Draw how far every layer of the backbone moved."""
    try:
        kinds = {row.name: map_pairs.HELD if row.frozen else map_pairs.LEARNT for row in load_result(run).weight_change}
    except RunNotFound:
        kinds = {}
    backbone = [choice.name for choice in layers.layers(network) if choice.block != layers.HEAD]
    figure = map_pairs.layer_changes(changes, backbone, kinds, shown)
    reached = [name for name in backbone if changes.change[changes.layers.index(name)].any()]
    where = f"from {reached[0]} on" if reached else "no layer of the backbone"
    st.markdown(f"**Where did training reach?** {where.capitalize()}.")
    alt = f"Relative change of what every layer answers; training reached {where}"
    st.plotly_chart(figure, key="activations_layer_changes", config=theme.CONFIG, alt=alt)
    st.caption(
        f"‖after − before‖ / ‖before‖ over all values of a layer: the median over {changes.change.shape[1]} training "
        "pictures, and the middle half of them. A frozen layer above one that learns also answers differently. The "
        "head is left out because it began with random weights."
    )
    not_shown("Whether a change helped: a layer may change much without changing any answer.")
