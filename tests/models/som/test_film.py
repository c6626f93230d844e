"""The film of a map: what is on it, that it grows while the map trains, and that a cancel keeps it."""

import math
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from models.errors import Cancelled, InputError, TooLarge
from models.som import data as som_data
from models.som import film as som_film
from models.som import samples
from models.som.data import SomTask
from models.som.film import SOM
from models.som.measures import u_matrix
from models.som.samples import SomData
from models.som.spec import SomSpec
from models.som.training import Snapshot, snapshots
from models.som.worker import film as worker
from models.storage import files, progress, runs

SMALL = SomSpec(rows=3, columns=5, epochs=6, radius0=2, snapshots=4)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    return tmp_path


def film(task: SomTask, data: SomData) -> tuple[som_film.SomRecord, np.ndarray]:
    """The film of a training, and the codebook at its end."""
    recorder = som_film.Recorder(task, data)
    for snapshot in snapshots(data.features, task.som):
        recorder.add(snapshot)
    return recorder.record(complete=True), recorder.codebook


def test_a_film_of_colours_is_one_rgb_pixel_a_unit() -> None:
    data = samples.named_colours()
    record, last_codebook = film(SomTask("named", SMALL), data)
    assert (record.rows, record.columns, record.kind) == (3, 5, "colours")
    assert record.sizes.tolist() == [45] * 4 and record.bmu.shape == (4, 1000)
    last = record.frames[-45:].reshape(3, 5, 3)
    assert last == pytest.approx(last_codebook * 255, abs=0.51)
    assert (record.u_matrix == u_matrix(last_codebook)).all()
    assert record.steps.tolist() == [0, 2, 4, 6] and np.isnan(record.rate).all()


def test_a_mosaic_puts_row_and_column_where_they_belong() -> None:
    codebook = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)
    expected = [[0, 1, 4, 5, 8, 9], [2, 3, 6, 7, 10, 11], [12, 13, 16, 17, 20, 21], [14, 15, 18, 19, 22, 23]]
    assert som_film.mosaic(codebook).tolist() == expected


def test_a_film_of_digits_is_a_picture_of_the_codebook(home: Path) -> None:
    record, codebook = film(SomTask("digits", SMALL), samples.digits())
    assert record.kind == "pictures" and codebook.shape == (3, 5, 64) and len(record.classes) == 10
    with Image.open(BytesIO(record.frames[: record.sizes[0]].tobytes())) as first:
        assert first.format == "WEBP" and first.size == (40, 24)


def test_a_film_of_features_names_the_nearest_picture_of_every_unit(home: Path) -> None:
    features = np.random.default_rng(0).random((1797, 6), np.float32)
    task = SomTask("features", SMALL, network="backbone:frame8:64", layer="a", dataset="digits")
    record, codebook = film(task, samples.described("digits", features))
    units = codebook.reshape(15, 6)
    slow = [int(np.linalg.norm(features - unit, axis=1).argmin()) for unit in units]
    assert record.frames[-30:].view("<u2").tolist() == slow
    with Image.open(BytesIO(record.atlas.tobytes())) as atlas:
        assert atlas.size == (40 * 24, math.ceil(1797 / 40) * 24)


def test_the_example_is_a_whole_training() -> None:
    record = som_film.example()
    assert record.complete and len(record.sizes) == 101 and record.frames.size == 101 * 20 * 20 * 3
    assert record.quantization_error[-1] < 0.07 and record.topographic_error[-1] < 0.15


class Watcher:
    """Reads the film at every report, and cancels after some checks."""

    def __init__(self, run: runs.Run, checks: int) -> None:
        self.run, self.left = run, checks
        self.lengths: list[int] = []

    def event(self, **fields: Any) -> None:
        record = SOM.load(self.run)
        self.lengths.append(0 if record is None else len(record.sizes))

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


def test_the_job_writes_the_film_while_it_trains(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "WRITE_EVERY", 0.0)
    run = runs.create("som", SomTask("colours", SMALL).to_json(), owner="o" * 32, title="Map")
    assert SOM.load(run) is None
    watcher = Watcher(run, checks=-1)
    worker.train(SOM.spec_of(run), watcher, run.folder)
    assert watcher.lengths == [0, 1, 2, 3, 4]
    record = SOM.load(run)
    assert record is not None and record.complete and len(record.sizes) == 4


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 torn"])
def test_a_damaged_film_is_no_film(home: Path, damage: bytes) -> None:
    run = runs.create("som", {}, owner="o" * 32, title="Map")
    SOM.path(run).write_bytes(damage)
    assert SOM.load(run) is None


def test_a_cancelled_job_keeps_what_it_has(home: Path) -> None:
    run = runs.create("som", SomTask("colours", SMALL).to_json(), owner="o" * 32, title="Map")
    with pytest.raises(Cancelled):
        worker.train(SOM.spec_of(run), Watcher(run, checks=22), run.folder)
    record = SOM.load(run)
    assert record is not None and record.complete and record.steps.tolist() == [0, 2]


def test_a_map_too_large_for_the_machine_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    task = SomTask("digits", SomSpec(rows=60, columns=60, epochs=1))
    run = runs.create("som", task.to_json(), owner="o" * 32, title="Map")
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "4")
    with pytest.raises(TooLarge, match="60 x 60 units with 64 weights each for 1,797 samples"):
        worker.train(SOM.spec_of(run), progress.SILENT, run.folder)
    assert SOM.load(run) is None


def test_only_the_last_codebook_is_kept_in_memory() -> None:
    recorder = som_film.Recorder(SomTask("colours", SMALL), samples.random_colours())
    old = np.zeros((3, 5, 3), np.float32)
    for codebook in (old, old + 1):
        recorder.add(Snapshot(0, 0.0, codebook, np.zeros(1000, np.int64), 0.0, 0.0, math.nan, 1.0))
    assert recorder.codebook.min() == 1 and recorder.record(complete=False).u_matrix.max() == 0


def test_a_unit_as_a_picture(home: Path) -> None:
    colour, codebook = film(SomTask("colours", SMALL), samples.random_colours())
    last = som_film.unit_picture(colour, SomTask("colours", SMALL), 3, 2, 4)
    assert last.shape == (1, 1, 3) and last.ravel() == pytest.approx(codebook[2, 4] * 255, abs=0.51)
    digit, codebook = film(SomTask("digits", SMALL), samples.digits())
    tile = som_film.unit_picture(digit, SomTask("digits", SMALL), 3, 2, 4)
    assert tile.shape == (8, 8, 3)
    assert tile[..., 0].ravel() == pytest.approx(codebook[2, 4] * 255, abs=60)  # WebP loses a little
    assert np.corrcoef(tile[..., 0].ravel(), codebook[2, 4])[0, 1] > 0.95


def recorded(task: SomTask, features: np.ndarray, labels: list[int] | None = None) -> som_film.SomRecord:
    """The film of a training on these features."""
    data = SomData(features.astype(np.float32), np.array(labels or [], np.int64), ("a", "b") if labels else ())
    return film(task, data)[0]


def test_a_film_of_points_is_the_net_itself_over_its_cloud() -> None:
    task = SomTask("points", replace(SMALL, lattice="hexagonal", rows=4, toroid=True), shape="two moons")
    data = som_data.load(task)
    record, codebook = film(task, data)
    assert (record.kind, record.lattice, record.toroid) == ("net", "hexagonal", True)
    assert (som_film.net(record, 3) == codebook).all() and (som_film.net(record, 0) != codebook).any()
    assert (record.cloud == data.features).all() and (record.cloud_labels == data.labels).all()
    with pytest.raises(InputError, match="Received points"):
        som_film.unit_picture(record, task, 0, 0, 0)


def test_the_units_of_a_table_are_coloured_by_its_principal_components() -> None:
    spread = np.linspace(-1, 1, 41)
    features = np.stack([10 * spread, np.zeros(41), np.zeros(41), np.zeros(41)], axis=1)
    task = SomTask("table", SMALL, table="0" * 32, columns=("a", "b", "c", "d"))
    record = recorded(task, features)
    colours = record.frames[-45:].reshape(15, 3).astype(float)
    deviation = (10 * spread).std()
    expected = (record.codebook.reshape(15, 4)[:, 0] / (4 * deviation) + 0.5).clip(0, 1) * 255
    assert record.kind == "colours" and len(record.cloud) == 0
    assert colours[:, 0] == pytest.approx(expected, abs=0.51) and np.ptp(colours[:, 0]) > 60
    assert (colours[:, 1:] == 128).all()  # no second and third component
    one = recorded(replace(task, columns=("a",)), features[:, :1])
    assert np.ptp(one.frames.reshape(-1, 3), axis=1).max() == 0  # grey


def test_the_end_of_a_film_has_the_weights_and_how_far_samples_are_from_them() -> None:
    task = SomTask("named", SMALL)
    record, codebook = film(task, data := samples.named_colours())
    best = codebook.reshape(15, 3)[record.bmu[-1]]
    assert (record.codebook == codebook).all()
    assert record.distances == pytest.approx(np.sqrt(((data.features - best) ** 2).sum(axis=1)), abs=1e-6)
    assert record.distances.mean() == pytest.approx(record.quantization_error[-1], abs=1e-6)
    recorder = som_film.Recorder(task, data)
    recorder.add(next(snapshots(data.features, recorder.som)))
    assert recorder.record(complete=False).distances.size == 0


def test_distances_of_a_map_that_ignores_rotations_are_those_of_the_best_pose(home: Path) -> None:
    task = SomTask("pictures", SomSpec(rows=1, columns=2, epochs=1), dataset="digits", rotations=True)
    picture = np.arange(64.0).reshape(8, 8) / 64
    data = SomData(
        np.stack([picture, np.rot90(picture)]).reshape(2, 64).astype(np.float32), np.zeros(2, np.int64), ("a",)
    )
    recorder = som_film.Recorder(task, data)
    weights = np.stack([picture, 1 - picture]).reshape(1, 2, 64).astype(np.float32)
    recorder.add(Snapshot(0, 0.0, weights, np.zeros(2, np.int64), 0.0, 0.0, math.nan, 1.0))
    assert recorder.record(complete=True).distances == pytest.approx([0, 0], abs=1e-3)


def test_a_film_too_large_is_thinned_and_says_so() -> None:
    """A frame of 200 x 200 colours takes 120,000 bytes, so that 34 of 101 fit into 4 MiB."""
    task = SomTask("colours", SomSpec(rows=200, columns=200, radius0=100))
    recorder = som_film.Recorder(task, SomData.unlabelled(np.eye(3, dtype=np.float32)))
    assert (recorder.task.som.snapshots, recorder.som.snapshots) == (101, 34)
    recorder.add(next(snapshots(recorder.data.features, recorder.som)))
    record = recorder.record(complete=True)
    assert (record.wanted, record.planned) == (101, 34)
    few = som_film.Recorder(SomTask("colours", SMALL), samples.random_colours())
    assert few.som.snapshots == 4


def test_many_samples_leave_fewer_frames() -> None:
    """BMUs of 1,000,000 samples take two million bytes a frame, 16 MiB hold eight."""
    many = SomData.unlabelled(np.zeros((1_000_000, 1), np.float32))
    task = SomTask("table", SMALL, table="0" * 32, columns=("a",))
    assert som_film.Painter(task, many).frames_that_fit() == 8


def test_a_mosaic_of_a_large_map_has_smaller_tiles() -> None:
    red = np.zeros((200, 3, 27), np.uint8)
    red[..., ::3] = 255
    whole = som_film.mosaic(red)
    assert whole.shape == (600, 9, 3) and (whole == [255, 0, 0]).all()
    assert som_film.shrunk(whole, 200, 3, 200) is whole
    assert som_film.shrunk(whole, 200, 3, 1000).shape == (400, 6, 3)


def test_the_net_of_times_keeps_their_seconds() -> None:
    seconds = 1_760_000_000 + np.random.default_rng(5).integers(0, 600, (200, 2)).astype(float)
    task = SomTask("table", replace(SMALL, epochs=20), table="0" * 32, columns=("from", "to"), standardise=False)
    record, codebook = film(task, SomData.unlabelled(seconds))
    assert record.codebook.dtype == record.cloud.dtype == np.float64
    assert (som_film.net(record, 3) == codebook).all() and (record.cloud == seconds).all()
    best = codebook.reshape(15, 2)[record.bmu[-1]]
    assert record.distances == pytest.approx(np.linalg.norm(seconds - best, axis=1), rel=1e-6)
    assert record.quantization_error[-1] < 150 and np.ptp(codebook) > 300
    again = files.unpack(files.pack(record), som_film.SomRecord)
    assert (som_film.net(again, 3) == codebook).all()
