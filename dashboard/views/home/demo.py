"""The demo: a picture flows through the shipped classifier, and a square is moved over it."""

from __future__ import annotations

from typing import Any, Final

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.home import cache, canvas
from dashboard.widgets.picture_picker import picture_title
from dashboard.widgets.unit_picker import open_unit
from models.backbones import tables
from models.errors import FreezeframeError
from models.ids import PictureId
from models.occlusion.flow import CHANNELS, COARSE, EXAMPLE, FINE, PICTURES, Flow, shown_layers
from models.storage import runs
from models.training.spec import TrainingSpec

KEY: Final = "home_demo"
_PICTURE: Final = "home_picture"  # of the session: the one shown while all pages have other data
_RULE: Final = (
    f"Shown are the {CHANNELS} channels of each block that the square changes most, dark at zero. "
    "Click a block for all of them, a snowflake for Train."
)


def draw(chosen: state.Selection) -> None:
    """Draw the canvas for the chosen picture, and lead where a click in it says."""
    picture = current(chosen)
    try:
        flow = cache.flow(picture, FINE if picture in PICTURES else COARSE)
    except FreezeframeError as error:
        st.error(f"{safe_label(str(error), 400)} Here is another picture.", icon=":material/error:")
        picture = PICTURES[0]
        flow = cache.flow(picture, FINE)
    own = [name for name in (state.get("picker_upload"), picture) if name and name not in PICTURES]
    offered = list(dict.fromkeys([*own, *PICTURES]))
    data = canvas.message(
        flow,
        (picture, picture_title(picture)),
        [(name, picture_title(name)) for name in offered],
        shown_layers(EXAMPLE),
        _frozen(cache.recipe()),
        _note(picture, flow),
    )
    wanted = canvas.demo(key=KEY, data=data, on_open_change=lambda: _choose(offered)).open
    st.caption(_RULE)
    if isinstance(wanted, dict):
        _lead(wanted, picture, flow)


def current(chosen: state.Selection) -> str:
    """Return the picture to show: the one chosen on all pages, unless it is of other data than the classifier's."""
    return chosen.picture if _fits(chosen.picture) else str(state.get(_PICTURE, PICTURES[0]))


def _fits(picture: str) -> bool:
    """Return whether a picture is of the classifier's data, or of none."""
    return PictureId.parse(picture).dataset in ("", cache.recipe().dataset)


def _frozen(spec: TrainingSpec) -> frozenset[str]:
    """Return the blocks of which nothing learned in the example run."""
    blocks, learning = tables.table(spec.backbone, spec.side).weighted_blocks, set(spec.learning)
    return frozenset(name for name, members in blocks.items() if not learning & set(members))


def _note(picture: str, flow: Flow) -> str:
    """Return what to bear in mind about this answer."""
    known = PictureId.parse(picture)
    if not known.dataset:
        return f"This network knows only {', '.join(flow.classes)}, and always chooses one of them."
    truth, answer = picture_title(picture).split(",")[0], flow.classes[int(flow.probabilities[0].argmax())]
    verdict = "it is right" if truth == answer else f"it is wrong: this is {truth}"
    return f"The whole picture (the marks): {answer}, and {verdict}."


def _choose(offered: list[str]) -> None:
    """Choose another picture of the strip, before the page runs again."""
    wanted = st.session_state[KEY]["open"]
    picture = wanted.get("picture") if isinstance(wanted, dict) else None  # a browser may send anything
    if picture in offered:
        state.put(_PICTURE, picture)
        if _fits(state.selection().picture):  # pages that show other data keep theirs
            state.choose(picture=picture)


def _lead(wanted: dict[str, Any], picture: str, flow: Flow) -> None:
    """Go to a block's channels, or to Train with what is frozen; a browser may send anything."""
    block, channel, cut = wanted.get("block"), wanted.get("channel"), wanted.get("cut")
    layers, drawn = dict(enumerate(flow.layers)), dict(enumerate(flow.channels.tolist()))
    if isinstance(block, int) and isinstance(channel, int) and channel in drawn.get(block, ()):
        state.choose(run=runs.EXAMPLE, picture=picture)
        open_unit("activations", EXAMPLE, (layers[block], channel))
    if cut in ("nothing", *flow.blocks):
        spec = cache.recipe()
        state.choose(backbone=spec.backbone, dataset=spec.dataset)
        state.choose(run=runs.EXAMPLE)
        state.go("train", {"train_how": "block", f"train_cut_{spec.backbone}": str(cut)})
