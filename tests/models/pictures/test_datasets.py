"""The built-in data sets: every picture at once and always the same, fair to learn from, split without overlap."""

import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from models.errors import InputError
from models.pictures import datasets, galaxies, textures

DRAWN = [spec.id for spec in datasets.DATASETS.values() if isinstance(spec.origin, ModuleType)]


@pytest.fixture(autouse=True)
def _own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path / "home"))
    datasets.load.cache_clear()
    yield
    datasets.load.cache_clear()


@pytest.mark.parametrize("dataset", datasets.DATASETS)
def test_every_set_holds_what_its_spec_says(dataset: str) -> None:
    spec, of_class = datasets.DATASETS[dataset], datasets.labels(dataset)
    assert spec.id == dataset
    assert tuple(np.bincount(of_class)) == spec.per_class
    assert len(spec.classes) == len(spec.per_class)
    image = datasets.picture(dataset, spec.size - 1)
    assert (image.shape, image.dtype) == ((spec.height, spec.width, 3), np.uint8)
    assert not image.flags.writeable
    assert spec.cover in datasets.split(dataset).test
    assert datasets.label(dataset, spec.cover) == of_class[spec.cover]


def test_the_whole_set_is_its_pictures_and_is_read_back_from_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    small = datasets.DatasetSpec("galaxies", "", "", "", galaxies.CLASSES, (2,) * 5, 64, 64, "light", "", 0, galaxies)
    monkeypatch.setitem(datasets.DATASETS, "galaxies", small)
    made = datasets.load("galaxies")
    assert made.masks is not None
    for index in range(10):
        np.testing.assert_array_equal(made.images[index], datasets.picture("galaxies", index))
        np.testing.assert_array_equal(made.masks[index], datasets.mask("galaxies", index))
    assert made.labels.tolist() == [0, 1, 2, 3, 4] * 2
    datasets.load.cache_clear()
    monkeypatch.setattr(galaxies, "draw", lambda number, index: pytest.fail("drawn twice"))
    again = datasets.load("galaxies")
    assert isinstance(again.images, np.memmap)
    np.testing.assert_array_equal(again.images, made.images)


def test_files_of_another_program_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = datasets._digest(textures)
    other = tmp_path / "textures.py"
    other.write_text(Path(textures.__file__).read_text() + "\n")
    monkeypatch.setattr(textures, "__file__", str(other))
    assert datasets._digest(textures) != first


def test_digits_are_the_scans() -> None:
    from sklearn.datasets import load_digits

    scans, digits = load_digits(), datasets.load("digits")
    assert digits.images.shape == (1797, 8, 8, 3)
    assert digits.masks is None
    np.testing.assert_allclose(digits.images[..., 2] / 255 * 16, scans.images, atol=0.04)
    np.testing.assert_array_equal(digits.labels, scans.target)


@pytest.mark.parametrize("dataset", DRAWN)
def test_a_picture_depends_on_its_number_only(dataset: str) -> None:
    here = datasets.picture(dataset, 40)
    script = (
        "import sys; from models.pictures.datasets import picture; sys.stdout.buffer.write(picture(sys.argv[1], 40))"
    )
    root = Path(__file__).resolve().parents[3]
    alone = subprocess.run([sys.executable, "-c", script, dataset], cwd=root, capture_output=True, check=True).stdout
    assert alone == here.tobytes()
    assert (datasets.picture(dataset, 41) != here).mean() > 0.5


def test_drawing_is_little_work() -> None:
    """A picture is drawn while a page waits. Work of this thread is counted, not time: others may be busy meanwhile."""
    for module, classes in ((galaxies, 5), (textures, 8)):
        module.draw(0, 0)
        began = time.thread_time()
        for index in range(40):
            module.draw(index % classes, index)
        assert (time.thread_time() - began) / 40 < 0.04  # s; 0.002 on a usual machine


def test_a_mask_holds_the_galaxy_and_not_the_sky() -> None:
    for index in range(60):
        image, inside = galaxies.draw(index % 5, index)
        assert (inside.shape, inside.dtype) == ((64, 64), np.bool_)
        assert 0.02 < inside.mean() < 0.6
        assert image[inside].mean() > 2 * image[~inside].mean()


def test_a_blur_keeps_what_is_flat_and_spreads_what_is_not() -> None:
    np.testing.assert_allclose(galaxies.blurred(np.full((9, 9, 3), 5.0), 2.0), 5.0)
    dot = np.zeros((31, 31))
    dot[15, 15] = 1.0
    spread = galaxies.blurred(dot, 2.0)
    assert spread[15, 15] == pytest.approx(1 / (2 * np.pi * 4), rel=0.01)
    assert spread[15, 17] / spread[15, 15] == pytest.approx(np.exp(-0.5), rel=1e-6)
    np.testing.assert_allclose(galaxies.blurred(np.stack([dot, 2 * dot], -1), 2.0)[..., 1], 2 * spread)


@pytest.mark.parametrize(("dataset", "per_class", "most"), [("galaxies", 80, 0.60), ("textures", 50, 0.30)])
def test_a_linear_model_on_pixels_is_not_enough(dataset: str, per_class: int, most: float) -> None:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    n_classes = len(datasets.DATASETS[dataset].classes)
    count = per_class * n_classes
    pixels = np.stack([datasets.picture(dataset, index) for index in range(count)]).reshape(count, -1)
    pixels = pixels.astype(np.float32) / 255
    of_class = datasets.labels(dataset)[:count]
    learn = np.arange(count) < 0.75 * count
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # more iterations only fit the training pictures better
        model = LogisticRegression(max_iter=15, C=1e-3).fit(pixels[learn], of_class[learn])
    accuracy = model.score(pixels[~learn], of_class[~learn])
    assert accuracy < most


def test_the_mean_colour_gives_no_texture_away() -> None:
    from sklearn.linear_model import LogisticRegression

    colours = np.stack([datasets.picture("textures", index).mean((0, 1)) for index in range(640)]) / 255
    of_class = datasets.labels("textures")[:640]
    model = LogisticRegression(max_iter=500).fit(colours[:400], of_class[:400])
    assert model.score(colours[400:], of_class[400:]) < 0.22


@pytest.mark.parametrize("dataset", datasets.DATASETS)
def test_a_split_takes_every_picture_once_and_each_class_in_proportion(dataset: str) -> None:
    split, of_class = datasets.split(dataset), datasets.labels(dataset)
    everything = np.concatenate([split.train, split.validation, split.test])
    np.testing.assert_array_equal(np.sort(everything), np.arange(datasets.DATASETS[dataset].size))
    for part, share in ((split.train, 0.6), (split.validation, 0.2), (split.test, 0.2)):
        assert part.dtype == np.int64
        assert (np.diff(part) > 0).all()
        shares = np.bincount(of_class[part]) / np.bincount(of_class)
        assert np.abs(shares - share).max() < 0.01


def test_a_split_is_decided_by_its_seed() -> None:
    np.testing.assert_array_equal(datasets.split("digits", 3).test, datasets.split("digits", 3).test)
    assert set(datasets.split("digits", 3).test) != set(datasets.split("digits", 4).test)


def test_shots_limit_the_training_pictures_only_and_fewer_are_part_of_more() -> None:
    whole, few, fewer = (datasets.split("digits", shots=shots) for shots in (None, 20, 5))
    of_class = datasets.labels("digits")
    assert np.bincount(of_class[few.train]).tolist() == [20] * 10
    assert set(fewer.train) < set(few.train) < set(whole.train)
    np.testing.assert_array_equal(few.test, whole.test)
    np.testing.assert_array_equal(fewer.validation, whole.validation)


def test_what_is_not_there_gets_a_sentence() -> None:
    with pytest.raises(InputError, match=r"Expected a data set out of galaxies, textures, digits.*\. Received 'cats'"):
        datasets.load("cats")
    with pytest.raises(InputError, match=r"from 0 to 1796. Received -1"):
        datasets.picture("digits", -1)
    with pytest.raises(InputError, match="Received textures, which has none"):
        datasets.mask("textures", 0)
    with pytest.raises(InputError, match=r"Expected shares above 0, together below 1. Received 0.8 and 0.2"):
        datasets.split("digits", train=0.8, validation=0.2)
    with pytest.raises(InputError, match=r"shots from 1 to 104. Received 0 and 105"):
        datasets.split("digits", shots=105)
    with pytest.raises(InputError, match="Received -1 and None"):
        datasets.split("digits", seed=-1)
