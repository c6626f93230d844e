"""What a trained map leaves as files, each read back: weights, labels, and every pixel of its animated film."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pandas
import pytest
from PIL import Image

from models import __version__
from models.som import export
from models.som.data import SomTask, load
from models.som.lattice import Lattice
from models.som.samples import SomData
from models.som.spec import SomSpec
from tests.models.som.trained import filmed

SMALL = SomSpec(rows=3, columns=5, epochs=5, radius0=2, snapshots=2)
POINTS = SomTask("points", SMALL, shape="two moons")


def test_the_weights_are_read_without_pickle_and_tell_how_they_came_about():
    data = load(POINTS)
    record = filmed(POINTS, data)
    with np.load(io.BytesIO(export.codebook_npz(record, POINTS, data.features)), allow_pickle=False) as saved:
        assert (saved["codebook"] == record.codebook).all() and saved["codebook"].shape == (3, 5, 2)
        assert (saved["samples"] == data.features).all()
        assert saved["classes"].tolist() == ["upper moon", "lower moon"]
        assert SomTask.from_json(json.loads(str(saved["task"]))) == POINTS


def test_weights_and_film_say_in_words_what_they_are():
    """By plain NumPy and by plain Pillow, without anything of this repository."""
    task = SomTask("colours", replace(SMALL, method="online", rate0=0.25, seed=7, decay=1.5))
    data = load(task)
    record = filmed(task, data)
    with np.load(io.BytesIO(export.codebook_npz(record, task, None)), allow_pickle=False) as saved:
        lines = str(saved["about"]).splitlines()
    assert lines[0] == f"A self-organising map made by Freezeframe {__version__}."
    assert lines[1] == "Data and map: Random colours, 3 × 5, online; 1,000 samples of 3 values."
    assert lines[2] == (
        "Training: 5 epochs from a random start with seed 7; gaussian neighbourhood, radius 2, learning rate 0.25 at "
        "first, falling (exponential) with decay 1.5."
    )
    assert "codebook (rows, columns, values)" in lines[3]
    with Image.open(io.BytesIO(export.animation(record, task))) as film:
        said = film.getexif()
        assert film.n_frames == 2 and said[0x0131] == f"Freezeframe {__version__}"
        assert said[0x010E] == "\n".join(lines[:3]).replace("×", "x")


def test_a_table_of_labels_is_read_by_pandas_and_its_name_says_which_map_it_is_of():
    record = filmed(POINTS, load(POINTS))
    frame = pandas.read_csv(io.BytesIO(export.labels_csv(record)))
    assert list(frame) == ["sample", "row", "column", "class", "distance"] and len(frame) == record.bmu.shape[1]
    assert set(frame["class"]) == {"upper moon", "lower moon"} and frame["distance"].dtype == float
    assert export.file_name(POINTS, "labels.csv") == "freezeframe-map-points-3x5-batch-seed0-labels.csv"


def test_secret_ids_and_samples_that_are_too_many_stay(monkeypatch):
    table = SomTask("table", SMALL, table="5" * 32, columns=("x", "y"), network=f"run:{'7' * 32}")
    monkeypatch.setattr(export, "SHARED_BYTES", 100)
    samples = np.random.default_rng(0).random((20, 2), np.float32)
    saved = export.codebook_npz(filmed(table, SomData.unlabelled(samples)), table, samples)
    with np.load(io.BytesIO(saved)) as arrays:
        assert "555" not in str(arrays["about"]) and "777" not in str(arrays["about"])
        assert "samples" not in arrays and "555" not in str(arrays["task"]) and "777" not in str(arrays["task"])


def test_the_labels_name_unit_class_and_distance_of_every_sample():
    features = np.array([[0.0, 0.0], [3.0, 4.0], [3.0, 4.5]], np.float32)
    record = filmed(POINTS, SomData(features, np.array([1, 0, 1]), ("=evil()", "tame, and quoted")))
    record = replace(record, bmu=np.array([[0, 7, 14]], np.uint16), distances=np.array([0.5, 0, 1 / 3], np.float32))
    assert export.labels_csv(record).decode().splitlines() == [
        "sample,row,column,class,distance",
        '0,0,0,"tame, and quoted",0.5',
        "1,1,2,'=evil(),0",
        '2,2,4,"tame, and quoted",0.333333',
    ]


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"])
def test_no_name_is_a_formula_to_a_spreadsheet(sign):
    record = filmed(POINTS, SomData(np.zeros((1, 2), np.float32), np.array([0]), (f"{sign}1+1",)))
    record = replace(record, bmu=np.array([[0]], np.uint16), distances=np.array([0.5], np.float32))
    rows = list(csv.reader(io.StringIO(export.labels_csv(record).decode(), newline="")))
    in_a_line = " " if sign in "\r\n" else sign
    assert len(rows) == 2 and rows[1][3] == f"'{in_a_line}1+1"
    assert export.plain(f"a{sign}b") == f"a{in_a_line}b" and export.plain("") == ""


def test_samples_without_classes_have_an_empty_column():
    task = SomTask("colours", SMALL)
    lines = export.labels_csv(filmed(task, load(task))).decode().splitlines()
    assert len(lines) == 1001 and all(line.split(",")[3] == "" for line in lines[1:])


def frames_of(data: bytes) -> list[np.ndarray]:
    with Image.open(io.BytesIO(data)) as picture:
        assert picture.format == "WEBP"
        found = []
        for number in range(picture.n_frames):
            picture.seek(number)
            found.append(np.asarray(picture.convert("RGB")).astype(int))
    return found


def test_every_pixel_of_a_rectangular_lattice_belongs_to_the_unit_of_its_cell():
    places = export.places(Lattice(2, 3), side=6)
    assert places.unit.tolist() == [[0, 0, 1, 1, 2, 2]] * 2 + [[3, 3, 4, 4, 5, 5]] * 2
    assert places.across[0, :2].tolist() == [0.25, 0.75] and places.down[:2, 0].tolist() == [0.25, 0.75]
    assert export.places(Lattice(1, 3), side=6, line=5).unit.shape == (5, 6)


def test_every_pixel_of_a_hexagonal_lattice_belongs_to_the_nearest_unit_or_to_none():
    lattice = Lattice(3, 4, "hexagonal")
    places = export.places(lattice, side=90)  # cells of 20 pixels
    down, across = lattice.positions[:, 0] + 3**-0.5, lattice.positions[:, 1] + 0.5
    y, x = (np.mgrid[: places.unit.shape[0], : places.unit.shape[1]] + 0.5) / 20
    away = np.hypot(y[..., None] - down, x[..., None] - across)
    inside = places.unit >= 0
    assert (places.unit == away.argmin(axis=-1))[inside].all()
    assert away.min(axis=-1)[inside].max() <= 3**-0.5 + 1e-9 and away.min(axis=-1)[~inside].min() >= 0.5 - 1e-9
    areas = np.bincount(places.unit[inside], minlength=12)
    assert areas == pytest.approx(np.full(12, 400 * 3**0.5 / 2), rel=0.05)
    centre = places.unit[int(down[5] * 20), int(across[5] * 20)]
    assert centre == 5  # row 1, column 1, half a place to the right


def test_a_film_of_colours_ends_with_the_colours_of_the_map():
    task = SomTask("colours", SomSpec(rows=2, columns=3, epochs=5, radius0=1, snapshots=4))
    record = filmed(task)
    frames = frames_of(export.animation(record, task))
    assert len(frames) == 4 and frames[-1].shape == (266, 399, 3)
    assert frames[-1][66, 199] == pytest.approx(record.codebook[0, 1] * 255, abs=12)
    assert frames[-1][199, 330] == pytest.approx(record.codebook[1, 2] * 255, abs=12)


def test_a_film_of_digits_shows_their_pixels():
    task = SomTask("digits", SomSpec(rows=2, columns=3, epochs=3, radius0=1, snapshots=2))
    record = filmed(task)
    last = frames_of(export.animation(record, task))[-1]
    side = len(last) // 2
    shown = last[side + np.arange(8) * side // 8 + 8][:, 2 * side + np.arange(8) * side // 8 + 8, 0]
    assert np.corrcoef(shown.ravel(), record.codebook[1, 2])[0, 1] > 0.95


@pytest.mark.parametrize(
    ("source", "shape", "lattice"), [("points", "ring", "hexagonal"), ("points3d", "swiss roll", "rectangular")]
)
def test_a_film_of_points_shows_the_net_move_within_the_picture(source, shape, lattice):
    task = SomTask(source, SomSpec(rows=4, columns=5, epochs=6, radius0=2, snapshots=3, lattice=lattice), shape=shape)
    frames = frames_of(export.animation(filmed(task), task))
    assert len(frames) == 3 and max(frames[0].shape) == export.SIDE
    dark = [(frame.max(axis=-1) < 100) for frame in frames]
    assert all(spots.sum() > 200 for spots in dark) and (dark[0] != dark[2]).mean() > 0.01


def test_a_film_that_would_be_too_large_leaves_out_frames_and_keeps_its_pace(monkeypatch):
    task = SomTask("digits", SomSpec(rows=6, columns=7, epochs=10, radius0=3, snapshots=11))
    record = filmed(task)
    whole = export.animation(record, task)
    monkeypatch.setattr(export, "MOST_BYTES", len(whole) // 2)
    less = export.animation(record, task)
    assert len(less) <= len(whole) // 2
    few, all_of_them = frames_of(less), frames_of(whole)
    assert len(all_of_them) == 11 and len(few) in (3, 6)
    assert np.abs(few[-1] - all_of_them[-1]).mean() < 6
