"""The switch "Train as I change": a short recipe is trained at every change, and its result says what the change did.

What is shown stays until the new training has finished; one that fails or is cancelled leaves it there. A change that
comes while one trains takes its place. These trainings are runs like all others; of those that the visitor does not
keep, the newest five stay, and those that are shown or compared.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.views.train.same_run import differences
from dashboard.widgets.runs import clearness, points, queue
from models.errors import FreezeframeError, RunNotFound
from models.jobs import engine
from models.jobs.turns import SHORT_S
from models.storage import runs
from models.training.comparison import Compared, paired
from models.training.costs.estimate import Cost
from models.training.results import TrainingResult, load_result
from models.training.spec import TRAINING, TrainingSpec
from models.wording import duration, percent

KEPT: Final = 5  # trainings that nobody has asked to keep
_SWITCH: Final = "train_live"
_NOW: Final = "train_live_now"  # the id of the run that trains what the controls say
_SEEN: Final = "train_live_seen"  # what the controls said when the page was last drawn, as JSON
_WANTED: Final = "train_live_wanted"  # whether the switch has just been turned on
_BEFORE: Final = "train_live_before"  # of every finished one: the id of the run shown before it
_LOOSE: Final = "train_live_loose"  # ids of the finished ones that nobody has asked to keep, oldest first
_LEFT: Final = "train_live_left"  # ids of those that were stopped; their worker may still be writing
_STOPPED: Final = "train_live_stopped"  # why the newest one ended without a result
_POLL_S: Final = 0.5
_HELP: Final = (
    "Trains by itself whenever you change a setting, if that takes no more than a few seconds: a new head on frozen "
    "layers does. Until it has ended you see the run before it. The newest five of these runs are kept."
)


def switch(spec: TrainingSpec, cost: Cost | None, chosen: state.Selection) -> None:
    """Draw the switch; while it is on, train what the controls say as soon as they say something else.

    A link that has it on trains nothing before the visitor changes something.

    Args:
        spec: What the controls say.
        cost: What it costs; None where it cannot be trained as it is.
        chosen: The visitor and the run shown.
    """
    on = st.toggle(
        "Train as I change", key=_SWITCH, bind="query-params", help=_HELP, on_change=lambda: state.put(_WANTED, True)
    )
    written = json.dumps(spec.to_json(), sort_keys=True)
    seen, wanted = state.get(_SEEN), state.get(_WANTED, False)
    state.put(_SEEN, written if on else None)
    state.put(_WANTED, False)
    trained = chosen.run is not None and not differences(spec, TRAINING.spec_of(chosen.run))
    moved = wanted or seen not in (None, written)
    if not on or trained or moved:
        _stop(chosen.owner)
        state.put(_STOPPED, "")
    if on and not trained:
        _train(spec, cost, chosen, begin=moved)
    _offer_to_keep(chosen.run)


def _train(spec: TrainingSpec, cost: Cost | None, chosen: state.Selection, *, begin: bool) -> None:
    """Begin the training of a recipe, or follow the one that is under way; or say why neither is done."""
    if cost is None:
        return
    if cost.seconds > SHORT_S:
        st.caption(f":material/hourglass: This change takes about {duration(cost.seconds)}: press Train.")
        return
    if begin:
        try:
            (run_id,) = queue({spec: cost}, chosen.owner)
        except FreezeframeError as error:
            st.warning(safe_label(str(error), 400), icon=":material/hourglass_top:")
            return
        state.put(_NOW, run_id)
    if stopped := state.get(_STOPPED):
        st.caption(f":material/error: {safe_label(stopped, 400)}")
    if state.get(_NOW):
        st.fragment(run_every=_POLL_S)(_follow)("" if chosen.run is None else chosen.run.id)


def _follow(before: str) -> None:
    """Say that a training is under way, and show it instead of the run `before` once it has ended."""
    run = _run(state.get(_NOW))
    if run is not None and run.status.active:
        st.caption(":material/progress_activity: Training what you changed…")
        return
    state.put(_NOW, "")
    if run is not None and run.status.state == "done":
        _clear(run.id, before)
        state.put(_BEFORE, {**state.get(_BEFORE, {}), run.id: before})
        state.choose(run=run.id)
    elif run is not None:
        why = run.status.message or "The training of your last change was cancelled."
        state.put(_STOPPED, f"{why} What you see is the run before it.")
        state.put(_LEFT, (*state.get(_LEFT, ()), run.id))
    st.rerun()


def _clear(newest: str, before: str) -> None:
    """Delete what was stopped, and the oldest of the trainings that nobody keeps, compares or has just looked at."""
    wanted = {before, *(run.id for run in state.compared())}
    loose = (*state.get(_LOOSE, ()), newest)
    gone = [old for old in loose[:-KEPT] if old not in wanted]
    for old in (*state.get(_LEFT, ()), *gone):
        if (ended := _run(old)) is not None:
            runs.remove(ended)
    state.put(_LEFT, ())
    state.put(_LOOSE, tuple(one for one in loose if one not in gone))


def _stop(owner: str) -> None:
    """End the training that is under way, if there is one."""
    if run_id := state.get(_NOW):
        with suppress(FreezeframeError):
            engine.cancel(run_id, owner)
        state.put(_LEFT, (*state.get(_LEFT, ()), run_id))
        state.put(_NOW, "")


def _offer_to_keep(run: runs.Run | None) -> None:
    """Offer to keep the run shown, where it would go after some more changes."""
    loose = state.get(_LOOSE, ())
    if run is not None and run.id in loose:
        st.button(
            "Keep this run",
            key="train_live_keep",
            icon=":material/bookmark:",
            help=f"Runs made as you change settings go when {KEPT} newer ones are there. This one then stays.",
            on_click=lambda: state.put(_LOOSE, tuple(one for one in loose if one != run.id)),
        )


def said(run: runs.Run, result: TrainingResult) -> None:
    """Draw what the change did that a run was trained for; nothing for a run that was begun by the button."""
    before = _run(state.get(_BEFORE, {}).get(run.id))
    if before is None or before.status.state != "done":
        return
    with suppress(RunNotFound), st.container(key="train_live_said"):
        st.markdown(_sentence(_compared(1, before, load_result(before)), _compared(2, run, result)))


def _sentence(before: Compared, after: Compared) -> str:
    """Return what changed in the recipe, and by how much the answers differ on the same pictures."""
    changes = "; ".join(differences(after.spec, before.spec))
    found = paired(before.judged, after.judged)
    if found is None:
        return f"**{changes}.** The two runs share no test picture that neither has learnt from."
    return (
        f"**{changes}.** {percent(after.accuracy.value)} right instead of {percent(before.accuracy.value)}: "
        f"{points(found.difference)}, {clearness(found.difference)}."
    )


def _compared(number: int, run: runs.Run, result: TrainingResult) -> Compared:
    return Compared(number, run.id, run.title, TRAINING.spec_of(run), result)


def _run(run_id: str | None) -> runs.Run | None:
    try:
        return runs.get(run_id) if run_id else None
    except RunNotFound:
        return None
