"""Trainings side by side: the choice of runs, accuracies, paired differences, curves, and recipes."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.figures import comparison, theme
from dashboard.labels import SHIPPED_RUNS, plain_label, safe_label
from dashboard.widgets.jobs import distinct_names
from dashboard.widgets.page import empty, not_shown
from dashboard.widgets.runs import mistakes, verdict
from models.errors import FreezeframeError
from models.storage import runs
from models.training.comparison import Compared, settings
from models.training.results import load_result
from models.training.spec import TRAINING
from models.wording import percent


def choose_runs() -> list[runs.Run]:
    """Draw the choice of finished runs and return those chosen; the address keeps them.

    Without a choice: the run shown on all pages, then the visitor's newest ones, then the example.
    """
    finished = {run.id: run for run in state.training_runs() if run.status.state == "done"}
    finished |= {run.id: run for run in state.compared() if run.id not in finished and run.status.state == "done"}
    shown = state.selection().run
    if shown is not None and shown.status.state == "done":
        finished = {shown.id: shown} | finished
    if not finished:
        empty("No training has finished yet.", "Train one", "train", ":material/model_training:")
    titles = {**distinct_names(finished), **SHIPPED_RUNS}
    linked = [run.id for run in state.compared() if run.id in finished]
    chosen = linked[: comparison.MOST] or list(finished)[:3]
    state.put("compare_runs", chosen)
    st.multiselect(
        "Runs to compare",
        list(finished),
        format_func=lambda run_id: titles[run_id],
        key="compare_runs",
        max_selections=comparison.MOST,
        on_change=lambda: state.compare(state.get("compare_runs")),
        placeholder="Choose up to six finished trainings",
    )
    return [finished[run_id] for run_id in chosen]


def read(chosen: list[runs.Run]) -> list[Compared]:
    """Return the runs whose recipe and results can be read, numbered; draw a warning for each of the others."""
    found = []
    for number, run in enumerate(chosen, start=1):
        title = SHIPPED_RUNS.get(run.id, run.title)
        try:
            spec, result = TRAINING.spec_of(run), load_result(run)
        except FreezeframeError as error:
            st.warning(f"{safe_label(title)}: {safe_label(str(error), 300)}", icon=":material/warning:")
            continue
        found.append(Compared(number, run.id, plain_label(title, 48), spec, result))
    return found


def accuracies(compared: list[Compared]) -> None:
    """Draw every run's accuracy, and how the others differ from the first on the same pictures."""
    values = "; ".join(f"{run.name}: {percent(run.accuracy.value)} of {run.accuracy.n}" for run in compared)
    st.plotly_chart(
        comparison.accuracies(compared, 80 + 40 * len(compared)),
        key="compare_accuracies",
        config=theme.CONFIG,
        alt=f"Test accuracy of every run with its 95% interval: {values}",
    )
    for run in compared:
        if sentence := mistake_sentence(run):
            st.warning(sentence, icon=":material/warning:")
    for run in compared[1:]:
        st.markdown(verdict(compared[0], run))
    not_shown(
        "How much another seed of the training would change the numbers: for that, train again with other seeds. The "
        "intervals say how much another set of test pictures would."
    )


def mistake_sentence(run: Compared) -> str:
    """Return which mistakes were made on purpose in a run, and what its accuracy is worth; "" where there are none."""
    words = " Also, ".join(mistakes(run.spec))
    if (parts := run.judged.apart()) is not None:
        fresh = parts[1]
        words += (
            f" Of the {fresh.n} that did not leak it gets {percent(fresh.value)} right ({percent(fresh.low)} to "
            f"{percent(fresh.high)}); differences leave leaked pictures out."
            if fresh.n
            else " No test picture is left by which it could be judged."
        )
    return f"**Run {run.number} was made wrong on purpose:** {words}" if words else ""


def curves_and_drift(compared: list[Compared]) -> None:
    """Draw the curves on one axis, and how far every layer moved."""
    training = st.toggle("Training curves too", key="compare_training", bind="query-params")
    st.plotly_chart(
        comparison.curves(compared, 250, training=training),
        key="compare_curves",
        config=theme.CONFIG,
        alt="Validation accuracy and loss per epoch, all runs on one axis",
    )
    if training:
        st.caption("Thick: validation pictures. Thin, of the same colour: training pictures.")
    st.markdown("## How far every layer moved")
    st.plotly_chart(
        comparison.drift(compared, 300),
        key="compare_drift",
        config=theme.CONFIG,
        alt="Relative change of the weights of every layer, run by run; frozen layers stand at exactly 0",
    )
    not_shown("Whether a layer that moved far has learned more: different weights can give the same outputs.")


def recipes_table(compared: list[Compared]) -> None:
    """Draw the recipes side by side, what differs first; all the rest on demand."""
    rows = settings([run.spec for run in compared])
    st.markdown("## The recipes")
    differing = [row for row in rows if row.differs]
    every = st.toggle("Also show what is the same", key="compare_all_settings", bind="query-params")
    listed = differing + [row for row in rows if not row.differs] if every else differing
    if not listed:
        if len(compared) > 1:
            st.caption("Nothing differs: the same recipe gives the same numbers.")
        return
    st.dataframe(
        [
            {"": "≠" if row.differs else "", "Setting": row.name}
            | {str(number): value for number, value in enumerate(row.values, start=1)}
            for row in listed
        ],
        hide_index=True,
        column_config={"": st.column_config.TextColumn(width=28)},
        alt="Settings of every run, those that differ first",
    )


def open_buttons(compared: list[Compared]) -> None:
    """Draw a button for each run that shows it on all pages."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption("Show on every page:")
        for run in compared:
            if st.button(f"Run {run.number}", key=f"compare_open_{run.number}", icon=":material/open_in_new:"):
                state.choose(run=run.run_id)
                state.go("train")
