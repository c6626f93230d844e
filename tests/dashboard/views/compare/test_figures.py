"""The matrix of linear CKA, read back: values, axes, what names may hold."""

import numpy as np
import pytest

from dashboard.views.compare.figures import matrix
from models.representations.cka import Likeness


def result(rows, columns):
    cka = np.linspace(0, 1, rows * columns).reshape(rows, columns)
    return Likeness(
        tuple(f"<b>{row}" for row in range(rows)), tuple(f"c{column}" for column in range(columns)), cka, 256, "digits"
    )


def test_rows_are_the_first_network_with_the_input_on_top():
    figure = matrix(result(2, 3), "<i>one", "two", 300)
    [heat] = figure.data
    assert np.allclose(heat.z, [[0, 0.2, 0.4], [0.6, 0.8, 1]]) and (heat.zmin, heat.zmax) == (0, 1)
    assert list(heat.y) == ["&lt;b&gt;0", "&lt;b&gt;1"] and list(heat.x) == ["c0", "c1", "c2"]
    assert figure.layout.yaxis.autorange == "reversed"
    assert (figure.layout.yaxis.title.text, figure.layout.xaxis.title.text) == ("&lt;i&gt;one", "two")


@pytest.mark.parametrize(("columns", "written"), [(14, True), (15, False)])
def test_numbers_are_written_only_where_there_is_room(columns, written):
    [heat] = matrix(result(2, columns), "one", "two", 300).data
    assert (heat.texttemplate is not None) == written
