"""The view "Strongest patches": the nine that excite a unit most, their projections, and many units at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard import state
from dashboard.figures.patches import CLIPPED, Pairs, boxed, colour_of
from dashboard.views.features import cache as features_cache
from dashboard.views.features.patch_pairs import Patch, patch_pairs
from dashboard.widgets import cache, work
from dashboard.widgets.page import lead_on, name_of, not_shown, say_random
from dashboard.widgets.picture_picker import picture_title
from dashboard.widgets.tiles import Tile, picture_tiles
from dashboard.widgets.unit_picker import Unit, address_of, open_unit, prepare_unit, unit_picker
from models.features import patches
from models.features.patches import PATCHES, RANKINGS, PatchSpec, Strongest, TopPatches, cut_of
from models.ids import PictureId
from models.jobs import engine
from models.networks import layers
from models.networks.layers import LayerChoice
from models.pictures import images
from models.pictures.datasets import DATASETS, labels
from models.storage import runs
from models.wording import grouped, percent, significant

_KEY = "features_patches"
_PER_PAGE = 18
_BESIDE_PX = 192
_RULES: Final = {
    "deconvolution": "Deconvolution",
    "guided": "Guided backpropagation",
    "gradient": "Gradient",
}
_RULE_HELP = (
    "How the signal passes a ReLU on its way back. Gradient: where the ReLU was open. Deconvolution: where the signal "
    "is positive (Zeiler and Fergus). Guided backpropagation: where both hold."
)
_NOT_SHOWN = (
    "What the channel answers to all other pictures: nine extremes are not the rule. A projection shows which pixels "
    "let this value pass; it tends to redraw edges, even with random weights."
)
_REFERENCE = (
    "M. Zeiler, R. Fergus: Visualizing and understanding convolutional networks. ECCV 2014. "
    "J. Springenberg et al.: Striving for simplicity. ICLR workshop 2015 (guided backpropagation). "
    "W. Nie et al.: A theoretical explanation for perplexing behaviors of backpropagation-based visualizations. "
    "ICML 2018."
)


@dataclass(frozen=True, slots=True, eq=False)
class Patches:
    """The strongest patches of one unit.

    Attributes:
        unit: Which.
        dataset: Whose pictures.
        places: (picture, row, col) of each, the strongest first.
        values: (n,), what the unit answers there.
        n_pictures: How many were searched.
    """

    unit: Unit
    dataset: str
    places: tuple[tuple[int, int, int], ...]
    values: NDArray[np.float32]
    n_pictures: int

    def picture(self, number: int) -> str:
        """Return the id of the picture that a patch is from."""
        return str(PictureId(self.dataset, self.places[number][0]))


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view: the unit's pickers, its patches and projections, and the chosen one in its picture."""
    controls, main, aside = st.columns([5, 13, 5], gap="medium")
    with controls:
        unit = unit_picker("features", network, lambda layer: begin_with(chosen, network, layer))
        rule = st.selectbox(
            "Projection",
            list(_RULES),
            format_func=lambda name: _RULES[name],
            key="features_rule",
            bind="query-params",
            help=_RULE_HELP,
        )
        say_random(network)
        if st.button("On your picture", icon=":material/blur_on:", key="features_activations", width="stretch"):
            open_unit("activations", network, (unit.layer.name, unit.channel))
    found, run = _found(chosen, network, unit.layer)
    if found is None:
        with main:
            _search(chosen, network, run)
        return
    strongest = found.of(unit.layer.name)
    values = strongest.value[:, unit.channel]
    places = strongest.places(unit.channel)
    shown = Patches(unit, chosen.dataset, places, values[: len(places)], found.n_pictures)
    with main.container(key="features_patches"):
        if not places:
            st.info(_no_patches(unit, float(values[0]), found.n_pictures), icon=":material/power_off:")
            return
        _pairs(network, shown, rule)
    with aside:
        _beside(network, shown)
    not_shown(_NOT_SHOWN)
    _all_units(chosen.dataset, network, unit, strongest)
    st.caption(_REFERENCE)


def _found(chosen: state.Selection, network: str, layer: LayerChoice) -> tuple[TopPatches | None, runs.Run | None]:
    """Return the result that holds the layer, or the job that will."""
    found = patches.find(network, chosen.dataset, layer.name, chosen.owner)
    if not isinstance(found, runs.Run):
        return found, None
    return (cache.result(PATCHES, found) if found.status.state == "done" else None), found


def begin_with(chosen: state.Selection, network: str, layer: LayerChoice) -> int:
    """Return the channel to begin with in a layer: the one that tells most of the data's classes, if that is known."""
    found, _ = _found(chosen, network, layer)
    return 0 if found is None else found.of(layer.name).telling(labels(chosen.dataset))


def _search(chosen: state.Selection, network: str, run: runs.Run | None) -> None:
    """Draw what the search costs and its button, or how far it is."""
    work.progress(run, f"{_KEY}_job")
    if run is not None and run.status.active:
        st.skeleton(height=380)
        return
    engine.warm_up_jobs()  # while the visitor reads what it costs
    st.info(
        f"Nobody has looked yet which of the {grouped(DATASETS[chosen.dataset].size)} pictures excite the units of "
        f"{name_of(network, chosen)} most. One pass over them finds it for all {len(layers.layers(network))} layers "
        "at once.",
        icon=":material/travel_explore:",
    )
    work.offer(
        PATCHES,
        PatchSpec(network, chosen.dataset),
        run,
        owner=chosen.owner,
        what="The whole search",
        button="Look for the strongest patches",
        key=_KEY,
        beside=st.container(width=340),
    )


def _no_patches(unit: Unit, value: float, n_pictures: int) -> str:
    if np.isfinite(value):
        return f"{unit.name.capitalize()} is dead: it is never above zero in any of the {grouped(n_pictures)} pictures."
    return f"{unit.name.capitalize()} gives no numbers: the training of this network went astray."


def _pairs(network: str, shown: Patches, rule: str) -> None:
    """Draw patches and projections, and the sentences of what they are."""
    unit, n = shown.unit, len(shown.places)
    pairs = cache.patch_pairs(network, unit.layer.name, unit.channel, shown.dataset, shown.places, rule)
    numbers = [int(labels(shown.dataset)[picture]) for picture, _, _ in shown.places]
    classes = [DATASETS[shown.dataset].classes[number] for number in numbers]
    titles = [picture_title(shown.picture(number)) for number in range(n)]
    patch_pairs(
        pairs,
        [
            Patch(
                f"{name} {significant(value)}", f"rank {rank}: {title}, value {significant(value)}", colour_of(number)
            )
            for rank, (name, title, value, number) in enumerate(
                zip(classes, titles, shown.values, numbers, strict=True), 1
            )
        ],
        ("Strongest patches", f"What reached the unit: {_RULES[rule].lower()}"),
        _selected(unit, n),
        key="features_pairs",
        alt=f"The patches that excite {unit.name} most, and their projections: {', '.join(classes)}",
        on_choose=lambda number: state.put("features_patch", (unit.name, number)),
    )
    st.caption(" ".join(_sentences(shown, pairs)))


def _sentences(shown: Patches, pairs: Pairs) -> list[str]:
    """Return what the picture shows, with what is special about it."""
    unit, n = shown.unit, len(shown.places)
    what = (
        "each shown whole, because the value can depend on all of it"
        if pairs.whole
        else f"each cut to the {pairs.width} × {pairs.height} px that the value depends on"
    )
    found = [
        f"Left: the {n} of {grouped(shown.n_pictures)} pictures that excite {unit.name} most, {what}; one place per "
        "picture."
    ]
    if n < patches.TOP:
        found.append("No other picture excites it above zero.")
    if shown.values[0] < 0:
        found.append("It is never above zero: these are its least negative answers.")
    if pairs.whole and unit.layer.is_map:
        found.append("The ring marks the place.")
    if pairs.outside:
        found.append("Hatched: outside the picture.")
    found.append(
        f"Right: grey is no signal; each has its own scale, clipped at {percent(CLIPPED)}. The frame is the class."
    )
    if unit.layer.name == "head_output":
        found.append("The values are probabilities; the projection is that of the score before the softmax.")
    if pairs.others:
        rest = f"{pairs.rectified} ReLUs follow the rule" if pairs.rectified else "there is no ReLU"
        found.append(f"Of {' and '.join(pairs.others)}, which have no such rule, the gradient is taken: {rest}.")
    return found


def _selected(unit: Unit, count: int) -> int:
    """Return the number of the patch that is looked at: the strongest, until another of this unit is chosen."""
    name, number = state.get("features_patch", ("", 0))
    return min(int(number), count - 1) if name == unit.name else 0


def _beside(network: str, shown: Patches) -> None:
    """Draw the chosen patch in its picture, and the ways to other pages."""
    unit, number = shown.unit, _selected(shown.unit, len(shown.places))
    _, row, col = shown.places[number]
    name, side = shown.picture(number), layers.side(network)
    cut = cut_of(unit.layer, row, col, side, side)
    st.markdown(f"**Number {number + 1}: {picture_title(name)}**")
    image = boxed(images.resize(images.load_picture(name), side, side), cut, _BESIDE_PX)
    st.image(image, width=_BESIDE_PX, alt=f"The whole picture with the patch outlined: {picture_title(name)}")
    where = f", at row {row}, column {col} of the map" if unit.layer.is_map else ""
    st.caption(f"Value {significant(shown.values[number])}{where}.")
    for page, label, icon in (("activations", "Activations", "blur_on"), ("occlusion", "Occlusion", "select_all")):
        if st.button(label, icon=f":material/{icon}:", key=f"features_to_{page}", width="stretch"):
            also = None
            if page == "activations":
                also = address_of(page, (unit.layer.name, unit.channel))
                prepare_unit(page, network, (unit.layer.name, unit.channel))
            lead_on(name, page, label=f"Features: {unit.name}", page="features", also=also)


def _all_units(dataset: str, network: str, unit: Unit, strongest: Strongest) -> None:
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
        picture = features_cache.patch_mosaic(network, unit.layer.name, dataset, places)
        words = f"{channel}: {significant(strongest.value[0, channel])}" if places else f"{channel}: dead"
        tiles.append(
            Tile(picture, words, f"{name[:-1]} {channel}, strongest value {significant(strongest.value[0, channel])}")
        )
    picture_tiles(
        tiles,
        selected=channels.index(unit.channel) if unit.channel in channels else None,
        key="features_patches_tiles",
        side=96,
        alt=f"The nine strongest patches of {len(tiles)} {name} of {unit.layer.name}",
        on_choose=lambda number: prepare_unit("features", network, (unit.layer.name, channels[number])),
    )
