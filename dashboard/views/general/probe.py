"""A linear probe of every block: which network, the job, and how accuracy grows with depth."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.general import figures_probe
from dashboard.widgets import work
from dashboard.widgets.page import has_classifier, not_shown, say_random
from dashboard.widgets.probe_amount import budget_of, probe_amount
from models.backbones import weights
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError
from models.ids import NetworkId
from models.networks.layers import HEAD
from models.pictures import datasets
from models.representations.probe import PIXELS_SIDE, PROBE, ProbeResult, ProbeSpec, probed_layers
from models.training.spec import TRAINING
from models.wording import grouped, significant

_HEIGHT: Final = 370  # px of the chart
_NOT_SHOWN = (
    "Whether the network uses what a linear model can read, and what is lost by averaging over positions. The "
    "intervals stand for other test pictures, not for other training pictures or other random weights."
)
_REFERENCE = "G. Alain, Y. Bengio: Understanding intermediate layers using linear classifier probes. arXiv 1610.01644."


def probe(selection: state.Selection) -> None:
    """Draw the whole view for the chosen network and data."""
    controls, main = st.columns([4, 11], gap="medium")
    try:
        with controls:
            spec = ProbeSpec(_network(selection), selection.dataset)
            amount = probe_amount("general_probe_amount")
            say_random(spec.network)
    except FreezeframeError as error:
        main.error(safe_label(str(error), 400), icon=":material/error:")
        return
    what = (
        f"{grouped(datasets.get(spec.dataset).size)} pictures, {len(probed_layers(spec.network))} blocks, "
        f"{' and '.join(spec.networks)} weights"
    )
    with main:
        result = work.answer(
            PROBE, spec, owner=selection.owner, what=what, button="Probe every block", key="general_probe",
            beside=controls,
        )  # fmt: skip
        if result is not None:
            controls.caption(f":material/check: {what}: computed")
            _picture(result, budget_of(amount, result.budgets))
        else:
            st.info(
                "Not probed yet. One pass over the pictures describes each by the average of every channel, block by "
                "block; a logistic regression on these numbers says how well the classes can be told apart there.",
                icon=":material/stacked_line_chart:",
            )


def _network(selection: state.Selection) -> str:
    """Draw the choice between backbone and run where they differ; return the network's id."""
    here = weights.available(selection.backbone)
    backbone = str(
        NetworkId(
            backbone=selection.backbone,
            side=BACKBONES[selection.backbone].default_side,
            weights="pretrained" if here else "random",
        )
    )
    if selection.run is None or not has_classifier(selection):
        return backbone
    trained = str(NetworkId(selection.run.id))
    changed = TRAINING.spec_of(selection.run).trainable
    if not changed and not any(layer.block == HEAD for layer in probed_layers(trained)):
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


def _picture(result: ProbeResult, budget: int) -> None:
    chart = figures_probe.accuracy_by_depth(result, budget, _HEIGHT)
    alt = figures_probe.describe(result, budget)
    st.markdown(
        f"**{datasets.get(result.dataset).title}: what a linear model can tell apart after each block**",
        help="Every channel of a block is averaged over its positions. A logistic regression on these averages learns "
        "the classes; the network itself does not change.",
    )
    st.plotly_chart(chart, key="general_probe_chart", config=theme.CONFIG, alt=alt)
    st.markdown(_sentence(result, budget))
    n_train = int(result.n_train[result.budgets.index(budget)])
    st.caption(
        f"This linear probe is fitted on {grouped(n_train)} training pictures and measured on {result.n_test} test "
        f"pictures, with 95% intervals (Wilson). {result.n_validation} validation pictures decide how strongly its "
        "weights are kept small, and which block is called best."
    )
    not_shown(_NOT_SHOWN)
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
            row[f"{name.capitalize()} (95%)"] = theme.interval(found) if found else "no such layer"
            row[f"C, {name}"] = significant(strength, 6) if found else ""
        rows.append(row)
    with st.expander("All numbers", key="general_probe_numbers"):
        st.dataframe(rows, hide_index=True, alt="Accuracy with its interval at every block")
        st.caption(
            "C is the inverse of the penalty on large weights, chosen out of 0.01, 0.1, 1 and 10. Features are "
            f"averages over positions, scaled to mean 0 and deviation 1; pixels are those of pictures of at most "
            f"{PIXELS_SIDE} × {PIXELS_SIDE}."
        )
