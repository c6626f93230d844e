"""The report of a finished training: one HTML file that opens offline, to hand in, to keep, to compare on paper."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

import plotly.graph_objects as go

from dashboard.figures.confusion import confusion_heatmap
from dashboard.labels import SHIPPED_RUNS
from dashboard.views.train import cache as train_cache
from dashboard.views.train.proof import verdict
from dashboard.widgets import cache
from dashboard.widgets.runs import mistakes
from models import __version__
from models.backbones.registry import BACKBONES
from models.ids import PictureId
from models.intervals import wilson
from models.pictures.datasets import DATASETS
from models.storage import runs
from models.training import keras_script, results
from models.training.comparison import settings
from models.training.costs import estimate
from models.training.evaluation import evaluate, most_confident_mistakes
from models.training.results import TrainingResult
from models.training.spec import TRAINING, TrainingSpec
from models.wording import file_size, grouped, percent, took

_MISTAKES, _PICTURE_PX, _CURVES_PX = 8, 96, 300
_LIBRARIES = ("keras", "tensorflow", "tensorflow-cpu", "numpy", "scikit-learn")  # TensorFlow goes by two names
_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1f2a30; max-width: 960px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: 0; } h2 { font-size: 1.15rem; margin-top: 2rem; }
table { border-collapse: collapse; } td, th { padding: 0.15rem 1rem 0.15rem 0; text-align: left; vertical-align: top; }
tr { border-bottom: 1px solid #dfe4e6; } .lead { font-size: 1.3rem; } .note { color: #5a676e; }
pre { background: #f3f5f6; padding: 1rem; overflow-x: auto; font-size: 0.8rem; }
figure { display: inline-block; margin: 0 0.6rem 0.6rem 0; font-size: 0.8rem; width: 140px; vertical-align: top; }
@media print { pre { white-space: pre-wrap; } h2 { break-after: avoid; } }
"""


def report(run: runs.Run, result: TrainingResult, when: str) -> str:
    """Return the whole file; Plotly lies inside, so it is about 5 MB and loads nothing from the internet.

    Args:
        run: A finished training.
        result: What came of it.
        when: It was made, in words, from `labels.clock`: the file is put together where no visitor's zone is known.
    """
    title = SHIPPED_RUNS.get(run.id, run.title)
    body = "\n".join(_parts(run, TRAINING.spec_of(run), result, title, when))
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{html.escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n{body}\n</body></html>\n"
    )


def _parts(run: runs.Run, spec: TrainingSpec, result: TrainingResult, title: str, when: str) -> Iterator[str]:
    data = DATASETS[spec.dataset]
    evaluation = evaluate(result.label, result.probability, data.classes)
    accuracy = wilson(round(evaluation.accuracy * evaluation.n), evaluation.n)
    yield f"<h1>{html.escape(title)}</h1>"
    yield f'<p class="note">{when} · {data.title} · {BACKBONES[spec.backbone].title}</p>'
    yield (
        f'<p class="lead"><b>{percent(accuracy.value)}</b> of {accuracy.n} test pictures right '
        f"(95% interval {percent(accuracy.low)} to {percent(accuracy.high)})</p>"
    )
    for sentence in mistakes(spec):
        yield f"<p><b>This run was made wrong on purpose:</b> {html.escape(sentence)}</p>"
    if note := result.summary.get("note"):
        yield f"<p><b>{html.escape(str(note))}</b></p>"
    yield "<h2>Learning curves</h2>"
    curves, changes = train_cache.training_figures(run.id, _CURVES_PX)
    yield _figure(curves, first=True)
    if (gap := results.opening(result.history)) is not None:
        yield f"<p>The gap between training and validation opens after epoch {gap.epoch}.</p>"
    yield "<h2>What was frozen, and the proof</h2>"
    yield f"<p>{html.escape(verdict(result.weight_change).replace(':red[', '').replace(']', ''))}</p>"
    yield _figure(changes)
    yield "<h2>Right and wrong</h2>"
    yield _figure(confusion_heatmap(evaluation.matrix, data.classes, shares=False))
    yield _mistakes(spec, result, data.classes)
    yield "<h2>The recipe</h2>"
    yield _table((row.name, row.values[0]) for row in settings([spec]))
    yield "<h2>What it took</h2>"
    yield _table(_took(run, result))
    yield "<h2>The same in plain Keras</h2>"
    yield "<p>The app offers this script with the pictures and the backbone it reads.</p>"
    yield f"<pre>{html.escape(keras_script.script(spec, len(data.classes), run.id))}</pre>"


def _figure(figure: go.Figure, *, first: bool = False) -> str:
    """Return a figure as HTML; the first brings Plotly along."""
    plain = go.Figure(figure).update_layout(paper_bgcolor="white", plot_bgcolor="white", template="plotly_white")
    text: str = plain.to_html(
        full_html=False, include_plotlyjs="inline" if first else False, config={"displayModeBar": False}
    )
    return text


def _mistakes(spec: TrainingSpec, result: TrainingResult, classes: tuple[str, ...]) -> str:
    wrong = most_confident_mistakes(result.label, result.probability, _MISTAKES)
    if not len(wrong):
        return "<p>Every test picture is right.</p>"
    tiles = []
    columns = (wrong.position, wrong.label, wrong.predicted, wrong.confidence)
    for place, true, predicted, confidence in zip(*columns, strict=True):
        name = str(PictureId(spec.dataset, int(result.index[place])))
        picture = base64.b64encode(cache.enlarged_png(name, _PICTURE_PX)).decode()
        words = html.escape(f"{classes[true]}, taken for {classes[predicted]} ({percent(confidence)})")
        tiles.append(f'<figure><img alt="{words}" src="data:image/png;base64,{picture}"><br>{words}</figure>')
    return f"<p>The most confident mistakes:</p>{''.join(tiles)}"


def _took(run: runs.Run, result: TrainingResult) -> Iterator[tuple[str, str]]:
    summary, predicted = result.summary, estimate.kept(run.folder)
    expected = f", predicted {took(predicted.seconds)}" if predicted else ""
    yield "time", f"{took(summary['seconds']['total'])}{expected}"
    if "peak_mb" in summary:
        expected = f", predicted {file_size(1e6 * predicted.peak_mb)}" if predicted else ""
        yield "memory at the peak", f"{file_size(1e6 * summary['peak_mb'])}{expected}"
    yield "parameters that learnt", grouped(summary["parameters_trainable"])
    yield "parameters frozen", grouped(results.frozen_parameters(result.weight_change))
    yield "epoch whose weights were kept", f"{summary['best_epoch']} of {len(result.history)}"
    yield "versions", ", ".join(_versions())


def _versions() -> Iterator[str]:
    yield f"Freezeframe {__version__}"
    for name in _LIBRARIES:
        with suppress(PackageNotFoundError):
            yield f"{name} {version(name)}"


def _table(rows: Iterable[tuple[str, str]]) -> str:
    lines = (f"<tr><td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>" for name, value in rows)
    return f"<table>{''.join(lines)}</table>"
