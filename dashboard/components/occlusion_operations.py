"""Operations saved, and why: a lesson in locality."""

from __future__ import annotations

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.occlusion_operations import by_layer, reach
from models.patch_scores import PatchScores


def operations(scores: PatchScores | None) -> None:
    """Draw, folded up, how many operations the answer took, layer by layer."""
    if scores is None:
        return
    with st.expander(summary(scores), icon=":material/speed:", key="occlusion_operations"):
        st.plotly_chart(by_layer(scores), key="occlusion_reach", config=theme.CONFIG, alt=explanation(scores))
        st.markdown(explanation(scores))
        st.caption(
            "MACs: multiplications, each with an addition; means over positions. They are not time: gathering the "
            "windows takes some, too. The answer is that of full passes, to four decimals of the logits."
        )


def summary(scores: PatchScores) -> str:
    """Return what was done of what a full pass does, in one line."""
    done, full = scores.macs_done, scores.macs_full
    counts = f"{_millions(done)} of {_millions(full)} operations per position"
    return f"{counts}: {1 - done / full:.0%} saved" if done < full else f"{counts}: nothing saved"


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
            f"A square of {scores.patch} × {scores.patch} px can change {near:.0%} of the maps of `{first}`: only "
            "those values are computed anew, the others are those of the untouched picture. Deeper values see more "
            f"of the picture, so the square reaches further: {far:.0%} of `{last}`."
        )
        parts.append("A smaller patch saves more, and early layers save most: a convolution looks only nearby.")
    if scores.reason:
        parts.append(scores.reason)
    elif scores.way != "incremental":
        parts.append("Every position was a full forward pass.")
    return " ".join(parts)


def _millions(macs: float) -> str:
    return f"{macs / 1e9:.3g} billion" if macs >= 1e9 else f"{macs / 1e6:.3g} million"
