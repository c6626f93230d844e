"""The one sentence over each picture, computed from its map: where the eye begins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from dashboard.labels import safe_label
from models.attribution.pointing import peak
from models.ids import PictureId
from models.occlusion.occlusion import OcclusionMap, share_inside
from models.occlusion.scores import (
    PatchScores,
    base_probabilities,
    counts,
    floor,
    largest_change,
    map_of,
    probabilities,
)
from models.pictures import datasets
from models.wording import significant, whole_percent

NOTHING: Final = "No square changes this answer."
ADVICE: Final = {
    "probability": "Try the score before softmax (logit): the probability of a sure answer hardly moves.",
    "logit": "Try a larger square or another fill.",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """What a picture shows.

    Attributes:
        text: A sentence or two.
        square: That it is about: (top, left, side) in pixels; None for none.
        advice: What to try where there is nothing to see.
    """

    text: str
    square: tuple[int, int, int] | None = None
    advice: str = ""


def draw(text: str, advice: str = "") -> None:
    """Draw a headline, in larger text than what follows; the advice in smaller."""
    st.markdown(f"## {text}")
    if advice:
        st.markdown(advice)


def thing_of(picture: str) -> str:
    """Return what the mask of a picture is of: "galaxy"; "object" for pictures without one."""
    found = PictureId.parse(picture)
    return datasets.get(found.dataset).thing if found.dataset else "object"


def of_map(
    scores: PatchScores, class_index: int, score: str, mask: NDArray[np.bool_] | None, thing: str = "object"
) -> Headline:
    """Return what an occlusion map shows.

    Where nothing counts, that; with a mask, how much of the evidence lies on the object; else what the square does that
    changes the score most.
    """
    found, least = map_of(scores, class_index, score), floor(score, scores.base_logits)
    if not counts(largest_change(found), least):
        return Headline(NOTHING, advice=ADVICE[score])
    falls = counts(found.base_score - float(np.nanmin(found.occluded)), least)
    share = share_inside(np.nan_to_num(found.drop), mask) if mask is not None and falls else None
    if share is not None and mask is not None:
        return Headline(
            f"{whole_percent(share)} of the evidence lies on the {thing}, which covers "
            f"{whole_percent(float(mask.mean()))} of the picture."
        )
    return _of_square(scores, class_index, found, falls)


def _of_square(scores: PatchScores, class_index: int, found: OcclusionMap, falls: bool) -> Headline:
    """Return what the square does that lowers the score most, or that raises it most where none lowers it."""
    row, col = place_of(found) if falls else _at(found, int(np.nanargmax(found.occluded)))
    square = int(found.rows[row]), int(found.cols[col]), found.patch
    name = safe_label(scores.classes[class_index])
    before = whole_percent(float(base_probabilities(scores)[class_index]))
    after = whole_percent(float(probabilities(scores)[row, col, class_index]))
    if before != after:
        return Headline(f"Probability of {name}: {before}. With this square hidden: {after}.", square)
    was, now = (significant(float(logits[class_index])) for logits in (scores.base_logits, scores.logits[row, col]))
    return Headline(
        f"Score of {name} before softmax: {was}. With this square hidden: {now}. Its probability stays {before}.",
        square,
    )


def place_of(found: OcclusionMap) -> tuple[int, int]:
    """Return row and column, in the grid of positions, of the square that lowers the score most."""
    return _at(found, int(np.nanargmin(found.occluded)))


def _at(found: OcclusionMap, number: int) -> tuple[int, int]:
    row, col = divmod(number, found.occluded.shape[1])
    return row, col


def of_methods(
    maps: Mapping[str, NDArray[np.floating]],
    mask: NDArray[np.bool_] | None,
    square: tuple[int, int, int] | None,
    thing: str = "object",
) -> str:
    """Return what the maps of several methods have in common; "" where there is nothing to say.

    Args:
        maps: Titles of methods with their maps (H, W), those in which something counts.
        mask: Where the object is, (H, W); None where nobody knows.
        square: Of the occlusion map the one whose hiding costs most, where there is no mask; None where none counts.
        thing: What the object is.
    """
    if mask is not None:
        found = {title: share_inside(values, mask) for title, values in maps.items()}
        shares = {title: share for title, share in found.items() if share is not None}
        return _shares(shares, float(mask.mean()), thing) if shares else ""
    places = {title: peak(values) for title, values in maps.items()}
    known = [place for place in places.values() if place is not None]
    if square is None or not known:
        return ""
    top, left, side = square
    inside = sum(top <= row < top + side and left <= col < left + side for row, col in known)
    return f"The strongest place of {inside} of {len(known)} maps lies in the square that costs most when it is hidden."


def _shares(shares: Mapping[str, float], area: float, thing: str) -> str:
    most, least = max(shares, key=shares.__getitem__), min(shares, key=shares.__getitem__)
    which = f"the {thing}, which covers {whole_percent(area)} of the picture"
    if most == least:
        return f"{most}: {whole_percent(shares[most])} of the evidence lies on {which}."
    return (
        f"{most} puts {whole_percent(shares[most])} of its evidence on {which}; {least} puts "
        f"{whole_percent(shares[least])} there."
    )


def of_curves(better: Sequence[str], n_methods: int, where: str) -> str:
    """Return which methods know more than chance, `better` being their titles; `where`: "On this picture"."""
    if len(better) == n_methods:
        return f"{where} every method knows more than chance."
    if not better:
        return f"{where} no method knows more than chance."
    only, verb = ("only ", "knows") if len(better) == 1 else ("", "know")
    return f"{where} {only}{listed(better)} {verb} more than chance."


def listed(names: Sequence[str]) -> str:
    """Return names as a sentence has them: "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else "none"
