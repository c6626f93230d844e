"""The Evaluate page on run folders made here, without workers."""

import dataclasses
import io
import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard import state as dashboard_state
from dashboard.views.evaluate import confusion, sureness
from dashboard.widgets import tiles
from models.jobs import engine
from models.pictures import datasets
from models.storage import runs
from models.training import calibration, epoch_answers
from models.training.epoch_answers import EpochAnswers
from tests.conftest import ROOT

Drawn = dict[str, dict[str, Any]]
PAGE = ROOT / "dashboard" / "app_pages" / "evaluate.py"
FRAME = """
import streamlit as st
from dashboard import state
state.prepare()
pages = [st.Page("app_pages/evaluate.py", default=True)]
pages += [st.Page(f"app_pages/{name}.py") for name in ("train", "activations", "occlusion")]
st.navigation(pages).run()
"""
STUB = """
import streamlit as st
from dashboard import state
from dashboard.widgets.page import breadcrumb
st.title("{name}")
st.code(state.selection().picture)
breadcrumb()
"""
# Galaxies 0..4 repeat elliptical, spiral, edge-on, ring, merger.
INDEX = np.array([0, 5, 10, 1, 6, 11, 16, 2, 3, 4])
LABEL = INDEX % 5
PREDICTED = np.array([0, 0, 0, 3, 3, 3, 1, 2, 3, 0])
CONFIDENCE = np.array([0.5, 0.9, 0.7, 0.6, 0.8, 0.95, 0.5, 0.5, 0.5, 0.65])


def probabilities(predicted: np.ndarray, confidence: np.ndarray, n_classes: int = 5) -> np.ndarray:
    table = np.repeat((1 - confidence)[:, None] / (n_classes - 1), n_classes, axis=1)
    table[np.arange(len(predicted)), predicted] = confidence
    return table.astype(np.float32)


def finished_run(
    dataset: str, index: np.ndarray, label: np.ndarray, probability: np.ndarray, weights: str = "pretrained"
) -> runs.Run:
    spec = {"backbone": "frame8", "dataset": dataset, "weights": weights}
    run = runs.create("training", spec, owner="0" * 32, title="A run")
    none = np.zeros(0, np.int64)
    buffer = io.BytesIO()
    validation = {"val_index": none, "val_label": none, "val_probability": probability[:0]}
    np.savez(buffer, index=index, label=label, probability=probability, **validation)
    run.path("predictions.npz").write_bytes(buffer.getvalue())
    for name, content in (("history", []), ("weight_change", []), ("summary", {})):
        run.path(f"{name}.json").write_text(json.dumps(content))
    run.set_status(runs.RunStatus("done", share=1.0))
    return run


@pytest.fixture
def run() -> runs.Run:
    return finished_run("galaxies", INDEX, LABEL, probabilities(PREDICTED, CONFIDENCE))


@pytest.fixture
def open_page(tmp_path: Path) -> Callable[..., AppTest]:
    """Opens the page within a frame of its own, whose other pages only say which picture is chosen."""
    (tmp_path / "app.py").write_text(FRAME)
    (tmp_path / "app_pages").mkdir()
    (tmp_path / "app_pages" / "evaluate.py").symlink_to(PAGE)
    for name in ("train", "activations", "occlusion"):
        (tmp_path / "app_pages" / f"{name}.py").write_text(STUB.format(name=name))

    def open_it(run_id: str = "", **query: str) -> AppTest:
        app = AppTest.from_file(str(tmp_path / "app.py"), default_timeout=30)
        app.query_params["data"] = "galaxies"
        for key, value in {"run": run_id, **query}.items():
            app.query_params[key] = value
        return app.run()

    return open_it


def numbers(app: AppTest) -> list[str]:
    """What stands in the cells of the matrix, row by row, without the bold of mistakes."""
    figure = json.loads(app.get("plotly_chart")[0].proto.spec)
    return [note["text"].removeprefix("<b>").removesuffix("</b>") for note in figure["layout"]["annotations"]]


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> Drawn:
    """What the tiles of the page that ran last were given, by their key."""
    found: Drawn = {}
    monkeypatch.setattr(tiles, "_tiles", lambda **given: found.update({given["key"]: given}))
    return found


def shown_pictures(drawn: Drawn, cell: str) -> list[str]:
    """The data set's indices of the pictures of a cell, in the order shown."""
    texts = [tile["alt"] for tile in drawn[f"evaluate_{cell}_tiles"]["data"]["tiles"]]
    return [text.split(":")[0].removeprefix("Picture ") for text in texts]


def test_first_view_is_the_matrix_and_the_most_confused_pair(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    app = open_page(run.id)
    assert not app.exception
    assert numbers(app)[:10] == ["3", "", "", "", "", "", "1", "", "3", ""]
    assert numbers(app)[10:] == ["", "", "1", "", "", "", "", "", "1", "", "1", "", "", "", ""]
    assert "Accuracy **60.0%** (31.3–83.2%), n = 10" in [text.value for text in app.markdown]
    assert "True class **spiral**, predicted **ring**: 3" in [text.value for text in app.markdown]
    assert shown_pictures(drawn, "1_3") == ["11", "6", "1"]  # by falling confidence
    assert [tile["words"] for tile in drawn["evaluate_1_3_tiles"]["data"]["tiles"]] == ["95.0%", "80.0%", "60.0%"]


def test_wrong_labels_are_shown_with_what_became_of_them(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    with np.load(run.path("predictions.npz")) as saved:
        arrays = {name: saved[name] for name in saved.files}
    said = probabilities(np.array([0, 0, 4, 4]), np.full(4, 0.9))  # two seen through, one learnt by heart, one neither
    noisy = {
        "noisy_index": np.array([15, 20, 21, 23]),
        "noisy_label": np.array([1, 3, 4, 0]),
        "noisy_probability": said,
    }
    np.savez(run.path("predictions.npz"), **arrays, **noisy)
    app = open_page(run.id)
    assert not app.exception
    told = next(text.value for text in app.markdown if "learnt with the label of another class" in text.value)
    assert (
        told.startswith("**4** training pictures")
        and "For **50.0%** (15.0% to 85.0%)" in told
        and "For **25.0%**" in told
    )
    words = [tile["words"] for tile in drawn["evaluate_noisy_tiles"]["data"]["tiles"]]
    assert words[0] == "elliptical, named spiral: true class found"
    assert "spiral, named merger: memorised" in words and "ring, named elliptical: says merger" in words


def with_epochs(run: runs.Run, end: np.ndarray, best: int = 1) -> runs.Run:
    """Keep answers to epochs 0, 1 and 2 with a run: only "elliptical", those of the result, and `end`."""
    answer = np.array([np.zeros(10), PREDICTED, end], np.uint8)
    sure = np.array([np.full(10, 0.25), CONFIDENCE, np.linspace(0.5, 0.95, 10)], np.float16)
    epoch_answers.write(run.folder, EpochAnswers(np.arange(3), INDEX, LABEL.astype(np.uint8), answer, sure))
    run.path("summary.json").write_text(json.dumps({"best_epoch": best}))
    run.path("history.json").write_text(json.dumps([{"epoch": 1}, {"epoch": 2}]))
    return run


def test_the_slider_shows_the_page_as_it_was_after_another_epoch(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    app = open_page(with_epochs(run, LABEL).id)
    assert not app.exception and app.select_slider(key="evaluate_epoch").value == 1  # whose weights were kept
    assert numbers(app)[:10] == ["3", "", "", "", "", "", "1", "", "3", ""]
    app.select_slider(key="evaluate_epoch").set_value(2).run()
    assert not app.exception and numbers(app)[::6] == ["3", "4", "1", "1", "1"] and numbers(app).count("") == 20
    assert "Epoch 2: **100.0%** right (72.2–100.0%), n = 10" in [text.value for text in app.markdown]
    captions = [caption.value for caption in app.caption]
    assert "There are none: every test picture is right." in captions
    assert any("4 pictures became right and 0 became wrong, so that 10 of 10 are" in text for text in captions)
    assert app.dataframe[0].value["Recall"].tolist()[1].startswith("100.0%")
    app.select_slider(key="evaluate_epoch").set_value(0).run()
    assert [numbers(app)[place] for place in (0, 5, 10, 15, 20)] == ["3", "4", "1", "1", "1"]
    assert shown_pictures(drawn, "1_0") == ["1", "6", "11", "16"]


def test_a_link_names_the_epoch_and_another_run_begins_with_its_own(
    open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    other = finished_run("galaxies", INDEX, LABEL, probabilities(LABEL, CONFIDENCE))
    app = open_page(with_epochs(run, LABEL).id, evaluate_epoch="0")
    assert any("Epoch 0: **30.0%** right (10.8–60.3%), n = 10" in text.value for text in app.markdown)
    app.session_state["ff_run"] = with_epochs(other, LABEL, best=2).id
    app.run()
    assert not app.exception and app.select_slider(key="evaluate_epoch").value == 2
    assert open_page(run.id, evaluate_epoch="9").select_slider(key="evaluate_epoch").value == 1


def test_a_run_that_kept_no_answers_has_no_slider(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    assert "evaluate_epoch" not in [one.key for one in open_page(run.id).select_slider]


def test_how_sure_it_may_be_is_said_drawn_and_shown_by_pictures(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    """Six of ten are right, with confidences between 0.5 and 0.95 whose mean is 0.66."""
    app = open_page(run.id)
    said = " ".join(text.value for text in app.markdown)
    verdict = "As sure as it is right, as far as 10 pictures can tell: 66.0% sure on average, 60.0% right (31.3–83.2%)."
    assert f"**{verdict}** Expected calibration error: " in said
    assert "Brier score: " in said and "Without validation pictures no temperature can be found." in said
    bins = calibration.reliability(LABEL, probabilities(PREDICTED, CONFIDENCE))
    figure = json.loads(app.get("plotly_chart")[2].proto.spec)
    assert len(figure["data"][2]["customdata"]) == len(bins.n) == 4
    assert [row[2] for row in figure["data"][2]["customdata"]] == bins.n.tolist() == [4, 3, 2, 1]
    slider = app.select_slider(key="evaluate_bin_of_4")
    assert slider.value == 1  # in it most are wrong
    assert drawn["evaluate_bin_1_tiles"]["data"]
    slider.set_value(3).run()
    assert not app.exception
    app.get_by_key("evaluate_bins").set_value("mass").run()
    assert not app.exception and app.select_slider(key="evaluate_bin_of_10").value is not None


def test_the_pictures_of_a_bin_come_with_the_wrong_ones_first() -> None:
    result = SimpleNamespace(label=LABEL, probability=probabilities(PREDICTED, CONFIDENCE))
    found = calibration.reliability(result.label, result.probability)
    shown = sureness.members(result, found, 1)  # confidences 0.65 and 0.6, wrong; 0.7, right
    assert shown.position.tolist() == [9, 3, 2] and shown.predicted.tolist() == [0, 3, 0]
    assert shown.label.tolist() == [4, 1, 0] and shown.confidence.round(3).tolist() == [0.65, 0.6, 0.7]
    assert shown.true_probability.round(4).tolist() == [0.0875, 0.1, 0.7]


def test_of_another_epoch_only_what_was_kept_is_said(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    app = open_page(with_epochs(run, LABEL).id)
    assert "Brier score" in " ".join(text.value for text in app.markdown)
    app.select_slider(key="evaluate_epoch").set_value(2).run()
    said = " ".join(text.value for text in app.markdown)
    assert "Expected calibration error" in said and "Brier score: " not in said and "temperature" not in said


@pytest.mark.parametrize(
    ("sure", "right", "expected"),
    [
        (0.9, 0.5, "Too sure: 90.0% sure on average, 50.0% right (40.4–59.6%)."),
        (0.3, 0.5, "Not sure enough: 30.0% sure on average, 50.0% right (40.4–59.6%)."),
        (0.55, 0.5, "As sure as it is right, as far as 100 pictures can tell: 55.0% sure on average, 50.0% right"),
    ],
)
def test_the_verdict_follows_the_interval(sure: float, right: float, expected: str) -> None:
    label = np.arange(100) >= 100 * right
    probability = np.full((100, 5), (1 - sure) / 4)
    probability[:, 0] = sure
    assert sureness.verdict(calibration.reliability(label.astype(int), probability)).startswith(expected)


def test_a_temperature_that_does_not_help_is_said_to() -> None:
    """Validation pictures that are all right make it surer; the test pictures do not bear that out."""
    probability = np.tile([0.7, 0.3], (10, 1))
    label = np.array([0] * 6 + [1] * 4)
    result = SimpleNamespace(label=label, probability=probability, val_label=label * 0, val_probability=probability)
    said = sureness.scaled(result)
    assert "found on 10 validation pictures, would make it surer. It does not help: on" in said
    assert "No answer changes." in said
    swapped = SimpleNamespace(label=label * 0, probability=probability, val_label=label, val_probability=probability)
    assert "less sure. It does not help" in sureness.scaled(swapped)
    same = SimpleNamespace(label=label, probability=np.tile([0.95, 0.05], (10, 1)), val_label=label,
                           val_probability=np.tile([0.95, 0.05], (10, 1)))  # fmt: skip
    assert "less sure. It helps: on the test pictures cross-entropy goes from" in sureness.scaled(same)


def test_shares_by_the_switch(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    app = open_page(run.id)
    app.get_by_key("evaluate_numbers").set_value("Shares").run()
    assert numbers(app)[:9] == ["100%", "", "", "", "", "", "25%", "", "75%"]


def test_the_pickers_choose_a_cell_and_cleared_go_back(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    app = open_page(run.id)
    app.selectbox(key="evaluate_true").set_value(0)
    app.selectbox(key="evaluate_predicted").set_value(0).run()
    assert shown_pictures(drawn, "0_0") == ["5", "10", "0"]
    app.selectbox(key="evaluate_true").set_value(4)
    app.selectbox(key="evaluate_predicted").set_value(1).run()
    assert "True class **merger**, predicted **spiral**: 0" in [text.value for text in app.markdown]
    app.selectbox(key="evaluate_true").set_value(None)
    app.selectbox(key="evaluate_predicted").set_value(None).run()
    assert shown_pictures(drawn, "1_3") == ["11", "6", "1"]


def test_a_link_names_the_cell(drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run) -> None:
    app = open_page(run.id, evaluate_true="elliptical", evaluate_predicted="elliptical", evaluate_numbers="Shares")
    assert shown_pictures(drawn, "0_0") == ["5", "10", "0"]
    assert numbers(app)[0] == "100%"
    app = open_page(run.id, evaluate_true="nonsense", evaluate_predicted="nonsense")
    assert not app.exception and shown_pictures(drawn, "1_3")


def test_a_click_is_copied_into_the_pickers(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, Any] = {}
    monkeypatch.setattr(dashboard_state, "put", kept.__setitem__)
    for points in ([], [{"customdata": [2, 4, "edge-on", "merger", 0, 1, "0%"]}]):
        event = SimpleNamespace(selection=SimpleNamespace(points=points))
        monkeypatch.setattr(dashboard_state, "get", lambda key, event=event: event)
        confusion.take_click()
        assert kept == ({"evaluate_true": 2, "evaluate_predicted": 4} if points else {})


@pytest.mark.parametrize("page", ["activations", "occlusion"])
def test_a_picture_leads_on(drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run, page: str) -> None:
    app = open_page(run.id, evaluate_true="elliptical")  # a widget bound to the address must not hinder
    app.get_by_key("evaluate_opens").set_value(page).run()
    assert shown_pictures(drawn, "mistake")[0] == "11"
    kept: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles.st, "session_state", {"evaluate_mistake_tiles": {"tile": 0}})
        patch.setattr(dashboard_state, "put", kept.__setitem__)
        drawn["evaluate_mistake_tiles"]["on_tile_change"]()  # a click
    app.session_state["evaluate_chosen"] = kept["evaluate_chosen"]
    app.run()
    assert not app.exception
    assert app.title[0].value == page
    assert app.code[0].value == "sample:galaxies:11"
    assert app.get("page_link")[0].proto.label == "Evaluate: spiral called ring"
    app.session_state["ff_picture"] = "sample:galaxies:12"
    assert not app.run().get("page_link")  # another picture did not come from there


def test_scores_are_in_the_table_with_interval_and_n(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    table = open_page(run.id).dataframe[0].value
    assert table["Class"].tolist() == ["elliptical", "spiral", "edge-on", "ring", "merger", "Mean"]
    assert table["Recall"].tolist()[:2] == ["100.0% (43.9–100.0%) of 3", "25.0% (4.6–69.9%) of 4"]
    assert table["Precision"].tolist()[1:] == [
        "100.0% (20.7–100.0%) of 1",
        "100.0% (20.7–100.0%) of 1",
        "25.0% (4.6–69.9%) of 4",
        "–",
        "75.0%",
    ]
    assert table["F1"].tolist()[1] == "40.0% (8.7–82.3%) of 4"


def test_many_pictures_come_in_sheets(drawn: Drawn, open_page: Callable[..., AppTest]) -> None:
    index = np.arange(0, 100, 5)  # twenty ellipticals
    table = probabilities(np.ones(20, np.int64), np.linspace(0.9, 0.5, 20))
    run = finished_run("galaxies", index, np.zeros(20, np.int64), table)
    app = open_page(run.id)
    assert shown_pictures(drawn, "0_1") == ["0", "5", "10", "15", "20", "25"]
    app.get_by_key("evaluate_0_1_sheet").set_value(4).run()
    assert shown_pictures(drawn, "0_1") == ["90", "95"]


def test_without_mistakes_it_says_so(open_page: Callable[..., AppTest]) -> None:
    app = open_page(finished_run("galaxies", INDEX, LABEL, probabilities(LABEL, CONFIDENCE)).id)
    assert not app.exception
    assert "There are none: every test picture is right." in [caption.value for caption in app.caption]


def test_another_run_with_fewer_classes_keeps_no_stale_cell(
    drawn: Drawn, open_page: Callable[..., AppTest], run: runs.Run
) -> None:
    index = np.arange(8)
    textures = finished_run("textures", index, index, probabilities(index, np.full(8, 0.9), 8))
    app = open_page(textures.id)
    app.selectbox(key="evaluate_true").set_value(7)
    app.selectbox(key="evaluate_predicted").set_value(6).run()
    app.session_state["ff_run"], app.session_state["ff_data"] = run.id, "galaxies"
    app.run()
    assert not app.exception
    assert shown_pictures(drawn, "1_3") == ["11", "6", "1"]


def test_random_weights_are_said(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    random = finished_run("galaxies", INDEX, LABEL, probabilities(PREDICTED, CONFIDENCE), weights="random")
    for shown, said in ((run, False), (random, True)):
        assert any("random weights" in text.value for text in open_page(shown.id).markdown) == said


def test_without_a_run_it_says_what_to_do(open_page: Callable[..., AppTest]) -> None:
    app = open_page(backbone="frame8")
    assert not app.exception and not app.get("plotly_chart")
    assert "There is no trained classifier" in app.markdown[0].value
    assert app.get("page_link")[0].proto.label == "Train one"


@pytest.mark.parametrize("state", ["queued", "failed"])
def test_a_run_without_results_says_what_to_do(
    open_page: Callable[..., AppTest], run: runs.Run, state: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ahead", lambda run_id: [])
    run.path("predictions.npz").unlink()
    run.set_status(runs.RunStatus(state, message="It ran out of memory."))
    app = open_page(run.id)
    assert not app.exception and not app.get("plotly_chart")
    assert "This run has no results yet." in [text.value for text in app.markdown]
    if state == "failed":
        assert app.error[0].value == "It ran out of memory."
    else:
        assert "evaluate_cancel" not in [button.key for button in app.button]  # it is somebody else's run


def test_damaged_results_show_their_sentence(open_page: Callable[..., AppTest], run: runs.Run) -> None:
    run.path("predictions.npz").write_bytes(b"PK\x03\x04 torn")
    app = open_page(run.id)
    assert not app.exception and not app.get("plotly_chart")
    assert "damaged files; train it again" in app.error[0].value


def test_probabilities_that_are_no_numbers_show_their_sentence(open_page: Callable[..., AppTest]) -> None:
    table = probabilities(PREDICTED, CONFIDENCE)
    table[3] = np.nan
    app = open_page(finished_run("galaxies", INDEX, LABEL, table).id)
    assert not app.exception and not app.get("plotly_chart")
    assert "Expected probabilities between 0 and 1" in app.error[0].value


def test_a_hostile_class_name_stays_text(
    open_page: Callable[..., AppTest], run: runs.Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "![x](http://127.0.0.1:9/a.png)"
    spec = datasets.DATASETS["galaxies"]
    hostile = dataclasses.replace(spec, classes=(spec.classes[0], name, *spec.classes[2:]))
    monkeypatch.setitem(datasets.DATASETS, "galaxies", hostile)
    app = open_page(run.id)
    assert not app.exception
    for text in [*app.markdown, *app.caption]:
        assert name not in text.value
    assert any("\\!\\[x\\]" in text.value for text in app.markdown)
