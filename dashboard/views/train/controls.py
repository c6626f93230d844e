"""Controls beside a result: was pretraining needed? The same budget with a random frozen backbone, and from scratch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from dashboard.figures import comparison, theme
from dashboard.labels import duration
from dashboard.widgets.jobs import job_panel, refusal, refusal_kept
from dashboard.widgets.runs import sweep_title, verdict
from models.errors import InputError, RunNotFound
from models.jobs import engine
from models.storage import runs
from models.sweeps import cells, results, variations
from models.sweeps import spec as sweeps_spec
from models.sweeps.spec import SweepSpec
from models.training.comparison import Compared
from models.training.results import TrainingResult, load_result
from models.training.spec import TrainingSpec

_PROBLEM = "train_controls_problem"


def controls_panel(run: runs.Run, result: TrainingResult, owner: str) -> None:
    """Draw what the controls of a finished run reached, or offer to train them."""
    spec = TrainingSpec.from_json(run.spec)
    if spec.weights == "random":
        return  # it is one itself
    st.markdown("##### Was pretraining needed?")
    if run.id == runs.EXAMPLE:
        _compare(run, result, [results.control_of_example(line) for line in (variations.RANDOM, variations.SCRATCH)])
        return
    asked = sweeps_spec.controls_of(spec)
    sweep = _found(asked, owner)
    if sweep is None or sweep.status.state in ("failed", "cancelled"):
        _offer(asked, owner)
    if sweep is None:
        return

    def panel() -> None:
        rows = {row.line: row.run for row in cells.finished(sweep.folder)}
        trained = [runs.get(rows[line]) for line in asked.lines if line in rows]
        if trained:
            _compare(run, result, trained)

    try:
        job_panel(sweep.id, key="train_controls", below=panel)
    except RunNotFound:
        st.caption("The controls were cleared away.")
        _offer(asked, owner)


def _found(asked: SweepSpec, owner: str) -> runs.Run | None:
    """Return the visitor's newest sweep of these very controls."""
    for run in runs.listing(owner, sweeps_spec.KIND):
        try:
            if replace(SweepSpec.from_json(run.spec), after="") == asked:
                return run
        except InputError:
            continue
    return None


def _offer(asked: SweepSpec, owner: str) -> None:
    seconds = sum(sweeps_spec.cell_seconds(asked).values())
    told = "; ".join(
        f"**{variations.LINES[line].title.lower()}**: {variations.LINES[line].description}" for line in asked.lines
    )
    st.caption(f"Two controls tell, with the same pictures, head and number of epochs: {told}")
    st.button(
        f"Train both controls (about {duration(seconds)})",
        key="train_controls_start",
        icon=":material/balance:",
        on_click=_begin,
        args=(asked, owner),
    )
    refusal(_PROBLEM)


def _begin(asked: SweepSpec, owner: str) -> None:
    with refusal_kept(_PROBLEM):
        sweeps_spec.validate(asked)
        engine.submit_old(sweeps_spec.KIND, asked.to_json(), owner=owner, title=sweep_title(asked))


def _compare(run: runs.Run, result: TrainingResult, trained: Sequence[runs.Run]) -> None:
    """Draw the run's accuracy above those of its controls, and the paired differences."""
    compared = [Compared(1, run.id, "This run", TrainingSpec.from_json(run.spec), result)]
    for number, each in enumerate(trained, start=2):
        spec = TrainingSpec.from_json(each.spec)
        line = variations.SCRATCH if spec.trainable else variations.RANDOM
        compared.append(Compared(number, each.id, variations.LINES[line].title, spec, load_result(each)))
    said = "; ".join(f"{one.name}: {one.accuracy.value:.1%} of {one.accuracy.n}" for one in compared)
    chart, words = st.columns([5, 6], gap="medium", vertical_alignment="center")
    chart.plotly_chart(
        comparison.accuracies(compared, 70 + 34 * len(compared)),
        key="train_controls_chart",
        config=theme.CONFIG,
        alt=f"Test accuracy of the run and of its controls: {said}",
    )
    with words:
        for one in compared[1:]:
            st.markdown(verdict(compared[0], one))
        epochs = compared[0].spec.head_epochs + compared[0].spec.epochs
        st.caption(f"{epochs} epochs and one seed each; from scratch everything learns, with Adam at 0.001.")
