"""How an occlusion map is shown, and what it says in words."""

from __future__ import annotations

import numpy as np
import streamlit as st

from models import datasets, images
from models.occlusion import OcclusionMap, share_inside

HARDLY = 1e-3  # a score that changes by less has nothing to say about places


def mask_of(picture: str, side: int) -> np.ndarray | None:
    """Return where the object of a picture is, bool (side, side), or None where nobody knows."""
    kind, *place = picture.split(":")
    if kind != "sample" or not datasets.get(place[0]).has_masks:
        return None
    mask = datasets.mask(place[0], int(place[1])).astype(np.uint8) * 255
    return np.asarray(images.resize(np.repeat(mask[..., None], 3, axis=-1), side, side)[..., 0] > 127)


def view_controls(has_mask: bool) -> tuple[float, bool]:
    """Draw how strongly the map covers the picture and, where there is a mask, its switch; return both."""
    opacity = st.slider(
        "Map over picture",
        0.0,
        1.0,
        0.65,
        0.05,
        key="occlusion_opacity",
        persist_state="session",
        help="0 shows only the picture, 1 only the map.",
    )
    outlined = has_mask and st.toggle(
        "Outline the object",
        True,
        key="occlusion_mask",
        persist_state="session",
        help="These pictures were drawn by a program, which knows the pixels that belong to the object.",
    )
    return opacity, outlined


def evidence(result: OcclusionMap, mask: np.ndarray) -> str:
    """Return how much of what lowered the score lies inside the object, beside what an even map would give."""
    share = share_inside(result.drop, mask)
    if share is None:
        return "Nothing that was hidden lowered the score."
    return f"**{share:.0%} of the evidence** (falls of the score) lies in the object, which covers {mask.mean():.0%}."


def _rounded_up(change: float) -> str:
    """Return the next power of ten: "0.001", "0.0001", or "0.000001" for all that is less."""
    power = next((power for power in range(6, 3, -1) if change <= 10.0**-power), 3)
    return f"{10.0**-power:.{power}f}"


def strongest(result: OcclusionMap, unit: str) -> str:
    """Return where hiding costs most, or that it costs hardly anything anywhere."""
    change = float(np.abs(result.occluded - result.base_score).max())
    if change < HARDLY:
        advice = " Try the logit: a sure answer's probability hardly moves." if unit == "probability" else ""
        return f"Score {result.base_score:.3g}; no square changes it by more than {_rounded_up(change)}.{advice}"
    row, col = np.unravel_index(int(np.argmin(result.occluded)), result.occluded.shape)
    top, left, lowest = int(result.rows[row]), int(result.cols[col]), float(result.occluded[row, col])
    return (
        f"Score {result.base_score:.3g}; lowest, {lowest:.3g}, with rows {top}–{top + result.patch - 1} and columns "
        f"{left}–{left + result.patch - 1} hidden."
    )
