"""What pages have in common: header, place of a view, caveats, empty state, refusal, network, the way back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NoReturn

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.labels import safe_label
from dashboard.pages import PAGES
from models.backbones import registry, weights
from models.errors import FreezeframeError
from models.ids import NetworkId

_PICTURE: Final = "trail_picture"  # keys of the session: the way back from a picture, where somebody came with one
_LABEL: Final = "trail_label"
_PAGE: Final = "trail_page"


def header(title: str, sentence: str) -> None:
    """Draw the page's title and the one sentence that says what you see."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium", key="page_header"):
        st.title(title, anchor=False, width="content")
        st.caption(sentence, width="stretch")


def stage(view: str, place: str = "view") -> DeltaGenerator:
    """Return a container for a page's view; it is empty when `view` is another than in the run before.

    Otherwise parts of the old view would stand among those of the new one until each of them is replaced. The container
    has two places, taken in turn: what a script does to one place in quick succession, Streamlit sends as one
    change, and a place that is emptied and filled at once would keep what it held.

    Args:
        view: The name of the view, different on every page.
        place: The name of the container, where a page has several.
    """
    key = f"ff_stage_{place}"
    before, turn = state.get(key, ("", 0))
    if before != view:
        turn = 1 - turn
    state.put(key, (view, turn))
    first = st.container(key=f"stage_{place}_0") if turn == 0 else st.empty()
    second = st.container(key=f"stage_{place}_1") if turn == 1 else st.empty()
    return second if turn else first


def empty(sentence: str, action: str, page: str, icon: str) -> NoReturn:
    """Say what to do next, offer to go there, and end the page."""
    with st.container(border=True, key="page_empty"):
        st.markdown(sentence)
        st.page_link(PAGES[page].script, label=action, icon=icon)
    st.stop()


def not_shown(text: str) -> None:
    """Draw, folded up, what the picture above does not show."""
    with st.expander("What it does not show", icon=":material/visibility_off:"):
        st.markdown(text)


def refuse(error: FreezeframeError) -> None:
    """Say why there is no answer, and end the page."""
    st.error(safe_label(str(error), 400), icon=":material/error:")
    st.button("Try again", key="subject_again", icon=":material/refresh:")
    st.stop()


def has_classifier(chosen: state.Selection) -> bool:
    """Return whether the chosen run has finished: only then is there a classifier to look into."""
    return chosen.run is not None and chosen.run.status.state == "done"


def explained(chosen: state.Selection) -> str | None:
    """Return the id of the classifier to be explained: the run's; without a run the backbone's original one.

    None where the run has no classifier (yet), or the original one is not here.
    """
    if has_classifier(chosen):
        return network_of(chosen)
    spec = registry.BACKBONES[chosen.backbone]
    if chosen.run is None and spec.shipped and weights.available(spec.id):
        return str(NetworkId(backbone=spec.id, side=spec.top_side, weights="top"))
    return None


def network_of(chosen: state.Selection) -> str:
    """Return the id of the run's classifier, else of the bare backbone: pretrained where possible, else random."""
    if chosen.run is not None and has_classifier(chosen):
        return str(NetworkId(run=chosen.run.id))
    side = registry.BACKBONES[chosen.backbone].default_side
    here = weights.available(chosen.backbone)
    return str(NetworkId(backbone=chosen.backbone, side=side, weights="pretrained" if here else "random"))


def name_of(network: str, chosen: state.Selection) -> str:
    """Return what the network is called in a sentence, which names random weights as such."""
    title, found = registry.BACKBONES[chosen.backbone].title, NetworkId.parse(network)
    if not found.run:
        return f"the bare {title} with {'random' if found.weights == 'random' else 'pretrained'} weights"
    if found.start or found.epoch == 0:
        return f"the classifier of this run before its first epoch ({title})"
    if found.epoch is not None:
        return f"the classifier of this run after epoch {found.epoch} ({title})"
    return f"the classifier of this run ({title})"


def say_random(network: str) -> None:
    """Say it where the network's weights are random: nothing it shows was learnt."""
    if NetworkId.parse(network).weights == "random":
        st.caption(":material/casino: **Random weights**: the pretrained ones are not on this machine.")


def lead_on(picture: str, to: str, *, label: str, page: str, also: Mapping[str, str] | None = None) -> None:
    """Choose a picture and go to the page `to`; call it while a button is handled.

    Args:
        picture: Picture id.
        to: The page that shows more of it ("occlusion").
        label: What the way back is called; safe text.
        page: The page it leads back to ("evaluate").
        also: Values of widgets of `to` that are bound to the address.
    """
    state.put(_PICTURE, picture)
    state.put(_LABEL, label)
    state.put(_PAGE, page)
    state.choose(picture=picture)
    state.go(to, also)


def breadcrumb() -> None:
    """Draw the way back, as long as the page shows the picture somebody came with."""
    if state.get(_PICTURE) == state.selection().picture:
        st.page_link(PAGES[state.get(_PAGE)].script, label=state.get(_LABEL), icon=":material/arrow_back:")
