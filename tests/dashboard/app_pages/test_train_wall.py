"""The wall on the Train page: what travels to the browser of a run, the epoch of a link, and runs without answers."""

import json
from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.train import wall
from models.storage import files, runs
from models.training import epoch_answers
from models.training.epoch_answers import EpochAnswers
from models.training.results import load_result
from models.training.spec import GENTLE, TRAINING, TrainingSpec
from tests.dashboard.app_pages.test_train import finished_run, texts

PAGE = "train"
START, FIRST = np.arange(100) % 3, np.where(np.arange(100) < 40, np.arange(100) % 5, 4)


@pytest.fixture(autouse=True)
def _no_worker(engine):
    pass


def answers_of(run_id: str) -> EpochAnswers:
    """Answers to epochs 0 to 2 of a run made by hand: 100 test pictures, the last answers those of its result."""
    result = load_result(runs.get(run_id))
    said = np.array([START, FIRST, result.probability.argmax(axis=1)], np.uint8)
    sure = np.linspace(0.2, 0.9, said.size).reshape(said.shape).astype(np.float16)
    return EpochAnswers(np.arange(3), result.index, result.label.astype(np.uint8), said, sure)


def a_run(change=None) -> str:
    run_id = finished_run("")
    answers = answers_of(run_id)
    epoch_answers.write(runs.get(run_id).folder, answers if change is None else change(answers))
    return run_id


def drawn(app):
    """What travelled to the browser: header, and parts by name; None without a wall."""
    found = [each.proto for each in app.get("bidi_component") if each.proto.component_name.endswith("wall")]
    return unpacked(found[0].bytes) if found else None


def unpacked(message):
    length = int.from_bytes(message[:4], "little")
    header, at, parts = json.loads(message[4 : 4 + length]), 4 + length, {}
    for name, size in header["parts"]:
        parts[name] = message[at : at + size]
        at += size
    assert at == len(message)
    return header, parts


def test_the_wall_of_a_run_holds_its_answers_its_matrices_and_its_curves(visit):
    run_id = a_run()
    app = visit(run=run_id)
    assert not app.exception and not app.get("vega_lite_chart")
    answers, (header, parts) = answers_of(run_id), drawn(app)
    assert header["pictures"] == answers.index.tolist() and parts["labels"] == answers.label.tobytes()
    assert parts["answers"] == answers.answer.tobytes()
    sure = np.frombuffer(parts["confidences"], "<u2").reshape(3, 100) / 1000
    np.testing.assert_allclose(sure, answers.confidence, atol=6e-4)
    matrices = np.frombuffer(parts["matrices"], "<u2").reshape(3, 5, 5)
    assert matrices[1][2][2] == 8 and matrices[1][2][4] == 12 and matrices.sum() == 300
    assert (
        header["sentences"][1] == f"Epoch 1: 52 of 100 right; {(START != FIRST).sum()} answers changed in this epoch."
    )
    assert [row["val_accuracy"] for row in header["history"]] == [0.5, 0.8]
    end = load_result(runs.get(run_id)).probability.argmax(axis=1)
    lost = np.flatnonzero((answers.label == FIRST) & (end != answers.label)).tolist()
    assert lost and header["forgotten"] == [[], [], [[place, 1] for place in lost]]
    assert header["lost"][2].startswith(f"{len(lost)} of 100 were right after an earlier epoch")
    assert (header["first"], header["kept"], header["play"], header["live"]) == (2, 2, False, False)
    assert parts["sprite"][8:12] == b"WEBP"


def test_a_link_opens_the_wall_at_its_epoch_and_another_run_forgets_it(visit):
    app = visit(run=a_run(), train_epoch="1")
    assert drawn(app)[0]["first"] == 1 and drawn(app)[0]["linked"]
    assert app.number_input(key="train_epoch").value == 1
    app.session_state["ff_run"] = a_run()
    app.run()
    assert drawn(app)[0]["first"] == 2 and app.number_input(key="train_epoch").value is None


def test_a_link_to_an_epoch_that_the_run_has_not_got_is_said(visit):
    app = visit(run=a_run(), train_epoch="9")
    assert drawn(app)[0]["first"] == 2
    assert "This link names 9 for “Epoch”" in texts(app)


def test_a_run_without_answers_says_so_and_offers_to_train_again(visit, monkeypatch):
    asked = []
    monkeypatch.setattr("dashboard.views.train.start.queue", lambda costs, owner: asked.extend(costs) or [run_id])
    run_id = finished_run("")
    app = visit(run=run_id)
    assert drawn(app) is None and "earlier versions did not keep it" in texts(app)
    assert [chart.key for chart in app.get("plotly_chart") if "curves" in str(chart.proto.id)]
    app.button(key="train_again").click().run()
    assert not app.exception and asked == [TRAINING.spec_of(runs.get(run_id))]


@pytest.mark.parametrize("damage", ["cut short", "another class", "another run", "another end"])
def test_answers_that_cannot_be_read_are_as_none(visit, damage):
    run_id = a_run()
    path = runs.get(run_id).path(epoch_answers.FILE)
    answers = answers_of(run_id)
    path.write_bytes(
        {
            "cut short": path.read_bytes()[:-300],
            "another class": files.pack(GENTLE),
            "another run": files.pack(replace(answers, index=answers.index + 1)),
            "another end": files.pack(replace(answers, answer=answers.answer[::-1])),
        }[damage]
    )
    app = visit(run=run_id)
    assert not app.exception and drawn(app) is None and "train_again" in [button.key for button in app.button]


def test_a_run_of_one_epoch_and_of_one_class_in_the_test_part_have_a_wall(visit):
    run_id = finished_run("")
    run, result, answers = runs.get(run_id), load_result(runs.get(run_id)), answers_of(run_id)
    only = result.label == 3
    arrays = {"index": result.index[only], "label": result.label[only], "probability": result.probability[only]}
    np.savez(run.path("predictions.npz"), **arrays, **{f"val_{name}": value for name, value in arrays.items()})
    summary = {**result.summary, "best_epoch": 1, "n_test": 20}
    run.path("summary.json").write_text(json.dumps(summary))
    run.path("history.json").write_text(json.dumps(result.history[:1]))
    one = EpochAnswers(
        np.array([1]), answers.index[only], answers.label[only], answers.answer[2:, only], answers.confidence[2:, only]
    )
    epoch_answers.write(run.folder, one)
    app = visit(run=run_id)
    header, parts = drawn(app)
    assert (
        not app.exception and header["epochs"] == [1] and header["sentences"][0].startswith("Epoch 1: 18 of 20 right.")
    )
    assert np.frombuffer(parts["matrices"], "<u2").reshape(5, 5).sum(axis=1).tolist() == [0, 0, 0, 20, 0]


def test_a_run_at_work_shows_its_answers_so_far_and_plays_once_it_has_finished(visit):
    run_id = a_run()
    run, answers = runs.get(run_id), answers_of(run_id)
    summary = run.path("summary.json").read_bytes()
    run.path("summary.json").unlink()
    run.path("events.jsonl").write_text("\n".join(json.dumps(row) for row in load_rows(run)))
    part = replace(answers, epoch=np.arange(2), answer=answers.answer[:2], confidence=answers.confidence[:2])
    epoch_answers.write(run.folder, part)
    run.set_status(runs.RunStatus("running", share=0.5, note="Epoch 1 of 2", started=1.0))
    app = visit(run=run_id)
    header, _ = drawn(app)
    assert header["live"] and header["epochs"] == [0, 1] and len(header["history"]) == 1 and header["last"] == 2
    assert header["kept"] is None and header["sentences"][-1].startswith("Epoch 1: 52 of 100")
    run.path("summary.json").write_bytes(summary)
    epoch_answers.write(run.folder, answers)
    run.set_status(runs.RunStatus("done"))
    app.run()
    header, _ = drawn(app)
    assert header["play"] and not header["live"] and header["epochs"] == [0, 1, 2]


def test_a_training_that_ended_before_its_first_answers_were_written_plays_too(visit):
    run_id = a_run()
    run = runs.get(run_id)
    summary, answers = run.path("summary.json").read_bytes(), run.path(epoch_answers.FILE).read_bytes()
    run.path("summary.json").unlink()
    run.path(epoch_answers.FILE).unlink()
    run.set_status(runs.RunStatus("running", started=1.0))
    app = visit(run=run_id)
    assert drawn(app) is None
    run.path("summary.json").write_bytes(summary)
    run.path(epoch_answers.FILE).write_bytes(answers)
    run.set_status(runs.RunStatus("done"))
    app.run()
    assert drawn(app)[0]["play"] and not app.exception


def load_rows(run) -> list[dict]:
    return json.loads(run.path("history.json").read_bytes())


def test_more_pictures_than_fit_on_the_wall_are_sampled_and_the_matrix_counts_all(monkeypatch):
    monkeypatch.setattr(wall, "MOST", 60)
    run_id = a_run()
    answers, spec = answers_of(run_id), TrainingSpec(epochs=2)
    header, parts = unpacked(wall.message(run_id, spec, answers, load_rows(runs.get(run_id)), wall.Moment(2)))
    assert header["count"] == len(header["pictures"]) == len(parts["labels"]) == 60 and len(parts["answers"]) == 180
    assert np.frombuffer(parts["matrices"], "<u2").sum() == 300 and "of 100 right" in header["sentences"][0]
    assert "shows 60 of the 100 test pictures" in wall._sample_words(answers)


def test_losses_that_are_no_numbers_do_not_stop_the_message():
    run_id = a_run()
    rows = [{**row, "loss": float("nan")} for row in load_rows(runs.get(run_id))]
    header, _ = unpacked(wall.message(run_id, TrainingSpec(epochs=2), answers_of(run_id), rows, wall.Moment(2)))
    assert [row["loss"] for row in header["history"]] == [None, None]
