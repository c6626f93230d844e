"""Failures of maps on the page, each beside its cure."""

from models.som.failures import FAILURES


def test_a_failure_stands_beside_its_cure(view, words):
    page = view("When it goes wrong")
    for name in ("twist", "steps"):
        failure = FAILURES[name]
        page.selectbox(key="som_failure").set_value(name).run()
        assert not page.exception and len(page.get("plotly_chart")) == 2
        assert failure.changed in words(page) and words(page).count("Unfolded") == 1
