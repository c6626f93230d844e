"""What maps train on: pictures, features, tables, how many there are, what they are called; what a task refuses."""

import numpy as np
import pytest

from models.errors import InputError
from models.pictures import datasets, images
from models.som import samples, tables
from models.som.data import SomTask, load, sample_pictures
from models.som.sources import FEATURES_FILE
from models.som.spec import SomSpec
from models.som.table_reading import parse


def test_pictures_are_their_pixels(monkeypatch):
    few = np.stack([datasets.picture("textures", index) for index in range(3)])
    drawn = datasets.Dataset(datasets.get("textures"), few, np.arange(3), None)
    monkeypatch.setattr(datasets, "load", lambda dataset: drawn)
    task = SomTask("pictures", dataset="textures")
    data = load(task)
    assert data.features.shape == (3, 24 * 24 * 3) and samples.picture_shape("textures") == (24, 24, 3)
    assert data.features[2] == pytest.approx(images.resize(few[2], 24, 24).ravel() / 255)
    assert data.labels.tolist() == [0, 1, 2] and data.classes == datasets.get("textures").classes
    assert (sample_pictures(task, np.array([2]))[0] == few[2]).all()


def test_digits_are_their_eight_by_eight_pixels():
    assert load(SomTask("pictures", dataset="digits")).features.shape == (1797, 64)
    assert samples.picture_shape("digits") == (8, 8, 1)


def test_a_table_is_its_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    table = tables.store(parse(b"a,b,k\n1,5,x\n3,5,y\n", "t"), "o" * 32)
    task = SomTask("table", table=table, columns=("a",), label="k")
    assert SomTask.from_json(task.to_json()) == task
    data = load(task)
    assert data.features.tolist() == [[-1], [1]] and data.labels.tolist() == [0, 1] and data.classes == ("x", "y")
    with pytest.raises(InputError, match="Expected samples that are pictures"):
        sample_pictures(task, np.array([0]))


def test_features_come_from_the_folder_of_their_run(tmp_path):
    task = SomTask("features", network="backbone:frame8:64", layer="a", dataset="digits")
    with pytest.raises(InputError, match="train this map again"):
        load(task, tmp_path)
    values = np.arange(1797 * 2, dtype=np.float32).reshape(1797, 2)
    np.save(tmp_path / FEATURES_FILE, values)
    assert (load(task, tmp_path).features == values).all()


FEATURES = {"network": "backbone:frame8:64", "layer": "conv5_relu", "dataset": "digits"}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"source": "points"}, "a shape out of ring, square"),
        ({"source": "points3d", "shape": "ring"}, "a shape out of sphere"),
        ({"source": "colours", "shape": "ring"}, "a shape out of none"),
        ({"source": "table", "table": "a" * 32}, "at least one of its columns"),
        ({"source": "pictures", "dataset": "cats"}, "Expected a data set"),
        ({"source": "digits", "rotations": True}, "pictures and batch training"),
        ({"source": "pictures", "dataset": "digits", "rotations": True, "som": SomSpec(method="online")}, "batch"),
    ],
)
def test_tasks_that_make_no_sense_are_refused(fields, reason):
    with pytest.raises(InputError, match=reason):
        SomTask(**fields)


def test_a_task_survives_json_and_refuses_what_it_does_not_know():
    task = SomTask("digits", SomSpec(rows=4, method="online"))
    assert SomTask.from_json(task.to_json()) == task
    with pytest.raises(InputError, match="Expected the data of a map to be one of colours"):
        SomTask("stars")
    with pytest.raises(InputError, match="Expected a network, a layer and a data set"):
        SomTask("features", network="backbone:frame8:64")


def test_samples_as_pictures():
    one = sample_pictures(SomTask("colours"), np.array([5]))
    assert one.shape == (1, 1, 1, 3)
    assert one.ravel() == pytest.approx(samples.random_colours().features[5] * 255, abs=0.51)
    assert sample_pictures(SomTask("digits"), np.array([3, 1])).shape == (2, 8, 8, 3)


@pytest.mark.parametrize(
    "task",
    [
        SomTask(),
        SomTask("points", shape="ring"),
        SomTask("points3d", shape="sphere"),
        SomTask("digits"),
        SomTask("pictures", dataset="digits"),
    ],
    ids=lambda task: task.source,
)
def test_sizes_are_those_of_the_data(task):
    assert task.origin.size() == load(task).features.shape


def test_sizes_of_a_table_and_of_features(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    table = tables.store(parse(b"a,b,c\n1,2,3\n4,5,6\n", "t"), "o" * 32)
    assert SomTask("table", table=table, columns=("a", "c")).origin.size() == (2, 2)
    assert SomTask("features", **FEATURES).origin.size() == (1797, 256)


def test_titles():
    assert SomTask().title == "Random colours, 20 × 20, batch"
    ring = SomTask("points", SomSpec(1, 30, "online", lattice="hexagonal", toroid=True), shape="ring")
    assert ring.title == "Ring, 1 × 30, hexagonal, toroid, online"
    assert SomTask("table", table="a" * 32, columns=("x",)).title == "Your table, 1 column, 20 × 20, batch"
    galaxies = SomTask("pictures", dataset="galaxies", rotations=True)
    assert galaxies.title == f"{datasets.get('galaxies').title} in any rotation, 20 × 20, batch"
    slide = SomTask("colours", SomSpec(method="online", distance="weights"))
    assert slide.title == "Random colours, 20 × 20, distances between weights, online"
    random = SomTask("features", network="backbone:frame8:64:random", layer="pool1", dataset="digits")
    assert random.title == "Digits as pool1 of Frame8 with random weights sees them, 20 × 20, batch"
    run = SomTask("features", network=f"run:{'a' * 32}", layer="pool1", dataset="digits")
    assert run.title == "Digits as pool1 of the trained run sees them, 20 × 20, batch"
    with pytest.raises(InputError, match="Expected a network"):
        SomTask("features", network="frame8", layer="pool1", dataset="digits")
