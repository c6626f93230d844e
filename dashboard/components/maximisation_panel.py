"""What a unit looks for: a picture made for it alone, how that came about, and what the helps are good for."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import cache, state
from dashboard.components.ascent_player import SIDE, Shown, ascent_player
from dashboard.components.job_panel import job_panel, refusal, refusal_kept, while_active
from dashboard.components.maximisation_controls import switches_on
from dashboard.components.maximisation_tiles import earlier
from dashboard.components.unit_picker import Unit
from models import engine, job_specs, maximisation_film, runs
from models.maximisation_film import RESULT, Film
from models.maximisation_spec import KIND, MaximisationSpec, same_unit
from models.maximisation_switches import SWITCHES

_AGAINST, _PROBLEM = "features_against", "features_ascent_problem"
NOT_SHOWN: Final = (
    "What you do not see: what excites the unit in practice. This is one of many pictures that it answers strongly, "
    "and the helps have a taste of their own; Strongest patches shows real ones."
)


def maximisation(unit: Unit, spec: MaximisationSpec, owner: str, row: DeltaGenerator) -> None:
    """Draw the films of this setting and of the one it is compared with, what they say, and all earlier ones.

    The button that makes what is missing comes at the end of `row`.
    """
    engine.warm_up_jobs()
    found = _films(spec, owner)
    other = _against(spec, found)
    working = [run for run in _runs(spec, owner) if run.status.active]
    with row:
        _start(spec, other, found, working, owner)
    while_active(bool(working), lambda: _player(unit, spec, other, owner))
    for run in reversed(working):
        job_panel(run.id, key=f"features_ascent_{run.id[:8]}")
    if film := found.get(spec):
        st.markdown(
            _said(unit, film) + (_compared(film, found[other]) if other == spec.bare and other in found else "")
        )
    st.caption(_left_out(spec) + NOT_SHOWN)
    earlier(found, other, lambda known: state.put(_AGAINST, known.to_json()))


def _runs(spec: MaximisationSpec, owner: str) -> list[runs.Run]:
    """Return the visitor's jobs for this unit, newest first."""
    return [run for run in runs.listing(owner, KIND) if same_unit(run.spec, spec) and not job_specs.problem(run)]


def _films(spec: MaximisationSpec, owner: str) -> dict[MaximisationSpec, Film]:
    """Return the films of this unit, those being made too: the shipped ones, then the visitor's, oldest first."""
    usual = MaximisationSpec(spec.network, spec.layer, spec.channel, spec.place)
    found = {known: film for known in (usual, usual.bare) if (film := cache.maximisation_shipped(known))}
    for run in reversed(_runs(spec, owner)):
        film = cache.maximisation_film(run.id, maximisation_film.version(run.path(RESULT)))
        if film and (film.end or run.status.active):
            found[MaximisationSpec.from_json(run.spec)] = film
    return found


def _against(spec: MaximisationSpec, found: dict[MaximisationSpec, Film]) -> MaximisationSpec:
    """Return what the setting is compared with: the chosen earlier one, else all switches off, else the usual ones."""
    chosen = state.get(_AGAINST)
    for known in found:
        if known != spec and known.to_json() == chosen:
            return known
    usual = replace(MaximisationSpec(spec.network, spec.layer, spec.channel, spec.place), steps=spec.steps)
    return spec.bare if spec != spec.bare else replace(usual, seed=spec.seed)


def _start(
    spec: MaximisationSpec,
    other: MaximisationSpec,
    found: dict[MaximisationSpec, Film],
    working: list[runs.Run],
    owner: str,
) -> None:
    """Draw the button that makes what is missing, and its cost."""
    known = [MaximisationSpec.from_json(run.spec) for run in working]
    missing = [asked for asked in (spec, other) if asked not in known and asked not in found]
    if spec not in missing:
        missing = []

    def begin() -> None:
        with refusal_kept(_PROBLEM):
            jobs = [(asked.to_json(), f"Picture for {asked.channel} of {asked.layer}") for asked in missing]
            engine.submit_all(KIND, jobs, owner=owner)

    st.button(
        "Make the picture",
        type="primary",
        icon=":material/play_arrow:",
        key="features_ascend",
        disabled=not missing,
        on_click=begin,
    )
    seconds = sum(asked.seconds for asked in missing)
    made = ":material/check: made" if spec in found and found[spec].end else "being made"
    st.caption(f"about {seconds:.0f} s" if missing else made, width="content")
    refusal(_PROBLEM)


def _player(unit: Unit, spec: MaximisationSpec, other: MaximisationSpec, owner: str) -> None:
    found, working = _films(spec, owner), any(run.status.active for run in _runs(spec, owner))
    if spec in found or other in found:
        shown = [_shown(unit, "This setting", spec, found.get(spec))]
        if other in found:
            shown.append(_shown(unit, "To compare", other, found[other]))
        ascent_player(shown, key="features_player", live=working, note=f"The curves: {_measure(unit, spec)}.")
    elif working:
        st.skeleton(height=SIDE + 60)
    else:
        st.info(
            "No picture was made for this unit with these switches yet. It begins as grey noise; every step changes "
            "all pixels a little, so that the unit answers more strongly.",
            icon=":material/landscape:",
        )


def _shown(unit: Unit, title: str, spec: MaximisationSpec, film: Film | None) -> Shown:
    words, state_of_it = switches_on(spec), f"{len(film.steps)} frames" if film else "not made yet"
    alt = f"{title}: the picture for {unit.name} on its way, {state_of_it}. {words}."
    identity = repr(sorted(spec.to_json().items()))
    return Shown(identity, title, f"{words}; seed {spec.seed}" + ("" if film else "; not made yet"), alt, film)


def _measure(unit: Unit, spec: MaximisationSpec) -> str:
    if not unit.layer.is_map:
        return "its logit, before the softmax" if unit.layer.name == "head_output" else "its value before its own ReLU"
    if spec.place == "centre":
        return "its value in the middle, before its own ReLU"
    return "its mean over all positions, what is below zero counted as zero"


def _said(unit: Unit, film: Film) -> str:
    """Return what came of it, in a sentence."""
    first, last = film.values[0], film.values[-1]
    if film.end == "flat":
        return f"**No pixel changes what {unit.name} answers**: it is dead, and the grey noise stays as it began."
    if film.end == "overflow":
        return f"After {film.steps[-1]} steps the network's numbers overflow: its training may have diverged."
    if last <= 0:
        return f"**{unit.name.capitalize()} never rose above zero**, whatever the {film.total} steps tried."
    return f"**{unit.name.capitalize()}** answers {first:.3g} to the noise at the start and **{last:.3g}** at the end."


def _compared(film: Film, bare: Film) -> str:
    """Return how far the unit goes without any switch, from the same start."""
    if film.end != "done" or bare.end != "done":
        return ""
    more = "more, for a picture that says less" if bare.values[-1] > film.values[-1] else "not more"
    return f" With every switch off it answers {bare.values[-1]:.3g}: {more}."


def _left_out(spec: MaximisationSpec) -> str:
    """Return what goes wrong without the first of the usual switches that is off."""
    for name, switch in SWITCHES.items():
        if not spec.strengths[name] and name != "blur":
            return f"Without {switch.title.lower()}: {switch.without} ({switch.source}). "
    return ""
