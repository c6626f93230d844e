"""Settings of an activation maximisation: switches, their strengths, place, steps and seed."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard.widgets.unit_picker import Unit
from models.features.ascent import SWITCHES, Switch
from models.features.maximisation import LARGEST_SEED, STEPS, MaximisationSpec, canonical
from models.wording import significant

_FIELDS = MaximisationSpec.__dataclass_fields__
PLACE_TITLES = {"everywhere": "Everywhere", "centre": "In the middle"}


def usual(switch: Switch) -> bool:
    """Return whether a switch is on at first."""
    return bool(_FIELDS[switch.id].default)


def settings(network: str, unit: Unit, row: DeltaGenerator) -> MaximisationSpec:
    """Draw the switches in a horizontal container, the rest behind a button, and return the spec."""
    with row:
        on = st.pills(
            "Helps for the picture",
            list(SWITCHES),
            selection_mode="multi",
            default=[switch.id for switch in SWITCHES.values() if usual(switch)],
            format_func=lambda name: SWITCHES[name].title,
            key="features_switches",
            bind="query-params",
            help="Each is one known way to keep the picture readable. Leave one out, and see what it was good for.",
        )
        with st.popover("Strengths", icon=":material/tune:", key="features_strengths"):
            strengths = {switch.id: _strength(switch) for switch in SWITCHES.values() if switch.id in on}
            rest = _rest(unit)
    switched = {name: strengths.get(name, 0.0) for name in SWITCHES}
    chosen: dict[str, Any] = {"layer": unit.layer.name, "channel": unit.channel, **switched, **rest}
    return MaximisationSpec(canonical(network, unit.layer.name), **chosen)


def _strength(switch: Switch) -> float:
    return float(
        st.slider(
            f"{switch.title}{f' ({switch.unit})' if switch.unit else ' (power)'}",
            float(switch.low),
            float(switch.high),
            float(switch.usual),
            float(switch.step),
            "%g",
            key=f"features_{switch.id}",
            persist_state="session",
            help=switch.does,
        )
    )


def _rest(unit: Unit) -> dict[str, Any]:
    """Draw place, steps and seed; a dense layer has no places."""
    rest: dict[str, Any] = {}
    if unit.layer.is_map:
        rest["place"] = st.segmented_control(
            "Where the unit is to answer",
            list(PLACE_TITLES),
            default="everywhere",
            required=True,
            format_func=lambda name: PLACE_TITLES[name],
            key="features_place",
            bind="query-params",
            help="Everywhere: the mean over all positions of what is above zero. In the middle: one value, whose "
            "picture is no larger than what it can depend on.",
        )
    rest["steps"] = st.segmented_control(
        "Steps", list(STEPS), default=128, required=True, key="features_steps", bind="query-params"
    )
    seed = st.number_input(
        "Seed",
        0,
        LARGEST_SEED,
        0,
        key="features_seed",
        bind="query-params",
        help="Another start and other random shifts: another picture that the unit answers as strongly.",
    )
    return rest | {"seed": int(seed or 0)}


def switches_on(spec: MaximisationSpec) -> str:
    """Return which switches are on, in words."""
    on = [
        f"{switch.title.lower()} "
        f"{significant(spec.strengths[name], 6)}{' ' if switch.unit not in ('', '°') else ''}{switch.unit}"
        for name, switch in SWITCHES.items()
        if spec.strengths[name]
    ]
    return ", ".join(on).capitalize() or "Every switch off"
