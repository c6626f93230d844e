"""Opening a page by a link, as the tests of single pages do; each such module names its page in `PAGE`."""

import pytest
from streamlit.testing.v1 import AppTest

from tests.conftest import APP


@pytest.fixture
def visit(engine, request):
    """Opens the module's page with a link."""

    def open_it(**query):
        app = AppTest.from_file(APP, default_timeout=120)
        app.query_params.update(query)
        app.run()
        return app.switch_page(f"app_pages/{request.module.PAGE}.py").run()

    return open_it
