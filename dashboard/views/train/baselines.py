"""Controls of a finished training: the same budget with a random frozen backbone, and from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

import streamlit as st

from dashboard.figures import comparison, theme
from dashboard.labels import safe_label
from dashboard.widgets import work
from dashboard.widgets.jobs import job_panel
from dashboard.widgets.runs import verdict
from models.errors import FreezeframeError, InputError, RunNotFound
from models.storage import runs
from models.sweeps import pretraining, results, variations
from models.sweeps.cells import finished
from models.sweeps.spec import SWEEP, SweepSpec, controls_of, validate
from models.training.comparison import Compared
from models.training.results import TrainingResult, load_result
from models.training.spec import TRAINING
from models.wording import percent, significant

_KEY = "train_controls"


def baselines(run: runs.Run, result: TrainingResult, owner: str) -> None:
    """Draw what the controls of a finished run reached, or offer to train them."""
    recipe = TRAINING.spec_of(run)
    if recipe.weights == "random":
        return  # it is one itself
    st.markdown("## Was pretraining needed?")
    if run.id == runs.EXAMPLE:
        _compare(run, result, [results.control_of_example(line) for line in (variations.RANDOM, variations.SCRATCH)])
        return
    spec = controls_of(recipe)
    sweep = SWEEP.newest(spec, owner)
    if sweep is None or sweep.status.state in ("failed", "cancelled"):
        _offer(spec, sweep, owner)
    if sweep is None:
        return

    def panel() -> None:
        rows = {row.line: row.run for row in finished(sweep.folder)}
        trained = [runs.get(rows[line]) for line in spec.lines if line in rows]
        if trained:
            _compare(run, result, trained)

    try:
        job_panel(sweep.id, key=_KEY, below=panel)
    except RunNotFound:
        st.caption("The controls were cleared away.")
        _offer(spec, None, owner)


def _offer(spec: SweepSpec, sweep: runs.Run | None, owner: str) -> None:
    lines = [variations.LINES[line] for line in spec.lines]
    each = "; ".join(f"**{line.title.lower()}**: {line.description}" for line in lines)
    st.caption(f"Two controls tell, with the same pictures, head and number of epochs: {each}")
    try:
        validate(spec)
    except FreezeframeError as error:
        st.caption(f":material/info: They cannot be trained here. {safe_label(str(error), 400)}")
        return
    work.offer(SWEEP, spec, sweep, owner=owner, what="Two trainings", button="Train both controls", key=_KEY)


def _compare(run: runs.Run, result: TrainingResult, trained: Sequence[runs.Run]) -> None:
    """Draw the run's accuracy above those of its controls, and the paired differences."""
    compared = [Compared(1, run.id, "This run", TRAINING.spec_of(run), result)]
    for number, each in enumerate(trained, start=2):
        spec = TRAINING.spec_of(each)
        line = variations.SCRATCH if spec.trainable else variations.RANDOM
        compared.append(Compared(number, each.id, variations.LINES[line].title, spec, load_result(each)))
    shares = "; ".join(f"{one.name}: {percent(one.accuracy.value)} of {one.accuracy.n}" for one in compared)
    _answer(compared)
    chart, words = st.columns([5, 6], gap="medium", vertical_alignment="center")
    chart.plotly_chart(
        comparison.accuracies(compared, 70 + 34 * len(compared)),
        key="train_controls_chart",
        config=theme.CONFIG,
        alt=f"Test accuracy of the run and of its controls: {shares}",
    )
    with words:
        for one in compared[1:]:
            st.markdown(verdict(compared[0], one))
        epochs = compared[0].spec.head_epochs + compared[0].spec.epochs
        rate = significant(variations.SCRATCH_RATE)
        st.caption(f"{epochs} epochs and one seed each; from scratch everything learns, with Adam at {rate}.")


def _answer(compared: Sequence[Compared]) -> None:
    """Draw what the control from scratch answers, and how the answer changes with the number of pictures."""
    scratch = [one for one in compared[1:] if one.spec.trainable]
    said = []
    with suppress(InputError):
        said += [f"**{pretraining.of_one(compared[0], one)}**" for one in scratch]
    if wider := pretraining.of_pictures_like(compared[0].spec):
        said.append(f"It depends on how many pictures there are. {wider}")
    st.markdown(" ".join(said))
