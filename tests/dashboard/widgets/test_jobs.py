"""Jobs as the visitor sees them."""

from types import SimpleNamespace

from dashboard.widgets.jobs import distinct_names


def test_jobs_of_one_title_have_names_of_their_own_oldest_first():
    newest_first = {key: SimpleNamespace(title=title) for key, title in (("c", "A"), ("b", "B"), ("a", "A"))}
    assert distinct_names(newest_first) == {"c": "A (2)", "b": "B", "a": "A"}
