"""All backbones of this machine on one data set: what a linear model reads from each, and what each costs."""

from __future__ import annotations

from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.backbone.figures import COST_AXES, accuracy_by_cost
from dashboard.widgets import work
from dashboard.widgets.formatted import formatted
from dashboard.widgets.page import not_shown, refuse
from dashboard.widgets.probe_amount import budget_of, probe_amount
from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.errors import FreezeframeError
from models.pictures import datasets
from models.representations import architectures
from models.representations.architectures import ARCHITECTURES, PUBLISHED, ArchitecturesResult, ArchitecturesSpec
from models.wording import file_size, fixed, grouped, in_millions, p_value, percent, short, significant

_HEIGHT: Final = 300
_BUTTON_PX: Final = 320
_NOT_SHOWN = (
    "What fine-tuning would reach: here only a linear model is fitted, the backbones stay as they are. Whether another "
    "split of the pictures gives the same order: the intervals stand for other test pictures of the same kind. The "
    "published figures are of the networks with their original classifiers, on photographs of ImageNet at the side "
    "given: they say little about pictures of another kind. Accuracy for every million parameters favours small "
    "networks: the last points of accuracy cost most."
)


def draw(chosen: state.Selection) -> None:
    """Draw the comparison on the chosen data, or what it costs."""
    top = st.container()  # on a phone its picture comes before what sets it
    with top, st.container(key="compared_choices", horizontal=True, vertical_alignment="bottom", gap="medium"):
        spec = _question(chosen.dataset)
        amount, cost = probe_amount("compared_amount"), _cost()
    try:
        found = work.find(ARCHITECTURES, spec, chosen.owner, own_first=True)
        pictures = f"{grouped(datasets.get(spec.dataset).size)} pictures, {len(spec.backbones)} backbones"
        if found.result is not None:
            _shown(found.result, budget_of(amount, found.result.budgets), cost, top)
        if found.result is None or found.shipped:
            button = "Compare them" if found.result is None else "Measure on this machine"
            with st.container(width="stretch" if found.result is None else _BUTTON_PX):
                work.offer(
                    ARCHITECTURES, spec, found.run, owner=chosen.owner, what=pictures, button=button, key="compared"
                )
            work.progress(found.run, "compared")
        if found.result is not None:
            not_shown(_NOT_SHOWN)
    except FreezeframeError as error:
        refuse(error)


def _question(dataset: str) -> ArchitecturesSpec:
    """Draw which backbones are compared, and on pictures of which side."""
    here = architectures.here()
    names = here
    if len(here) > 2:
        picked = st.pills(
            "Backbones on this machine",
            here,
            selection_mode="multi",
            default=here,
            format_func=lambda name: BACKBONES[name].title,
            key="compared_backbones",
            persist_state="session",
        )
        names = architectures.ordered(picked) if len(picked) > 1 else here
    sides = architectures.common_sides(names)
    side = st.selectbox(
        "Picture side",
        sides,
        format_func=lambda side: f"{side} px for all" if side else "Its own for each",
        key="compared_side",
        bind="query-params",
        width=190,
        help="Its own: the side that the app proposes for each backbone. The same side for all asks whether larger "
        "pictures alone make a difference.",
    )
    return ArchitecturesSpec(names, dataset, side)


def _cost() -> str:
    return str(
        st.segmented_control(
            "Cost",
            list(COST_AXES),
            default="macs",
            required=True,
            format_func=lambda name: COST_AXES[name].name,
            key="compared_cost",
            bind="query-params",
            help="MACs: multiply-accumulate operations for one picture. Time: of one picture on one thread.",
        )
    )


def _shown(result: ArchitecturesResult, budget: int, cost: str, top: DeltaGenerator) -> None:
    top.markdown(f"## {headline(result, budget)}")
    alt = f"{headline(result, budget)} {on_the_front(result, budget, cost)}"
    top.plotly_chart(
        accuracy_by_cost(result, budget, cost, _HEIGHT), key="compared_chart", config=theme.CONFIG, alt=alt
    )
    st.markdown(f"{others(result, budget)} {on_the_front(result, budget, cost)} {work_and_time(result)}")
    n_train = int(result.n_train[result.budgets.index(budget)])
    st.caption(
        f"A linear model on the averages of each backbone's last maps, fitted on {grouped(n_train)} training pictures; "
        f"{result.n_validation} validation pictures chose its regularisation. Times: median of "
        f"{architectures.REPEATS} passes on one thread, {safe_label(result.processor)}."
    )
    _table(result, budget)


def headline(result: ArchitecturesResult, budget: int) -> str:
    """Return which backbone serves the data best, or that it cannot be told."""
    best, title = result.order(budget)[0], datasets.get(result.dataset).title
    rivals = [one for one in result.differences(budget) if one.first == best and not one.clear]
    reached = theme.interval(result.accuracy(best, budget))
    if rivals:
        level = " and ".join(_title(result, one.second) for one in rivals) if len(rivals) < 3 else f"{len(rivals)} more"
        return (
            f"{title}: {_title(result, best)} names {reached} of {result.n_test} test pictures right, not clearly more "
            f"than {level}."
        )
    return f"{title}: {_title(result, best)} serves best. It names {reached} of {result.n_test} test pictures right."


def others(result: ArchitecturesResult, budget: int) -> str:
    """Return by how much the others fall short of the best, and whether luck could explain it."""
    best = result.order(budget)[0]
    against = [one for one in result.differences(budget) if one.first == best]
    parts = []
    for clear, words in ((True, "Clearly behind it"), (False, "Behind it by no more than luck explains")):
        named = [
            f"{_title(result, one.second)} ({fixed(100 * abs(one.estimate.value), 1)} points, p {p_value(one.p)})"
            for one in against
            if one.clear == clear
        ]
        if named:
            parts.append(f"{words}: {', '.join(named)}.")
    pairs = len(result.differences(budget))
    corrected = f", times the {pairs} pairs" if pairs > 1 else ""
    return " ".join(parts) + f" (McNemar's exact test on the same pictures{corrected}.)"


def on_the_front(result: ArchitecturesResult, budget: int, cost: str) -> str:
    """Return which backbones no other one beats in both accuracy and cost."""
    front = result.front(budget, cost)
    names = ", ".join(_title(result, place) for place in front)
    if len(front) == 1:
        return f"Pareto front: {names} alone. No other is more accurate, and none costs less."
    return f"Pareto front: {names}. Whatever is more accurate than one of them costs more."


def work_and_time(result: ArchitecturesResult) -> str:
    """Return which backbone multiplies least and which is done first."""
    places = range(len(result.backbones))
    least, first = (min(places, key=lambda at: result.cost(at, kind)) for kind in ("macs", "milliseconds"))
    works = f"{_title(result, least)} multiplies least ({in_millions(result.cost(least, 'macs'))} times for a picture)"
    time = f"{significant(result.cost(first, 'milliseconds'), 2)} ms"
    if least == first:
        return f"{works} and is done first ({time})."
    slower = significant(result.cost(least, "milliseconds"), 2)
    return (
        f"{works}, yet {_title(result, first)} is done first ({time} against {slower} ms): time is "
        "not multiplications alone."
    )


def _title(result: ArchitecturesResult, place: int) -> str:
    return BACKBONES[result.backbones[place]].title


def _table(result: ArchitecturesResult, budget: int) -> None:
    rows = [_row(result, place, budget) for place in result.order(budget)]
    formats = {"Parameters": short, "MACs": short, "ms a picture": lambda ms: significant(ms, 2)}
    formats |= {"Points per million": lambda points: fixed(points, 1), "Memory": file_size}
    st.dataframe(
        formatted(rows, formats), hide_index=True, key="compared_table", alt="Every backbone, its accuracy and its cost"
    )
    missing = [name for name in BACKBONES if name not in result.backbones]
    if missing:
        with st.expander(f"{len(missing)} more that were not compared", key="compared_missing"):
            st.dataframe(
                formatted([_known(name, BACKBONES[name].default_side) for name in missing], formats),
                hide_index=True,
                key="compared_missing_table",
                alt="The other backbones, as far as they are known",
            )
            st.caption("They join once their weights are on this machine: *Its layers* offers the download.")
    st.caption(
        "Points per million: percentage points of accuracy for each million parameters. Memory: all weights. ImageNet "
        "top-1: published for these weights, with the original classifier "
        f"({', '.join(dict.fromkeys(one.source for one in PUBLISHED.values()))}). Frame8 was pretrained on 200 classes "
        "of Tiny ImageNet and has no figure for the 1,000."
    )


def _row(result: ArchitecturesResult, place: int, budget: int) -> dict[str, object]:
    known = _known(result.backbones[place], int(result.sides[place]))
    return {
        "Backbone": known.pop("Backbone"),
        "Accuracy (95%)": theme.interval(result.accuracy(place, budget)),
        "ms a picture": result.cost(place, "milliseconds"),
        **known,
        "Points per million": result.per_million(place, budget),
        "Memory": int(result.bytes[place]),
    }


def _known(name: str, side: int) -> dict[str, object]:
    """Return what is known of a backbone without a measurement."""
    table, published = tables.table(name, side), PUBLISHED.get(name)
    return {
        "Backbone": BACKBONES[name].title,
        "Side": f"{side} px",
        "MACs": table.macs,
        "Parameters": table.parameters,
        "ImageNet top-1": f"{percent(published.top_1)} at {BACKBONES[name].trained_side} px"
        if published
        else "no figure",
    }
