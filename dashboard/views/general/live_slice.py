"""The live slice: five digits, seeds and pictures to choose, the job, and the curves of its rows as they grow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Final

import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.views.general import figures
from dashboard.views.general.findings import TITLES, finding, limits
from dashboard.widgets.formatted import formatted
from dashboard.widgets.jobs import choose_job, job_panel, refusal, refusal_kept
from dashboard.widgets.page import not_shown
from models.jobs import engine
from models.storage import runs
from models.transferability import curves, findings, slice
from models.transferability.curves import RANDOM
from models.transferability.experiment import FOUR, Row, to_csv
from models.transferability.slice import DIGITS, EPOCHS, MOST_SEEDS, SLICE, SPLIT, SliceSpec
from models.wording import duration, grouped, percent, took

_DIGITS, _SEED, _PROBLEM = "general_slice_digits", "general_slice_seed", "general_slice_problem"
_HEIGHT = 360  # px of the chart
_FINDINGS: Final = ("general", "specificity", "gain", "random")
_ALL = "all"


def live_slice(owner: str) -> None:
    """Draw the whole view: what to train, what was trained, and the rows of the chosen slice, which grow."""
    controls, main = st.columns([4, 11], gap="medium")
    with controls:
        spec = _controls()
        _start_button(spec, owner)
    with main:
        run = _choose_run(owner)
        _result(run)


def _list(digits: Sequence[int]) -> str:
    return " ".join(map(str, digits)) or "none"


def _controls() -> SliceSpec | None:
    """Draw the settings of a slice; None, and a sentence, while the digits do not go together."""
    digits = st.pills(
        "Task A: five digits",
        DIGITS,
        selection_mode="multi",
        wrap=True,
        key=_DIGITS,
        persist_state="session",
        help="Task A tells these five digits apart, task B the other five. Networks are trained on A, and their first "
        "layers are tried on B.",
    )
    seed = _seed()
    seeds = st.slider(
        "Seeds",
        1,
        MOST_SEEDS,
        5,
        key="general_slice_seeds",
        persist_state="session",
        help="The whole table is trained once for each; the band reaches from the lowest to the highest.",
    )
    amount = st.segmented_control(
        "Training pictures a digit",
        [_ALL, "20"],
        default=_ALL,
        required=True,
        key="general_slice_shots",
        persist_state="session",
        help="All are about 108 a digit, seen in 20 epochs; 20 a digit are seen in 40 epochs.",
    )
    shots = None if amount == _ALL else int(str(amount))
    return _spec(tuple(sorted(digits)), seed, int(seeds), shots)


def _seed() -> int:
    """Draw the choice of the first seed, and the button that draws the digits of A by it."""
    left, right = st.columns([1, 1], vertical_alignment="bottom", gap="small")
    seed = left.number_input(
        "First seed",
        0,
        9999,
        key=_SEED,
        persist_state="session",
        help="A seed draws the training pictures and the weights at the start. The same seed gives the same rows.",
    )
    right.button(
        "Draw A",
        key="general_slice_draw",
        icon=":material/casino:",
        width="stretch",
        on_click=lambda: state.put(_DIGITS, list(slice.draw(int(seed)))),
        help="Draw the five digits of A by this seed.",
    )
    return int(seed)


def _spec(a: tuple[int, ...], seed: int, seeds: int, shots: int | None) -> SliceSpec | None:
    """Return the spec and say what is A and B, or which digits are missing or too many."""
    if (missing := 5 - len(a)) != 0:
        what = f"Choose {missing} more" if missing > 0 else f"Take {-missing} away"
        st.caption(f":material/info: {what}: A has {len(a)} of 5 digits ({_list(a)}). B gets the other five.")
        return None
    spec = SliceSpec(a, seed, seeds, shots, EPOCHS[shots])
    st.caption(f"A: {_list(spec.a)}. B: {_list(spec.b)}.")
    return spec


def _start_button(spec: SliceSpec | None, owner: str) -> None:
    """Draw the cost and the button, and the reason where the queue refused."""

    def begin(started: SliceSpec) -> None:
        with refusal_kept(_PROBLEM):
            state.show(SLICE, engine.submit(SLICE, started, owner=owner))

    if spec is not None:
        st.caption(f":material/timer: {spec.networks} small networks: about {duration(spec.seconds)} on one core")
    st.button(
        "Train the whole table",
        type="primary",
        icon=":material/play_arrow:",
        key="general_slice_start",
        width="stretch",
        disabled=spec is None,
        on_click=begin,
        args=(spec,),
    )
    refusal(_PROBLEM)


def _choose_run(owner: str) -> runs.Run | None:
    """Draw the choice among the visitor's slices and one that came by a link; None is the example."""
    return choose_job(SLICE, owner, "Live slice", SliceSpec().title, key="general_slice_run")


def _result(run: runs.Run | None) -> None:
    """Draw the job's progress and what its rows show; polls while it works."""
    active = run is not None and run.status.active

    def panel() -> None:
        rows = slice.example() if run is None else slice.rows(run)
        spec = SliceSpec() if run is None else SLICE.spec_of(run)
        if not rows:
            _nothing(active)
            return
        _curves(rows, spec)
        _words(rows, spec)
        _table(rows, spec)

    if run is None:
        panel()
    else:
        job_panel(run.id, key="general_slice_job", below=panel)


def _nothing(active: bool) -> None:
    if active:
        st.skeleton(height=_HEIGHT)
    else:
        st.info("No network was finished. Train the whole table again.", icon=":material/restart_alt:")


def _curves(rows: Sequence[Row], spec: SliceSpec) -> None:
    lines = curves.curves(rows, SPLIT)
    [y_range] = figures.equal_spans([lines], noise=True, common=False)
    figure = figures.curves(lines, {}, y_range=y_range, depth=FOUR.depth, noise=True, height=_HEIGHT)
    seeds = {point.runs for line in lines.values() for point in line}
    heading = f"A = {_list(spec.a)}, B = {_list(spec.b)}, {max(seeds, default=0)} of {spec.seeds} seeds"
    alt = figures.describe(lines, heading, noise=True, relative=False)
    st.plotly_chart(figure, key="general_slice_curves", config=theme.CONFIG, alt=alt)
    pictures = sorted({row.pictures for row in rows})
    counted = f"{pictures[0]}" if len(pictures) == 1 else f"{pictures[0]} to {pictures[-1]}"
    st.caption(
        f"{heading}. {len(rows)} of {spec.networks} networks; each tested on {counted} scans it never saw. A line "
        "is the mean of its seeds, its band reaches from the lowest to the highest."
    )


def _words(rows: Sequence[Row], spec: SliceSpec) -> None:
    """Draw what the rows say, and what they cannot say."""
    lines = curves.curves(rows, SPLIT)
    noise = {point.n: point.mean for point in lines.get("RnB", ())}
    base = lines.get("baseB", ())
    if 1 in noise and base:
        st.caption(
            "Digits are easy: with random filters in the first layer the layers above reach "
            f"{percent(noise[1])}, trained from the first layer on {percent(base[0].mean)}."
        )
    not_shown("How much a copied layer is worth on natural pictures: the view The experiment measures that.")
    # The findings are made for the splits of the large experiment; halves chosen without regard to kind are "random".
    compared = findings.measured([replace(row, split=RANDOM) for row in rows], RANDOM)
    if len(rows) < spec.networks:
        return
    st.caption(limits(compared, sorted({row.pictures for row in rows})))
    for name in _FINDINGS:
        if sentence := finding(name, compared, {}):
            heading, explanation = TITLES[name]
            st.markdown(f"**{heading}.** {sentence}", help=explanation)


def _table(rows: Sequence[Row], spec: SliceSpec) -> None:
    with st.expander(f"All {len(rows)} rows", key="general_slice_rows"):
        st.dataframe(
            formatted([asdict(row) for row in rows], {"accuracy": percent, "seconds": took, "pictures": grouped}),
            hide_index=True,
            height=240,
            column_order=("treatment", "n", "seed", "accuracy", "pictures", "epochs", "seconds"),
            column_config={
                "n": st.column_config.NumberColumn("n: layers copied"),
                "accuracy": st.column_config.NumberColumn(help="On scans never trained on."),
                "pictures": st.column_config.NumberColumn("measured on", help="Scans that the accuracy stands on."),
                "seconds": st.column_config.NumberColumn("time"),
            },
            alt="Every finished network with its treatment, layers copied, seed, accuracy and time",
        )
        st.download_button(
            "Download the rows",
            to_csv(rows),
            _file_name(spec),
            "text/csv",
            key="general_slice_download",
            icon=":material/download:",
        )


def _file_name(spec: SliceSpec) -> str:
    """Return a name that says which slice it is of: the rows hold their seeds, and nothing of the digits."""
    digits, seeds = "".join(map(str, spec.a)), f"{spec.first_seed}to{spec.first_seed + spec.seeds - 1}"
    return f"freezeframe-live-slice-a{digits}-{spec.shots or 'all'}pictures-seeds{seeds}.csv"
