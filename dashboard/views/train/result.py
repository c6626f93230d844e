"""A finished training run: its result, the gap between its curves, what it took, and where to go next."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import streamlit as st

from dashboard.figures import theme
from dashboard.figures.comparison import interval_bar
from dashboard.labels import clock, safe_label
from dashboard.pages import PAGES
from dashboard.views.train import cache as train_cache
from dashboard.views.train import live, report, wall
from dashboard.views.train.baselines import baselines
from dashboard.views.train.progress import CURVES_PX, STATUS_PX, running
from dashboard.views.train.proof import proof
from dashboard.views.train.same_run import result_title
from dashboard.views.train.start import start_again
from dashboard.widgets.runs import mistake_warning
from models.errors import RunNotFound
from models.intervals import wilson
from models.jobs.machine import WORKER_MB
from models.storage import runs
from models.training import kept_epochs, results
from models.training.costs import estimate
from models.training.costs.estimate import Cost
from models.training.results import Opening, TrainingResult, load_result
from models.training.spec import TRAINING, TrainingSpec
from models.training.take_along import classifier_archive
from models.wording import file_size, percent, significant, took

_BUSY = 0.8  # the processor's share of the time below which others are to blame
_LEFT_MB = 50  # held by the worker before a run beyond the usual, above which the page mentions it
NEXT_PAGES = ("evaluate", "activations", "features", "occlusion", "som", "compare")


def beside(run: runs.Run, changes: list[str]) -> TrainingResult | None:
    """Draw how far a run is, or its result; return the result, None while there is none.

    Args:
        run: The run shown.
        changes: What the controls change of its recipe.
    """
    spec = TRAINING.spec_of(run)
    result_title(run, changes)
    mistake_warning(spec)
    result = read(run)
    if result is None:
        running(run, spec)
    else:
        finished(result)
        live.said(run, result)
        training_watched(run, spec, result)
    return result


def below(run: runs.Run, result: TrainingResult, owner: str) -> None:
    """Draw where to go next, whether pretraining was needed, the proof of freezing, and how the run was computed."""
    spec = TRAINING.spec_of(run)
    next_pages(run, result)
    baselines(run, result, owner)
    gap_note(spec, result)
    proof(run, result)
    result_details(run, spec, result)


def none_yet() -> None:
    """Say what to do where there is no run."""
    st.info(
        "Nothing trained yet with this backbone and these data. Press **Train** to start.",
        icon=":material/play_arrow:",
    )


def read(run: runs.Run) -> TrainingResult | None:
    """Return the results of a run; None while there are none, and with a sentence where a finished run lost them."""
    done = run.status.state == "done"  # read first: the run may finish meanwhile
    try:
        return load_result(run)
    except RunNotFound as error:
        if done:
            st.error(safe_label(str(error), 400), icon=":material/error:")
        return None


def finished(result: TrainingResult) -> None:
    """Draw the result of a finished run: one large number with its interval."""
    summary = result.summary
    accuracy = wilson(round(summary["accuracy"] * summary["n_test"]), summary["n_test"])
    said = f"95% interval {percent(accuracy.low)} to {percent(accuracy.high)}"
    with st.container(
        horizontal=True, height=STATUS_PX, border=False, vertical_alignment="center", gap="medium", key="train_result"
    ):
        with st.container(key="train_accuracy", width="content"):
            st.markdown(f"## {percent(accuracy.value)}", width="content")
        with st.container(gap=None, width=420):
            st.markdown(f"of {accuracy.n} test pictures right ({said})")
            st.plotly_chart(
                interval_bar(accuracy, 1 / result.probability.shape[1]),
                key="train_interval",
                config=theme.CONFIG,
                alt=f"{percent(accuracy.value)} on an axis from 0% to 100%; {said}",
            )


def training_watched(run: runs.Run, spec: TrainingSpec, result: TrainingResult) -> None:
    """Draw how the run came there: its wall of test pictures, or the curves alone where its answers were not kept."""
    if wall.finished(run, spec, result):
        return
    st.plotly_chart(
        train_cache.training_figures(run.id, CURVES_PX)[0],
        key="train_curves",
        config=theme.CONFIG,
        alt=f"Accuracy and loss per epoch; the weights of epoch {result.summary['best_epoch']} were kept",
    )
    with st.container(horizontal=True, vertical_alignment="center", key="train_unwatched"):
        st.caption(
            "What this run answered to the test pictures after every epoch is not there, or cannot be read: earlier "
            "versions did not keep it. A run that is trained now shows how its answers change.",
            width="stretch",
        )
        with st.container(width="content"):
            start_again(run, spec)


def gap_note(spec: TrainingSpec, result: TrainingResult) -> None:
    """Draw where the gap between training and validation opens, if it does."""
    if (gap := results.opening(result.history)) is not None:
        st.info(gap_sentence(gap, spec), icon=":material/open_in_full:")


def gap_sentence(gap: Opening, spec: TrainingSpec) -> str:
    """Return as Markdown where the gap opens, and what helps that is not done already."""
    kept = "The weights kept are those of the best epoch" + (
        ", so the result is hardly touched." if not spec.label_noise else "."
    )
    noise = " With wrong labels it memorises these too." if spec.label_noise else ""
    return (
        f"**The gap opens after epoch {gap.epoch}:** the training loss goes on falling (from "
        f"{significant(gap.training)} to "
        f"{significant(gap.training_end)}) while the validation loss rises (from {significant(gap.validation)} to "
        f"{significant(gap.validation_end)}). From there on the network overfits: it memorises its training "
        f"pictures.{noise} {kept} "
        f"What helps: {_joined(list(_cures(spec)))}."
    )


def _cures(spec: TrainingSpec) -> Iterator[str]:
    if spec.shots is not None:
        yield "more pictures"
    if not spec.augmentation.on:
        yield "augmentation"
    if spec.trainable:
        yield "freezing more"
    if not spec.head.dropout:
        yield "dropout"
    if not spec.head.weight_decay:
        yield "weight decay"
    yield "a smaller head" if spec.head.widths or spec.head.pooling == "flatten" else "a lower learning rate"
    if not spec.patience:
        yield "stopping early, which saves time"


def _joined(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} or {parts[-1]}" if len(parts) > 1 else parts[0]


def result_details(run: runs.Run, spec: TrainingSpec, result: TrainingResult) -> None:
    """Draw how a run was computed, what it took beside the prediction, and what was special at its end."""
    summary = result.summary
    predicted = estimate.kept(run.folder)
    paths = {
        "features once": "The frozen backbone was computed **once** per picture; only the head learnt, on its output.",
        "augmented": "Every epoch saw other pictures, so the frozen part ran **anew in every epoch**.",
        "plain": "Every epoch ran through the **whole network**: nothing below the trainable layers could be kept.",
    }
    path = paths.get(summary["path"], f"Everything up to the frozen boundary was computed **once**: {summary['path']}.")
    kept = f"Kept the weights of epoch **{summary['best_epoch']}** of {len(result.history)}, the best on the validation"
    st.markdown(
        f"{phases_sentence(spec, result)}{kept} pictures.{curve_notes(spec, result)}  \n"
        f"{_time_sentence(spec, result, predicted)}"
    )
    with st.expander("How it was computed", key="train_computed"):
        st.markdown(f"{path}{_memory_sentence(summary, predicted)}")
    if epochs := kept_epochs.epochs(run.folder):
        st.caption(
            f"It kept the weights of {len(epochs)} epochs ({file_size(1e6 * kept_epochs.megabytes(run.folder))}): "
            "the Activations page plays them, Through the epochs."
        )
    if note := summary.get("note"):
        st.warning(safe_label(note, 400), icon=":material/warning:")


def _time_sentence(spec: TrainingSpec, result: TrainingResult, predicted: Cost | None) -> str:
    """Return how long a run took, beside what was predicted, and where the time went."""
    summary, epochs = result.summary, spec.head_epochs + spec.epochs
    spent, expected = summary["seconds"], f" (predicted {took(predicted.seconds)})" if predicted else ""
    if expected and len(result.history) < epochs:
        expected = f"{expected[:-1]} for all {epochs} epochs)"
    parts = ", ".join(f"{name} {took(seconds)}" for name, seconds in spent.items() if name != "total")
    worked = summary.get("processor_seconds", spent["total"])
    busy = ""
    if worked < _BUSY * spent["total"]:
        busy = f" {took(worked)} of that was computing; the rest was waiting for other work on this machine."
    return f"Took **{took(spent['total'])}**{expected}: {parts}.{busy}"


def _memory_sentence(summary: dict[str, Any], predicted: Cost | None) -> str:
    """Return how much memory its process took at the peak; "" for runs from before that was measured for each."""
    if "base_mb" not in summary:
        return ""
    peak, base = summary["peak_mb"], summary["base_mb"]
    expected = f" (predicted {file_size(1e6 * predicted.peak_mb)})" if predicted else ""
    before = base - WORKER_MB
    more = f"; it held about {file_size(1e6 * before)} more than usual when the run began" if before > _LEFT_MB else ""
    return f"  \nIts process held **{file_size(1e6 * peak)}** at the peak{expected}{more}."


def phases_sentence(spec: TrainingSpec, result: TrainingResult) -> str:
    """Return what the first of two phases did; "" for a single phase."""
    if not spec.head_epochs:
        return ""
    head, tuning = (sum(row.get("phase", 1) == phase for row in result.history) for phase in (1, 2))
    return (
        f"First the head alone learnt for **{head} epochs**, on features computed once; then **{tuning} epochs** of "
        "fine-tuning from its best one, with a new optimiser.  \n"
    )


def curve_notes(spec: TrainingSpec, result: TrainingResult) -> str:
    """Return what the training curves are measured against where that differs from the validation curves."""
    notes = ""
    if len(result.noisy_index):
        notes += (
            f"  \n**{len(result.noisy_index)}** training pictures had a wrong label: training accuracy and loss are "
            "against the labels that were learnt from. The Evaluate page shows these pictures."
        )
    if spec.label_smoothing:
        notes += (
            f"  \nThe training loss has label smoothing {significant(spec.label_smoothing, 6)} in it, "
            "the validation loss has not."
        )
    return notes


def next_pages(run: runs.Run, result: TrainingResult) -> None:
    """Offer the pages that look into the finished run, and the run as files."""
    with st.container(horizontal=True, vertical_alignment="center"):
        for page in (PAGES[name] for name in NEXT_PAGES):
            st.page_link(page.script, label=page.title, icon=page.icon)
    with st.container(horizontal=True, vertical_alignment="center", key="train_downloads"):
        st.caption("Take it along:", width="content")
        for one in _downloads(run, result):
            st.download_button(**one, icon=":material/download:", on_click="ignore")


def _downloads(run: runs.Run, result: TrainingResult) -> tuple[dict[str, Any], ...]:
    """Return the files a run is offered as; each is made when its button is pressed."""
    name, when = f"freezeframe-{run.id[:8]}", clock(run.created)
    return (
        {
            "label": "Classifier (.zip)",
            "data": lambda: classifier_archive(train_cache.classifier_file(run.id), TRAINING.spec_of(run), run.id),
            "file_name": f"{name}-classifier.zip",
            "mime": "application/zip",
            "key": "train_download_keras",
            "help": "The whole network as a `.keras` file with its weights and preprocessing inside, the names of its "
            "classes, and a short script that names what is in a picture. It needs nothing of Freezeframe.",
        },
        {
            "label": "Keras script (.zip)",
            "data": lambda: train_cache.training_archive(run.id),
            "file_name": f"{name}.zip",
            "mime": "application/zip",
            "key": "train_download_script",
            "help": "The training as a plain Keras script, with the pictures and the backbone it reads: it ends with "
            "the same accuracy and needs nothing of Freezeframe.",
        },
        {
            "label": "Report (.html)",
            "data": lambda: report.report(run, result, when).encode(),
            "file_name": f"{name}.html",
            "mime": "text/html",
            "key": "train_download_report",
            "help": "Accuracy, curves, proof, confusion matrix, recipe and script in one file of about 5 MB that opens "
            "offline: to hand in.",
        },
    )
