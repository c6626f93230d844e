"""Weights made random from the head down: which maps fail to change?"""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.occlusion import figures_trust, headline
from dashboard.views.occlusion.question import class_picker
from dashboard.widgets import cache, work
from dashboard.widgets.page import not_shown
from dashboard.widgets.picture_picker import picture_picker, picture_title
from models.attribution.maps import TESTED
from models.attribution.randomised import (
    KEEPS,
    MEASURES,
    PICTURES,
    RANDOMISED,
    RandomisedResult,
    RandomisedSpec,
)
from models.pictures import images
from models.wording import fixed

_MEASURES = {"rank": "Rank correlation", "structure": "SSIM"}
_NOT_SHOWN = (
    "The test does not show whether a map that changes was right before. Noisy maps change more than smooth ones, "
    "however good they are, and what all maps of centred objects have in common stays similar without meaning anything."
)
_REFERENCE = (
    "Adebayo et al.: Sanity checks for saliency maps. NeurIPS 2018, arXiv 1810.03292. On its limits: Binder et al., "
    "CVPR 2023, arXiv 2211.12486."
)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw how alike the maps stay, which methods fail to change, and the maps themselves."""
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        picture = picture_picker("occlusion")
        prediction = cache.prediction(network, picture)
        class_index = class_picker(prediction)
        measure = st.segmented_control(
            "Likeness", list(MEASURES), default="rank", required=True, format_func=lambda name: _MEASURES[name],
            key="occlusion_random_measure", persist_state="session",
            help="Rank correlation asks whether the places keep their order, SSIM whether the pattern keeps its form. "
            "Both of magnitudes, so that a map whose sign flips counts as the same.",
        )  # fmt: skip
    spec = RandomisedSpec(network, picture, class_index)
    with main:
        result = work.answer(
            RANDOMISED,
            spec,
            owner=chosen.owner,
            what=f"All maps of {PICTURES} pictures at every depth",
            button="Make it forget",
            key="occlusion_random_job",
            beside=controls,
        )
        if result is not None:
            _shown(result, str(measure), safe_label(prediction.classes[class_index]))
        else:
            st.info(
                "Not measured yet for this picture. A copy of the network loses its weights block by block, from the "
                "head down; a map that stays the same cannot have shown what the network learned.",
                icon=":material/shuffle:",
            )
        not_shown(f"{_NOT_SHOWN} {_REFERENCE}")


def _shown(result: RandomisedResult, measure: str, label: str) -> None:
    headline.draw(in_short(result))
    st.markdown(verdict(result))
    chart = figures_trust.similarity(result, measure)
    st.plotly_chart(chart, key="occlusion_random", config=theme.CONFIG, alt=verdict(result))
    st.caption(
        f"Mean over {result.rank.shape[2]} pictures (this one and test pictures) with 95% Student intervals; maps of "
        f"the logit of the class the trained network answers. Only the head knows the classes: a method that stays "
        f"above {KEEPS} (dashed) without it has not shown them. Seed {result.seed}; the network itself is not touched."
    )
    st.markdown(f"**The maps of {label} in {picture_title(result.picture)}, from trained to random**")
    st.caption(" → ".join([result.levels[0], *(f"random down to {level}" for level in result.levels[1:])]))
    for method in result.methods:
        name, row = st.columns([4, 15], vertical_alignment="center")
        name.markdown(f"**{TESTED[method].title}**", help=TESTED[method].hides)
        strip = figures_trust.strip(result, TESTED[method])
        row.image(images.webp(strip, 95), width="stretch", alt=f"{TESTED[method].title}: maps from trained to random")
    with st.expander("All numbers", key="occlusion_random_numbers"):
        st.dataframe(rows(result), hide_index=True, alt="Rank correlation and SSIM at every depth")


def in_short(result: RandomisedResult) -> str:
    """Return which methods fail to change."""
    failed = [TESTED[method].title for method in result.unchanged()]
    if not failed:
        return "Every map changes when the head forgets what it learned."
    verb = "keeps its map" if len(failed) == 1 else "keep their maps"
    return f"{headline.listed(failed)} {verb} although the head has forgotten what it learned."


def verdict(result: RandomisedResult) -> str:
    """Return which methods fail to change, and how deep, computed from the numbers."""

    def kept(method: str, level: int) -> str:
        at = result.similarity(method, level)
        return fixed(at.value, 2) if at.n else "flat maps"

    failed = result.unchanged()
    parts = [
        f"**{TESTED[method].title} fails to change**: it keeps {kept(method, 1)} when the head is random, and more "
        f"than {KEEPS} down to {result.levels[result.stays(method)]}."
        for method in failed
    ]
    others = [f"{TESTED[method].title} {kept(method, 1)}" for method in result.methods if method not in failed]
    if others:
        parts.append(f"With the head random {'the others keep' if failed else 'they keep'} {', '.join(others)}.")
    return " ".join(parts if failed else ["**Every method's maps change** when the head becomes random.", *parts])


def rows(result: RandomisedResult) -> list[dict[str, str]]:
    """Return similarity at every depth as text, and that of the trained maps of two different pictures."""
    found = []
    for number, method in enumerate(result.methods):
        for measure, words in _MEASURES.items():
            row = {"Method": TESTED[method].title, "Measure": words}
            for level, title in enumerate(result.levels):
                at = result.similarity(method, level, measure)
                row[title] = (
                    f"{fixed(at.value, 2)} ({fixed(at.low, 2)}–{fixed(at.high, 2)}), n = {at.n}"
                    if at.n
                    else "flat maps"
                )
            unrelated = result.unrelated[number]
            known = unrelated[unrelated == unrelated]
            shown = fixed(known.mean(), 2) if measure == "rank" and len(known) else "–"
            found.append(row | {"two different pictures": shown})
    return found
