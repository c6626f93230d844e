"""Many units of a layer at once: the nine strongest patches of each, to choose from."""

from __future__ import annotations

import streamlit as st

from dashboard import cache
from dashboard.components.picture_tiles import Tile, picture_tiles
from dashboard.components.unit_picker import Unit, prepare_unit
from models.datasets import labels
from models.top_patches import RANKINGS, Strongest

_PER_PAGE = 18


def patches_sheet(dataset: str, network: str, unit: Unit, strongest: Strongest) -> None:
    """Draw one page of the units of a layer; a click looks at one of them.

    Args:
        dataset: Whose pictures.
        network: Network id.
        unit: The one that is looked at.
        strongest: The strongest answers of its layer.
    """
    n_channels = strongest.value.shape[1]
    n_pages = -(-n_channels // _PER_PAGE)
    name = "channels" if unit.layer.is_map else "units"
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        st.markdown(f"**All {n_channels} {name} of {unit.layer.name}**", width="content")
        criterion = st.selectbox(
            f"Rank {name} by",
            list(RANKINGS),
            format_func=lambda key: RANKINGS[key],
            key="features_ranking",
            bind="query-params",
            width=190,
            help="“Most of one class”: how many of the nine pictures are of the same class.",
        )
        page = st.pagination(n_pages, key=f"features_patches_sheet_{n_pages}") if n_pages > 1 else 1
    order = strongest.ranked(labels(dataset), criterion)[(page - 1) * _PER_PAGE :][:_PER_PAGE]
    channels = [int(number) for number in order]
    tiles = []
    for channel in channels:
        places = strongest.places(channel)
        picture = cache.patch_mosaic(network, unit.layer.name, dataset, places)
        words = f"{channel}: {strongest.value[0, channel]:.3g}" if places else f"{channel}: dead"
        tiles.append(Tile(picture, words, f"{name[:-1]} {channel}, strongest value {strongest.value[0, channel]:.3g}"))
    picture_tiles(
        tiles,
        selected=channels.index(unit.channel) if unit.channel in channels else None,
        key="features_patches_tiles",
        side=96,
        alt=f"The nine strongest patches of {len(tiles)} {name} of {unit.layer.name}",
        on_choose=lambda number: prepare_unit("features", network, (unit.layer.name, channels[number])),
    )
