"""The view "Other methods": other ways to ask which pixels matter, for one class of one picture, side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.views.occlusion import headline
from dashboard.views.occlusion.figures import panel
from dashboard.views.occlusion.question import AT_ONCE_S, class_picker, first, score_picker
from dashboard.views.occlusion.reading import view_controls
from dashboard.widgets import cache, work
from dashboard.widgets.page import not_shown, refuse
from dashboard.widgets.picture_picker import picture_picker, picture_title
from models.attribution.maps import EXPLANATION, FAINT, METHODS, Attribution, ExplanationSpec, Method, Setting
from models.attribution.pointing import mask_of
from models.attribution.scales import UPSAMPLING, limit, upsample
from models.errors import FreezeframeError
from models.networks import layers
from models.occlusion.scores import counts, floor, map_of
from models.pictures import images
from models.storage import runs
from models.wording import significant

_COLUMNS = -(-(1 + len(METHODS)) // 2)  # the picture and all maps in two rows, which fit above the fold
_HEIGHT = 172  # px of a map
_QUIET = {
    "probability": "The probability hardly depends on any place, so that nothing is coloured. Try the score before "
    "softmax (logit).",
    "logit": "The score hardly depends on any place, so that nothing is coloured.",
}
_CLIPPED = ", ".join(method.title for method in METHODS.values() if method.clip < 1)
_SCALES = (
    "Purple speaks for the class, green against it. Maps from dark to bright only say how much. Every map has its own "
    "scale: compare where maps point, not how bright they are."
)
_NOT_SHOWN = (
    "No map shows why, or whether it can be trusted: the view Can I trust it? tests that. "
    f"The strongest 1% of {_CLIPPED} lie beyond the ends of their scales. A map gets no colour where, going by its own "
    "values, the score would change by less than 1 point of probability, or than 1% of the distance between the "
    f"highest and the lowest logit: a gradient is followed for {FAINT} of the 255 steps of every pixel."
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What all panels share.

    Attributes:
        spec: The question, without a method.
        run: The job for the methods that take long; None where there is none.
        image: (H, W, 3) uint8, the picture as the network takes it.
        mask: (H, W) bool, the object that is outlined; None for none.
        opacity: Of the maps over the picture, 0..1.
        enlarge: How maps on a coarse grid are enlarged, a key of `UPSAMPLING`.
        label: Name of the class explained.
        least: The change of the score that counts, see `scores.floor`.
    """

    spec: ExplanationSpec
    run: runs.Run | None
    image: NDArray[np.uint8]
    mask: NDArray[np.bool_] | None
    opacity: float
    enlarge: str
    label: str
    least: float


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
    controls, main = st.columns([5, 18], gap="medium")
    try:
        with controls:
            picture = picture_picker("occlusion")
            prediction = cache.prediction(network, picture)
            class_index, score = class_picker(prediction), score_picker()
            with st.expander("Settings of the methods", key="occlusion_methods_settings"):
                spec = settings(ExplanationSpec(network, picture, score, class_index))
                enlarge = enlargement()
            mask = mask_of(picture, prediction.height, prediction.width)
            opacity, outlined = view_controls(mask is not None)
            run, missing = _slow_maps(spec, chosen.owner, controls)
            image = images.resize(images.load_picture(picture), prediction.height, prediction.width)
            label, least = prediction.classes[class_index], floor(score, prediction.logits)
            subject = Subject(spec, run, image, mask if outlined else None, opacity, enlarge, label, least)
    except FreezeframeError as error:
        with main:
            refuse(error)
    with main:
        _panels(subject)
        if missing:
            work.progress(run, "occlusion_methods")
        st.caption(_SCALES)
        _reading()
        not_shown(_NOT_SHOWN)


def settings(spec: ExplanationSpec) -> ExplanationSpec:
    """Draw the settings of all methods; return the question with what is chosen."""
    for method in METHODS.values():
        for setting in method.settings:
            chosen = {setting.name: _chosen(method, setting, spec.network)}
            spec = replace(spec, **chosen)
    return spec


def _chosen(method: Method, setting: Setting, network: str) -> Any:
    """Draw one setting and return its value."""
    values = setting.values
    if not values:
        maps = [layer.name for layer in reversed(layers.layers(network)) if layer.is_map]
        values = (setting.begins, *maps)
    key, title = f"occlusion_{method.id}_{setting.name}", f"{method.title}: {setting.title}"
    if isinstance(setting.begins, int):
        number = st.select_slider(title, values, setting.begins, key=key, persist_state="session", help=setting.help)
        if remark := setting.remarks.get(number):
            st.caption(remark)
        return number
    value = st.selectbox(
        title, values, values.index(setting.begins), key=key, persist_state="session", help=setting.help,
        format_func=lambda value: setting.words.get(value, str(value)),
    )  # fmt: skip
    return value if value in values else setting.begins  # kept from another network, which has other layers


def enlargement() -> str:
    """Draw how maps on a coarse grid are enlarged, and return it."""
    titles = " and ".join(method.title for method in METHODS.values() if method.coarse)
    return str(
        st.segmented_control(
            f"{titles}: enlarged", list(UPSAMPLING), default=next(iter(UPSAMPLING)), required=True,
            key="occlusion_enlarged", persist_state="session", format_func=UPSAMPLING.__getitem__,
            help="Interpolation looks finer than the grid is.",
        )
    )  # fmt: skip


def _slow_maps(spec: ExplanationSpec, owner: str, beside: DeltaGenerator) -> tuple[runs.Run | None, bool]:
    """Draw the price of the maps that take long, if any do; return their newest job, and whether maps are missing."""
    single = [replace(spec, method=name) for name in METHODS]
    slow = [one for one in single if one.seconds > AT_ONCE_S]
    if not slow:
        return None, False
    together = replace(spec, method=",".join(one.method for one in slow))
    run = EXPLANATION.newest(together, owner)
    if run is not None and run.status.state == "done" and all(answer(one, run) is not None for one in slow):
        return run, False
    work.offer(
        EXPLANATION,
        together,
        run,
        owner=owner,
        what=", ".join(method.title for method in together.methods),
        button="Compute the maps",
        key="occlusion_methods",
        beside=beside,
    )
    return run, True


def _panels(subject: Subject) -> None:
    """Draw the picture and all maps, one after the other as they are computed, and over them what they show."""
    said = st.empty()
    said.markdown("## Computing the maps…")
    places: list[DeltaGenerator] = []
    for start in range(0, len(METHODS) + 1, _COLUMNS):
        columns = st.columns(_COLUMNS, gap="small")
        places += columns[: len(METHODS) + 1 - start]
    title = picture_title(subject.spec.picture)
    with places[0]:
        st.markdown("**The picture**", help="As the network sees it.")
        figure = panel(subject.image, mask=subject.mask, height=_HEIGHT)
        st.plotly_chart(figure, key="occlusion_methods_picture", config=theme.CONFIG, alt=f"The picture: {title}")
        st.caption(f"{title}; the class explained is **{safe_label(subject.label)}**.")
    waiting = []
    for place, method in zip(places[1:], METHODS.values(), strict=True):
        with place:
            st.markdown(f"**{method.title}**", help=f"{method.shows} {method.source}.")
            waiting.append(st.empty())
    found = {}
    for place, method in zip(waiting, METHODS.values(), strict=True):
        with place.container():
            found[method.title] = _map(subject, method)
    with said.container():
        headline.draw(_said(subject, found))


def _said(subject: Subject, found: dict[str, NDArray[np.floating] | None]) -> str:
    """Return what the maps show together, of those in which something counts."""
    maps = {title: values for title, values in found.items() if values is not None}
    spec = subject.spec
    if not maps:
        return _QUIET[spec.score]
    mask = mask_of(spec.picture, *subject.image.shape[:2])
    square = None
    if mask is None and first(spec.network, spec.picture).seconds <= AT_ONCE_S:
        scores = occlusion_cache.patch_scores(first(spec.network, spec.picture))
        square = headline.of_map(scores, spec.class_index, spec.score, None).square
    return headline.of_methods(maps, mask, square, headline.thing_of(spec.picture)) or "What each method marks"


def _map(subject: Subject, method: Method) -> NDArray[np.floating] | None:
    """Draw one map, or say why there is none; return its values where something in it counts."""
    try:
        found = answer(replace(subject.spec, method=method.id), subject.run)
    except FreezeframeError as error:
        st.info(safe_label(str(error), 400), icon=":material/block:")
        return None
    if found is None:
        st.info("This takes a while: start it on the left.", icon=":material/hourglass_top:")
        return None
    heard = counts(method.effect(found), subject.least)
    values, remarks = found.values, [method.remark(found)]
    if method.coarse:
        remarks.append(f"{UPSAMPLING[subject.enlarge].capitalize()}.")
        values = upsample(np.maximum(found.coarse, 0), found.values.shape, subject.enlarge)
    units = method.units.format(score=subject.spec.score)
    figure = panel(
        subject.image,
        values,
        method,
        unit=units,
        opacity=subject.opacity if heard else 0,
        mask=subject.mask,
        height=_HEIGHT,
    )
    alt = f"{method.title} of the class {subject.label}. {method.shows}"
    st.plotly_chart(figure, key=f"occlusion_methods_{method.id}", config=theme.CONFIG, alt=alt)
    words = scale(values, method, units) if heard else _QUIET[subject.spec.score]
    st.caption(" ".join([words, *filter(None, remarks)]))
    return found.values if heard else None


def answer(spec: ExplanationSpec, run: runs.Run | None) -> Attribution | None:
    """Return one map: from a worker where that is quick, else what the job has written by now."""
    if spec.seconds > AT_ONCE_S:
        return occlusion_cache.explanation(run, spec.method, Attribution)
    if spec.method == "occlusion":  # the map that the page begins with: its answer is known already
        found = map_of(occlusion_cache.patch_scores(first(spec.network, spec.picture)), spec.class_index, spec.score)
        return Attribution("occlusion", found.drop, found.base_score)
    return occlusion_cache.attribution_map(spec)


def scale(values: NDArray[np.floating], method: Method, unit: str) -> str:
    """Return where the colours of a map begin and end, in words; a flat map says that it is."""
    if not np.ptp(values):
        return "The same everywhere: the score answers to no place."
    end = limit(np.asarray(values, np.float32), method.clip)
    ends = f"±{significant(end)}" if method.signed else f"0 … {significant(end)}"
    return f"{ends} {unit}."


def _reading() -> None:
    """Draw what each method shows, and what it does not."""
    lines = [
        f"- **{method.title}.** {method.shows} *Not shown:* {method.hides[0].lower()}{method.hides[1:]} "
        f":gray[{method.source}.]"
        for method in METHODS.values()
    ]
    with st.expander("How to read each map", key="occlusion_methods_reading", expanded=True):
        st.markdown("\n".join(lines))
