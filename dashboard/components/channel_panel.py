"""One channel at a time: its map with the values, beside the picture."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components.picture_picker import picture_beside
from dashboard.components.unit_picker import open_unit
from dashboard.figures import theme
from dashboard.figures.activations import PER_PAGE, SCALES, channel, scale_of
from models import network_layers
from models.results import RANKINGS, ActivationMaps, ChannelStatistics, unusualness

KEY = "activations_channel"
_LAYER_KEY = "activations_channel_of"


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
            "its mean over a sample of the data.",
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
                width=160,
                help="One for the layer makes channels comparable; one per channel shows the weak ones, too.",
            )
        )
    page = st.pagination(n_pages, key=f"activations_sheet_{n_pages}", width="stretch") if n_pages > 1 else 1
    return criterion, scale, page - 1


def chosen_channel(network: str, layer: str, n_channels: int, best: int) -> int:
    """Return the channel the panel shows; another layer begins with its `best`, a link with the one it names."""
    place, before = f"{network} {layer}", state.get(_LAYER_KEY)
    text = str(state.bound(KEY))
    current = int(text) if text.isdecimal() else None
    if current is None or current >= n_channels or before not in (None, place):
        current = best
    state.put(_LAYER_KEY, place)
    choose(current)
    return current


def choose(number: int) -> None:
    """Show channel `number`."""
    state.put(KEY, number)


def channel_panel(
    answer: ActivationMaps, usual: ChannelStatistics, whole_layer: bool, network: str, picture: str
) -> None:
    """Draw the number of the channel, its map with values and its numbers, and the picture below.

    Args:
        answer: To the picture.
        usual: To the sample of the data.
        whole_layer: Colour on the layer's scale rather than the channel's own.
        network: Network id.
        picture: Picture id.
    """
    last = len(answer.mean) - 1
    number = int(
        st.number_input(
            "Channel",
            0,
            last,
            step=1,
            key=KEY,
            bind="query-params",
            help="Type a number, or click a tile of the grid. With the grid in focus, the arrow keys walk through it.",
        )
        or 0
    )
    values = answer.maps[..., number]
    if values.size > 1:
        signed = bool(answer.maps.min() < 0)
        scale = scale_of(answer.maps if whole_layer else values, signed=signed, clip=whole_layer)
        alt = f"Activation map of channel {number}, {values.shape[0]} rows and {values.shape[1]} columns"
        st.plotly_chart(channel(values, scale, height=222), key="activations_zoom", config=theme.CONFIG, alt=alt)
    away = unusualness(answer, usual)[number]
    st.caption(
        f"Strongest {values.max():.3g}, mean {values.mean():.3g}, above zero on {answer.share_active[number]:.0%}.",
        help=f"The mean over a sample of the data is {usual.mean[number]:.3g}; in this picture it lies {away:.1f} "
        "standard deviations away from that.",
    )
    picture_beside(picture, network_layers.side(network))
    if st.button("What it looks for", icon=":material/travel_explore:", key="activations_features"):
        open_unit("features", network, (answer.layer, number))
