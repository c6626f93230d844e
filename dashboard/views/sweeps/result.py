"""The result of a sweep: its chart, its findings in words, and its cells, each of which opens as a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.figures import comparison, theme
from dashboard.views.sweeps import figures, words
from dashboard.views.sweeps.controls import choice_of
from dashboard.widgets.formatted import formatted
from dashboard.widgets.jobs import choose_job, job_panel
from models.errors import RunNotFound
from models.storage import runs
from models.sweeps import results, variations
from models.sweeps.cells import Finished, finished
from models.sweeps.spec import SWEEP, Choice, SweepSpec, cell_title
from models.wording import percent, significant, took

_HEIGHT: Final = 350  # px of the chart


def choose(choice: Choice, owner: str) -> runs.Run | None:
    """Draw the choice among the visitor's sweeps of this kind and one that came by a link; None is the example."""
    example = results.shipped(choice)[0].title
    return choose_job(SWEEP, owner, "Sweep", example, key="sweeps_run", among=lambda run: choice_of(run) == choice)


def result(run: runs.Run | None, choice: Choice) -> None:
    """Draw the job's progress and what is known so far; polls while it works."""
    active = run is not None and run.status.active

    def panel() -> None:
        if run is None:
            sweep, rows = results.shipped(choice)
        else:
            _how_to_go_on(run)
            sweep, rows = SWEEP.spec_of(run), finished(run.folder)
        if not rows:
            _nothing(active)
            return
        _chart(sweep, rows)
        _words(sweep, rows)

    if run is None:
        panel()
        st.caption(
            "This example was computed beforehand and comes as numbers only. If you train it yourself, every "
            "training opens as a run."
        )
        return
    job_panel(run.id, key="sweeps_job", below=panel)
    if not active:
        _cells(run)


def _how_to_go_on(run: runs.Run) -> None:
    """Say how a sweep that was stopped goes on."""
    if run.status.state in ("cancelled", "failed"):
        st.caption(":material/restart_alt: Press **Train them all** again: what is finished is not trained twice.")


def _nothing(active: bool) -> None:
    if active:
        st.skeleton(height=_HEIGHT)
    else:
        st.info("No training of this sweep was finished. Train them all again.", icon=":material/restart_alt:")


def _chart(sweep: SweepSpec, rows: Sequence[Finished]) -> None:
    found = results.points(sweep, rows)
    if sweep.choice == "regulariser":
        gaps = sorted(results.against_plain(found.get(variations.AS_IS, ())), key=lambda gap: -gap.difference.value)
        if not gaps:
            st.info("Waiting for the training without regularisers, with which the others are compared.")
            return
        figure = figures.differences(sweep, gaps, rows, _HEIGHT)
    else:
        figure = figures.accuracy(sweep, rows, _HEIGHT)
    st.plotly_chart(figure, key="sweeps_chart", config=theme.CONFIG, alt=words.describe(sweep, found))


def _words(sweep: SweepSpec, rows: Sequence[Finished]) -> None:
    base, tested = sweep.base, sorted({row.tested for row in rows})
    st.markdown("  \n".join(words.findings(sweep, rows, brief=True)))
    if sweep.seeds > 1:
        with st.expander("All differences with their 95% intervals", key="sweeps_intervals"):
            st.markdown("  \n".join(words.findings(sweep, rows)))
    st.caption("  \n".join(words.trained_to_the_end(sweep, rows)))
    pictures = f"{tested[0]}" if len(tested) == 1 else f"{tested[0]} to {tested[-1]}"
    scratch = f" (from scratch {significant(variations.SCRATCH_RATE, 6)})" if variations.SCRATCH in sweep.lines else ""
    shots = "" if sweep.choice == "shots" else f"{base.shots or 'all'} pictures per class, "
    st.caption(
        f"{len(rows)} of {len(sweep.cells())} trainings: {shots}{words.schedule(base)}{scratch}, batches of "
        f"{base.batch}. Each is tested on {pictures} pictures, and each "
        "seed splits the pictures anew: another set of seeds would move the line by about the width of its band."
    )


def _cells(run: runs.Run) -> None:
    """Draw the cells; those that are chosen can be opened or compared."""
    sweep = SWEEP.spec_of(run)
    order = {cell.key: place for place, cell in enumerate(sweep.cells())}
    rows = sorted((row for row in finished(run.folder) if row.key in order), key=lambda row: order[row.key])
    if not rows:
        return
    st.markdown("## Its trainings")
    picked = st.dataframe(
        formatted(
            [
                {
                    "Training": cell_title(sweep, row.key),
                    "Test accuracy": row.accuracy,
                    "Training accuracy": row.train_accuracy,
                    "Seconds": row.seconds,
                }
                for row in rows
            ],
            {"Test accuracy": percent, "Training accuracy": percent, "Seconds": took},
        ),
        hide_index=True,
        height=min(38 + 35 * len(rows), 320),
        on_select="rerun",
        selection_mode="multi-row",
        key=f"sweeps_cells_{run.id}",
        column_config={
            "Training": st.column_config.TextColumn(width=300),
            "Training accuracy": st.column_config.NumberColumn(help="During the epoch that was kept."),
            "Seconds": st.column_config.NumberColumn("Time", help="The first of a value makes what others use."),
        },
        alt="Every training of the sweep with its accuracies",
    )
    _open([rows[place] for place in picked["selection"]["rows"] if place < len(rows)])


def _open(picked: Sequence[Finished]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Show on every page", key="sweeps_open", icon=":material/open_in_new:", disabled=len(picked) != 1):
            _show([picked[0].run], "train")
        if st.button(
            "Compare",
            key="sweeps_compare",
            icon=":material/compare_arrows:",
            disabled=not 2 <= len(picked) <= comparison.MOST,
        ):
            _show([row.run for row in picked], "compare")
        st.caption(f"Choose one training to open it, or two to {comparison.MOST} to compare them.")


def _show(run_ids: list[str], page: str) -> None:
    try:
        for run_id in run_ids:
            runs.get(run_id)
    except RunNotFound:
        st.warning("This training has been deleted; only its numbers are left.", icon=":material/delete:")
        return
    if page == "train":
        state.choose(run=run_ids[0])
    else:
        state.compare(run_ids)
    state.go(page)
