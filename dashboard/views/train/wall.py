"""The wall: how a training sorts the test pictures by its answers, epoch by epoch, with the matrix and the curves."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.figures.curves import TRAINING, VALIDATION
from dashboard.views.train import cache
from dashboard.widgets.page import lead_on
from dashboard.widgets.panels import component, pack
from models.ids import PictureId
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.training import epoch_answers
from models.training.epoch_answers import EpochAnswers
from models.training.results import TrainingResult
from models.training.spec import TrainingSpec
from models.wording import grouped

MOST: Final = 400  # pictures on the wall; of more a sample
KEY: Final = "train_wall"
EPOCH: Final = "train_epoch"  # in the address: the epoch that is looked at
_OF: Final = "train_epoch_of"  # the run that it is of
_WATCHED: Final = "train_watched"  # the run that was seen at work: its wall plays once it has finished
_PAGES: Final = ("occlusion", "activations", "evaluate")
_TILE, _COLUMNS = 48, 20  # of the sheet: pixels of a picture, pictures in a row
_CURVES: Final = ("accuracy", "val_accuracy", "loss", "val_loss")
_LEGEND: Final = (
    "Every column is an answer of the network. Right answers lie below; a wrong one has a frame and a corner in the "
    "colour of its true class.",
    "A dot marks a picture whose answer changed in this step.",
)
_HIDDEN: Final = f"<style>.st-key-{EPOCH} {{display: none}}</style>"
_wall: Final = component("freezeframe_wall", Path(__file__).with_name("wall_canvas"), "wall", ("floor", "companions"))


@dataclass(frozen=True, slots=True)
class Moment:
    """Where in a training a wall stands.

    Attributes:
        best: The epoch whose weights were kept; None while that is not known.
        shown: The epoch of the link.
        play: Begin before the first epoch and play.
        live: More will follow.
    """

    best: int | None = None
    shown: int | None = None
    play: bool = False
    live: bool = False


def growing(run: runs.Run, spec: TrainingSpec, history: Sequence[Mapping[str, Any]]) -> bool:
    """Draw the wall of a run that is at work, as far as it has come; return whether there is anything to draw."""
    if run.status.active:
        state.put(_WATCHED, run.id)  # a short training may end before its first answers are written
    answers = epoch_answers.read(run)
    if answers is None:
        return False
    known = [row for row in history if row["epoch"] <= answers.epoch[-1]]
    data = message(run.id, spec, answers, known, Moment(live=True))
    _wall(key=KEY, data=data, on_epoch_change=_nothing, on_open_change=_nothing)
    return True


def finished(run: runs.Run, spec: TrainingSpec, result: TrainingResult) -> bool:
    """Draw the wall of a finished run; return whether it has one."""
    answers = epoch_answers.of_result(run, result)
    if answers is None:
        return False
    best, shown = int(result.summary["best_epoch"]), _epoch_of_the_link(run, answers)
    play = shown is None and state.get(_WATCHED) == run.id
    data = message(run.id, spec, answers, result.history, Moment(best, shown, play))

    def follow() -> None:
        if (epoch := st.session_state[KEY]["epoch"]) in answers.epoch.tolist():  # a browser may send anything
            state.put(EPOCH, int(epoch))

    wanted = _wall(key=KEY, data=data, on_epoch_change=follow, on_open_change=_nothing).open
    for sentence in (epoch_answers.kept_words(answers, result.history), _sample_words(answers)):
        if sentence:
            st.caption(sentence)
    if isinstance(wanted, dict):
        _lead(wanted, spec, answers, best)
    return True


def _nothing() -> None:
    """Have the page drawn anew, which reads what was sent."""


def _epoch_of_the_link(run: runs.Run, answers: EpochAnswers) -> int | None:
    """Return the epoch in the address, None without one; it is forgotten with another run."""
    if state.get(_OF) not in (None, run.id):
        state.put(EPOCH, None)
    state.put(_OF, run.id)
    st.html(_HIDDEN)
    epoch = st.number_input("Epoch", 0, int(answers.epoch[-1]), None, key=EPOCH, bind="query-params")
    return None if epoch is None else int(answers.epoch[answers.place(int(epoch))])


def message(
    identity: str,
    spec: TrainingSpec,
    answers: EpochAnswers,
    history: Sequence[Mapping[str, Any]],
    moment: Moment,
) -> bytes:
    """Return what the browser gets of a training.

    Args:
        identity: Names the run: the wall stays where it is as long as it stays.
        spec: The recipe.
        answers: To all test pictures; of more than `MOST` a sample is shown, the matrix counts all.
        history: A row per epoch.
        moment: Where in the training the wall stands.
    """
    classes, seen = DATASETS[spec.dataset].classes, answers.some(MOST)
    said = epoch_answers.sentences(answers, moment.best)
    header: dict[str, Any] = {
        "identity": identity,
        "live": moment.live,
        "play": moment.play,
        "linked": moment.shown is not None,
        "first": moment.best if moment.shown is None else moment.shown,
        "kept": moment.best,
        "last": spec.head_epochs + spec.epochs if moment.live else int(answers.epoch[-1]),
        "count": len(seen.index),
        "pictures": seen.index.tolist(),
        "sheet": {"tile": _TILE, "columns": _COLUMNS},
        "classes": list(zip(classes, itertools.cycle(theme.CLASS_COLOURS), strict=False)),
        "epochs": answers.epoch.tolist(),
        "sentences": said,
        "forgotten": _forgotten(seen),
        "lost": epoch_answers.forgotten_sentences(answers),
        "history": [_row(row) for row in history],
        "lines": [TRAINING, VALIDATION],
        "learns": theme.TRAINABLE,
        "legend": _LEGEND,
        "alt": f"{len(seen.index)} test pictures in columns by the network's answer. {said[-1]}",
    }
    return pack(header, _parts(spec.dataset, seen, answers.matrices(len(classes))))


def _parts(dataset: str, seen: EpochAnswers, matrices: np.ndarray) -> dict[str, bytes]:
    """Return what travels as bytes: the pictures, the answers to them, and the matrices of all."""
    return {
        "labels": seen.label.tobytes(),
        "answers": seen.answer.tobytes(),
        "confidences": np.rint(seen.confidence.astype(np.float64) * 1000).astype("<u2").tobytes(),
        "matrices": matrices.astype("<u2").tobytes(),
        "sprite": cache.wall_sheet(dataset, tuple(seen.index.tolist()), _TILE, _COLUMNS),
    }


def _forgotten(seen: EpochAnswers) -> list[list[tuple[int, int]]]:
    """Return of every kept epoch which pictures of the wall are forgotten, by their place, and when they were right."""
    return [[(place, int(epochs[place])) for place in np.flatnonzero(epochs).tolist()] for epochs in seen.forgotten]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the curves need of an epoch; what is not a number is None."""
    values = {name: float(row[name]) if math.isfinite(row[name]) else None for name in _CURVES}
    return {"epoch": int(row["epoch"]), "phase": int(row.get("phase", 1)), **values}


def _sample_words(answers: EpochAnswers) -> str:
    """Return that the wall shows a sample; "" where it shows all."""
    count = len(answers.index)
    if count <= MOST:
        return ""
    return (
        f"The wall shows {MOST} of the {grouped(count)} test pictures, evenly spaced; the matrix and the "
        "sentences count all."
    )


def _lead(wanted: Mapping[str, Any], spec: TrainingSpec, answers: EpochAnswers, best: int) -> None:
    """Go to the page that a picture was opened on; a browser may send anything."""
    number, page, known = wanted.get("picture"), wanted.get("page"), answers.index.tolist()
    if page not in _PAGES or not isinstance(number, int) or number not in known:
        return
    names, place, epoch = DATASETS[spec.dataset].classes, known.index(number), wanted.get("epoch")
    epoch = epoch if isinstance(epoch, int) and epoch in answers.epoch else best
    cell = (int(answers.label[place]), int(answers.answer[answers.place(epoch), place]))
    also = dict(zip(("evaluate_true", "evaluate_predicted"), (names[each] for each in cell), strict=True))
    if epoch != best:
        also["evaluate_epoch"] = str(epoch)
    lead_on(
        str(PictureId(spec.dataset, number)),
        str(page),
        label=f"Train: picture {grouped(number)}",
        page="train",
        also=also if page == "evaluate" else None,
    )
