"""The Sweeps page: shipped examples, a visitor's sweep in every state, bad choices, broken links; controls on Train."""

import json
import shutil
import time
from dataclasses import replace

import pytest

from dashboard.views.sweeps import words
from models.storage import files, runs
from models.sweeps import cells as sweeps_cells
from models.sweeps import results, variations
from models.sweeps.cells import Finished
from models.sweeps.spec import SWEEP, SweepSpec, controls_of
from models.training.results import load_result, save_result
from models.training.spec import TrainingSpec

PAGE = "sweeps"
OWNER = "b" * 32
SPEC = SweepSpec("depth", ("conv4", "conv5"), base=TrainingSpec(shots=5, epochs=3), seeds=2)


@pytest.fixture
def sweep(engine):
    """Makes a sweep with some cells finished; their runs are the example's results."""

    def make(spec=SPEC, state="done", finished=4, title="Mine", owner=OWNER):
        run = runs.create(SWEEP.kind, spec.to_json(), owner=owner, title=title)
        made.append(run)
        for place, cell in enumerate(spec.cells()[:finished]):
            record = {
                "kind": "training",
                "title": "cell",
                "owner": owner,
                "parent": run.id,
                "spec": cell.spec.to_json(),
            }
            folder = files.home() / f"cell-{run.id}-{place}"
            folder.mkdir()
            save_result(folder, load_result(runs.get(runs.EXAMPLE)))
            made.append(runs.publish(folder, sweeps_cells.run_id(run.id, cell), record, started=0.0))
            sweeps_cells.record(run.folder, Finished(*cell.key, made[-1].id, 0.9 - 0.1 * place, 300, 1.0, 2.0))
        run.set_status(runs.RunStatus(state, message="<b>Full</b>" if state == "failed" else "", share=0.5))
        return run

    made = []
    yield make
    for run in made:
        shutil.rmtree(run.folder, ignore_errors=True)


def said(app):
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.info, *app.warning, *app.error])


@pytest.mark.parametrize("choice", ["Depth", "Shots", "Regularisers"])
def test_every_choice_shows_a_shipped_sweep_its_cost_and_the_button(visit, choice):
    app = visit(sweeps_choice=choice)
    assert not app.exception
    assert app.selectbox(key="sweeps_run").options[0].startswith("Example: ")
    text = said(app)
    assert "This example was computed beforehand" in text
    assert "on two. Each becomes a run" in text
    assert not app.button(key="sweeps_start").disabled
    sweep, rows = results.shipped({"Depth": "depth", "Shots": "shots", "Regularisers": "regulariser"}[choice])
    for sentence in (*words.findings(sweep, rows), *words.trained_to_the_end(sweep, rows)):
        assert sentence in text
    if choice == "Shots":
        assert "**Was pretraining needed?** With 180 pictures a class, no: 98.6% from scratch, 96.3%" in text


def test_what_has_no_effect_in_a_sweep_is_said_before_it_is_started(visit):
    app = visit(sweeps_choice="Regularisers")
    sentence = (
        "Early stopping: Early stopping has no effect: it waits for 5 epochs after the best one, and training ends"
    )
    assert sentence not in said(app)
    app.number_input(key="sweeps_epochs_regulariser").set_value(4).run()
    assert not app.exception and f"{sentence} after 4." in said(app)
    assert not app.button(key="sweeps_start").disabled


def test_a_link_to_a_sweep_brings_its_choice_its_words_and_its_cells(visit, sweep):
    run = sweep(
        replace(SPEC, choice="shots", values=("5", "2"), lines=(variations.FROZEN,)), title="![x](http://a/b.png)"
    )
    app = visit(sweep=run.id)
    assert not app.exception
    assert app.selectbox(key="sweeps_run").value == run.id
    table = app.dataframe[0].value
    assert table["Training"][0] == "Pretrained, frozen, 5 per class, seed 0"
    assert list(table["Test accuracy"]) == pytest.approx([0.9, 0.8, 0.7, 0.6])
    assert "**Highest" in said(app)
    assert app.button(key="sweeps_open").disabled


def test_a_sweep_in_the_middle_shows_what_is_finished(visit, sweep):
    app = visit(sweep=sweep(state="running", finished=1).id)
    assert not app.exception
    assert "1 of 4 trainings" in said(app)
    app = visit(sweep=sweep(state="running", finished=0).id)
    assert not app.exception


@pytest.mark.parametrize("state", ["cancelled", "failed"])
def test_a_sweep_that_stopped_says_how_it_goes_on(visit, sweep, state):
    app = visit(sweep=sweep(state=state, finished=2).id)
    assert not app.exception
    assert "what is finished is not trained twice" in said(app)
    assert "2 of 4 trainings" in said(app)


def test_one_seed_tells_no_difference(visit, sweep):
    app = visit(sweep=sweep(replace(SPEC, seeds=1), finished=2).id)
    assert "One seed cannot tell" in said(app)


def test_choices_that_do_not_go_together_are_sentences(visit):
    app = visit(sweeps_choice="Depth")
    app.button_group(key="sweeps_values_depth_frame8").set_value([]).run()
    assert not app.exception
    assert "one or more different values" in said(app)
    assert app.button(key="sweeps_start").disabled
    app = visit(sweeps_choice="Depth")
    assert app.number_input(key="sweeps_head_epochs_depth").value == 60
    assert app.number_input(key="sweeps_head_rate_depth").value == pytest.approx(3e-3)
    assert app.number_input(key="sweeps_rate_depth").value == pytest.approx(1e-4)
    app = visit(sweeps_choice="Depth", data="digits")
    app.number_input(key="sweeps_shots_depth").set_value(200).run()
    assert not app.exception
    assert "shots from 1 to 104" in said(app)
    assert app.button(key="sweeps_start").disabled


def test_broken_sweeps_and_links_are_no_error(visit, sweep):
    broken = sweep(finished=0)
    (broken.folder / "spec.json").write_text(json.dumps({**broken.record, "spec": {"choice": "luck"}}))
    runs._read_record.cache_clear()
    assert not visit(sweep=broken.id).exception
    assert not visit(sweep="f" * 32).exception
    assert not visit(sweep=sweep(replace(SPEC, choice="none", values=("",)), finished=1).id).exception


def test_cells_are_in_no_list_of_runs(visit, sweep):
    run = sweep()
    app = visit(sweep=run.id)
    cells = {row.run for row in sweeps_cells.finished(run.folder)}
    assert not cells & set(app.selectbox(key="bar_run").options)
    assert runs.listing(OWNER, "training") == []


def test_the_example_has_its_controls_beside_it(visit):
    app = visit(run="example")
    app.switch_page("app_pages/train.py").run()
    assert not app.exception
    text = said(app)
    assert "Was pretraining needed?" in text
    assert "**2 against 1**" in text and "**3 against 1**" in text
    assert "**This one seed does not show it: 98.0% from scratch, 96.7% with this run, on 300 test pictures.**" in text
    assert "With 180 pictures a class, no: 98.6% from scratch" in text and "With 20, yes: 79.8% from scratch" in text
    for line in (variations.RANDOM, variations.SCRATCH):
        assert results.control_of_example(line).status.state == "done"


def test_the_controls_of_a_visitors_run_are_offered_started_and_shown(visit, engine):
    spec = TrainingSpec(shots=5, epochs=2, batch=5)
    run = runs.create("training", spec.to_json(), owner=OWNER, title="Mine")
    save_result(run.folder, load_result(runs.get(runs.EXAMPLE)))
    run.set_status(runs.RunStatus("done"))
    app = visit(run=run.id)
    app.switch_page("app_pages/train.py").run()
    app.button(key="train_controls_start").click().run()
    assert not app.exception
    [sweep] = runs.listing(app.session_state["ff_owner"], SWEEP.kind)
    engine.cancel(sweep.id, sweep.owner)
    while sweep.id in engine.start().running:  # a worker that had begun says once more that it runs before it stops
        time.sleep(0.02)
    assert SWEEP.spec_of(sweep) == controls_of(spec)
    for cell in controls_of(spec).cells():
        sweeps_cells.record(sweep.folder, Finished(*cell.key, runs.EXAMPLE, 0.9, 300, 1.0, 2.0))
    app.run()
    assert not app.exception
    assert "2 against 1" in said(app) and "3 against 1" in said(app)
    assert app.button(key="train_controls_start") is not None  # cancelled: it can be started again
    shutil.rmtree(run.folder)
    shutil.rmtree(sweep.folder)
