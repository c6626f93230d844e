"""Maps against the truth: how much of each lies in the object, and whether its strongest place does."""

from __future__ import annotations

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.occlusion import figures_trust, headline, methods
from dashboard.views.occlusion.figures import panel
from dashboard.views.occlusion.question import class_picker
from dashboard.widgets import cache, work
from dashboard.widgets.page import not_shown
from dashboard.widgets.picture_picker import picture_picker
from models.attribution import pointing
from models.attribution.maps import METHODS, ExplanationSpec
from models.attribution.trust import CHOICES, SAMPLE, TRUST, TrustResult, TrustSpec
from models.errors import InputError
from models.occlusion.occlusion import share_inside
from models.occlusion.scores import counts, floor
from models.pictures import images
from models.pictures.datasets import DATASETS
from models.wording import percent

_OF = {"sample": "Test set", "one": "This picture"}
_WHICH = {"all": "All", "right": "Rightly answered"}
_SHARE, _POINT = "Share of the map inside the object", "Strongest place in the object"
_NOT_SHOWN = (
    "The mask says where the object is, not where the evidence must be. A network may rest on something else and still "
    "be right; then a map that points elsewhere is the honest one. The object is near the middle of "
    "most pictures, so that a map which always points there scores well without looking."
)
_KEY = "occlusion_trust_job"
_REFERENCE = "Pointing game: Zhang et al., IJCV 2018, arXiv 1608.00507."


def test_pictures(chosen: state.Selection, network: str, beside: DeltaGenerator) -> work.Found[TrustResult]:
    """Draw the price and the button where nothing is measured yet; return what there is."""
    spec = TrustSpec(network)
    found = work.find(TRUST, spec, chosen.owner)
    if found.result is None:
        what = f"All maps of {spec.n_pictures} test pictures, curves of {min(SAMPLE, spec.n_pictures)}"
        work.offer(
            TRUST, spec, found.run, owner=chosen.owner, what=what, button="Measure them", key=_KEY, beside=beside
        )
    return found


def missing(found: work.Found[TrustResult]) -> None:
    """Draw how far the job is; for where its result would stand."""
    work.progress(found.run, _KEY)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the comparison over the test pictures, or for the chosen picture; say why where there are no masks."""
    spec = DATASETS[chosen.dataset]
    if not spec.has_masks:
        st.info(
            f"{spec.title} has no masks: nobody wrote down which pixels make a picture what it is, so there is no "
            "truth to hold a map against. The Galaxies were drawn by a program that knows them.",
            icon=":material/visibility_off:",
        )
        return
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        of = st.segmented_control(
            "Of", list(_OF), default="sample", required=True, format_func=lambda name: _OF[name],
            key="occlusion_truth_of", bind="query-params", label_visibility="collapsed",
        )  # fmt: skip
    if of == "one":
        _one(network, controls, main)
    else:
        with controls:
            which = st.segmented_control(
                "Which pictures count", list(CHOICES), default="all", required=True,
                format_func=lambda name: _WHICH[name], key="occlusion_truth_which", bind="query-params",
                help="Maps explain the class that the network answers, right or wrong.",
            )  # fmt: skip
        found = test_pictures(chosen, network, controls)
        with main:
            if found.result is None:
                missing(found)
                st.info("Not measured yet: start it on the left.", icon=":material/hourglass_top:")
            else:
                _all(found.result, str(which))
    with main:
        not_shown(f"{_NOT_SHOWN} {_REFERENCE}")


def _all(result: TrustResult, which: str) -> None:
    panels = {_SHARE: result.shares_inside(which), _POINT: result.pointing(which)}
    order = [*result.methods, "even", "centre"]
    panels = {title: {name: rows[name] for name in order} for title, rows in panels.items()}
    headline.draw(verdict(result, which))
    chart = figures_trust.estimates(panels, shares=True)
    st.plotly_chart(chart, key="occlusion_truth", config=theme.CONFIG, alt=_sentence(result, which))
    st.markdown(_sentence(result, which))
    kept = int(result.chosen(which).sum())
    st.caption(
        f"{kept} test pictures ({'all' if which == 'all' else 'those that the network got right'}); maps explain the "
        f"logit of the predicted class. Shares count what speaks for the class; 95% Student intervals. The strongest "
        f"place may miss the object by {result.within} px; 95% Wilson intervals; a flat map misses. Open diamonds: "
        "what an even map and one that always points to the middle would give."
    )
    with st.expander("All numbers", key="occlusion_truth_numbers"):
        st.dataframe(
            figures_trust.estimate_rows(panels, shares=True), hide_index=True, alt="Shares and hits, by method"
        )


def verdict(result: TrustResult, which: str) -> str:
    """Return which methods beat the map that always points to the middle, computed from the numbers."""
    hits, thing = result.pointing(which), DATASETS[result.dataset].thing
    best = [METHODS[name].title for name in result.methods if hits[name].low > hits["centre"].high]
    names = headline.listed(best)
    who = f"{names} find" if len(best) > 1 else f"Only {names} finds" if best else "No method finds"
    return f"{who} the {thing} clearly more often than a map that always points to the middle."


def _sentence(result: TrustResult, which: str) -> str:
    """Return how often the middle hits, which methods are worse, and which have no more inside than an even map."""
    hits, shares = result.pointing(which), result.shares_inside(which)
    worse = [name for name in result.methods if hits[name].high < hits["centre"].low]
    even = [name for name in result.methods if not shares[name].low > shares["even"].high]

    def titles(names: list[str]) -> str:
        return ", ".join(METHODS[name].title for name in names)

    text = (
        f"The map that always points to the middle hits the object in "
        f"**{percent(hits['centre'].value)}** of the pictures. "
    )
    text += f"Clearly worse: **{titles(worse)}**. " if worse else ""
    return text + (f"No more of it inside than of an even map: **{titles(even)}**." if even else "")


def _one(network: str, controls: DeltaGenerator, main: DeltaGenerator) -> None:
    with controls:
        picture = picture_picker("occlusion")
        prediction = cache.prediction(network, picture)
        class_index = class_picker(prediction)
    mask = pointing.mask_of(picture, prediction.height, prediction.width)
    with main:
        if mask is None:
            st.info("Nobody knows the object of your own picture.", icon=":material/visibility_off:")
            return
        image = images.resize(images.load_picture(picture), prediction.height, prediction.width)
        said, found = st.empty(), []
        said.markdown("## Computing the maps…")
        least = floor("logit", prediction.logits)
        for place, method in zip(st.columns(len(METHODS), gap="small"), METHODS.values(), strict=True):
            with place:
                spec = ExplanationSpec(network, picture, "logit", class_index, method=method.id)
                found.append(_map(spec, image, mask, least))
        known = [hit for hit in found if hit is not None]
        with said.container():
            headline.draw(
                f"On this picture {sum(known)} of {len(known)} methods have their strongest place on the "
                f"{headline.thing_of(picture)}."
            )
        st.caption(
            f"Maps of the logit with the object outlined; the cross is the strongest place, which may miss it by "
            f"{pointing.tolerance(*mask.shape)} px. The object covers {percent(mask.mean())} of the picture: an even "
            "map "
            "has as much inside."
        )


def _map(spec: ExplanationSpec, image: NDArray[np.uint8], mask: NDArray[np.bool_], least: float) -> bool | None:
    """Draw one map and what is inside the object, or say why there is none; return whether it hits."""
    try:
        found = methods.answer(spec, None)
    except InputError as error:
        st.caption(f"**{METHODS[spec.method].title}**: {safe_label(str(error), 400)}")
        return None
    if found is None:
        st.caption(f"**{METHODS[spec.method].title}**: too slow for a click; the test set is a job.")
        return None
    share, place = share_inside(found.values, mask), pointing.peak(found.values)
    hit = pointing.hits(found.values, mask, pointing.tolerance(*mask.shape))
    words = (
        f"{'nothing speaks for it' if share is None else f'{percent(share)} inside'}; {'a hit' if hit else 'a miss'}."
    )
    method, title = METHODS[spec.method], METHODS[spec.method].title
    opacity = 0.8 if counts(method.effect(found), least) else 0
    figure = panel(image, found.values, method, mask=mask, mark=place, opacity=opacity, height=140)
    key = f"occlusion_truth_{spec.method}"
    st.plotly_chart(figure, key=key, config=theme.CONFIG, alt=f"{title}, its strongest place marked: {words}")
    st.caption(f"**{title}**: {words}")
    return hit
