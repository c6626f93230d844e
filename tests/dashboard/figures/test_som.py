"""Maps of one number per unit."""

import numpy as np

from dashboard.figures.som import describe, lattice

VALUES = np.array([[1.0, 2.0, 0.5], [0.0, 7.0, 3.0]])


def test_the_lattice_shows_its_numbers_with_row_0_at_the_top():
    figure = lattice(VALUES, "distance")
    heat = figure.data[0]
    assert np.array_equal(heat.z, VALUES) and (heat.zmin, heat.zmax) == (0, 7)
    assert figure.layout.yaxis.range == (1.5, -0.5) and figure.layout.xaxis.range == (-0.5, 2.5)
    assert "distance %{z:.3g}" in heat.hovertemplate


def test_a_flat_map_has_a_scale():
    assert lattice(np.zeros((2, 3)), "distance").data[0].zmax == 1


def test_the_description_names_size_range_and_place():
    assert describe(VALUES, "Hits") == "Hits of 2 × 3 units: from 0 to 7, largest in row 1, column 1."
