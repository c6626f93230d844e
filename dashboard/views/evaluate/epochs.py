"""The slider through the epochs of a run: what its matrix, scores and pictures were after any of them.

It needs the answers that a run keeps of its epochs; a run without them is shown as it ended.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import streamlit as st

from dashboard import state
from models.storage import runs
from models.training import epoch_answers
from models.training.epoch_answers import EpochAnswers
from models.training.results import TrainingResult

EPOCH: Final = "evaluate_epoch"
_OF: Final = "evaluate_epoch_of"  # the run that it is of


def at_epoch(run: runs.Run, result: TrainingResult, classes: int) -> tuple[TrainingResult, int | None]:
    """Draw the slider and what changed since; return the result with the answers of the epoch that is chosen.

    Args:
        run: A finished training.
        result: What came of it, with the weights of its best epoch.
        classes: How many there are.

    Returns:
        The result and the epoch; `result` itself and None for that whose weights were kept, which is shown at first.
    """
    answers = epoch_answers.of_result(run, result)
    if answers is None or len(answers.epoch) < 2:
        return result, None
    best = int(result.summary["best_epoch"])
    epoch = _slider(run, answers, best)
    with st.container(key="evaluate_changed"):
        st.caption(epoch_answers.change_sentence(answers, epoch, best))
    if epoch == best:
        return result, None
    return replace(result, probability=answers.probabilities(epoch, classes)), epoch


def _slider(run: runs.Run, answers: EpochAnswers, best: int) -> int:
    """Draw the slider and return the chosen epoch; another run begins with its own best one."""
    if state.get(_OF) not in (None, run.id) and not state.travelled():
        state.put(EPOCH, best)
    state.put(_OF, run.id)
    chosen = st.select_slider(
        "Epoch",
        answers.epoch.tolist(),
        best,
        key=EPOCH,
        bind="query-params",
        help="Everything on this page shows what the classifier answered after this epoch; 0 is before the first. The "
        "page opens with the epoch whose weights were kept, which all other pages look into.",
    )
    return int(chosen)
