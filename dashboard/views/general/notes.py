"""Beside the curves: the runs behind a point, how many seeds there are, what is smaller than in the paper, files."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.views.general import figures_treatments
from dashboard.views.general.figures import written
from dashboard.widgets.formatted import formatted
from models.transferability import experiment
from models.transferability.curves import BOTH, DIRECTIONS, PUBLISHED, Curves, networks, values
from models.transferability.experiment import EIGHT, SPLITS, Row
from models.wording import grouped, percent, took

REFERENCE = (
    "J. Yosinski, J. Clune, Y. Bengio, H. Lipson: How transferable are features in deep neural networks? Advances in "
    "Neural Information Processing Systems 27, 2014. Published curves: the mean of the ten best validation accuracies "
    "of each run that the authors published; bands are the lowest and the highest run."
)


def point_panel(
    rows: Sequence[Row], ours: Curves, paper: Curves, split: str, point: tuple[str, int], *, relative: bool
) -> None:
    """Draw what a treatment is, what it reached here and in the paper, and one line per network behind it.

    Args:
        rows: Of one configuration.
        ours, paper: The curves that are drawn.
        split: One of `SPLITS`, or `BOTH`.
        point: The chosen treatment and the layers copied, 0 for the base.
        relative: Whether the curves are differences to baseB.
    """
    treatment, n = point
    words, table = st.columns([6, 14], gap="small")
    with words:
        st.markdown(
            f"**{treatment}{f', n = {n}' if n else ''}.** {figures_treatments.sentence(treatment, n, EIGHT.depth)}"
        )
        st.markdown(
            f":material/science: {_reached(ours, treatment, n, 'seed', relative)}  \n"
            f":material/menu_book: {_reached(paper, treatment, n, 'run', relative)}"
        )
    splits = DIRECTIONS if split == BOTH else [split]
    behind = [row for row in rows if (row.treatment, row.n) == point and row.split in splits]
    with table:
        if behind:
            _table(behind)
        else:
            st.info("No network of this treatment has been trained here yet.", icon=":material/hourglass_top:")


def progress(rows: Sequence[Row], split: str) -> str:
    """Return how many seeds stand behind the curves of a split, and which are not whole yet."""
    accuracies = values(rows, split)
    seeds = {seed for by_seed in accuracies.values() for seed in by_seed}
    if not seeds:
        return "no curve yet"
    text = f"{len(seeds)} {'seed' if len(seeds) == 1 else 'seeds'}"
    waiting = set(networks(rows, split)) - seeds
    return f"{text}, {len(waiting)} not whole yet" if waiting else text


def no_curve(rows: Sequence[Row], split: str) -> str:
    """Return in words why there is no curve of a split."""
    if split == BOTH and any(networks(rows, each) for each in DIRECTIONS):
        return "no seed has been measured both ways so far. Choose one of the two ways above"
    return "no network of these tasks has been trained"


def published_runs(curves: Curves) -> str:
    """Return how many runs stand behind the points of published curves."""
    most = max(point.runs for line in curves.values() for point in line)
    return "1 run a point" if most == 1 else f"1 to {most} runs a point"


def smaller(rows: Sequence[Row]) -> list[str]:
    """Return what is smaller here than in the paper, one sentence each, from the rows themselves."""
    if not rows:
        return ["Nothing has been measured yet."]
    counts = {split: networks(rows, split) for split in SPLITS}
    seeds = "; ".join(
        f"{split}: " + (", ".join(f"seed {seed} ({count})" for seed, count in of.items()) or "none")
        for split, of in counts.items()
    )
    classes = sorted({row.classes for row in rows})
    pictures = sorted({row.pictures for row in rows})
    return [
        f"**Pictures.** {EIGHT.height} × {EIGHT.width} pixels (Tiny ImageNet), 500 to learn from in every class. The "
        "paper used 227 × 227 pixels and about 1,290 a class.",
        f"**Tasks.** {_range(classes)} classes in a task, tested on {_range(pictures)} pictures. The paper had 500 "
        "classes, and 449 natural against 551 man-made ones. So compare the shapes of the curves, not the accuracies.",
        f"**Training.** {_range(sorted({row.epochs for row in rows}))} epochs with mirrored pictures. The paper "
        "trained for 450,000 steps of 256 pictures, 9.5 days a network. Networks stopped this early have not finished "
        "learning. Copied layers were trained before, so part of what a treatment gains on baseB is longer training.",
        f"**Network.** Eight layers as in the paper, but narrower ({', '.join(map(str, _widths()))}) and with "
        "BatchNorm, which the paper's network did not have.",
        f"**Seeds.** Few. Networks so far: {seeds}. Each seed draws other classes for A and B and other first weights.",
    ]


def notes(rows: Sequence[Row]) -> None:
    """Draw what is smaller, the downloads and the reference."""
    st.markdown("## Smaller than the paper")
    st.markdown("\n".join(f"- {sentence}" for sentence in smaller(rows)))
    with st.container(horizontal=True):
        st.download_button(
            f"Measured runs ({len(rows)} rows, CSV)",
            experiment.to_csv(rows),
            "freezeframe-transferability-runs.csv",
            "text/csv",
            key="general_download_rows",
            icon=":material/download:",
            disabled=not rows,
            help="Every network: treatment, n, split, seed, epochs, accuracy, classes, pictures, seconds, digest.",
        )
        st.download_button(
            "Published curves (CSV)",
            PUBLISHED.read_bytes(),
            "yosinski2014-published-curves.csv",
            "text/csv",
            key="general_download_published",
            icon=":material/download:",
            help="Split, treatment, n, runs, mean, lowest and highest accuracy.",
        )
    st.caption(f":material/menu_book: {REFERENCE}")


def _reached(curves: Curves, treatment: str, n: int, unit: str, relative: bool) -> str:
    """Return the value of a point in words, with its range and n."""
    for point in curves.get(treatment, ()):
        if point.n == n:
            mean, low, high = (written(value, relative) for value in (point.mean, point.low, point.high))
            spread = f" ({low} to {high})" if point.runs > 1 else ""
            count = f"{point.runs} {unit}{'' if point.runs == 1 else 's'}"
            return f"**{mean}**{' points' if relative else ''}{spread}, {count}"
    return "not measured"


def _table(behind: Sequence[Row]) -> None:
    ordered = sorted(behind, key=lambda row: (row.split, row.seed))
    st.dataframe(
        formatted(
            {
                "A and B": [row.split for row in ordered],
                "Seed": [row.seed for row in ordered],
                "Accuracy": [row.accuracy for row in ordered],
                "Pictures": [row.pictures for row in ordered],
                "Classes": [row.classes for row in ordered],
                "Epochs": [row.epochs for row in ordered],
                "Seconds": [row.seconds for row in ordered],
                "Digest": [row.digest for row in ordered],
            },
            {"Accuracy": percent, "Pictures": grouped, "Seconds": took},
        ),
        hide_index=True,
        width="stretch",
        height="content",
        column_config={
            "Accuracy": st.column_config.NumberColumn(help="Top-1 on the validation pictures of B."),
            "Pictures": st.column_config.NumberColumn(help="The accuracy was measured on."),
            "Seconds": st.column_config.NumberColumn("Time", help="Its training took, on one processor core."),
            "Digest": st.column_config.TextColumn(
                help="A fingerprint of the settings: with another architecture or schedule it is another one."
            ),
        },
        key="general_runs",
        alt="The networks behind the chosen point: seed, accuracy, epochs, seconds, digest",
    )


def _range(numbers: Sequence[int]) -> str:
    return grouped(numbers[0]) if numbers[0] == numbers[-1] else f"{grouped(numbers[0])} to {grouped(numbers[-1])}"


def _widths() -> list[int]:
    return [filters for filters, *_ in EIGHT.convolutions] + list(EIGHT.dense)
