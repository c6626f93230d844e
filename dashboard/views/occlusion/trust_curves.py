"""Deletion and insertion: take away what a map calls important first, and see whether the score falls."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.figures import theme
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.views.occlusion import figures_trust, headline
from dashboard.views.occlusion.question import AT_ONCE_S, class_picker, score_picker
from dashboard.views.occlusion.trust_truth import missing, test_pictures
from dashboard.widgets import cache, work
from dashboard.widgets.page import not_shown
from dashboard.widgets.picture_picker import picture_picker
from models.attribution.deletion import FILLS, Curves, better_than_chance
from models.attribution.maps import CURVES, EXPLANATION, METHODS, ExplanationSpec
from models.attribution.trust import TrustResult
from models.wording import fixed

_FILLS = {"mean": "the mean colour", "blur": "the blurred picture"}
_NOT_SHOWN = (
    "The curves do not show whether the score falls because evidence is gone, or because the damaged picture no longer "
    "looks like anything that the network was trained on. Another fill can put other methods first. Only the order of "
    "a map counts, not its values."
)
_REFERENCE = (
    "Petsiuk, Das and Saenko: RISE. BMVC 2018, arXiv 1806.07421. On its limits: Gomez, Fréour and Mouchère, 2022, "
    "arXiv 2201.13291."
)
_OF = {"one": "This picture", "sample": "Test set"}


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the curves of the chosen picture, or the mean areas under those of some test pictures."""
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        of = st.segmented_control(
            "Curves of", list(_OF), default="one", required=True, format_func=lambda name: _OF[name],
            key="occlusion_curves_of", bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    if of == "sample":
        found = test_pictures(chosen, network, controls)
        with main:
            if found.result is None:
                missing(found)
                st.info("Not measured yet: curves of some test pictures say more than those of one.")
            else:
                result = found.result
                gains = [result.gains(way) for way in figures_trust.WAYS]
                better = [name for name in result.methods if all(gain[name].low > 0 for gain in gains)]
                where = f"On {len(result.sample)} test pictures"
                titles = [METHODS[name].title for name in better]
                headline.draw(headline.of_curves(titles, len(result.methods), where))
                panels = {title: result.areas(way) for way, title in figures_trust.WAYS.items()}
                st.markdown("**Mean area under the curves**", help="The mean probability of the answer on the way.")
                chart = figures_trust.estimates(panels, shares=False)
                st.plotly_chart(
                    chart, key="occlusion_areas", config=theme.CONFIG, alt="Mean areas under the curves, by method"
                )
                st.markdown(" ".join(_against_chance(result, way) for way in figures_trust.WAYS))
                st.caption(
                    f"Probability of the predicted class, {len(result.sample)} test pictures, squares of a sixteenth "
                    "of the side, filled with the mean colour; maps explain the logit. 95% Student intervals over "
                    "pictures."
                )
                st.dataframe(
                    figures_trust.estimate_rows(panels, shares=False),
                    hide_index=True,
                    alt="Mean areas under the curves",
                )
    else:
        _one(chosen, network, controls, main)
    with main:
        not_shown(f"{_NOT_SHOWN} {_REFERENCE}")


def _against_chance(result: TrustResult, way: str) -> str:
    """Return which methods are better than random orders, picture by picture, computed from the numbers."""
    gains = result.gains(way)
    better = [f"{METHODS[name].title} by {fixed(at.value, 2)}" for name, at in gains.items() if at.low > 0]
    rest = [METHODS[name].title for name, at in gains.items() if not at.low > 0]
    start = {"deletion": "Taken away", "insertion": "Put back"}[way]
    text = f"**{start}**, compared with random orders picture by picture: better are {', '.join(better) or 'none'}"
    return text + (f"; not clearly so {', '.join(rest)}." if rest else ".")


def _one(chosen: state.Selection, network: str, controls: DeltaGenerator, main: DeltaGenerator) -> None:
    with controls:
        picture = picture_picker("occlusion")
        prediction = cache.prediction(network, picture)
        class_index, score = class_picker(prediction), score_picker()
        fill = st.selectbox(
            "Instead of what is missing", FILLS, format_func=lambda name: _FILLS[name], key="occlusion_curves_fill",
            persist_state="session", help="What stands where something was taken away.",
        )  # fmt: skip
        squares = max(prediction.height // 16, 1)
        cell = st.selectbox(
            "Taken away at a time", [squares, 1], key=f"occlusion_curves_cell_{squares}", persist_state="session",
            format_func=lambda px: "single pixels" if px == 1 else f"squares of {px} px",
            help="Squares ask coarse and fine maps the same question, and leave pictures that look less torn.",
        )  # fmt: skip
    spec = ExplanationSpec(network, picture, score, class_index, fill=fill, cell=cell).with_few()
    with main:
        found = _answer(spec, chosen.owner, controls)
        if found is None:
            return
        better = [METHODS[name].title for name in better_than_chance(found)]
        headline.draw(headline.of_curves(better, len(found.methods), "On this picture"))
        st.plotly_chart(
            figures_trust.curves(found), key="occlusion_curves", config=theme.CONFIG,
            alt=f"The {score} as the picture is taken away and put back, by method; the numbers are in the table",
        )  # fmt: skip
        st.caption(
            "Better than chance: left curve below the grey band, right curve above it, by the areas under them. Places "
            "are taken in the order of each map, the most important first; the grey band is "
            f"{len(found.random_deletion)} random orders."
        )
        st.markdown("**Area under each curve** (the mean score on the way)")
        st.dataframe(figures_trust.areas(found), hide_index=True, alt="Areas under the curves, by method")


def _answer(spec: ExplanationSpec, owner: str, beside: DeltaGenerator) -> Curves | None:
    """Return the curves: from a worker where that is quick, else what a job has written."""
    if spec.seconds <= 2 * AT_ONCE_S:
        return occlusion_cache.deletion_curves(spec)
    run = EXPLANATION.newest(spec, owner)
    found = occlusion_cache.explanation(run, CURVES, Curves)
    if found is None:
        what, key = "All maps of this picture and their curves", "occlusion_curves_job"
        work.offer(EXPLANATION, spec, run, owner=owner, what=what, button="Compute the curves", key=key, beside=beside)
        work.progress(run, key)
        st.info("Not computed yet: start it on the left.", icon=":material/hourglass_top:")
    return found
