"""What a trained map leaves behind as files, each read back or run."""

import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.som import export, film
from models.som.data import SomData, SomTask, load
from models.som.script import SAMPLES_FILE, script
from models.som.spec import SomSpec
from models.som.training import snapshots, train

SMALL = SomSpec(rows=3, columns=5, epochs=5, radius0=2, snapshots=2)
POINTS = SomTask("points", SMALL, shape="two moons")


def recorded(task: SomTask, data: SomData):
    recorder = film.Recorder(task, data)
    for snapshot in snapshots(data.features, recorder.som):
        recorder.add(snapshot)
    return recorder.record(complete=True)


def test_the_weights_are_read_without_pickle_and_tell_how_they_came_about():
    data = load(POINTS)
    record = recorded(POINTS, data)
    with np.load(io.BytesIO(export.codebook_npz(record, POINTS, data.features)), allow_pickle=False) as saved:
        assert (saved["codebook"] == record.codebook).all() and saved["codebook"].shape == (3, 5, 2)
        assert (saved["samples"] == data.features).all()
        assert saved["classes"].tolist() == ["upper moon", "lower moon"]
        assert SomTask.from_json(json.loads(str(saved["task"]))) == POINTS


def test_secret_ids_and_samples_that_are_too_many_stay(monkeypatch):
    table = SomTask("table", SMALL, table="5" * 32, columns=("x", "y"), network=f"run:{'7' * 32}")
    monkeypatch.setattr(export, "SHARED_BYTES", 100)
    samples = np.random.default_rng(0).random((20, 2), np.float32)
    saved = export.codebook_npz(recorded(table, SomData(samples, np.empty(0, np.int64), ())), table, samples)
    with np.load(io.BytesIO(saved)) as arrays:
        assert "samples" not in arrays and "555" not in str(arrays["task"]) and "777" not in str(arrays["task"])


def test_the_labels_name_unit_class_and_distance_of_every_sample():
    features = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.5]], np.float32)
    record = recorded(POINTS, SomData(features, np.array([1, 0, 1]), ("=evil()", "tame, and quoted")))
    record = replace(record, bmu=np.array([[0, 7, 14]], np.uint16), distances=np.array([0.5, 0, 1 / 3], np.float32))
    assert export.labels_csv(record).decode().splitlines() == [
        "sample,row,column,class,distance",
        '0,0,0,"tame, and quoted",0.5',
        "1,1,2,'=evil(),0",
        '2,2,4,"tame, and quoted",0.333333',
    ]


def test_samples_without_classes_have_an_empty_column():
    task = SomTask("colours", SMALL)
    lines = export.labels_csv(recorded(task, load(task))).decode().splitlines()
    assert len(lines) == 1001 and all(line.split(",")[3] == "" for line in lines[1:])


@pytest.mark.parametrize(
    "task",
    [
        SomTask("colours", SMALL),
        SomTask("digits", replace(SMALL, start="pca")),
        replace(POINTS, som=replace(SMALL, lattice="hexagonal", rows=4, toroid=True, law="linear")),
        replace(POINTS, som=replace(SMALL, neighbourhood="triangle", law="inverse", toroid=True)),
        replace(POINTS, som=replace(SMALL, neighbourhood="bubble", radius0=1.2)),
        replace(POINTS, som=replace(SMALL, method="online", epochs=1, lattice="hexagonal", start="sample")),
        replace(POINTS, som=replace(SMALL, method="online", epochs=1, neighbourhood="mexican hat")),
        replace(POINTS, som=replace(SMALL, method="online", epochs=1, distance="weights")),
        SomTask("points3d", SomSpec(rows=1, columns=7, epochs=4, radius0=2, start="pca"), shape="sphere"),
    ],
    ids=lambda task: f"{task.source}-{task.som.method}-{task.som.lattice}-{task.som.neighbourhood}-{task.som.distance}",
)
def test_the_script_alone_trains_the_same_map(task, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    features = load(task).features
    np.savez(SAMPLES_FILE, samples=features)
    history = train(features, task.som)
    text = script(task)
    assert "models" not in text and "import freezeframe" not in text
    exec(compile(text, "freezeframe_map.py", "exec"), {"__name__": "__main__"})
    assert np.load("codebook.npy") == pytest.approx(history.codebooks[-1], abs=2e-5)
    assert f"{float(capsys.readouterr().out.split()[-1]):.4g}" == f"{history.quantization_error[-1]:.4g}"


def test_only_a_map_of_pictures_in_all_rotations_needs_the_repository():
    task = SomTask("pictures", SMALL, dataset="galaxies", rotations=True)
    text = script(task)
    compile(text, "freezeframe_map.py", "exec")
    assert "models.som.rotation" in text and repr(task.to_json()) in text
