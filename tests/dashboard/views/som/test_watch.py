"""The film as the player gets it, and what the page says of the two errors."""

from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.som import watch
from models.som.data import SomTask
from models.som.film import net
from models.som.samples import SomData
from models.som.spec import SomSpec
from tests.models.som.trained import filmed

SMALL = SomSpec(3, 5, epochs=20, radius0=2, snapshots=3)


def test_points_in_float32_are_sent_as_they_are():
    record = filmed(SomTask("points", SMALL, shape="ring"))
    film = watch.film_of(record, "x", 20)
    assert film.cloud == record.cloud.tobytes() and b"".join(film.frames) == record.frames.tobytes()


def test_times_reach_the_player_with_their_seconds():
    seconds = 1_760_000_000 + np.random.default_rng(5).integers(0, 600, (200, 2)).astype(float)
    task = SomTask("table", SMALL, table="0" * 32, columns=("from", "to"), standardise=False)
    record = filmed(task, SomData.unlabelled(seconds))
    film = watch.film_of(record, "x", 20)
    cloud = np.frombuffer(film.cloud, "<f4").reshape(200, 2)
    middle = (seconds.min(axis=0) + seconds.max(axis=0)) / 2
    assert cloud == pytest.approx(seconds - middle, abs=1e-3)
    for number in range(3):
        drawn = np.frombuffer(film.frames[number], "<f4").reshape(3, 5, 2)
        assert drawn == pytest.approx(net(record, number) - middle, abs=1e-3)


def test_the_page_says_what_ties_mean_for_the_topographic_error(app):
    page = app.switch_page("app_pages/som.py").run()
    end = watch.cache.film(None)
    errors = f"quantisation error {end.quantization_error[-1]:.3g}, topographic error {end.topographic_error[-1]:.1%}."
    said = [caption.help for caption in page.caption if caption.value == f"At the end: {errors}"]
    assert said == [watch.ERRORS] and "Of units equally near, the first counts as nearer" in watch.ERRORS


def test_a_sample_between_two_units_says_which_counts(view, words, monkeypatch):
    colours = SomTask("colours", replace(SMALL, rows=1, columns=2, epochs=1))
    record = filmed(colours)
    first = watch.cache.samples(SomTask(), "").features[0]
    both = np.stack([first + 0.25, first - 0.25])[None].astype(np.float32)
    near = np.full(1000, np.linalg.norm(both[0, 0].astype(float) - first), np.float32)
    record = replace(record, codebook=both, bmu=np.zeros((len(record.bmu), 1000), np.uint16), distances=near)
    monkeypatch.setattr(watch.cache, "film", lambda run: record)
    monkeypatch.setattr(watch.cache, "feature_map", lambda: None)  # which the view would open on
    page = view("Read the map")
    page = page.segmented_control(key="som_read_show").set_value("A sample").run()
    said = words(page)
    assert not page.exception
    assert "Both are equally near: the first, row by row from the top left, counts as the BMU." in said
