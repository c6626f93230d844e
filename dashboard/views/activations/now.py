"""The view "Maps": the grid of a layer's channels for one picture, and one of them with its values."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.activations import PER_PAGE, SCALES, Scale, own_scale, scale_for, units
from dashboard.labels import safe_label
from dashboard.views.activations import cache as activations_cache
from dashboard.views.activations.field import Map, field_view
from dashboard.widgets.page import name_of, not_shown, say_random
from dashboard.widgets.picture_picker import picture_beside, picture_picker
from dashboard.widgets.tiles import channel_grid
from dashboard.widgets.unit_picker import layer_picker, open_unit
from models.activations.maps import RANKINGS, ActivationMaps, ChannelStatistics, ClassSelectivity, rank, unusualness
from models.networks import layers
from models.pictures.datasets import DATASETS
from models.wording import fixed, percent, significant

VIEW = "Maps"
KEY = "activations_channel"
_LAYER_KEY = "activations_channel_of"
_FIRST_KEY = "activations_channel_first"  # the view and the channel a layer began with


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view."""
    controls, main, zoom = st.columns([5, 13, 5], gap="medium")
    with controls:
        picture = picture_picker("activations")
        layer = layer_picker("activations", network)
        say_random(network)
    with main:
        answer = activations_cache.activation_maps(network, layer.name, picture)
        usual = activations_cache.channel_statistics(network, layer.name, chosen.dataset)
        drawing = st.container()
        criterion, scale, sheet = grid_controls(layer.shape[2], coloured=layer.is_map)
        place = (network, layer.name, chosen.dataset)
        selectivity = activations_cache.class_selectivity(*place) if criterion == "selective" else None
        whole = (
            activations_cache.network_scale(network, chosen.dataset) if scale == "network" and layer.is_map else None
        )
    order = rank(answer, usual, criterion, selectivity)
    number = chosen_channel(network, layer.name, layer.shape[2], int(order[0]), VIEW)
    with drawing:
        if not layer.is_map:
            names = DATASETS[chosen.dataset].classes if layer.name == "head_output" else ()
            figure = units(answer.mean, order[sheet * PER_PAGE :][:PER_PAGE], usual.dead, names)
            alt = f"Values of the units of {layer.name}, in order of rank"
            st.plotly_chart(figure, key="activations_units", config=theme.CONFIG, alt=alt)
        else:
            grid = activations_cache.channel_grid(network, layer.name, picture, chosen.dataset, criterion, scale, sheet)
            alt = f"Activation maps of {layer.name}"
            channel_grid(grid, number, key="activations_grid", alt=alt, on_choose=choose)
    with zoom:
        channel_panel(answer, usual, scale_for(answer, scale, whole), network, picture, selectivity)
    _what_it_says(chosen, network, usual)


def _what_it_says(chosen: state.Selection, network: str, usual: ChannelStatistics) -> None:
    st.caption(
        f"{int(usual.dead.sum())} of the {len(usual.dead)} channels of {name_of(network, chosen)} are dead (hatched): "
        f"they never rose above zero in {usual.n_pictures} training pictures of {DATASETS[chosen.dataset].title}. "
        "Pixels outside the box cannot change the value it belongs to; those near its middle usually matter most."
    )
    not_shown(
        "What the pattern of a channel is, and whether the answer depends on it. For that, hide parts of the picture "
        "on the Occlusion page."
    )


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
    values, layer = answer.maps[..., number], layers.layer(network, answer.layer)
    if layer.is_map:
        scale = shared or own_scale(values, signed=bool(answer.maps.min() < 0))
        alt = f"Activation map of channel {number}, {values.shape[0]} rows and {values.shape[1]} columns"
        side = layers.side(network)
        field_view([Map(values, scale)], layer, picture, side, key="activations_zoom", alt=alt)
    away = unusualness(answer, usual)[number]
    st.caption(
        f"Strongest {significant(values.max())}, mean {significant(values.mean())}, above zero on "
        f"{percent(answer.share_active[number])}.",
        help=f"The mean over a sample of the data is {significant(usual.mean[number])}; in this picture it lies "
        f"{fixed(away, 1)} "
        "standard deviations away from that.",
    )
    if selectivity is not None:
        best = int(selectivity.best[number])
        st.caption(
            f"Tells **{safe_label(selectivity.classes[best])}** from the others best: d′ = "
            f"{fixed(selectivity.value[best, number], 1)} over {selectivity.pictures[best]} against "
            f"{selectivity.pictures.sum() - selectivity.pictures[best]} training pictures.",
            help="d′ is the distance between the mean over the class and the mean over the others, in standard "
            "deviations. It is the largest of all classes, and so somewhat too favourable. 1 means much overlap, 3 "
            "hardly any.",
        )
    if not layer.is_map:
        picture_beside(picture, layers.side(network))
    if st.button("What it looks for", icon=":material/travel_explore:", key="activations_features"):
        open_unit("features", network, (answer.layer, number))
