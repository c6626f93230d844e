"""Rows of maximised pictures: earlier ones of a unit, and some of every block that come with the app."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from dashboard import cache
from dashboard.components.maximisation_controls import switches_on
from dashboard.components.picture_tiles import Tile, picture_tiles
from dashboard.components.unit_picker import Unit, prepare_unit
from models import datasets, network_layers, runs
from models.maximisation_film import Film
from models.maximisation_spec import MaximisationSpec
from models.training_specs import TrainingSpec


def earlier(
    found: dict[MaximisationSpec, Film], selected: MaximisationSpec, on_choose: Callable[[MaximisationSpec], None]
) -> None:
    """Draw the last frames of all films of a unit, to choose the one to compare with; nothing where all are shown."""
    known = list(found)
    if len(known) < 3:
        return
    tiles = []
    for asked in known:
        words = f"{switches_on(asked)}; seed {asked.seed}"
        tiles.append(Tile(found[asked].frames[-1], words, f"{words}: answers {found[asked].values[-1]:.3g}"))
    st.markdown("**Earlier pictures for this unit**", help="Choose one to compare with.")
    picture_tiles(
        tiles,
        selected=known.index(selected) if selected in found else None,
        key="features_earlier",
        side=104,
        alt="Earlier pictures for this unit",
        on_choose=lambda number: on_choose(known[number]),
    )


def sheet(unit: Unit, spec: MaximisationSpec, network: str) -> None:
    """Draw the shipped pictures of some channels of the unit's block, where there are any; a click leads to one."""
    shipped = cache.maximisation_sheet()
    for layer in dict.fromkeys(shipped.layers if shipped else ()):
        pictures = shipped.of(spec.network, layer) if shipped else {}
        if pictures and network_layers.layer(network, layer).block == unit.layer.block:
            _sheet(unit, layer, pictures, network)


def _sheet(unit: Unit, layer: str, pictures: dict[int, bytes], network: str) -> None:
    names = _classes(network) if layer == "head_output" else ()
    channels = list(pictures)
    tiles = [
        Tile(picture, names[channel] if names else str(channel), f"{names[channel] if names else channel} of {layer}")
        for channel, picture in pictures.items()
    ]
    st.markdown(
        f"**{'Classes' if names else 'Channels'} of {layer}**",
        help="Made with the switches that are on at first. The channels are evenly spaced, not picked by hand.",
    )
    picture_tiles(
        tiles,
        selected=channels.index(unit.channel) if unit.layer.name == layer and unit.channel in channels else None,
        key=f"features_sheet_{layer}",
        side=88,
        alt=f"Pictures for some channels of {layer}",
        on_choose=lambda number: prepare_unit("features", network, (layer, channels[number])),
    )


def _classes(network: str) -> tuple[str, ...]:
    """Return the classes of a run's classifier."""
    spec = TrainingSpec.from_json(runs.get(network.split(":")[1]).spec)
    return datasets.DATASETS[spec.dataset].classes
