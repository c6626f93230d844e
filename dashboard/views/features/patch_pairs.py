"""Nine patches beside their nine projections: crisp tiles to choose from, by a click or with the arrow keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from dashboard.figures.patches import Pairs
from dashboard.widgets.tiles import component, data_url

_pairs = component("freezeframe_patch_pairs", Path(__file__).with_name("patch_pairs"), "pairs")


@dataclass(frozen=True, slots=True)
class Patch:
    """What is written about one patch: under it, on hover and for screen readers; and the colour of its frame."""

    words: str
    label: str
    colour: str


def patch_pairs(
    pairs: Pairs,
    patches: Sequence[Patch],
    titles: tuple[str, str],
    selected: int,
    *,
    key: str,
    alt: str,
    on_choose: Callable[[int], None],
) -> None:
    """Draw two blocks of three columns: patch and projection of the same picture in the same place.

    Args:
        pairs: What to draw.
        patches: Their words.
        titles: Above the two blocks.
        selected: The patch that is framed.
        key: Of the component.
        alt: What both show.
        on_choose: Called with the number of the patch that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (number := st.session_state[key]["patch"]) in range(len(patches)):  # a browser may send anything
            on_choose(int(number))

    _pairs(
        key=key,
        data={
            "sprites": [data_url(pairs.patches), data_url(pairs.signals)],
            "width": pairs.width,
            "height": pairs.height,
            "marks": pairs.marks,
            "silent": pairs.silent,
            "words": [patch.words for patch in patches],
            "labels": [patch.label for patch in patches],
            "colours": [patch.colour for patch in patches],
            "titles": list(titles),
            "selected": selected,
            "alt": alt,
        },
        on_patch_change=choose,
    )
