"""The Data page inside the real frame: every class at once, the parts of the split, outlines, sizes."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from dashboard.figures import theme
from dashboard.views.data import gallery
from dashboard.views.data.figures import class_balance
from dashboard.widgets.tiles import Row
from models.pictures import datasets
from models.storage import runs
from models.training.spec import TrainingSpec


class Seen:
    """What the page last asked the thumbnails to show."""

    rows: list[Row]
    options: dict[str, object]

    def indices(self) -> list[list[int]]:
        return [[int(picture.rsplit(":", 1)[1]) for picture in row.pictures] for row in self.rows]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Seen:
    record = Seen()

    def remember(rows: list[Row], **options: object) -> None:
        record.rows, record.options = rows, options

    monkeypatch.setattr(gallery, "thumbnails", remember)
    return record


@pytest.fixture
def page(app: AppTest, seen: Seen) -> AppTest:
    app.switch_page("app_pages/data.py").run()
    assert not app.exception
    return app


def texts(page: AppTest) -> str:
    return "\n".join(element.value for element in [*page.markdown, *page.caption])


def choose(page: AppTest, key: str, value: str) -> AppTest:
    page.segmented_control(key=key).set_value(value).run()
    assert not page.exception
    return page


def test_a_run_of_another_split_shows_its_own_parts(page: AppTest, seen: Seen) -> None:
    spec = TrainingSpec(dataset="digits", split_seed=3).to_json()
    page.session_state["ff_run"] = runs.create("training", spec, owner="", title="Another split").id
    page.session_state["ff_data"] = "digits"
    choose(page, "data_part", "Test")
    shown = {index for row in seen.indices() for index in row}
    assert shown <= set(datasets.split("digits", 3).test) and not shown <= set(datasets.split("digits").test)
    assert "with seed 3, as for the chosen run" in texts(page)


def test_every_class_has_a_row_of_its_training_pictures(page: AppTest, seen: Seen) -> None:
    train, labels = set(datasets.split("galaxies").train), datasets.labels("galaxies")
    assert [row.title for row in seen.rows] == list(datasets.DATASETS["galaxies"].classes)
    assert [row.colour for row in seen.rows] == list(theme.CLASS_COLOURS[:5])
    for number, indices in enumerate(seen.indices()):
        assert len(indices) == 12
        assert set(indices) <= train
        assert set(labels[indices]) == {number}
    assert seen.rows[1].titles[0] == f"spiral, picture {seen.indices()[1][0]}"


def test_the_part_of_the_split_decides_which_pictures_are_shown(page: AppTest, seen: Seen) -> None:
    choose(page, "data_part", "Test")
    assert {index for row in seen.indices() for index in row} <= set(datasets.split("galaxies").test)


def test_other_pictures_go_on_through_the_part(page: AppTest, seen: Seen) -> None:
    first = seen.indices()
    page.button(key="data_other").click().run()
    second = seen.indices()
    for before, after in zip(first, second, strict=True):
        assert len(after) == len(before)
        assert not set(before) & set(after)
        assert min(after) > max(before)


def test_another_data_set_is_chosen_everywhere(page: AppTest, seen: Seen) -> None:
    choose(page, "data_set", "digits")
    assert page.selectbox(key="bar_data").value == "digits"
    assert [row.title for row in seen.rows] == list("0123456789")
    assert not page.toggle
    assert "learns from 1,078 pictures" in texts(page)
    assert "transfer has nothing to add" in texts(page)


def test_outlines_are_offered_where_masks_are_known(page: AppTest, seen: Seen) -> None:
    assert seen.options["outlined"] is False
    page.toggle(key="data_outline").set_value(True).run()
    assert seen.options["outlined"] is True
    choose(page, "data_set", "textures")
    assert seen.options["outlined"] is False


def test_the_split_is_told_in_numbers(page: AppTest) -> None:
    assert "learns from 900 pictures. 300 others check it during training" in texts(page)
    assert "300 more test it at the end" in texts(page)
    assert "seed 0" in texts(page)
    assert "Real telescope pictures are harder." in texts(page)


def test_pictures_are_as_large_as_lets_all_classes_be_seen() -> None:
    assert [gallery.tile_side(classes) for classes in (2, 5, 8, 10, 40)] == [96, 96, 64, 48, 48]


def test_the_bars_add_up() -> None:
    counts = {"training": np.array([6, 3]), "validation": np.array([2, 1]), "test": np.array([2, 0])}
    figure = class_balance(("round", "long"), counts)
    *bars, sums = figure.data
    assert [list(bar.x) for bar in bars] == [[6, 3], [2, 1], [2, 0]]
    assert list(bars[0].marker.color) == list(theme.CLASS_COLOURS[:2])
    assert list(sums.text) == [" 6 + 2 + 2 = 10", " 3 + 1 + 0 = 4"]
    assert list(sums.x) == [10, 4]
    assert list(figure.layout.yaxis.ticktext) == ["round", "long"]


def test_without_a_part_after_the_back_button_the_training_part_is_shown(page: AppTest, seen: Seen) -> None:
    before = seen.rows
    page.button_group(key="data_part").set_value(None).run()
    assert not page.exception
    assert seen.rows == before
