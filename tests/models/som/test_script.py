"""The script that a map leaves, run: it trains the same map."""

import ast
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models import __version__
from models.pictures import datasets
from models.som import export, tables
from models.som.data import SomTask, load
from models.som.export import codebook_npz, script_lacks
from models.som.script import SAMPLES_FILE, script
from models.som.sources import FEATURES_FILE
from models.som.spec import SomSpec
from models.som.table_reading import parse
from tests.models.som.trained import filmed, train

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


def far_groups() -> np.ndarray:
    """Two columns: most rows near 0, in two groups far apart, some rows "no data"."""
    values = np.random.default_rng(3).standard_normal((300, 2))
    values[::3] += 20_000
    values[::7] = -9999
    return values


def seconds() -> np.ndarray:
    """Times in seconds since 1970, and identifiers of ten digits."""
    rng = np.random.default_rng(4)
    return np.stack([1_760_000_000 + rng.integers(0, 900, 250), 4_000_000_000 + np.arange(250)], axis=1).astype(float)


@pytest.mark.parametrize(
    "som",
    [
        SomSpec(8, 8, epochs=30, radius0=4, snapshots=2),
        SomSpec(6, 7, epochs=30, radius0=3, snapshots=2, lattice="hexagonal", toroid=True, start="pca"),
        SomSpec(1, 12, epochs=30, radius0=4, snapshots=2, start="sample"),
        SomSpec(6, 6, epochs=20, radius0=3, snapshots=2, neighbourhood="bubble", law="linear"),
        SomSpec(6, 6, "online", 3, radius0=3, snapshots=2, lattice="hexagonal", law="inverse"),
        SomSpec(6, 6, "online", 3, radius0=3, snapshots=2, neighbourhood="mexican hat", toroid=True),
    ],
    ids=lambda som: f"{som.method}-{som.lattice}-{som.neighbourhood}",
)
@pytest.mark.parametrize("standardise", [True, False])
@pytest.mark.parametrize("rows", [far_groups, seconds])
def test_of_a_table_it_finds_the_very_units_of_the_page(rows, standardise, som, tmp_path: Path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    text = "a,b\n" + "\n".join(",".join(map(repr, row)) for row in rows().tolist())
    table = tables.store(parse(text.encode(), "t.csv"), "o" * 32)
    task = SomTask("table", som, table=table, columns=("a", "b"), standardise=standardise)
    data = load(task)
    if not standardise:
        assert (data.features == rows()).all()
    record = filmed(task, data)
    Path(SAMPLES_FILE).write_bytes(codebook_npz(record, task, data.features))
    exec(compile(script(task), "freezeframe_map.py", "exec"), {"__name__": "__main__"})
    assert np.array_equal(np.load("bmu.npy"), record.bmu[-1])
    extent = np.ptp(data.features, axis=0)
    assert (np.abs(np.load("codebook.npy") - record.codebook) <= 1e-11 * extent + 1e-15).all()
    shown = float(capsys.readouterr().out.split()[-1])
    assert shown == pytest.approx(record.quantization_error[-1], rel=1e-5)
    assert record.distances.mean() == pytest.approx(record.quantization_error[-1], rel=1e-5)


def test_it_says_at_its_top_what_it_is_and_nothing_from_outside():
    table = SomTask("table", SMALL, table="0" * 32, columns=('a"""\nimport os',), label='"""')
    pictures = SomTask("pictures", SMALL, dataset="galaxies")
    turned = replace(pictures, rotations=True)
    for task, words in (
        (table, "Your table (CSV)"),
        (pictures, "Galaxies, pictures of the data"),
        (turned, "Galaxies"),
    ):
        top = ast.get_docstring(ast.parse(script(task)))
        assert "self-organising map" in top and f"Made by Freezeframe {__version__}." in top and words in top
    assert "import os" not in script(table)


def test_what_a_script_lacks_is_known_before_it_is_taken(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    stored = tables.store(parse(b"a,b\n1,2\n3,5\n4,4\n", "t.csv"), "o" * 32)
    kept = SomTask("table", SMALL, table=stored, columns=("a", "b"))
    gone = replace(kept, table="0" * 32)
    features = SomTask("features", SMALL, network="backbone:frame8:64", layer="conv5", dataset="galaxies")
    for task in (kept, POINTS, SomTask("colours", SMALL), SomTask("digits", SMALL)):
        assert script_lacks(task, tmp_path) == ""
    for task in (gone, features):
        assert "no longer kept" in script_lacks(task, tmp_path)
    np.save(tmp_path / FEATURES_FILE, np.zeros((datasets.get("galaxies").size, 256), np.float32))
    assert script_lacks(features, tmp_path) == ""
    monkeypatch.setattr(export, "SHARED_BYTES", 47)  # three rows of two float64 are 48
    assert "too large" in script_lacks(kept, tmp_path)
