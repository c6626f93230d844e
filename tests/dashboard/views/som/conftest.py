"""The map's page, opened at one of its views."""

import pytest


@pytest.fixture
def view(app):
    def open_it(name):
        page = app.switch_page("app_pages/som.py").run()
        return page.segmented_control(key="som_view").set_value(name).run()

    return open_it


@pytest.fixture
def words():
    """What a page says in Markdown and captions."""
    return lambda page: "\n".join(element.value for kind in ("markdown", "caption") for element in page.get(kind))
