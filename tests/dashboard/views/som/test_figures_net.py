"""A map where its weights lie: its net, the side of every cell, the distances of a step, out of the figures."""

import numpy as np

from dashboard.views.som import figures_net
from dashboard.views.som.figures_net import describe_distances, distances_before_and_after
from models.som.lattice import Lattice
from models.som.one_step import worked_example

HEXAGONAL = Lattice(2, 3, "hexagonal")
STEP = worked_example((0.0, 0.0), ((3.0, 4.0), (0.0, 2.0)), rate=0.5, radius=1.0)


def test_a_net_joins_the_weights_of_neighbours():
    codebook = np.arange(12, dtype=float).reshape(2, 3, 2)
    figure = figures_net.net(HEXAGONAL, codebook, np.zeros((5000, 2)), marks={"BMU": 2}, sample=np.array([7.0, 8.0]))
    cloud, edges, units = figure.data[:3]
    assert len(cloud.x) <= 2000 and np.array_equal(units.x, [0, 2, 4, 6, 8, 10])
    ends = np.array(edges.x, float).reshape(-1, 3)
    assert {tuple(pair) for pair in ends[:, :2] / 2} == {
        (a, b) for a in range(6) for b in HEXAGONAL.neighbours(a) if a < b
    }
    assert np.isnan(ends[:, 2]).all()
    assert (figure.data[-1].x[0], figure.data[-1].y[0]) == (4, 5) and figure.data[-1].name == "BMU"


def test_a_net_of_one_unit_has_no_lines():
    assert not len(figures_net.net(Lattice(1, 1), np.zeros((1, 1, 2)), np.zeros((3, 2))).data[1].x)


def test_cells_are_drawn_on_the_side_they_show():
    lattice = Lattice(2, 3)
    codebook = lattice.positions.reshape(2, 3, 2)
    figure = figures_net.unfolded(lattice, codebook, np.zeros((5, 2)), np.array([1, -1]))
    samples, up, over = figure.data
    assert len(samples.x) == 5 and "1 cells" in up.name and "turned over" in over.name
    assert over.fillpattern.shape == "/" and up.fillpattern.shape is None
    corners = [(x, y) for x, y in zip(over.x, over.y, strict=True) if x is not None and x == x]
    assert corners == [(0, 1), (0, 2), (1, 2), (1, 1), (0, 1)]


def test_bars_are_the_distances_before_and_after_the_step():
    before, after = distances_before_and_after(STEP).data
    assert np.allclose(before.x, [5, 2]) and before.y[1] == "W<sub>2</sub> · BMU" and before.y[0] == "W<sub>1</sub>"
    assert np.allclose(after.x, [5 * (1 - 0.5 * np.exp(-0.5)), 1])
    assert list(before.text) == ["5.0", "2.0"]


def test_the_description_gives_the_same_numbers():
    assert describe_distances(STEP) == (
        "Distance to x before and after the step: W1 from 5.0 to 3.5; W2 from 2.0 to 1.0. The BMU is W2."
    )
