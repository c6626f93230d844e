"""Do the classes come apart with depth? A small map on each layer's features, and its purity."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.views.som import figures_classes
from dashboard.widgets import work
from dashboard.widgets.page import name_of, network_of, not_shown, say_random
from models.pictures import datasets
from models.som.depth import DEPTH, EPOCHS, SEEDS, SIDE, DepthResult, DepthTask, chosen_layers
from models.wording import grouped, percent

_KEY = "som_depth"
PURITY_HELP = (
    "A unit's class is the most frequent one among the training pictures it is the BMU of. Purity is the share of "
    "other pictures, which the map never saw, whose class is that of their unit. The map itself never sees a class."
)


def draw(chosen: state.Selection) -> None:
    """Draw purity against depth for the network and the data that are chosen above."""
    network = network_of(chosen)
    data = datasets.get(chosen.dataset)
    task = DepthTask(network, chosen.dataset)
    st.markdown(
        f"One {SIDE} × {SIDE} map per layer of {name_of(network, chosen)}, trained on its answers to {data.title}: how "
        "often does a new picture have the class of its unit (its purity)?",
        help=PURITY_HELP,
    )
    say_random(network)
    found = work.find(DEPTH, task, chosen.owner)
    if found.result is None:
        what = (
            f"{len(chosen_layers(network))} layers, {SEEDS} maps each, {grouped(data.size)} pictures through the "
            "network, and "
            "the same with random weights"
        )
        narrow, _ = st.columns([4, 11])
        work.offer(DEPTH, task, found.run, owner=chosen.owner, what=what, button="Measure", key=_KEY, beside=narrow)
        work.progress(found.run, _KEY)
        return
    result = found.result
    st.plotly_chart(
        figures_classes.depth(result, name_of(network, chosen)),
        key="som_depth_chart",
        config=theme.CONFIG,
        alt=describe(result),
    )
    if found.shipped:
        st.caption(work.SHIPPED)
    st.caption(
        f"n = {grouped(result.n_test)} pictures that the map never saw, and that no training of this app learns from. "
        "Points "
        f"are means over {SEEDS} maps of {EPOCHS} epochs, bars go from the lowest to the highest. Every channel has "
        "mean 0 and standard deviation 1."
    )
    not_shown(
        "Whether a layer of low purity holds the class in another form than nearness. Averaging over the picture also "
        "forgets where things are."
    )


def describe(result: DepthResult) -> str:
    """Return what the chart shows, for who cannot see it."""
    means = result.purity.mean(axis=1)
    best = int(means.argmax())
    return (
        f"Purity by layer, from {percent(means[0])} in {result.layers[0]} to {percent(means[-1])} in "
        f"{result.layers[-1]}; "
        f"highest, {percent(means[best])}, in {result.layers[best]}. The largest class alone gives "
        f"{percent(result.chance)}."
    )
