"""What the numbers of a run answer to the questions of the tour, a sentence for each stop.

What the picture of a page shows, its map for one chosen picture for example, the page itself says (`state.say`).
"""

from __future__ import annotations

from dashboard import state
from dashboard.labels import safe_label
from models.backbones import tables
from models.errors import FreezeframeError
from models.ids import PictureId
from models.pictures import datasets
from models.storage import runs
from models.training.evaluation import evaluate, most_confused_pair
from models.training.results import TrainingResult, load_result
from models.training.spec import TRAINING, TrainingSpec
from models.wording import grouped, percent

SAID = "ff_tour_said"  # of the session: page -> what it said last


def answer(page: str, said: str) -> str:
    """Return the answer that a stop shows; "" where nothing is known.

    Args:
        page: Of the stop.
        said: What the page has said of its picture.
    """
    if said:
        state.put(SAID, {**state.get(SAID, {}), page: said})
        return said
    run = finished()
    if run is None:
        return ""
    try:
        spec, result = TRAINING.spec_of(run), load_result(run)
    except FreezeframeError:
        return ""
    found = {"train": _accuracy, "evaluate": _confusion, "activations": _receptive_fields}.get(page)
    return found(spec, result) if found else ""


def everything() -> list[str]:
    """Return what the whole tour has shown, in its order."""
    said = state.get(SAID, {})
    found = [
        *(answer(page, "") for page in ("train", "evaluate", "activations")),
        said.get("occlusion"),
        said.get("som"),
    ]
    return [text for text in found if text]


def finished() -> runs.Run | None:
    """Return the run that the pages show, if it is done; else the example."""
    shown = state.selection().run
    return shown if shown is not None and shown.status.state == "done" else state.example()


def thing() -> str:
    """Return what the chosen picture shows: "galaxy", else "object"."""
    known = PictureId.parse(state.selection().picture)
    return datasets.get(known.dataset).thing if known.dataset else "object"


def _accuracy(spec: TrainingSpec, result: TrainingResult) -> str:
    summary = result.summary
    frozen = grouped(summary["parameters_frozen"])
    who = (
        "" if spec.learning else f": {grouped(summary['parameters_trainable'])} numbers learned, {frozen} stayed frozen"
    )
    return f"{percent(summary['accuracy'])} of {summary['n_test']} test pictures right{who}."


def _confusion(spec: TrainingSpec, result: TrainingResult) -> str:
    judged = evaluate(result.label, result.probability, datasets.get(spec.dataset).classes)
    pair = most_confused_pair(judged.matrix)
    if pair is None:
        return f"None: all {judged.n} test pictures are right."
    true, called = pair
    names, of = judged.classes, int(judged.matrix[true].sum())
    pictures = "picture" if of == 1 else "pictures"
    wrong = f"{int(judged.matrix[true, called])} of {of} {pictures}"
    return f"Most often it calls {safe_label(names[true])} {safe_label(names[called])}: {wrong}."


def _receptive_fields(spec: TrainingSpec, _: TrainingResult) -> str:
    blocks = [block for block in tables.table(spec.backbone, spec.side).blocks if block.parameters]
    first, last = blocks[0], blocks[-1]
    return (
        f"One value of {first.name} depends on {first.receptive_field} × {first.receptive_field} pixels, one of "
        f"{last.name} on {last.receptive_field} × {last.receptive_field}: first edges, then parts."
    )
