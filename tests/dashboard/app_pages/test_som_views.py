"""The views beside the film: a map read, one step followed, the worked example; on all kinds of maps and on none."""

import numpy as np
import pytest

from dashboard.views.som import cache, neighbours
from models.pictures import datasets
from models.som import film
from models.som.data import SomTask, load
from models.som.film import SOM
from models.som.samples import SomData
from models.som.sources import FEATURES_FILE
from models.som.spec import SomSpec
from models.storage import runs
from models.storage.files import pack
from models.training.results import TrainingResult, save_result
from models.training.spec import TrainingSpec
from tests.models.som.trained import filmed

PAGE = "som"
READ, STEP = "Read the map", "One step"


def texts(page) -> str:
    kinds = ("markdown", "caption", "latex", "info", "error", "warning")
    return "\n".join(element.value for kind in kinds for element in page.get(kind))


def fine(page):
    assert not page.exception, [(error.message, error.stack_trace) for error in page.exception]
    return texts(page)


def finished(task: SomTask, data: SomData | None = None) -> str:
    """A run that has trained `task`, made here and now; returns its id."""
    run = runs.create("som", task.to_json(), owner="", title="A map")
    data = data or load(task)
    if task.source == "features":
        np.save(run.path(FEATURES_FILE), data.features)
    SOM.path(run).write_bytes(pack(filmed(task, data)))
    run.set_status(runs.RunStatus("done"))
    return run.id


def small(rows=3, columns=5, **more) -> SomSpec:
    return SomSpec(rows, columns, epochs=2, radius0=1.5, snapshots=2, **more)


@pytest.mark.parametrize(
    "view, words",
    [
        (READ, "is the BMU of"),
        (STEP, "One step does not show order"),
        ("Worked example", "W₂ and W₃ are ours"),
        ("Depth", "the class of its unit"),
        ("Rotation", "have no upper side"),
        ("When it goes wrong", "The cure."),
    ],
)
def test_every_view_opens_by_a_link_and_only_it_is_drawn(visit, view, words):
    page = visit(som_view=view)
    assert words in fine(page)
    assert not [button for button in page.button if button.key == "som_train"]


def test_a_view_that_is_not_there_is_the_film(visit):
    page = visit(som_view="Something")
    assert "does not show distances" in fine(page) and page.button(key="som_train")


@pytest.mark.parametrize("lattice", ["rectangular", "hexagonal"])
def test_a_map_of_digits_is_read_in_every_way(visit, lattice):
    run = finished(SomTask("digits", small(4, 5, lattice=lattice)))
    page = visit(som_view=READ, map=run)
    fine(page)
    layers = page.segmented_control(key="som_read_layer").options
    assert layers == ["U-matrix", "Hits", "Component plane", "Class pies", "Labels", "Error"]
    for layer in ("Class pies", "Labels", "Error") if lattice == "hexagonal" else ("Hits", "Class pies"):
        page.segmented_control(key="som_read_layer").set_value(layer).run()
        fine(page)
        assert len(page.get("plotly_chart")) == 1
    page.segmented_control(key="som_read_layer").set_value("Component plane").run()
    [plane] = [box for box in page.selectbox if box.key.startswith("som_read_component")]
    assert len(plane.options) == 64 and plane.options[9] == "Pixel (1, 1)"


def test_a_unit_is_chosen_by_its_place_and_shows_its_samples(visit):
    run = finished(SomTask("digits", small()))
    page = visit(som_view=READ, map=run)
    page.number_input(key="som_read_row").set_value(2).run()
    page.number_input(key="som_read_column").set_value(3).run()
    best = SOM.load(runs.get(run)).bmu[-1]
    assert f"Unit (2, 3) is the BMU of **{(best == 13).sum()}** of 1797 samples" in fine(page)


def test_a_sample_shows_its_unit_and_its_runner_up(visit):
    task = SomTask("digits", small())
    run = finished(task)
    page = visit(som_view=READ, map=run)
    page.segmented_control(key="som_read_show").set_value("A sample").run()
    page.number_input(key="som_read_sample").set_value(11).run()
    shown = fine(page)
    record, sample = SOM.load(runs.get(run)), load(task).features[11]
    distances = np.linalg.norm(record.codebook - sample, axis=-1).ravel()
    first, second = np.argsort(distances)[:2]
    assert f"BMU {divmod(int(first), 5)}, distance **{distances[first]:.3g}**" in shown
    assert f"runner-up {divmod(int(second), 5)}, distance **{distances[second]:.3g}**" in shown
    assert "touch" in shown


@pytest.mark.parametrize(
    "task",
    [
        SomTask("colours", small(1, 1)),
        SomTask("named", small(1, 7)),
        SomTask("points", small(4, 6, lattice="hexagonal", toroid=True), shape="clusters"),
        SomTask("points3d", small(2, 3), shape="sphere"),
    ],
    ids=lambda task: f"{task.source} {task.som.rows}x{task.som.columns}",
)
def test_maps_of_every_form_are_read(visit, task):
    page = visit(som_view=READ, map=finished(task))
    fine(page)
    for layer in ("Component plane", "Error"):
        page.segmented_control(key="som_read_layer").set_value(layer).run()
        fine(page)
    page.segmented_control(key="som_read_show").set_value("A sample").run()
    assert "BMU" in fine(page)


def test_a_picture_that_this_map_does_not_have_gives_way_to_the_first(visit):
    page = visit(som_view=READ, som_read_layer="Labels", map=finished(SomTask("colours", small())))  # has no classes
    fine(page)
    assert page.segmented_control(key="som_read_layer").value == "U-matrix"


def test_it_opens_on_the_shipped_map_of_the_galaxies_in_the_colours_of_their_classes(visit):
    page = visit(som_view=READ)
    shown = fine(page)
    assert page.segmented_control(key="som_read_layer").value == "Class pies"
    assert "Galaxies as conv5_relu of" in page.selectbox(key="som_map").options[0]
    record = film.feature_map()
    best = np.bincount(record.bmu[-1], minlength=144)
    assert f"is the BMU of **{best.max()}** of 1500 samples" in shown and neighbours.TITLE in shown
    page.segmented_control(key="som_read_show").set_value("A sample").run()
    assert "BMU" in fine(page)


def test_without_the_shipped_map_it_opens_on_the_colours(visit, monkeypatch, tmp_path):
    monkeypatch.setattr(film, "FEATURE_MAP_FILE", tmp_path / "features.npz")
    (tmp_path / "features.npz").write_bytes(b"cut short")
    cache.feature_map.clear()
    page = visit(som_view=READ)
    fine(page)
    cache.feature_map.clear()
    assert page.segmented_control(key="som_read_layer").value == "U-matrix"


@pytest.mark.parametrize("content", [None, b"not a film"])
def test_a_run_without_a_film_says_so(visit, content):
    run = runs.create("som", SomTask("colours", SomSpec()).to_json(), owner="", title="Map")
    if content:
        SOM.path(run).write_bytes(content)
    run.set_status(runs.RunStatus("cancelled"))
    assert "Nothing was recorded. Train this map again." in fine(visit(som_view=READ, map=run.id))


def trained_run(labels: np.ndarray) -> str:
    """A run on the digits that takes every third 9 for a 4, and one 0 in ten for a 1."""
    said = labels.copy()
    said[np.flatnonzero(labels == 9)[::3]] = 4
    said[np.flatnonzero(labels == 0)[::10]] = 1
    run = runs.create("training", TrainingSpec(dataset="digits").to_json(), owner="", title="Digits")
    probability = np.eye(10, dtype=np.float32)[said]
    index, none = np.arange(len(labels)), np.empty(0, np.int64)
    save_result(
        run.folder,
        TrainingResult((), index, labels, probability, none, none, np.empty((0, 10), np.float32), (), {}),
    )
    run.set_status(runs.RunStatus("done"))
    return run.id


def test_confused_classes_that_live_next_door_are_found_and_said(visit):
    labels = datasets.labels("digits").astype(np.int64)
    network = trained_run(labels)
    # Features in which 4 and 9, and less so 0 and 1, are neighbours, and everything else lies apart.
    place = np.array([[0, 0], [2, 0], [9, 0], [18, 0], [0, 9], [9, 9], [18, 9], [0, 18], [9, 18], [1, 9.0]])
    features = (place[labels] + np.random.default_rng(0).normal(0, 0.7, (len(labels), 2))).astype(np.float32)
    task = SomTask("features", small(8, 8, start="pca"), f"run:{network}", "layer", "digits")
    page = visit(som_view=READ, map=finished(task, SomData(features, labels, datasets.get("digits").classes)))
    shown = fine(page)
    assert "over n = 45 pairs of classes" in shown and "from 10,000 ways to exchange the classes" in shown
    assert "Most confused are" in shown and "nearest" in shown
    assert len(page.get("plotly_chart")) == 3
    (runs.get(network).folder / "summary.json").unlink()
    assert "has no results any more" in fine(page.run())


def test_one_step_forward_and_back_gives_the_same_numbers(visit):
    page = visit(som_view=STEP, som_step_number="120")
    before = fine(page)
    assert "Sample " in before and r"W_i \leftarrow" in before and page.number_input(key="som_step_number").value == 120
    page.button(key="som_step_chevron_right").click().run()
    assert page.number_input(key="som_step_number").value == 121 and fine(page) != before
    page.button(key="som_step_chevron_left").click().run()
    assert fine(page) == before
    page.slider(key="som_step_slider").set_value(4999).run()
    fine(page)
    assert page.number_input(key="som_step_number").value == 4999
    assert page.button(key="som_step_chevron_right").disabled
    page.button(key="som_step_first_page").click().run()
    assert page.number_input(key="som_step_number").value == 0 and "Rate LR = **0.5**, radius σ = **5**" in fine(page)


@pytest.mark.parametrize("number", ["99999999", "-4", "x"])
def test_a_step_beyond_the_training_becomes_one_of_it(visit, number):
    page = visit(som_view=STEP, som_step_number=number)
    fine(page)
    assert 0 <= page.number_input(key="som_step_number").value <= 4999


@pytest.mark.parametrize("data, rows, columns", [("Random colours", 1, 4), ("Digits", 2, 3), ("Clusters", 1, 1)])
def test_other_data_and_lattices_are_followed(visit, data, rows, columns):
    link = {"som_step_rows": str(rows), "som_step_columns": str(columns), "som_step_lattice": "Hexagons"}
    page = visit(som_view=STEP, som_step_data=data, **link)
    assert "distance" in fine(page) and page.segmented_control(key="som_step_lattice").value == "hexagonal"
    assert (page.number_input(key="som_step_rows").value, page.selectbox(key="som_step_data").value) == (rows, data)
    assert ("Of its 64 weights" in texts(page)) == (data == "Digits")


def test_the_slides_form_is_named_compared_and_its_collapse_told(visit):
    page = visit(som_view=STEP)
    page.segmented_control(key="som_step_form").set_value("weights").run()
    shown = fine(page)
    assert "the slide's form" in shown and "It is no longer a map." in shown
    assert r"\theta_i = \exp\!\left(-\frac{0}{2\cdot0.3^2}\right)" in shown  # the BMU's weights are its own
    page.number_input(key="som_step_radius_weights").set_value(5.0).run()
    assert "all units fell on one point" in fine(page)


def test_a_map_trained_online_is_followed_and_a_batch_one_is_not_offered(visit):
    run = finished(SomTask("named", small(2, 3, method="online")))
    page = visit(som_view=STEP, map=run)
    page.selectbox(key="som_step_data").set_value("The map of Watch").run()
    fine(page)
    assert page.number_input(key="som_step_number").max == 1999
    page = visit(som_view=STEP, map=finished(SomTask("named", small(2, 3))))
    assert "The map of Watch" not in page.selectbox(key="som_step_data").options


def test_a_map_too_large_to_follow_is_refused_with_a_reason(visit):
    task = SomTask("colours", SomSpec(200, 200, "online"))
    run = runs.create("som", task.to_json(), owner="", title="Large")
    run.set_status(runs.RunStatus("done"))
    page = visit(som_view=STEP, map=run.id)
    page.selectbox(key="som_step_data").set_value("The map of Watch").run()
    assert "at most 40,000 weights to follow step by step" in fine(page).replace("\\", "")


def test_the_worked_example_shows_the_lectures_numbers_and_follows_others(visit):
    page = visit(som_view="Worked example")
    shown = fine(page)
    assert all(f"= {number}" in shown for number in ("23.5", r"\mathbf{15.2}", "31.6")) and "W₂ is the BMU." in shown
    assert r"= (2.75,\,4.15,\,6.85)" in shown and r"\theta_1 = " in shown and "= 0.607" in shown
    page.number_input(key="som_worked_1_1").set_value(0.0)
    page.number_input(key="som_worked_1_2").set_value(-1.5).run()
    shown = fine(page)
    assert "W₁ is the BMU." in shown and "(0.7 + 1.5)^2" in shown
    for unit in (1, 2, 3):
        for place in range(3):
            page.number_input(key=f"som_worked_{unit}_{place}").set_value(1.0)
    page.run()
    assert "W₁ is the BMU, the first of equals." in fine(page)
    page.button(key="som_worked_reset").click().run()
    assert r"\mathbf{15.2}" in fine(page)


def test_a_script_whose_samples_are_gone_says_so_before_the_download(visit):
    task = SomTask("features", small(), network="backbone:frame8:64", layer="conv5", dataset="galaxies")
    labels = np.arange(datasets.get("galaxies").size) % 5
    data = SomData(np.random.default_rng(0).random((len(labels), 256), np.float32), labels, tuple("abcde"))
    run = finished(task, data)
    page = visit(map=run)
    buttons = {button.key: button for button in page.get("download_button")}
    assert "reads its samples from freezeframe-map.npz" in fine(page) and not buttons["som_export_script"].disabled
    runs.get(run).path(FEATURES_FILE).unlink()
    page = page.run()
    buttons = {button.key: button for button in page.get("download_button")}
    assert "no longer kept (Features of the network)" in fine(page) and buttons["som_export_script"].disabled
    assert not buttons["som_export_labels"].disabled
