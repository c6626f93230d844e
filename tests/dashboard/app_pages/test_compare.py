"""The Compare page: nothing but the example, several runs, other data, damaged runs, broken links."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from models.representations.cka import CKA, CkaSpec, Likeness
from models.storage import files, runs
from models.training import recipes
from models.training.comparison import Judged
from models.training.results import load_result, save_result
from models.training.spec import TrainingSpec

PAGE = "compare"
OWNER = "a" * 32


@pytest.fixture
def another(engine):
    """Makes a finished run out of the example's results, some of its test pictures turned wrong."""

    def make(title, wrong=0, **changes):
        spec = replace(TrainingSpec.from_json(runs.get(runs.EXAMPLE).spec), **changes)
        run = runs.create("training", spec.to_json(), owner=OWNER, title=title)
        result = load_result(runs.get(runs.EXAMPLE))
        probability = result.probability.copy()
        probability[:wrong] = 0
        probability[range(wrong), (result.label[:wrong] + 1) % probability.shape[1]] = 1
        save_result(run.folder, replace(result, probability=probability))
        run.set_status(runs.RunStatus("done", share=1.0))
        made.append(run)
        return run

    made = []
    yield make
    for run in made:
        shutil.rmtree(run.folder)


def said(app):
    return " ".join(element.value for element in [*app.markdown, *app.caption, *app.info, *app.warning])


def test_one_run_alone_says_what_to_do_next(visit):
    app = visit(compare="example")
    assert not app.exception
    assert "You need a second run to compare" in said(app)


def test_two_runs_differ_by_a_paired_interval_and_in_their_recipes(visit, another):
    run = another("![x](http://127.0.0.1:9/a.png)", wrong=60, label_noise=0.25)
    app = visit(compare=f"example,{run.id}")
    assert not app.exception
    assert app.multiselect(key="compare_runs").value == ["example", run.id]
    text = said(app)
    assert "**2 against 1**: −20.0 points" in text
    assert "a clear difference" in text
    assert "on 300 pictures" in text
    table = app.dataframe[0].value
    assert list(table["Setting"]) == ["label noise"]
    assert list(table["2"]) == ["0.25"]
    app.toggle(key="compare_all_settings").set_value(True).run()
    assert len(app.dataframe[0].value) > 20


def test_accuracies_of_runs_made_wrong_on_purpose_say_so(visit, another):
    leaky, learnt = another("half leaked", leaked=0.5, preprocessing="scaled twice"), another("all leaked", leaked=1.0)
    noisy = another("wrong labels", label_noise=0.25)
    app = visit(compare=f"example,{leaky.id},{learnt.id},{noisy.id}")
    assert not app.exception
    warned = [warning.value for warning in app.warning]
    assert [words.partition(":**")[0] for words in warned] == [
        f"**Run {number} was made wrong on purpose" for number in (2, 3, 4)
    ]
    assert "divided by 255" in warned[0] and "Also, copies of 50% of the test pictures" in warned[0]
    fresh = Judged(TrainingSpec.from_json(leaky.spec), *judged(leaky)).apart()[1]
    assert fresh.n == 150 and f"Of the 150 that did not leak it gets {fresh.value:.1%} right" in warned[0]
    assert "No test picture is left" in warned[1]
    assert "25% of its training pictures" in warned[2] and "leak" not in warned[2]
    assert "150 pictures that one of them has learnt from are left out" in said(app)
    assert "share no test picture that neither has learnt from: other splits, or leaks" in said(app)


def judged(run):
    result = load_result(run)
    return result.index, result.probability.argmax(axis=1) == result.label


def test_the_choice_is_in_the_address_and_opens_a_run(visit, another):
    first, second = another("one"), another("two")
    app = visit(compare=f"{first.id},example")
    app.multiselect(key="compare_runs").set_value([first.id, "example"]).run()
    assert app.query_params["compare"] == f"{first.id},example"
    app = visit(compare=f"{second.id},{first.id}")
    assert "Nothing differs" in said(app)
    assert "no clear difference" in said(app)


def test_other_data_and_damaged_runs_are_named(visit, another):
    other, damaged = another("other", dataset="digits"), another("damaged")
    damaged.path("predictions.npz").write_bytes(b"cut short")
    app = visit(compare=f"example,{other.id},{damaged.id}")
    assert not app.exception
    assert "trained on other data" in said(app)
    assert "damaged" in said(app)


@pytest.mark.parametrize("link", ["f" * 32, "../../etc", "example,example", "<script>", ",,,"])
def test_a_broken_link_falls_back_to_the_shipped_runs(visit, link):
    app = visit(compare=link)
    assert not app.exception
    both = [runs.EXAMPLE] if link == "example,example" else [runs.EXAMPLE, runs.FINE_TUNED]
    assert app.multiselect(key="compare_runs").value == both


def test_it_opens_on_the_two_shipped_runs_and_what_differs(visit):
    app = visit()
    assert not app.exception and app.multiselect(key="compare_runs").value == [runs.EXAMPLE, runs.FINE_TUNED]
    example, tuned = (load_result(runs.get(name)) for name in runs.SHIPPED)
    right = [(one.probability.argmax(axis=1) == one.label) for one in (example, tuned)]
    only = (right[0] & ~right[1]).sum(), (right[1] & ~right[0]).sum()
    noun = "picture" if only[0] == 1 else "pictures"
    assert f"{only[0]} {noun} only run 1 got right, {only[1]} only run 2" in said(app)
    [table] = [each.value for each in app.dataframe if "Setting" in each.value]
    assert len(table) >= 3


def test_a_link_with_too_many_runs_shows_the_first_six(visit, another):
    made = [another(f"run {number}").id for number in range(7)]
    app = visit(compare=",".join(made))
    assert not app.exception
    assert app.multiselect(key="compare_runs").value == made[:6]


def test_the_predicted_parameters_of_the_example_are_those_it_trained():
    run = runs.get(runs.EXAMPLE)
    spec, summary = TrainingSpec.from_json(run.spec), load_result(run).summary
    recipes.validate(spec)
    cost = recipes.estimate(spec)
    assert cost.parameters_trainable == summary["parameters_trainable"]
    assert cost.parameters_frozen == summary["parameters_frozen"] == 1_417_552
    assert cost.parameters_statistics == summary["parameters_statistics"] == 2 * 512  # of the head's BatchNorm


def test_long_titles_that_begin_alike_stay_apart(visit, another):
    """The browser answers with names: two that are cut to the same would be one run on the next click."""
    first, second = another("x" * 70 + "1"), another("x" * 70 + "2")
    app = visit(compare=f"{first.id},{second.id}")
    assert len(set(app.multiselect(key="compare_runs").options)) == len(app.multiselect(key="compare_runs").options)
    app.run()
    assert app.multiselect(key="compare_runs").value == [first.id, second.id]


def test_cka_is_offered_measured_and_kept(visit, another):
    run = another("another")
    app = visit(compare=f"{run.id},example")
    app.selectbox(key="compare_likeness_first").set_value("Run 2, at its start").run()
    app.selectbox(key="compare_likeness_second").set_value("Run 2, trained").run()
    assert not app.exception
    spec = CkaSpec("run:example:start", "run:example")
    found = Likeness(("conv1", "<b>"), ("conv1", "<b>"), np.array([[1.0, 0.3], [0.4, 0.5]]), 256, "galaxies")
    owner = app.session_state["ff_owner"]
    job = runs.create(CKA.kind, spec.to_json(), owner=owner, title="by hand")
    made = CKA.path(job)
    made.write_bytes(files.pack(found))
    job.set_status(runs.RunStatus("done"))
    app.run()
    assert not app.exception
    assert "conv1 1.00" in said(app)
    assert "compare_likeness_start" not in {button.key for button in app.button}
    made.write_bytes(b"cut")
    app.run()
    assert not app.exception
    assert "cannot be read by this version" in said(app)
    assert app.button(key="compare_likeness_start").label == "Measure"
    shutil.rmtree(job.folder)
