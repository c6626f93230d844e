"""The script that a map leaves, run: it trains the same map."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.som.data import SomTask, load
from models.som.script import SAMPLES_FILE, script
from models.som.spec import SomSpec
from tests.models.som.trained import train

SMALL = SomSpec(rows=3, columns=5, epochs=5, radius0=2, snapshots=2)
POINTS = SomTask("points", SMALL, shape="two moons")


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
