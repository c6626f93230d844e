"""General or specific?: with all rows, with few, with none and with a broken file."""

import pytest

from models.transferability import curves
from models.transferability.experiment import Row, cells, to_csv

PAGE = "general"


def rows(split: str, seed: int, count: int = 37) -> list[Row]:
    return [
        Row(cell.treatment, cell.n, split, seed, 6, 0.4 - 0.01 * cell.n + 0.01 * seed, 100, 5000, 60.0, "d" * 12)
        for cell in cells(8, split, seed)[:count]
    ]


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Puts a table of rows, or a text, where the page looks for it."""

    def put(content):
        path = tmp_path / "rows.csv"
        path.write_text(content if isinstance(content, str) else to_csv(content))
        monkeypatch.setattr(curves, "ROWS", path)

    return put


def texts(app) -> str:
    found = [element.value for kind in ("markdown", "caption", "info", "warning") for element in app.get(kind)]
    return "\n".join(found)


def alts(app) -> list[str]:
    return [chart.proto.alt for chart in app.get("plotly_chart")]


def test_two_seeds_are_drawn_beside_the_paper(visit, table):
    table(rows("random", 0) + rows("random", 1) + rows("random", 2, 20))
    app = visit()
    assert not app.exception
    drawing, here, paper = alts(app)
    assert drawing.startswith("baseB: All 8 layers start anew")
    assert "Measured here, 2 seeds, 1 not whole yet" in here and "AnB: 39.5% at 1" in here
    assert "AnB: 62.8% at 1" in paper
    assert "random: seed 0 (37), seed 1 (37), seed 2 (20)" in texts(app)
    assert "**What 2 seeds and 5,000 test pictures a network can show:**" in texts(app)
    assert "There are 49 comparisons" in texts(app)
    assert len(app.dataframe[0].value) == 3  # the unfinished seed's row too: AnB with n = 4 is there


@pytest.mark.parametrize(
    ("measured", "shown"),
    [
        (["natural to man-made"], "To man-made"),
        (["man-made to natural"], "To natural"),
        (["natural to man-made", "man-made to natural"], "Both ways"),
        ([], "Both ways"),
    ],
)
def test_dissimilar_opens_on_the_direction_that_is_measured(visit, table, measured, shown):
    table([row for split in ("random", *measured) for row in rows(split, 0)])
    app = visit(general_halves="Dissimilar")
    control = app.segmented_control(key="general_direction")
    names = {"natural to man-made": "To man-made", "man-made to natural": "To natural"}
    assert not app.exception and names.get(control.value, "Both ways") == shown
    if measured:
        assert not any("No curve yet" in each for each in texts(app).split("\n"))


def test_the_link_chooses_everything_and_a_choice_moves_the_ring(visit, table):
    table(rows("random", 0) + rows("natural to man-made", 0) + rows("man-made to natural", 0))
    app = visit(general_halves="Dissimilar", general_scale="Against baseB", general_n="7")
    assert not app.exception
    assert "Percentage points against baseB" in alts(app)[2] and "−25.0 at 7" in alts(app)[2]
    assert "with random halves by −8.3" in texts(app) and "1 run a point" in texts(app)
    assert "**AnB, n = 7.**" in texts(app) and len(app.dataframe[0].value) == 2
    app.selectbox(key="general_treatment").set_value("RnB").run()
    assert not app.exception and "RnB: " in alts(app)[1] and "**RnB, n = 7.**" in texts(app)
    app.selectbox(key="general_treatment").set_value("baseB").run()
    assert not app.exception and "**baseB.** All 8 layers" in texts(app)


@pytest.mark.parametrize("halves", ["Random halves", "Dissimilar"])
@pytest.mark.parametrize("count", [1, 3])
def test_any_few_rows_will_do(visit, table, halves, count):
    table(rows("random", 0, count) + rows("man-made to natural", 0, count))
    app = visit(general_halves=halves, general_scale="Against baseB", general_noise="true")
    assert not app.exception and len(alts(app)) == (2 if "No curve yet:" in texts(app) else 3)


@pytest.mark.parametrize("content", ["", "a,b\n1,2\n", "\x00"])
def test_without_rows_the_paper_is_shown_and_the_page_says_why(visit, table, content):
    table(content)
    app = visit()
    assert not app.exception and "AnB: 62.8% at 1" in alts(app)[1]
    assert "no curve yet" in texts(app) and "no network of these tasks" in texts(app)
    assert "Nothing has been measured yet" in texts(app)
    assert "Only the published curves are shown" in texts(app)


def test_the_other_views_show_their_shipped_results(visit):
    app = visit(general_view="Live on digits")
    assert not app.exception and any(alt.startswith("A = ") for alt in alts(app))
    assert "**What 5 seeds and 359 to 360 test pictures a network can show:**" in texts(app)
    app.segmented_control(key="general_view").set_value("Probe each layer").run()
    assert not app.exception and len(alts(app)) == 1


def test_a_missing_file_is_said(visit, tmp_path, monkeypatch):
    monkeypatch.setattr(curves, "ROWS", tmp_path / "none.csv")
    app = visit()
    assert not app.exception and "no such file" in texts(app)


def test_a_click_on_a_point_or_a_row_of_the_drawing_is_copied_into_the_choices(monkeypatch):
    from dashboard import state
    from dashboard.views.general import experiment

    kept = {}
    monkeypatch.setattr(state, "put", kept.__setitem__)
    monkeypatch.setattr(state, "get", lambda key: {"selection": {"points": [{"customdata": ["BnB", 5, 3]}]}})
    experiment._take_point("general_curves_here")
    assert kept == {"general_treatment": "BnB", "general_n": 5}
    experiment._take_treatment()
    assert kept["general_treatment"] == "BnB"
    monkeypatch.setattr(state, "get", lambda key: {"selection": {"points": [{"customdata": ["baseB", 0, 3]}]}})
    experiment._take_point("general_curves_here")
    assert kept == {"general_treatment": "baseB", "general_n": 5}


def test_where_one_way_is_measured_both_ways_send_there(visit, table):
    table(rows("natural to man-made", 0))
    app = visit(general_halves="Dissimilar", general_direction="Both ways")
    assert not app.exception and "no seed has been measured both ways so far" in texts(app)
