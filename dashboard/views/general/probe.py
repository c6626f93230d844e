"""A linear probe of every block: which network, what it costs, and how accuracy grows with depth."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.general import figures_probe
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from dashboard.widgets.page import has_classifier, say_random
from dashboard.widgets.work import _probe_duration
from models.backbones import weights
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError
from models.jobs import engine
from models.networks.layers import HEAD
from models.pictures.datasets import DATASETS
from models.representations import probe as representations_probe
from models.representations.probe import KIND, ProbeResult, ProbeSpec
from models.storage import runs

_PROBLEM = "general_probe_problem"
_HEIGHT = 370  # px of the chart
_NOT_SHOWN = (
    "What you do not see: whether the network uses what a linear model can read, and what averaging over positions "
    "loses. The intervals stand for other test pictures, not for other training pictures or other random weights."
)
_REFERENCE = "G. Alain, Y. Bengio: Understanding intermediate layers using linear classifier probes. arXiv 1610.01644."
_BUDGETS: Final = {"all": "All", "few": f"{representations_probe.FEW} a class"}


def probe(selection: state.Selection) -> None:
    """Draw the whole view for the chosen network and data."""
    controls, main = st.columns([4, 11], gap="medium")
    try:
        with controls:
            spec = ProbeSpec(_network(selection), selection.dataset)
            amount = _amount()
            say_random(spec.network)
    except FreezeframeError as error:
        main.error(safe_label(str(error), 400), icon=":material/error:")
        return
    run = _run(spec, selection.owner)
    result = representations_probe.shipped(spec) or _finished(run)
    with controls:
        _cost(spec, selection.owner, run, result)
    with main:
        if run is not None and result is None:
            job_panel(run.id, key="general_probe_job")
        if result is None:
            _nothing(run)
        else:
            _picture(result, result.budgets[0 if amount == "few" else -1])


def _network(selection: state.Selection) -> str:
    """Draw the choice between backbone and run where they differ; return the network's id."""
    side = BACKBONES[selection.backbone].default_side
    here = weights.available(selection.backbone)
    backbone = f"backbone:{selection.backbone}:{side}{'' if here else ':random'}"
    if selection.run is None or not has_classifier(selection):
        return backbone
    trained = f"run:{selection.run.id}"
    own = selection.run.spec["trainable"] or any(layer.block == HEAD for layer in representations_probe.layers(trained))
    if not own:
        st.caption(
            f":material/ac_unit: {BACKBONES[selection.backbone].title}: your run froze every block, so that its "
            "blocks are the backbone's."
        )
        return backbone
    chosen = st.segmented_control(
        "Network",
        ["backbone", "run"],
        default="backbone",
        required=True,
        format_func=lambda name: {"backbone": "Backbone", "run": "This run"}[name],
        key="general_probe_network",
        persist_state="session",
        help="The backbone as it was before your training, or the network of the chosen run, with its head's hidden "
        "layers.",
    )
    return trained if chosen == "run" else backbone


def _amount() -> str:
    return str(
        st.segmented_control(
            "Training pictures",
            list(_BUDGETS),
            default="all",
            required=True,
            format_func=lambda name: _BUDGETS[name],
            key="general_probe_amount",
            bind="query-params",
            help="What the logistic regression (a linear model of the classes) is fitted on. Both were computed.",
        )
    )


def title(spec: ProbeSpec) -> str:
    """Return the name a probe goes by."""
    kind, name, *_ = spec.network.split(":")
    network = BACKBONES[name].title if kind == "backbone" else "the trained run"
    random = " with random weights" if spec.network.endswith(":random") else ""
    return f"{DATASETS[spec.dataset].title}: every block of {network}{random}"


def _run(spec: ProbeSpec, owner: str) -> runs.Run | None:
    """Return the visitor's newest job for this very question, however it ended."""
    return next((run for run in runs.listing(owner, KIND) if run.spec == spec.to_json()), None)


def _finished(run: runs.Run | None) -> ProbeResult | None:
    return representations_probe.load(run) if run is not None and run.status.state == "done" else None


def _cost(spec: ProbeSpec, owner: str, run: runs.Run | None, result: ProbeResult | None) -> None:
    """Draw what the probe costs, and the button while there is no result."""
    pictures, depths = DATASETS[spec.dataset].size, len(representations_probe.layers(spec.network))
    price = f"{pictures:,} pictures, {depths} blocks, {' and '.join(spec.networks)} weights"
    if result is not None:
        st.caption(f":material/check: {price}: computed")
        return
    st.caption(f":material/timer: {price}: about {_probe_duration(spec.seconds)}")
    if run is not None and run.status.active:
        return

    def begin() -> None:
        with refusal_kept(_PROBLEM):
            engine.submit_old(KIND, spec.to_json(), owner=owner, title=title(spec))

    icon = ":material/play_arrow:"
    st.button(
        "Probe every block", type="primary", icon=icon, key="general_probe_start", width="stretch", on_click=begin
    )
    refusal(_PROBLEM)


def _nothing(run: runs.Run | None) -> None:
    if run is not None and run.status.active:
        st.skeleton(height=_HEIGHT)
        return
    if run is not None and run.status.state == "done":
        st.warning("The result of this probe cannot be read. Probe again.", icon=":material/restart_alt:")
    st.info(
        "Not probed yet. One pass over the pictures describes each by the average of every channel, block by block; a "
        "logistic regression on these numbers says how well the classes can be told apart there.",
        icon=":material/stacked_line_chart:",
    )


def _picture(result: ProbeResult, budget: int) -> None:
    chart = figures_probe.accuracy_by_depth(result, budget, _HEIGHT)
    alt = figures_probe.describe(result, budget)
    st.markdown(
        f"**{DATASETS[result.dataset].title}: what a linear model can tell apart after each block**",
        help="Every channel of a block is averaged over its positions. A logistic regression on these averages learns "
        "the classes; the network itself does not change.",
    )
    st.plotly_chart(chart, key="general_probe_chart", config=theme.CONFIG, alt=alt)
    st.markdown(_sentence(result, budget))
    n_train = int(result.n_train[result.budgets.index(budget)])
    st.caption(
        f"Fitted on {n_train:,} training pictures, measured on {result.n_test} test pictures; 95 % Wilson intervals. "
        f"How strongly weights are held small, and which block is called best, {result.n_validation} validation "
        f"pictures decide. {_NOT_SHOWN}"
    )
    _table(result, budget)
    st.caption(_REFERENCE)


def _sentence(result: ProbeResult, budget: int) -> str:
    """Return what the picture says, computed from it."""
    best = {}
    for name in result.weights:
        depth = result.best_depth(name, budget)
        best[name] = result.blocks[depth], result.accuracy(name, budget, depth)
    parts = [
        f"**{name.capitalize()}** weights are best at {block}: {theme.interval(at)}"
        for name, (block, at) in best.items()
        if at
    ]
    start = result.accuracy(result.weights[0], budget, 0)
    text = ". ".join(parts) + (f". The pixels alone give {theme.interval(start)}." if start else ".")
    trained, random = (best.get(name, ("", None))[1] for name in ("trained", "random"))
    if trained is None or random is None:
        return text
    if trained.low > random.high:
        return f"{text} What was learned elsewhere helps here."
    if trained.high < random.low:
        return f"{text} What was learned elsewhere does harm here."
    return f"{text} The intervals meet: what was learned elsewhere makes no clear difference here."


def _table(result: ProbeResult, budget: int) -> None:
    rows = []
    for depth, (block, layer) in enumerate(zip(result.blocks, result.layers, strict=True)):
        row: dict[str, object] = {"Block": block, "Layer": layer, "Features": int(result.channels[depth])}
        for name in result.weights:
            found = result.accuracy(name, budget, depth)
            strength = result.strengths[result.weights.index(name), result.budgets.index(budget), depth]
            row[f"{name.capitalize()} (95 %)"] = theme.interval(found) if found else "no such layer"
            row[f"C, {name}"] = f"{strength:g}" if found else ""
        rows.append(row)
    with st.expander("All numbers", key="general_probe_numbers"):
        st.dataframe(rows, hide_index=True, alt="Accuracy with its interval at every block")
        st.caption(
            "C is the inverse of the penalty on large weights, chosen out of 0.01, 0.1, 1 and 10. Features are "
            f"averages over positions, scaled to mean 0 and deviation 1; pixels are those of pictures of at most "
            f"{representations_probe.PIXELS_SIDE} × {representations_probe.PIXELS_SIDE}."
        )
