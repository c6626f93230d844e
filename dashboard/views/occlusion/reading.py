"""Readings of an occlusion map: how it is shown, what it says in words, and which operations it took."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from dashboard.figures import theme
from dashboard.views.occlusion.figures import by_layer, disagreement, reach
from dashboard.views.occlusion.headline import NOTHING, place_of
from models.ids import PictureId
from models.networks.answers import Prediction
from models.occlusion.occlusion import OcclusionMap
from models.occlusion.scores import PatchScores, base_probabilities, counts, largest_change, probabilities
from models.pictures import datasets
from models.wording import percent, significant

MOST_CLASSES = 6  # maps side by side
PREDICTED, TRUE, GAINING = -1, -2, -3
ROLES = {PREDICTED: "the predicted one", TRUE: "the true one", GAINING: "the one that gains most"}


def view_controls(has_mask: bool) -> tuple[float, bool]:
    """Draw how strongly the map covers the picture and, where there is a mask, its switch; return both."""
    opacity = st.slider(
        "Map over picture",
        0.0,
        1.0,
        0.9,
        0.05,
        key="occlusion_opacity",
        persist_state="session",
        help="How strongly the map covers the picture where its values are largest. Where they are zero, it is "
        "transparent: there you see the picture as it is.",
    )
    outlined = has_mask and st.toggle(
        "Outline the object",
        True,
        key="occlusion_mask",
        persist_state="session",
        help="These pictures were drawn by a program, which knows the pixels that belong to the object.",
    )
    return opacity, outlined


def true_class(picture: str, prediction: Prediction) -> int | None:
    """Return the number of the picture's own class; None for your own pictures and those of other data."""
    place = PictureId.parse(picture)
    if not place.dataset or datasets.get(place.dataset).classes != prediction.classes:
        return None
    return datasets.label(place.dataset, place.index)


def title_of_class(number: int, prediction: Prediction, label: int | None) -> str:
    """Return a class with its probability, and whether it is the predicted or the true one."""
    parts = [f"{prediction.classes[number]} {percent(prediction.probabilities[number])}"]
    parts += ["predicted"] if number == int(prediction.probabilities.argmax()) else []
    parts += ["true"] if number == label else []
    return ", ".join(parts)


def classes_picker(prediction: Prediction, label: int | None) -> tuple[int, ...]:
    """Draw which classes are shown side by side; return numbers of classes, and the roles that `resolve` knows."""
    roles = [role for role in ROLES if role != TRUE or label is not None]
    picked: list[int] = st.multiselect(
        "Classes to compare",
        [*roles, *range(len(prediction.classes))],
        default=roles,
        format_func=lambda number: ROLES[number] if number in ROLES else prediction.classes[number],
        key=f"occlusion_classes_{len(roles)}",
        bind="query-params",
        max_selections=MOST_CLASSES,
        placeholder="Classes to compare",
        label_visibility="collapsed",
    )
    return tuple(picked) or (PREDICTED,)


def resolve(picked: Sequence[int], prediction: Prediction, label: int | None, scores: PatchScores) -> list[int]:
    """Return the numbers of the classes, each once; the one that gains is the one whose probability rises most."""
    best = int(prediction.probabilities.argmax())
    rise = np.nanmax(probabilities(scores), axis=(0, 1)) - base_probabilities(scores)
    rise[best] = -np.inf
    roles = {PREDICTED: best, TRUE: label, GAINING: int(rise.argmax())}
    return list(dict.fromkeys(number for one in picked if (number := roles.get(one, one)) is not None))


def lowest(found: OcclusionMap, unit: str) -> str:
    """Return where hiding costs most, in pixels of the picture."""
    row, col = place_of(found)
    top, left = int(found.rows[row]), int(found.cols[col])
    return (
        f"The {unit} of the untouched picture is {significant(found.base_score)}. It is lowest, "
        f"{significant(float(found.occluded[row, col]))}, with rows {top}–{top + found.patch - 1} and columns "
        f"{left}–{left + found.patch - 1} hidden."
    )


def disagree(titled: Sequence[tuple[str, OcclusionMap]], unit: str, least: float) -> str:
    """Return where the fills disagree most, and how; or that they agree but for less than `least`."""
    if not any(counts(largest_change(one), least) for _, one in titled):
        return NOTHING
    spread = disagreement([one for _, one in titled])
    row, col = np.unravel_index(int(np.nanargmax(spread)), spread.shape)
    falls = {title.lower(): round(float(one.drop[row, col]), 3) for title, one in titled}
    low, high = min(falls, key=falls.__getitem__), max(falls, key=falls.__getitem__)
    if not counts(falls[high] - falls[low], least):
        return f"The fills agree: their falls of the {unit} differ by less than {significant(least)} everywhere."
    return (
        f"The fills disagree most at row {row}, col {col}: the {unit} falls by {significant(falls[high])} with {high} "
        f"and by {significant(falls[low])} with {low}."
    )


def operations(scores: PatchScores | None) -> None:
    """Draw, folded up, how many operations the answer took, layer by layer."""
    if scores is None:
        return
    with st.expander(summary(scores), icon=":material/speed:", key="occlusion_operations"):
        st.plotly_chart(by_layer(scores), key="occlusion_reach", config=theme.CONFIG, alt=explanation(scores))
        st.markdown(explanation(scores))
        st.caption(
            "MACs: multiplications, each with an addition, on average over the positions. They are no measure of time: "
            "gathering the windows takes some as well. The result equals that of full passes to four decimals of the "
            "logits."
        )


def summary(scores: PatchScores) -> str:
    """Return what was done of what a full pass does, in one line."""
    done, full = scores.macs_done, scores.macs_full
    counts = f"{_millions(done)} of {_millions(full)} operations per position"
    return f"{counts}: {percent(1 - done / full)} saved" if done < full else f"{counts}: nothing saved"


def explanation(scores: PatchScores) -> str:
    """Return why: how far the square reaches in the first, and in the deepest layers."""
    share = reach(scores)
    local = [
        (name, float(part)) for name, part, maps in zip(scores.layer_names, share, scores.layer_maps, strict=True)
        if maps.prod() > 1
    ]  # fmt: skip
    parts = []
    if local and scores.way == "incremental":
        (first, near), (last, far) = local[0], local[-1]
        parts.append(
            f"A square of {scores.patch} × {scores.patch} px can change {percent(near)} of the maps of `{first}`. Only "
            "these values are computed anew; the others are taken from the untouched picture. Deeper values see more "
            f"of the picture, so the square reaches further: {percent(far)} of `{last}`."
        )
        parts.append("A smaller patch saves more, and early layers save most, because a convolution looks only nearby.")
    if scores.reason:
        parts.append(scores.reason)
    elif scores.way != "incremental":
        parts.append("Every position was a full forward pass.")
    return " ".join(parts)


def _millions(macs: float) -> str:
    return f"{significant(macs / 1e9)} billion" if macs >= 1e9 else f"{significant(macs / 1e6)} million"
