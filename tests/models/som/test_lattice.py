"""Lattices and neighbourhoods, with distances worked out by hand and sums over all pairs of units."""

import math
from itertools import product

import numpy as np
import pytest

from models.errors import InputError
from models.som.lattice import Lattice, factors, profile, theta
from models.som.spec import LATTICES, NEIGHBOURHOODS, SomSpec

HIGH = math.sqrt(3) / 2


def units(row: int, column: int, columns: int) -> int:
    return row * columns + column


def test_positions_of_both_lattices() -> None:
    assert Lattice(2, 3).positions.tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    hexagonal = Lattice(3, 2, "hexagonal").positions
    expected = [[0, 0], [0, 1], [HIGH, 0.5], [HIGH, 1.5], [2 * HIGH, 0], [2 * HIGH, 1]]
    assert hexagonal == pytest.approx(np.array(expected, np.float32)) and hexagonal.dtype == np.float32


def test_rectangular_distances_by_hand() -> None:
    planar = Lattice(3, 4).distances(0)
    assert planar.shape == (3, 4) and planar.dtype == np.float32
    assert planar[1, 2] == pytest.approx(math.sqrt(5)) and planar[2, 3] == pytest.approx(math.sqrt(13))
    toroid = Lattice(3, 4, toroid=True).distances(0)
    assert toroid[2, 3] == pytest.approx(math.sqrt(2)) and toroid[1, 2] == pytest.approx(math.sqrt(5))


def test_hexagonal_distances_by_hand() -> None:
    # Rows are sqrt(3)/2 apart, odd ones half a place to the right: around (1, 1) six units are exactly 1 away.
    near = Lattice(4, 4, "hexagonal").distances(units(1, 1, 4))
    for row, column in ((0, 1), (0, 2), (1, 0), (1, 2), (2, 1), (2, 2)):
        assert near[row, column] == pytest.approx(1)
    assert near[0, 0] == near[2, 3] == pytest.approx(math.sqrt(3))
    assert near[3, 1] == pytest.approx(math.sqrt(3)) and near[1, 3] == 2
    around = Lattice(4, 4, "hexagonal", toroid=True).distances(0)
    assert around[3, 3] == around[3, 0] == around[0, 3] == around[1, 3] == pytest.approx(1)
    assert around[2, 2] == pytest.approx(math.sqrt(3 + 4)) and around[3, 1] == pytest.approx(math.sqrt(0.75 + 2.25))


@pytest.mark.parametrize(("kind", "toroid"), list(product(LATTICES, (False, True))))
def test_pairs_rows_and_positions_tell_the_same_distance(kind: str, toroid: bool) -> None:
    lattice = Lattice(4, 5, kind, toroid)
    everyone = np.arange(20)
    size = np.array([4 * (HIGH if kind == "hexagonal" else 1), 5])
    shifts = [np.array([i, j]) * size for i in (-1, 0, 1) for j in (-1, 0, 1)] if toroid else [np.zeros(2)]
    for unit in everyone:
        apart = lattice.between(everyone, np.full(20, unit))
        offsets = lattice.positions.astype(float) - lattice.positions[unit]
        slow = np.min([np.square(offsets + shift).sum(axis=1) for shift in shifts], axis=0)
        assert apart == pytest.approx(slow, abs=1e-5)
        assert lattice.squared(unit).ravel() == pytest.approx(apart)


def test_neighbours_by_hand() -> None:
    flat = Lattice(3, 4)
    assert flat.neighbours(0) == (1, 4) and flat.neighbours(5) == (1, 4, 6, 9)
    assert Lattice(3, 4, toroid=True).neighbours(0) == (1, 3, 4, 8)
    bees = Lattice(4, 4, "hexagonal")
    assert bees.neighbours(units(1, 1, 4)) == (1, 2, 4, 6, 9, 10)
    assert bees.neighbours(units(2, 1, 4)) == (4, 5, 8, 10, 12, 13)
    assert bees.neighbours(0) == (1, 4) and bees.neighbours(3) == (2, 6, 7)
    assert Lattice(4, 4, "hexagonal", True).neighbours(0) == (1, 3, 4, 7, 12, 15)


def test_small_and_narrow_lattices_have_no_doubles() -> None:
    assert Lattice(1, 1).neighbours(0) == Lattice(1, 1, "hexagonal", True).neighbours(0) == ()
    assert Lattice(1, 4).neighbours(1) == (0, 2) and Lattice(1, 4, toroid=True).neighbours(0) == (1, 3)
    assert Lattice(2, 2, toroid=True).neighbours(0) == (1, 2)
    assert Lattice(2, 2, "hexagonal", True).neighbours(0) == (1, 2, 3)


def test_what_touches() -> None:
    first, second = np.array([0, 0, 0, 0]), np.array([1, 5, 2, 0])
    assert Lattice(3, 4).touching(first, second).tolist() == [True, True, False, True]  # 5 is diagonal
    assert Lattice(4, 4, "hexagonal").touching(first, second).tolist() == [True, False, False, True]
    assert Lattice(3, 4, toroid=True).touching(np.array([0]), np.array([11])).all()


def test_neighbourhoods_by_hand() -> None:
    squared = np.array([0.0, 1, 4, 9])
    assert profile("gaussian", squared, 2) == pytest.approx([1, math.exp(-1 / 8), math.exp(-1 / 2), math.exp(-9 / 8)])
    assert profile("bubble", squared, 2).tolist() == [1, 1, 1, 0]
    assert profile("triangle", squared, 2).tolist() == [1, 0.5, 0, 0]
    hat = [1, 3 / 4 * math.exp(-1 / 8), 0, -5 / 4 * math.exp(-9 / 8)]
    assert profile("mexican hat", squared, 2) == pytest.approx(hat)
    for name in NEIGHBOURHOODS:  # the smallest radius that a training can reach
        assert profile(name, squared, 1e-3 * math.exp(-20)).tolist() == [1, 0, 0, 0]


def test_theta_on_a_hexagonal_lattice() -> None:
    spec = SomSpec(3, 3, lattice="hexagonal", neighbourhood="triangle")
    near = theta(spec, Lattice.of(spec), units(1, 1, 3), 2.0)
    # Distances from (1, 1): 1 to its six neighbours, sqrt(3) to the two corners on the left.
    far = 1 - math.sqrt(3) / 2
    assert near == pytest.approx(np.array([[far, 0.5, 0.5], [0.5, 1, 0.5], [far, 0.5, 0.5]]), abs=1e-6)


def test_the_slides_form_knows_weights_only() -> None:
    spec = SomSpec(1, 3, method="online", distance="weights")
    codebook = np.array([[[0, 0], [3, 4], [0, 1]]], np.float32)
    near = theta(spec, Lattice.of(spec), 0, 2.0, codebook)
    assert near == pytest.approx(np.array([[1, math.exp(-5 / 8), math.exp(-1 / 8)]]))
    with pytest.raises(InputError, match="Expected a codebook"):
        theta(spec, Lattice.of(spec), 0, 2.0)


@pytest.mark.parametrize("name", ["gaussian", "bubble", "triangle"])
@pytest.mark.parametrize(("kind", "toroid"), list(product(LATTICES, (False, True))))
@pytest.mark.parametrize("shape", [(4, 5), (1, 3), (6, 1)])
def test_factors_add_up_to_the_neighbourhood(name: str, kind: str, toroid: bool, shape: tuple[int, int]) -> None:
    spec = SomSpec(*shape, lattice=kind, toroid=toroid, neighbourhood=name)
    lattice, (rows, columns) = Lattice.of(spec), shape
    total = np.zeros((rows, columns, rows, columns))
    for vertical, horizontal in factors(lattice, name, 1.5):
        for row, source in product(range(rows), range(rows)):
            shift = (row % 2 - source % 2) / 2 if kind == "hexagonal" else 0.0
            total[row, :, source, :] += vertical[row, source] * horizontal[shift]
    for unit in range(rows * columns):
        expected = theta(spec, lattice, unit, 1.5)
        assert total[:, :, unit // columns, unit % columns] == pytest.approx(expected, abs=1e-6)
