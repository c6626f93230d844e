"""The place of a page's views: kept while the view is the same, another one, empty, when the view changes."""

from pathlib import Path

from streamlit.testing.v1 import AppTest

PAGES = Path(__file__).parents[3] / "dashboard" / "app_pages"


def script() -> None:
    import streamlit as st

    from dashboard.widgets.page import stage

    view = st.segmented_control("View", ["One", "Two"], default="One", key="view")
    with stage(f"test {view}"):
        st.text(f"This is view {view}")
    with stage("always the same", "below"):
        st.text("Below")
    st.button("Again", key="again")


def places(at: AppTest) -> list[str]:
    """Return what stands in the four places of two stages: the text of a container, "" for an empty one."""
    held = [at.main.children[number] for number in range(1, 5)]
    return ["" if place.type == "empty" else place.children[0].value for place in held]


def test_another_view_takes_the_other_place_and_the_same_view_stays():
    at = AppTest.from_function(script).run()
    start = places(at)
    assert sorted(start) == ["", "", "Below", "This is view One"]
    assert places(at.button(key="again").click().run()) == start
    after = places(at.segmented_control(key="view").set_value("Two").run())
    assert after == ["This is view Two" if text == "" else "" for text in start[:2]] + start[2:]
    assert places(at.segmented_control(key="view").set_value("One").run()) == start


def test_every_page_with_views_draws_them_on_a_stage():
    """A switch of the view that is drawn straight into the page leaves the old view's parts among the new one's."""
    without = []
    for path in sorted(PAGES.glob("*.py")):
        source = path.read_text("utf-8")
        if f'key="{path.stem}_view"' in source and "stage(" not in source:
            without.append(path.name)
    assert without == []
