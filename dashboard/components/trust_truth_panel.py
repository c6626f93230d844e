"""Maps against the truth: how much of each lies in the object, and whether its strongest place does."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache, state
from dashboard.components import attribution_view
from dashboard.components.occlusion_panel import AT_ONCE_S, class_picker
from dashboard.components.picture_picker import picture_picker
from dashboard.components.trust_test_pictures import missing, test_pictures
from dashboard.figures import theme
from dashboard.figures import trust as figures
from models import pointing
from models.attribution_maps import METHODS, ExplanationSpec
from models.datasets import DATASETS
from models.occlusion import share_inside
from models.trust import CHOICES, TrustResult

_OF = {"sample": "Test set", "one": "This picture"}
_WHICH = {"all": "All", "right": "Rightly answered"}
_SHARE, _POINT = "Share of the map inside the object", "Strongest place in the object"
_NOT_SHOWN = (
    "What you do not see: where the evidence must be. The mask is where the object is; a network may rest on something "
    "else and still be right, and then a map that points elsewhere is the honest one. The object is near the middle of "
    "most pictures, so that a map which always points there scores well without looking."
)
_REFERENCE = "Pointing game: Zhang et al., IJCV 2018, arXiv 1608.00507."


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
        result, run = test_pictures(chosen, network, controls)
        with main:
            if result is None:
                missing(run)
                st.info("Not measured yet: start it on the left.", icon=":material/hourglass_top:")
            else:
                _all(result, str(which))
    main.caption(f"{_NOT_SHOWN} {_REFERENCE}")


def _all(result: TrustResult, which: str) -> None:
    panels = {_SHARE: result.shares_inside(which), _POINT: result.pointing(which)}
    order = [*result.methods, "even", "centre"]
    panels = {title: {name: rows[name] for name in order} for title, rows in panels.items()}
    chart = figures.estimates(panels, percent=True)
    st.plotly_chart(chart, key="occlusion_truth", config=theme.CONFIG, alt=_sentence(result, which))
    st.markdown(_sentence(result, which))
    kept = int(result.chosen(which).sum())
    st.caption(
        f"{kept} test pictures ({'all' if which == 'all' else 'those that the network got right'}); maps explain the "
        f"logit of the predicted class. Shares count what speaks for the class; 95 % Student intervals. The strongest "
        f"place may miss the object by {result.within} px; 95 % Wilson intervals; a flat map misses. Open diamonds: "
        "what an even map and one that always points to the middle would give."
    )
    with st.expander("All numbers", key="occlusion_truth_numbers"):
        st.dataframe(figures.estimate_rows(panels, percent=True), hide_index=True, alt="Shares and hits, by method")


def _sentence(result: TrustResult, which: str) -> str:
    """Return which methods beat the map that always points to the middle, computed from the numbers."""
    hits, shares = result.pointing(which), result.shares_inside(which)
    best = [name for name in result.methods if hits[name].low > hits["centre"].high]
    worse = [name for name in result.methods if hits[name].high < hits["centre"].low]
    even = [name for name in result.methods if not shares[name].low > shares["even"].high]

    def titles(names: list[str]) -> str:
        return ", ".join(METHODS[name].title for name in names)

    text = (
        f"The map that always points to the middle hits the object in **{hits['centre'].value:.0%}** of the pictures. "
    )
    text += f"Clearly better: **{titles(best)}**. " if best else "No method is clearly better. "
    text += f"Clearly worse: **{titles(worse)}**. " if worse else ""
    return text + (f"No more of it inside than of an even map: **{titles(even)}**." if even else "")


def _one(network: str, controls: DeltaGenerator, main: DeltaGenerator) -> None:
    with controls:
        picture = picture_picker("occlusion")
        said = cache.prediction(network, picture)
        class_index = class_picker(said)
    mask = pointing.mask_of(picture, said.height, said.width)
    with main:
        if mask is None:
            st.info("Nobody knows the object of your own picture.", icon=":material/visibility_off:")
            return
        within, rows = pointing.tolerance(said.height, said.width), []
        for method in METHODS.values():
            spec = ExplanationSpec(network, picture, "logit", class_index, method=method.id)
            found = attribution_view.answer(spec, None) if attribution_view.seconds(spec) <= AT_ONCE_S else None
            share, hit = None, "not computed: too slow for a click"
            if found is not None:
                share = share_inside(found.values, mask)
                hit = "yes" if pointing.hits(found.values, mask, within) else "no"
            rows.append(
                {
                    "Method": method.title,
                    _SHARE: "–" if share is None else f"{share:.0%}",
                    f"{_POINT} (±{within} px)": hit,
                }
            )
        st.dataframe(rows, hide_index=True, alt="This picture's maps against its object")
        st.caption(
            f"Maps of the logit. The object covers {mask.mean():.0%} of the picture: an even map has as much inside."
        )
