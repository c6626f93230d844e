"""The view "Through the epochs": a layer's channels at every epoch that a run kept, as a film without reruns."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.labels import NUMBERS_SCRIPT, safe_label
from dashboard.views.activations import cache as activations_cache
from dashboard.views.activations.before_after import show_layer
from dashboard.views.activations.figures import EpochFilm, film
from dashboard.views.activations.fine_tune import fine_tune_offer
from dashboard.views.activations.now import KEY, choose
from dashboard.widgets.page import has_classifier, not_shown
from dashboard.widgets.picture_picker import picture_beside, picture_picker
from dashboard.widgets.unit_picker import layer_picker
from models.activations.changes import EpochMaps
from models.errors import RunNotFound
from models.networks import layers
from models.networks.layers import LayerChoice
from models.storage import runs
from models.training import kept_epochs
from models.training.results import TrainingResult, load_result
from models.wording import file_size

VIEW: Final = "Through the epochs"
CHANNELS: Final = 15  # of the film
_FOLDER: Final = Path(__file__).with_name("epoch_film")
_film = st.components.v2.component(
    "freezeframe_epoch_film",
    html=(_FOLDER / "film.html").read_text("utf-8"),
    css=(_FOLDER / "film.css").read_text("utf-8"),
    js=NUMBERS_SCRIPT + (_FOLDER / "film.js").read_text("utf-8"),
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view, or what is missing for it."""
    run = chosen.run
    if run is None or not has_classifier(chosen) or not (kept := kept_epochs.epochs(run.folder)):
        _empty(chosen)
        return
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        picture = picture_picker("activations")
        layer = layer_picker("activations", network)
        picture_beside(picture, layers.side(network))
    with main:
        if not layer.is_map:
            st.info(
                f"{layer.name} has single values, no maps. Choose a layer below the head.", icon=":material/grid_on:"
            )
            return
        try:
            result = load_result(run)
        except RunNotFound as error:
            st.error(safe_label(str(error), 400), icon=":material/error:")
            return
        number = _wanted(layer)
        found = _maps(run, layer, picture, number)
        _sentence(network, layer, found)
        best = int(result.summary["best_epoch"])
        epoch_film(
            film(found, result.history, best),
            number if number in found.channels else int(found.channels[0]),
            key="activations_film",
            identity=f"{run.id} {layer.name} {picture}",
            alt=f"Channels of {layer.name} at every kept epoch",
            on_choose=choose,
        )
        _what_it_shows(run, result, kept)


def _empty(chosen: state.Selection) -> None:
    """Say how a run comes to keep its epochs, and offer one that does."""
    st.info(
        "This view plays a training as a film: the same maps after every epoch. For that a run has to keep the weights "
        "of its epochs, and the chosen one did not. On the Train page, **Recipe**, **Keep every epoch** does so; "
        "or begin with the last block here:",
        icon=":material/movie:",
    )
    fine_tune_offer(chosen)


def _wanted(layer: LayerChoice) -> int:
    """Return the channel of the link or of the other views; -1 if the layer does not have it."""
    text = str(state.bound(KEY))
    return int(text) if text.isdecimal() and int(text) < layer.shape[2] else -1


def _maps(run: runs.Run, layer: LayerChoice, picture: str, number: int) -> EpochMaps:
    """Return the channels that move most, and the wanted one, which may be among them anyway."""
    found = activations_cache.epoch_maps(run.id, layer.name, picture, CHANNELS, -1)
    if number < 0 or number in found.channels:
        return found
    return activations_cache.epoch_maps(run.id, layer.name, picture, CHANNELS, number)


def _sentence(network: str, layer: LayerChoice, found: EpochMaps) -> None:
    """Say what the film shows; of a frozen layer, that nothing moves."""
    if found.change.any():
        st.markdown(
            f"The {len(found.channels)} of {layer.shape[2]} channels of **{layer.name}** that training moved most, "
            "first the most. Click one to follow it."
        )
        return
    st.markdown(
        f":blue[:material/ac_unit:] **{layer.name} is the same in all {len(found.epochs)} epochs, to the last bit:** "
        "nothing up to it learns."
    )
    if target := layers.moved_most(network):
        st.button(
            f"Show {target.name}, which training reached",
            key="activations_film_to_reached",
            icon=":material/local_fire_department:",
            on_click=show_layer,
            args=(target.name,),
        )


def _what_it_shows(run: runs.Run, result: TrainingResult, kept: tuple[int, ...]) -> None:
    epochs = len(result.history)
    which = f"all {epochs} epochs" if len(kept) == epochs else f"{len(kept)} of {epochs} epochs"
    st.caption(
        "A channel that brightens answers more strongly to this picture; all epochs have the same colour scale. The "
        f"accuracy is that of the whole network, on {len(result.val_index)} validation pictures."
    )
    st.caption(
        f"This run kept {which} and the start, which its settings give again "
        f"({file_size(1e6 * kept_epochs.megabytes(run.folder))}). "
        f"Channels are ranked by the largest distance of their map from the one at the start."
    )
    not_shown("Whether a change of these channels is why the accuracy rises.")


def epoch_film(
    film: EpochFilm, selected: int, *, key: str, identity: str, alt: str, on_choose: Callable[[int], None]
) -> None:
    """Draw the film, beginning at the best epoch.

    Args:
        film: What to show.
        selected: The channel shown large.
        key: Of the component.
        identity: Names run, layer and picture: the place in the film stays as long as it stays.
        alt: What the film shows, for screen readers.
        on_choose: Called with the channel that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (channel := st.session_state[key]["channel"]) in film.channels:  # a browser may send anything
            on_choose(int(channel))

    fields = {name: value for name, value in asdict(film).items() if name not in ("frames", "palette")}
    coded = {name: base64.b64encode(getattr(film, name)).decode() for name in ("frames", "palette")}
    first = film.epochs.index(film.best) if film.best in film.epochs else len(film.epochs) - 1
    more = {"selected": selected, "identity": identity, "alt": alt, "first": first}
    _film(key=key, data={**fields, **coded, **more}, on_channel_change=choose)
