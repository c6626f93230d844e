"""What maps train on: clouds, pictures, tables; and what a task refuses."""

import numpy as np
import pytest

from models.errors import InputError
from models.pictures import datasets, images
from models.som import data as som_data
from models.som import tables
from models.som.data import SomTask
from models.som.spec import SomSpec
from models.som.tables import parse


@pytest.mark.parametrize(("source", "shape"), [(s, shape) for s, shapes in som_data.SHAPES.items() for shape in shapes])
def test_clouds_are_small_centred_and_always_the_same(source, shape):
    points, labels, classes = som_data.cloud(shape)
    assert points.shape == (1000, 2 if source == "points" else 3) and points.dtype == np.float32
    assert abs(points).max() < 1.3 and (abs(points.max(axis=0) + points.min(axis=0)) < 0.4).all()
    assert len(labels) == (1000 if classes else 0) and (points == som_data.cloud(shape)[0]).all()
    assert (som_data.load(SomTask(source, shape=shape)).features == points).all()


def test_shapes_are_what_they_are_called():
    length = {shape: np.linalg.norm(som_data.cloud(shape)[0], axis=1) for shape in ("ring", "sphere")}
    assert length["ring"].min() > 0.59 and length["ring"].max() < 1.01
    assert length["sphere"] == pytest.approx(1, abs=1e-5)
    clusters, labels, _ = som_data.cloud("clusters")
    for number, centre in enumerate(som_data.CENTRES):
        assert clusters[labels == number].mean(axis=0) == pytest.approx(centre, abs=0.03)
    moons, side, _ = som_data.cloud("two moons")
    assert moons[side == 0, 1].mean() > 0.1 and moons[side == 1, 1].mean() < -0.1
    with pytest.raises(InputError, match="Expected a shape out of ring"):
        som_data.cloud("cube")


def test_pictures_are_their_pixels(monkeypatch):
    few = np.stack([datasets.picture("textures", index) for index in range(3)])
    drawn = datasets.Dataset(datasets.get("textures"), few, np.arange(3), None)
    monkeypatch.setattr(datasets, "load", lambda dataset: drawn)
    task = SomTask("pictures", dataset="textures")
    data = som_data.load(task)
    assert data.features.shape == (3, 24 * 24 * 3) and som_data.picture_shape("textures") == (24, 24, 3)
    assert data.features[2] == pytest.approx(images.resize(few[2], 24, 24).ravel() / 255)
    assert data.labels.tolist() == [0, 1, 2] and data.classes == datasets.get("textures").classes
    assert (som_data.sample_pictures(task, np.array([2]))[0] == few[2]).all()


def test_digits_are_their_eight_by_eight_pixels():
    assert som_data.load(SomTask("pictures", dataset="digits")).features.shape == (1797, 64)
    assert som_data.picture_shape("digits") == (8, 8, 1)


def test_a_table_is_its_columns(tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    table = tables.store(parse(b"a,b,k\n1,5,x\n3,5,y\n", "t"), "o" * 32)
    task = SomTask("table", table=table, columns=("a",), label="k")
    assert SomTask.from_json(task.to_json()) == task
    data = som_data.load(task)
    assert data.features.tolist() == [[-1], [1]] and data.labels.tolist() == [0, 1] and data.classes == ("x", "y")
    with pytest.raises(InputError, match="Expected samples that are pictures"):
        som_data.sample_pictures(task, np.array([0]))


def test_features_come_from_the_folder_of_their_run(tmp_path):
    task = SomTask("features", network="backbone:frame8:64", layer="a", dataset="digits")
    with pytest.raises(InputError, match="train this map again"):
        som_data.load(task, tmp_path)
    values = np.arange(1797 * 2, dtype=np.float32).reshape(1797, 2)
    np.save(tmp_path / som_data.FEATURES_FILE, values)
    assert (som_data.load(task, tmp_path).features == values).all()


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
