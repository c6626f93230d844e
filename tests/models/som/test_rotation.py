"""A map to which turned pictures are the same: the poses, the search against a slow one, and what it buys."""

import numpy as np
import pytest

from models.errors import Cancelled, InputError, TooLarge
from models.pictures import datasets
from models.som import rotation
from models.som.data import SomTask
from models.som.film import SOM
from models.som.rotation import ROTATION, RotationTask, in_pose, match, poses, snapshots
from models.som.samples import picture_shape
from models.som.spec import SomSpec
from models.som.training import snapshots as plain_snapshots
from models.som.worker import film
from models.som.worker.rotation import compare
from models.storage import runs
from models.storage.files import pack
from models.storage.progress import SILENT

RANDOM = np.random.default_rng(4)


def test_quarter_turns_and_mirrors_move_pixels_exactly():
    picture = RANDOM.random((3, 3), np.float32)
    turned = [(matrix @ picture.ravel()).reshape(3, 3) for matrix in poses(3, 4, mirror=True)]
    flipped = picture[:, ::-1]
    assert len(turned) == 8 and (turned[0] == picture).all()
    for k in range(4):
        assert any(np.allclose(one, np.rot90(picture, k)) for one in turned[:4])
        assert any(np.allclose(one, np.rot90(flipped, k)) for one in turned[4:])
    colour = RANDOM.random((3, 3, 2), np.float32)
    again = (poses(3, 4, mirror=False, channels=2)[1] @ colour.ravel()).reshape(3, 3, 2)
    assert np.allclose(again[..., 1], np.rot90(colour[..., 1], -1)) or np.allclose(
        again[..., 1], np.rot90(colour[..., 1])
    )


def test_finer_turns_keep_the_disc_and_come_round():
    turned = poses(9, 8, mirror=False)
    bar = np.zeros((9, 9), np.float32)
    bar[4, 2:7] = 1
    diagonal = (turned[1] @ bar.ravel()).reshape(9, 9)
    assert max(np.trace(diagonal), np.trace(diagonal[::-1])) > 2.5 > 1.5 > np.trace(bar)
    assert diagonal[4, 2] < 0.5 and diagonal.sum() == pytest.approx(5, rel=0.2)
    disc = np.array([[(row - 4) ** 2 + (col - 4) ** 2 <= 4.5**2 for col in range(9)] for row in range(9)])
    for one in (*turned, *poses(9, 16, mirror=True)):
        assert (one @ np.ones(81, np.float32)).reshape(9, 9) == pytest.approx(disc.astype(float), abs=1e-6)
    assert (poses(9, 4, mirror=True)[5] @ np.ones(81, np.float32) == 1).all()  # quarter turns keep the corners
    with pytest.raises(InputError, match="at least 1 pixel and 1 turn"):
        poses(9, 0, mirror=False)


def test_the_search_finds_what_trying_everything_finds(monkeypatch):
    monkeypatch.setattr("models.som.rotation._SCORES", 100)  # several blocks
    samples, units = RANDOM.random((23, 25), np.float32), RANDOM.random((6, 25), np.float32)
    turned = poses(5, 8, mirror=True)
    slow = np.array([[[np.linalg.norm(one @ x - w) for w in units] for one in turned] for x in samples])
    found = match(samples, units, turned)
    order = slow.min(axis=1).argsort(axis=1)
    assert (found.best == order[:, 0]).all() and (found.second == order[:, 1]).all()
    assert np.sqrt(found.squared) == pytest.approx(slow.min(axis=(1, 2)), abs=1e-3)
    rows = np.arange(23)
    assert (found.pose == slow[rows, :, found.best].argmin(axis=1)).all()
    moved = in_pose(samples, found.pose, turned)
    assert moved[7] == pytest.approx(turned[found.pose[7]] @ samples[7], abs=1e-6)


def test_with_one_pose_it_is_the_plain_map():
    samples, spec = RANDOM.random((40, 16), np.float32), SomSpec(3, 4, epochs=5, radius0=2, snapshots=3)
    for plain, turned in zip(plain_snapshots(samples, spec), snapshots(samples, spec, poses(4, 1, False)), strict=True):
        assert turned.codebook == pytest.approx(plain.codebook, abs=1e-5) and (turned.bmu == plain.bmu).all()
        assert turned.quantization_error == pytest.approx(plain.quantization_error, abs=1e-3)
        assert turned.topographic_error == plain.topographic_error and turned.radius == plain.radius


def test_turning_the_pictures_changes_nothing():
    samples, turned = RANDOM.random((30, 9), np.float32), poses(3, 4, mirror=True)
    spec = SomSpec(2, 3, epochs=8, radius0=1, start="pca", snapshots=2)
    *_, first = snapshots(samples, spec, turned)
    units = first.codebook.reshape(6, 9)
    again = match(in_pose(samples, RANDOM.integers(8, size=30), turned), units, turned)
    assert (again.best == first.bmu).all()


def test_refusals(monkeypatch):
    samples, turned = RANDOM.random((5, 9), np.float32), poses(3, 4, mirror=True)
    with pytest.raises(InputError, match="Expected batch training"):
        next(snapshots(samples, SomSpec(2, 2, "online"), turned))
    monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", "1")
    with pytest.raises(TooLarge, match="60 x 60 units with 9 weights"):
        next(snapshots(samples, SomSpec(60, 60), turned))
    for fields, reason in (({"rows": 17}, "rows between 1 and 16"), ({"turns": 5}, "turns out of 4, 8, 16")):
        with pytest.raises(InputError, match=reason):
            RotationTask(**fields)


class Told:
    """Counts reports, and cancels after some."""

    def __init__(self, left: int = -1) -> None:
        self.left, self.notes = left, []

    def event(self, **fields) -> None:
        self.notes.append(fields["note"])

    def check(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise Cancelled


@pytest.fixture
def sticks(monkeypatch):
    """Sixty dark pictures of a bright stick at some angle, thick in one class and thin in the other."""
    row, column = np.mgrid[:24, :24] - 11.5
    pictures = np.zeros((60, 24, 24, 3), np.uint8)
    for number, angle in enumerate(np.random.default_rng(0).uniform(0, np.pi, 60)):
        across = abs(np.cos(angle) * row - np.sin(angle) * column)
        pictures[number, (across < (1.2, 4.0)[number % 2]) & (np.hypot(row, column) < 10)] = 200
    labels = np.arange(60) % 2
    made = datasets.Dataset(datasets.get("textures"), pictures, labels, None)
    monkeypatch.setattr(datasets, "load", lambda dataset: made)
    monkeypatch.setattr(datasets, "labels", lambda dataset: labels)
    return made


def test_the_comparison_and_its_job(sticks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    spec = {"dataset": "textures", "rows": 1, "columns": 2, "epochs": 6, "turns": 16, "mirror": False, "seeds": 2}
    run = runs.create("rotation", spec, owner="o" * 32, title="t")
    assert ROTATION.load(run) is None
    told = Told()
    ROTATION.path(run).write_bytes(pack(compare(ROTATION.spec_of(run), told)))
    found = ROTATION.load(run)
    assert told.notes[:2] == ["Map 1 of 4, plain", "Map 2 of 4, rotation-invariant"]
    assert found.purity.shape == found.seen.shape == (2, 2) and found.n_test == 24
    assert found.mosaics.shape == (2, 24, 48) and found.unit_classes.shape == found.unit_shares.shape == (2, 2)
    assert (found.purity[1] == 1).all()  # two units are enough once the angle does not count
    with pytest.raises(Cancelled):
        compare(RotationTask(**spec), Told(left=3))


def test_the_film_of_pictures_can_ignore_rotations(sticks, tmp_path, monkeypatch):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    som = SomSpec(2, 3, epochs=3, radius0=1, snapshots=2)
    kept = []
    for rotations in (False, True):
        task = SomTask("pictures", som, dataset="textures", rotations=rotations)
        run = runs.create("som", task.to_json(), owner="o" * 32, title="t")
        film.train(task, SILENT, run.folder)
        kept.append(SOM.load(run))
    assert all(film is not None and film.complete and film.codebook.shape == (2, 3, 24 * 24 * 3) for film in kept)
    assert kept[1].quantization_error[-1] < kept[0].quantization_error[-1]
    assert picture_shape("textures") == (24, 24, 3)


def test_on_galaxies_it_separates_classes_better_as_measured():
    found = ROTATION.shipped(RotationTask())
    assert found is not None and found.n_test == 600 and found.purity.shape == (2, 5)
    plain, turned = found.purity
    assert turned.min() > plain.max() + 0.2
    assert (found.seen >= found.purity).all()


def test_what_the_product_cannot_tell_apart_is_compared_by_differences():
    """Bright pictures, and units that differ from them by less than the rounding of their products."""
    samples = 1000 + RANDOM.random((20, 25), np.float32)
    turned = poses(5, 4, mirror=True)
    units = np.concatenate([in_pose(samples, RANDOM.integers(8, size=20), turned), samples[:4]])
    units += np.float32(1e-3) * RANDOM.standard_normal(units.shape, np.float32)
    exact = samples.astype(np.float64)
    slow = np.array([[[np.square(one @ x - w).sum() for w in units] for one in turned] for x in exact])
    order = slow.min(axis=1).argsort(axis=1)
    found = match(samples, units, turned)
    assert np.array_equal(found.best, order[:, 0]) and np.array_equal(found.second, order[:, 1])
    assert np.array_equal(found.pose, slow[np.arange(20), :, found.best].argmin(axis=1))
    assert found.squared == pytest.approx(slow.min(axis=(1, 2)), rel=1e-6)


def test_only_what_the_product_cannot_tell_apart_is_compared_by_differences(monkeypatch):
    doubted, checks, settled = [], [], rotation._settled
    monkeypatch.setattr(rotation, "_settled", lambda some, *rest: (doubted.append(len(some)), settled(some, *rest))[1])
    monkeypatch.setattr(rotation, "_SCORES", 400)  # blocks of 400 // (8 poses x 6 units) = 8 pictures
    samples, units = np.random.default_rng(1).random((300, 25)), np.random.default_rng(2).random((6, 25))
    turned = poses(5, 4, mirror=True)
    match(samples.astype(np.float32), units.astype(np.float32), turned, lambda: checks.append(None))
    assert sum(doubted) < 3 and len(checks) == 38
    equal = np.repeat(units[:1], 6, axis=0).astype(np.float32)
    match(samples.astype(np.float32), equal, turned)
    assert sum(doubted) >= 300


def test_how_far_a_product_may_be_wrong_by_hand():
    """A picture of length 2 (half its square: 2), and a unit 2 away from it, at most 2.02 + 2 from zero.

    A product of nine numbers of float32 is wrong by 2^-24 (3 sqrt(9) + 8) times the sum of what it adds up: 2 x 4.02,
    4.02^2 / 2 and 2^2 / 2; two of them are compared.
    """
    found = rotation._slack(np.array([[1.0, 2.0]], np.float32), np.array([-2.0], np.float32), 9)
    assert found == pytest.approx([2 * 17 / 2**24 * (2 * 4.02 + 4.02**2 / 2 + 2)], rel=1e-6)


def test_of_equally_near_units_and_poses_the_first_counts():
    picture = np.ones((1, 9), np.float32)  # the same in every pose
    units = np.stack([picture[0] + 1, picture[0], picture[0], picture[0] + 2])
    found = match(picture, units, poses(3, 4, mirror=True))
    assert (found.best.tolist(), found.second.tolist(), found.pose.tolist()) == ([1], [2], [0])
    assert found.squared.tolist() == [0]
    alone = match(picture, units[:1], poses(3, 4, mirror=True))
    assert (alone.best.tolist(), alone.second.tolist(), alone.squared.tolist()) == ([0], [0], [9])
