"""On a first visit every page shows the shipped example at once, without asking a worker."""

import pytest
import streamlit as st

from dashboard.record_example import visits
from models import errors
from models.jobs import engine, shipped
from tests.conftest import PAGES


@pytest.fixture
def asked(monkeypatch):
    """The questions that no recorded answer covers."""
    questions = []

    def recorded_only(task, **arguments):
        answer = shipped.find(task, arguments)
        if answer is None:
            questions.append((task.name, arguments))
            raise errors.EngineUnavailable("no worker in this test")
        return answer

    monkeypatch.setattr(engine, "call", recorded_only)
    st.cache_data.clear()
    yield questions
    st.cache_data.clear()


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_whole_without_a_worker(asked, name):
    for app in visits(name):
        assert not app.exception and not app.error
        assert asked == []
        assert app.query_params["run"] == "example"
