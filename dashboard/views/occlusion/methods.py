"""The view "Other methods": five ways to ask which pixels matter, for one class of one picture, side by side."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
import streamlit as st
from numpy.typing import NDArray
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.occlusion import cache as occlusion_cache
from dashboard.views.occlusion.figures import panel
from dashboard.views.occlusion.question import AT_ONCE_S, Question, class_picker, score_picker, tapped
from dashboard.views.occlusion.reading import view_controls
from dashboard.widgets import cache
from dashboard.widgets import work as widgets_work
from dashboard.widgets.page import refuse
from dashboard.widgets.picture_picker import picture_picker, picture_title
from models.attribution.maps import (
    BASELINES,
    COMPLETE,
    METHODS,
    NOISE,
    SAMPLES,
    UPSAMPLING,
    Attribution,
    ExplanationSpec,
    Method,
    limit,
    upsample,
)
from models.attribution.pointing import mask_of
from models.errors import FreezeframeError
from models.networks import layers
from models.occlusion.scores import map_of
from models.pictures import images
from models.storage import runs

# FOLDED dashboard/views/occlusion/methods.py: The settings of the attribution methods, each with the value it
# begins with.

_LAST = "the last one"
_BASELINES = {"mean": "the mean colour", "black": "black", "grey": "grey", "blur": "the blurred picture"}
_ENLARGED = {"bilinear": "interpolated", "nearest": "as it is"}


def settings(spec: ExplanationSpec) -> tuple[ExplanationSpec, str]:
    """Draw the settings of all methods; return the question with them, and how Grad-CAM's grid is enlarged."""
    with st.expander("Settings of the methods", key="occlusion_methods_settings"):
        samples = st.select_slider(
            "SmoothGrad: noisy copies", [5, 10, SAMPLES, 50, 100], SAMPLES, key="occlusion_smooth_copies",
            persist_state="session", help="More copies leave less noise in the map.",
        )  # fmt: skip
        noise = st.slider(
            "SmoothGrad: noise (% of the range)", 0, 50, NOISE, 5, key="occlusion_smooth_noise",
            persist_state="session",
            help="Standard deviation, in % of the difference between the picture's brightest and darkest value.",
        )  # fmt: skip
        baseline = st.selectbox(
            "Integrated gradients: baseline", BASELINES, key="occlusion_baseline", persist_state="session",
            format_func=lambda name: _BASELINES[name],
            help="The picture that stands for nothing. Pixels that look like it get nothing: with black, a dark sky "
            "never matters.",
        )  # fmt: skip
        maps = [layer.name for layer in reversed(layers.layers(spec.network)) if layer.is_map]
        layer = st.selectbox(
            "Grad-CAM: layer", [_LAST, *maps], key="occlusion_cam_layer", persist_state="session",
            help="Deeper maps know more of the class and less of the place.",
        )  # fmt: skip
        enlarge = st.segmented_control(
            "Grad-CAM: enlarged", list(UPSAMPLING), default=UPSAMPLING[0], required=True, key="occlusion_cam_enlarge",
            persist_state="session", format_func=lambda name: _ENLARGED[name],
            help="Interpolation looks finer than the grid is.",
        )  # fmt: skip
    known = layer if layer in maps else ""
    return replace(spec, samples=samples, noise=noise, baseline=baseline, layer=known), str(enlarge)


_COLUMNS = 3
_SURE = 0.99
_ADVICE = "**A sure answer's probability has next to no gradient: try the logit.** "
_SCALES = (
    "Orange speaks for the class, blue against it; dark to bright says only how much. Every map has its own scale, "
    "beyond which lie the strongest 1 % of saliency, SmoothGrad and integrated gradients: compare where maps point, "
    "not how bright they are. "
)
_NOT_SHOWN = "None of them shows why, or whether it can be trusted: the view Can I trust it? asks that."


@dataclass(frozen=True, slots=True)
class Subject:
    """What all panels share: the question, the picture as the network takes it, and how maps are drawn."""

    spec: ExplanationSpec
    image: NDArray[np.uint8]
    mask: NDArray[np.bool_] | None
    opacity: float
    enlarge: str


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view for a trained classifier."""
    controls, main = st.columns([5, 18], gap="medium")
    try:
        with controls:
            picture = picture_picker("occlusion")
            said = cache.prediction(network, picture)
            class_index, score = class_picker(said), score_picker()
            spec, enlarge = settings(ExplanationSpec(network, picture, score, class_index))
            mask = mask_of(picture, said.height, said.width)
            opacity, outlined = view_controls(mask is not None)
            image = images.resize(images.load_picture(picture), said.height, said.width)
            subject = Subject(spec, image, mask if outlined else None, opacity, enlarge)
            run, missing = _job(spec, chosen.owner, controls)
    except FreezeframeError as error:
        with main:
            refuse(error)
    with main:
        _panels(subject, run, picture_title(picture), said.classes[class_index])
        if missing:
            widgets_work.old_progress(run, "occlusion_methods", "These maps cannot be read. Compute them again.")
        sure = score == "probability" and said.probabilities[class_index] > _SURE
        st.caption(f"{_ADVICE if sure else ''}{_SCALES} {_NOT_SHOWN}")
        _reading()


def seconds(spec: ExplanationSpec) -> float:
    """Return about how long a worker takes."""
    return layers.seconds(spec.network, spec.passes)


def _job(spec: ExplanationSpec, owner: str, beside: DeltaGenerator) -> tuple[runs.Run | None, bool]:
    """Draw the price of what takes long, if anything does; return its newest job, and whether maps are missing."""
    slow = [method for method in METHODS if seconds(replace(spec, method=method)) > AT_ONCE_S]
    total = sum(seconds(replace(spec, method=method)) for method in slow)
    asked = replace(spec, method=",".join(slow))
    work = widgets_work.Work("explanation", asked.to_json(), "Attribution maps", total)
    run = work.newest(owner) if slow else None
    whole = run is not None and run.status.state == "done"
    if all(whole and answer(replace(spec, method=method), run) is not None for method in slow):
        return run, False
    what = ", ".join(METHODS[method].title for method in slow)
    widgets_work.price(work, run, owner, what=what, button="Compute the maps", key="occlusion_methods", beside=beside)
    return run, True


def _panels(subject: Subject, run: runs.Run | None, picture: str, label: str) -> None:
    """Draw the picture and the five maps, one after the other as they are computed."""
    places = []
    for start in range(0, len(METHODS) + 1, _COLUMNS):
        columns = st.columns(_COLUMNS, gap="small")
        places += columns[: len(METHODS) + 1 - start]
    with places[0]:
        st.markdown("**The picture**", help="As the network takes it.")
        figure = panel(subject.image, mask=subject.mask)
        st.plotly_chart(figure, key="occlusion_methods_picture", config=theme.CONFIG, alt=f"The picture: {picture}")
        st.caption(f"{picture}; the class explained is **{safe_label(label)}**.")
    waiting = []
    for place, method in zip(places[1:], METHODS.values(), strict=True):
        with place:
            st.markdown(f"**{method.title}**", help=f"{method.shows} {method.source}.")
            waiting.append(st.empty())
    for place, method in zip(waiting, METHODS.values(), strict=True):
        with place.container():
            _one(subject, method, run, label)


def _one(subject: Subject, method: Method, run: runs.Run | None, label: str) -> None:
    """Draw one map, or say why there is none."""
    try:
        found = answer(replace(subject.spec, method=method.id), run)
    except FreezeframeError as error:
        st.info(safe_label(str(error), 400), icon=":material/block:")
        return
    if found is None:
        st.info("This takes a while: start it on the left.", icon=":material/hourglass_top:")
        return
    values = found.values
    if method.id == "gradcam" and subject.enlarge != "bilinear":
        height, width = subject.image.shape[:2]
        values = upsample(np.maximum(found.coarse, 0), height, width, subject.enlarge)
    unit = units(method.id, subject.spec.score)
    figure = panel(subject.image, values, method, unit=unit, opacity=subject.opacity, mask=subject.mask)
    alt = f"{method.title} of the class {label}. {method.shows}"
    st.plotly_chart(figure, key=f"occlusion_methods_{method.id}", config=theme.CONFIG, alt=alt)
    st.caption(" ".join([scale(values, method, unit), remark(found, subject.enlarge)]))


def answer(spec: ExplanationSpec, run: runs.Run | None) -> Attribution | None:
    """Return one map: asked of a worker where that is quick, else what the job has written by now."""
    if spec.method == "occlusion" and seconds(spec) <= AT_ONCE_S:
        side = layers.side(spec.network)  # the first settings of the map: its answer is known already
        question = Question(spec.network, spec.picture, side // 4, side // 16, "mean", tapped(spec.network))
        found = map_of(occlusion_cache.patch_scores(**asdict(question)), spec.class_index, spec.score)
        nothing = np.zeros((0, 0), np.float32)
        return Attribution("occlusion", found.drop, found.base_score, 0, np.nan, np.nan, 0, nothing, "")
    if seconds(spec) <= AT_ONCE_S:
        return occlusion_cache.attribution_map(spec)
    return occlusion_cache.explanation_result(run.id, f"{spec.method}.npz", Attribution) if run is not None else None


def units(method: str, score: str) -> str:
    """Return what the numbers of a map are measured in."""
    if method in ("occlusion", "integrated"):
        return score
    return f"{score} per value of a map" if method == "gradcam" else f"{score} per step of 1 in 0-255"


def scale(values: NDArray[np.floating], method: Method, unit: str) -> str:
    """Return where the colours of a map begin and end, in words; a flat map says that it is."""
    if not np.ptp(values):
        return "The same everywhere: the score answers to no place."
    end = limit(np.asarray(values, np.float32), method.clip)
    ends = f"±{end:.2g}" if method.signed else f"0 … {end:.2g}"
    return f"{ends} {unit}."


def remark(found: Attribution, enlarge: str) -> str:
    """Return what has to be known about this one map."""
    if found.method == "integrated":
        due = found.score - found.baseline_score
        if found.gap is None:
            return "The baseline has the picture's score: there is nothing to share out."
        close = "" if found.gap <= COMPLETE else ", **not complete**"
        return f"Adds up to {found.total:.3g} of {due:.3g}: {found.gap:.1%} off{close}, {found.steps} steps."
    if found.method == "gradcam":
        rows, cols = found.coarse.shape
        return (
            f"{rows} × {cols} values of `{found.layer}`, {'interpolated' if enlarge == 'bilinear' else 'as they are'}."
        )
    return ""


def _reading() -> None:
    """Draw what each method shows, and what it does not."""
    lines = [
        f"- **{method.title}.** {method.shows} *Not shown:* {method.hides[0].lower()}{method.hides[1:]} "
        f":gray[{method.source}.]"
        for method in METHODS.values()
    ]
    with st.expander("How to read each map", key="occlusion_methods_reading", expanded=True):
        st.markdown("\n".join(lines))
