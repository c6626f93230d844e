"""The Train page and the run shown: one recipe in controls, diagram and results; steps that suit what learns."""

import json
from dataclasses import replace

import pytest

from models.storage import runs
from models.training import recipes
from models.training.spec import HeadSpec
from tests.dashboard.app_pages.test_train import finished_run, texts

PAGE = "train"
OWN = replace(recipes.DEFAULT, trainable=("conv5", "conv5_bn"), epochs=7, learning_rate=2e-4, seed=3, shots=20)
LOW = recipes.FINE_TUNING_RATE


@pytest.fixture(autouse=True)
def _no_worker(engine):
    pass


def a_run(spec=OWN, title="conv5 learns"):
    """A finished run, written by hand, with this recipe."""
    run = runs.get(finished_run(""))
    run.path("spec.json").write_text(json.dumps({**run.record, "spec": spec.to_json(), "title": title}))
    runs._read_record.cache_clear()
    return run.id


def blocks(app) -> list[str]:
    return [app.button(key=f"train_map_key_conv{number}").label.split(", ")[1] for number in range(1, 6)]


def line(app) -> str:
    return " ".join(
        each.value for each in [*app.markdown, *app.caption] if "recipe of" in each.value or "Not trained" in each.value
    )


def test_a_link_to_a_run_shows_its_recipe_in_controls_and_diagram(visit):
    app = visit(run=a_run())
    assert not app.exception
    assert blocks(app) == ["frozen"] * 4 + ["trainable"]
    assert app.select_slider(key="train_cut_frame8").value == "conv4"
    assert (app.number_input(key="train_epochs").value, app.number_input(key="train_rate").value) == (7, 2e-4)
    assert app.selectbox(key="train_shots").value == 20
    assert "The recipe of **conv5 learns**" in line(app) and "## Results of conv5 learns" in texts(app)
    assert not [button for button in app.button if button.key in ("train_undo", "train_keep_rate")]


def test_a_run_under_way_shows_its_recipe_too(visit):
    run = runs.get(a_run())
    run.path("summary.json").unlink()
    run.set_status(runs.RunStatus("running", share=0.5, note="Epoch 1 of 7", started=1.0))
    app = visit(run=run.id)
    assert blocks(app) == ["frozen"] * 4 + ["trainable"] and "The recipe of" in line(app)
    run.set_status(runs.RunStatus("cancelled"))


def test_a_control_that_differs_is_named_and_undo_takes_it_back(visit):
    app = visit(run=a_run())
    app.number_input(key="train_epochs").set_value(9).run()
    app.number_input(key="train_seed").set_value(4).run()
    chip = next(each for each in app.markdown if "Not trained yet" in each.value)
    assert "2 changes from *conv5 learns*" in chip.value
    assert "Epochs: 9 instead of 7" in chip.help and "Seed: 4 instead of 3" in chip.help
    assert any("st-key-train_curves" in each.proto.body for each in app.get("html"))
    app.button(key="train_undo").click().run()
    assert (app.number_input(key="train_epochs").value, app.number_input(key="train_seed").value) == (7, 3)
    assert "The recipe of" in line(app)
    assert not any("st-key-train_curves" in each.proto.body for each in app.get("html"))


def test_choosing_another_run_brings_its_recipe(visit):
    first, second = a_run(), a_run(replace(recipes.DEFAULT, epochs=11), "frozen whole")
    app = visit(run=first)
    app.number_input(key="train_epochs").set_value(9).run()
    app.session_state["ff_run"] = second
    app.run()
    assert blocks(app) == ["frozen"] * 5 and app.number_input(key="train_epochs").value == 11
    assert "The recipe of **frozen whole**" in line(app)


def test_the_controls_of_a_link_win_over_the_run_it_names(visit):
    app = visit(run=a_run(), train_epochs="9", train_cut_frame8="conv3")
    assert app.number_input(key="train_epochs").value == 9 and app.number_input(key="train_rate").value == 2e-4
    assert blocks(app) == ["frozen"] * 3 + ["trainable"] * 2
    assert "Not trained yet" in line(app)


def test_a_recipe_that_the_controls_cannot_show_is_said_and_they_stay(visit):
    odd = a_run(replace(recipes.DEFAULT, head=HeadSpec(widths=(100,))))
    app = visit(run=a_run())
    app.session_state["ff_run"] = odd
    app.run()
    assert not app.exception
    assert "The controls cannot show the recipe of conv5 learns: its hidden layers have widths" in texts(app)
    assert app.number_input(key="train_epochs").value == 7


def test_freeing_a_block_brings_two_phases_and_a_low_rate_and_freezing_it_takes_them_back(visit):
    app = visit(data="textures")
    fields = ("train_epochs", "train_rate", "train_head_epochs", "train_head_rate")

    def steps():
        return tuple(app.number_input(key=key).value for key in fields)

    before = steps()
    assert before == (60, 0.003, 0, 0.003)
    app.button(key="train_map_key_conv5").click().run()
    assert steps() == (15, LOW, 60, 0.003)
    assert "Rate lowered to 0.0001 because pretrained layers learn now" in texts(app)
    app.button(key="train_map_key_conv4").click().run()
    assert steps() == (15, LOW, 60, 0.003)
    app.select_slider(key="train_cut_frame8").set_value("conv5").run()
    assert steps() == before and "Rate lowered" not in texts(app)
    app.select_slider(key="train_cut_frame8").set_value("conv4").run()
    assert app.button(key="train_keep_rate").label == "Keep 0.003"
    app.button(key="train_keep_rate").click().run()
    assert steps() == before and blocks(app)[-1] == "trainable" and not app.error


def test_random_weights_keep_their_rate(visit):
    app = visit(data="textures", train_weights="random")
    app.button(key="train_map_key_conv5").click().run()
    assert app.number_input(key="train_rate").value == 0.003


def test_the_preset_that_the_controls_are_is_marked(visit):
    app = visit(data="textures")
    assert app.segmented_control(key="train_preset").value == "features"
    app.segmented_control(key="train_preset").set_value("everything").run()
    assert blocks(app) == ["trainable"] * 5 and app.number_input(key="train_rate").value == LOW
    assert app.segmented_control(key="train_preset").value == "everything"
    app.number_input(key="train_seed").set_value(5).run()
    assert app.segmented_control(key="train_preset").value == "everything"  # which keeps the seed
    app.number_input(key="train_epochs").set_value(5).run()
    assert app.segmented_control(key="train_preset").value is None


def test_a_long_training_is_offered_shorter_and_a_short_one_is_not(visit):
    app = visit(data="textures")
    assert not [button for button in app.button if button.key == "train_quick"]
    app.number_input(key="train_epochs").set_value(1000).run()
    app.segmented_control(key="train_pooling").set_value("flatten").run()
    app.selectbox(key="train_hidden1").set_value(1024).run()
    label = app.button(key="train_quick").label
    app.button(key="train_quick").click().run()
    shots = app.selectbox(key="train_shots").value
    assert f"Quick look: {shots} pictures a class" in label
    assert not [button for button in app.button if button.key == "train_quick"]


def test_the_simple_view_shows_what_a_first_training_needs_and_keeps_the_rest(visit):
    app = visit(data="textures", train_leaked="0.3")

    def hidden():
        return "".join(each.proto.body for each in app.get("html") if "train_recipe" in each.proto.body)

    assert all(f"st-key-train_{name}" in hidden() for name in ("recipe", "augment", "norm", "how", "break"))
    assert not any(f"st-key-train_{name}" in hidden() for name in ("head", "data", "cut", "preset"))
    assert app.slider(key="train_leaked").value == 0.3 and "30% of the test leaked" in texts(app)
    app.segmented_control(key="train_settings").set_value("all").run()
    assert hidden() == "" and app.slider(key="train_leaked").value == 0.3


def test_the_result_is_one_large_number_with_its_interval(visit):
    app = visit(run=a_run())
    shown = texts(app)
    assert shown.index("## 90.0%") < shown.index("Was pretraining needed?") < shown.index("Proof of freezing")
    figure = json.loads(app.get("plotly_chart")[1].proto.spec)
    bar = figure["data"][1]
    assert (bar["base"][0], bar["base"][0] + bar["x"][0]) == pytest.approx((0.826, 0.945), abs=5e-4)
    assert figure["data"][2]["x"] == [0.9]
