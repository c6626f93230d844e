"""The view "What it looks for": a picture made for one unit, how it came about, and what the switches are good for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboard import state
from dashboard.views.features import cache as features_cache
from dashboard.views.features.ascent_player import SIDE, Shown, ascent_player
from dashboard.views.features.backward import backward
from dashboard.views.features.patches import begin_with
from dashboard.views.features.switches import settings, switches_on
from dashboard.widgets import cache
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept, while_active
from dashboard.widgets.page import not_shown, say_random
from dashboard.widgets.picture_picker import picture_picker
from dashboard.widgets.tiles import Tile, picture_tiles
from dashboard.widgets.unit_picker import Unit, prepare_unit, unit_picker
from models.features.ascent import SWITCHES
from models.features.maximisation import MAXIMISATION, Film, MaximisationSpec
from models.jobs import engine
from models.networks import layers
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.wording import duration, significant

_AGAINST, _PROBLEM = "features_against", "features_ascent_problem"
_NOT_SHOWN: Final = (
    "What excites the channel in practice. The regularisers prefer certain patterns, so this is one of many pictures "
    "that excite the channel; the view Strongest patches shows real ones."
)
_REFERENCES = (
    "D. Erhan et al. 2009: Visualizing higher-layer features of a deep network. J. Yosinski et al. 2015: Understanding "
    "neural networks through deep visualization. C. Olah et al. 2017: Feature visualization, Distill."
)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made for one unit.

    Attributes:
        films: By their settings, those being made too: the shipped ones, then the visitor's, oldest first.
        working: The jobs that are under way, newest first.
    """

    films: dict[MaximisationSpec, Film]
    working: dict[MaximisationSpec, runs.Run]


def _made(spec: MaximisationSpec, owner: str) -> Made:
    """Return what there is for the unit of `spec`, whatever the other settings."""
    usual = MaximisationSpec(*spec.unit)
    shipped = {known: cache.shipped(MAXIMISATION, known) for known in (usual, usual.bare)}
    found, working = {known: film for known, film in shipped.items() if film}, {}
    listed = [run for run in runs.listing(owner, MAXIMISATION.kind) if not MAXIMISATION.problem(run)]
    mine = [(run, setting) for run in listed if (setting := MAXIMISATION.spec_of(run)).unit == spec.unit]
    for run, setting in reversed(mine):
        film = cache.result(MAXIMISATION, run)
        if film and (film.end or run.status.active):
            found[setting] = film
    for run, setting in mine:
        if run.status.active:
            working[setting] = run
    return Made(found, working)


def draw(chosen: state.Selection, network: str) -> None:
    """Draw the whole view: the unit's pickers, its film, its block's pictures, and its answer to the chosen picture."""
    controls, main = st.columns([5, 18], gap="medium")
    with controls:
        picture = picture_picker("features")
        unit = unit_picker("features", network, lambda layer: begin_with(chosen, network, layer))
        say_random(network)
    with main:
        row = st.container(horizontal=True, vertical_alignment="bottom", gap="small")
        spec = settings(network, unit, row)
        maximisation(unit, spec, chosen.owner, row)
        sheet(unit, spec, network)
        backward(unit, network, picture)
        with st.expander("What each switch does", key="features_switch_words"):
            for switch in SWITCHES.values():
                st.markdown(f"**{switch.title}.** {switch.does} Without it, {switch.without} ({switch.source}).")
        st.caption(_REFERENCES)


def maximisation(unit: Unit, spec: MaximisationSpec, owner: str, row: DeltaGenerator) -> None:
    """Draw the films of this setting and of the one it is compared with, what they show, and all earlier ones.

    The button that makes what is missing comes at the end of `row`.
    """
    engine.warm_up_jobs()
    made = _made(spec, owner)
    other = _against(spec, made.films)
    with row:
        _start(spec, other, made, owner)
    while_active(bool(made.working), lambda: _player(unit, spec, other, owner))
    for run in reversed(made.working.values()):
        job_panel(run.id, key=f"features_ascent_{run.id[:8]}")
    if film := made.films.get(spec):
        bare = made.films.get(spec.bare) if other == spec.bare else None
        st.markdown(_outcome(unit, film) + (_compared(film, bare) if bare else ""))
    if left_out := _left_out(spec):
        st.caption(left_out)
    not_shown(_NOT_SHOWN)
    earlier(made.films, other, lambda known: state.put(_AGAINST, known.to_json()))


def _against(spec: MaximisationSpec, found: dict[MaximisationSpec, Film]) -> MaximisationSpec:
    """Return what the setting is compared with: the chosen earlier one, else all switches off, else the usual ones."""
    chosen = state.get(_AGAINST)
    for known in found:
        if known != spec and known.to_json() == chosen:
            return known
    return spec.bare if spec != spec.bare else MaximisationSpec(*spec.unit, steps=spec.steps, seed=spec.seed)


def _start(spec: MaximisationSpec, other: MaximisationSpec, made: Made, owner: str) -> None:
    """Draw the button that makes what is missing, and its cost."""
    missing = [setting for setting in (spec, other) if setting not in made.working and setting not in made.films]
    if spec not in missing:
        missing = []

    def begin() -> None:
        with refusal_kept(_PROBLEM):
            engine.submit_all(MAXIMISATION, missing, owner=owner)

    st.button(
        "Make the picture",
        type="primary",
        icon=":material/play_arrow:",
        key="features_ascend",
        disabled=not missing,
        on_click=begin,
    )
    ready = ":material/check: made" if spec in made.films and made.films[spec].end else "being made"
    st.caption(f"about {duration(sum(setting.seconds for setting in missing))}" if missing else ready, width="content")
    refusal(_PROBLEM)


def _player(unit: Unit, spec: MaximisationSpec, other: MaximisationSpec, owner: str) -> None:
    made = _made(spec, owner)
    if spec in made.films or other in made.films:
        shown = [_shown(unit, "This setting", spec, made.films.get(spec))]
        if other in made.films:
            shown.append(_shown(unit, "To compare", other, made.films[other]))
        note = f"The curves: {_measure(unit, spec)}."
        ascent_player(shown, key="features_player", live=bool(made.working), note=note)
    elif made.working:
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


def _outcome(unit: Unit, film: Film) -> str:
    """Return what came of it, in a sentence."""
    first, last = film.values[0], film.values[-1]
    if film.end == "flat":
        return f"**No pixel changes what {unit.name} answers**: it is dead, and the grey noise stays as it began."
    if film.end == "overflow":
        return f"After {film.steps[-1]} steps the network's numbers overflow: its training may have diverged."
    if last <= 0:
        return f"**{unit.name.capitalize()} never rose above zero**, whatever the {film.total} steps tried."
    return (
        f"**{unit.name.capitalize()}** answers {significant(first)} to the noise at the start and "
        f"**{significant(last)}** at the end."
    )


def _compared(film: Film, bare: Film) -> str:
    """Return how far the unit goes without any switch, from the same start."""
    if film.end != "done" or bare.end != "done":
        return ""
    more = "more, for a picture that says less" if bare.values[-1] > film.values[-1] else "not more"
    return f" With every switch off it answers {significant(bare.values[-1])}: {more}."


def _left_out(spec: MaximisationSpec) -> str:
    """Return what goes wrong without the first of the usual switches that is off."""
    for name, switch in SWITCHES.items():
        if not spec.strengths[name] and name != "blur":
            return f"Without {switch.title.lower()}: {switch.without} ({switch.source}). "
    return ""


def earlier(
    found: dict[MaximisationSpec, Film], selected: MaximisationSpec, on_choose: Callable[[MaximisationSpec], None]
) -> None:
    """Draw the last frames of all films of a unit, to choose the one to compare with; nothing where all are shown."""
    known = list(found)
    if len(known) < 3:
        return
    tiles = []
    for setting in known:
        words = f"{switches_on(setting)}; seed {setting.seed}"
        tiles.append(
            Tile(found[setting].frames[-1], words, f"{words}: answers {significant(found[setting].values[-1])}")
        )
    st.markdown("**Earlier pictures for this unit**", help="Choose one to compare with.")
    picture_tiles(
        tiles,
        selected=known.index(selected) if selected in found else None,
        key="features_earlier",
        side=104,
        alt="Earlier pictures for this unit",
        on_choose=lambda number: on_choose(known[number]),
    )


def sheet(unit: Unit, spec: MaximisationSpec, network: str) -> None:
    """Draw the shipped pictures of some channels of the unit's block, where there are any; a click leads to one."""
    shipped = features_cache.maximisation_sheet()
    for layer in dict.fromkeys(shipped.layers if shipped else ()):
        pictures = shipped.of(spec.network, layer) if shipped else {}
        if pictures and layers.layer(network, layer).block == unit.layer.block:
            _sheet(unit, layer, pictures, network)


def _sheet(unit: Unit, layer: str, pictures: dict[int, bytes], network: str) -> None:
    names = DATASETS[layers.dataset(network)].classes if layer == "head_output" else ()
    channels = list(pictures)
    tiles = [
        Tile(picture, names[channel] if names else str(channel), f"{names[channel] if names else channel} of {layer}")
        for channel, picture in pictures.items()
    ]
    st.markdown(
        f"**{'Classes' if names else 'Channels'} of {layer}**",
        help="Made with the switches that are on at first. The channels are evenly spaced, not picked by hand.",
    )
    picture_tiles(
        tiles,
        selected=channels.index(unit.channel) if unit.layer.name == layer and unit.channel in channels else None,
        key=f"features_sheet_{layer}",
        side=88,
        alt=f"Pictures for some channels of {layer}",
        on_choose=lambda number: prepare_unit("features", network, (layer, channels[number])),
    )
