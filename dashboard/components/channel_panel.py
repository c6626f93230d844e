"""One channel at a time: its map with the values, beside the picture."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components.field_view import Map, field_view
from dashboard.components.picture_picker import picture_beside
from dashboard.components.unit_picker import open_unit
from dashboard.figures.activations import PER_PAGE, SCALES, Scale, own_scale
from dashboard.labels import safe_label
from models import network_layers
from models.results import RANKINGS, ActivationMaps, ChannelStatistics, ClassSelectivity, unusualness

KEY = "activations_channel"
_LAYER_KEY = "activations_channel_of"
_FIRST_KEY = "activations_channel_first"  # the view and the channel a layer began with


def grid_controls(n_channels: int, *, coloured: bool) -> tuple[str, str, int]:
    """Draw in one row how the grid is ordered, coloured (if it has colours) and paged.

    Returns:
        A key of `RANKINGS`, one of `SCALES`, and the number of the page from 0.
    """
    n_pages = -(-n_channels // PER_PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        criterion = st.selectbox(
            "Rank channels by",
            list(RANKINGS),
            format_func=lambda name: RANKINGS[name],
            key="activations_ranking",
            bind="query-params",
            width=172,
            help="“Most unusual here”: the channel's mean in this picture lies furthest, in standard deviations, from "
            "its mean over a sample of the data. “Most class-selective”: over that sample its mean tells one "
            "class from all others best (d′).",
        )
        scale = (
            "layer"
            if not coloured
            else st.selectbox(
                "Colour scale",
                list(SCALES),
                format_func=lambda name: SCALES[name],
                key="activations_scale",
                bind="query-params",
                width=178,
                help="One for the layer makes channels comparable; one per channel shows the weak ones, too; one for "
                "the network stays the same from layer to layer and from picture to picture.",
            )
        )
    page = st.pagination(n_pages, key=f"activations_sheet_{n_pages}", width="stretch") if n_pages > 1 else 1
    return criterion, scale, page - 1


def chosen_channel(network: str, layer: str, n_channels: int, best: int, view: str = "") -> int:
    """Return the channel the panel shows; another layer begins with its `best`, a link with the one it names.

    So does another `view` of the same layer, unless the visitor chose a channel.
    """
    place, before = f"{network} {layer}", state.get(_LAYER_KEY)
    text = str(state.bound(KEY))
    current = int(text) if text.isdecimal() else None
    first_view, first = state.get(_FIRST_KEY) or (view, None)
    untouched = first_view != view and current == first
    if current is None or current >= n_channels or before not in (None, place) or untouched:
        current = best
        state.put(_FIRST_KEY, (view, best))
    state.put(_LAYER_KEY, place)
    choose(current)
    return current


def choose(number: int) -> None:
    """Show channel `number`."""
    state.put(KEY, number)


def channel_number(n_channels: int) -> int:
    """Draw the number of the channel that is shown, to be read and changed, and return it."""
    return int(
        st.number_input(
            "Channel",
            0,
            n_channels - 1,
            step=1,
            key=KEY,
            bind="query-params",
            help="Type a number, or click a tile of the grid. With the grid in focus, the arrow keys walk through it.",
        )
        or 0
    )


def channel_panel(
    answer: ActivationMaps,
    usual: ChannelStatistics,
    shared: Scale | None,
    network: str,
    picture: str,
    selectivity: ClassSelectivity | None = None,
) -> None:
    """Draw the number of the channel, its map with values beside what they depend on, and its numbers.

    Args:
        answer: To the picture.
        usual: To the sample of the data.
        shared: The scale of the grid; None for the channel's own.
        network: Network id.
        picture: Picture id.
        selectivity: Where the grid is ranked by it.
    """
    number = channel_number(len(answer.mean))
    values, layer = answer.maps[..., number], network_layers.layer(network, answer.layer)
    if layer.is_map:
        scale = shared or own_scale(values, signed=bool(answer.maps.min() < 0))
        alt = f"Activation map of channel {number}, {values.shape[0]} rows and {values.shape[1]} columns"
        side = network_layers.side(network)
        field_view([Map(values, scale)], layer, picture, side, key="activations_zoom", alt=alt)
    away = unusualness(answer, usual)[number]
    st.caption(
        f"Strongest {values.max():.3g}, mean {values.mean():.3g}, above zero on {answer.share_active[number]:.0%}.",
        help=f"The mean over a sample of the data is {usual.mean[number]:.3g}; in this picture it lies {away:.1f} "
        "standard deviations away from that.",
    )
    if selectivity is not None:
        best = int(selectivity.best[number])
        st.caption(
            f"Tells **{safe_label(selectivity.classes[best])}** from the others best: d′ = "
            f"{selectivity.value[best, number]:.1f} over {selectivity.pictures[best]} against "
            f"{selectivity.pictures.sum() - selectivity.pictures[best]} training pictures.",
            help="d′ is the distance between the mean over the class and the mean over the others, in standard "
            "deviations. It was the largest of all classes, and so flatters; 1 is much overlap, 3 is hardly any.",
        )
    if not layer.is_map:
        picture_beside(picture, network_layers.side(network))
    if st.button("What it looks for", icon=":material/travel_explore:", key="activations_features"):
        open_unit("features", network, (answer.layer, number))
