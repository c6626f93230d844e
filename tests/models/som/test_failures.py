"""The detector on maps made by hand: flat, folded, twisted, tangled, collapsed, on every lattice; and its cures."""

import numpy as np
import pytest

from models.errors import InputError
from models.som import failures
from models.som.failures import FAILURES, diagnose, outcome
from models.som.lattice import Lattice, areas, cells, crossings, shared_edges

ROWS, COLUMNS = 9, 12
SQUARE = np.random.default_rng(3).uniform(-1, 1, (400, 2)).astype(np.float32)
KINDS = ["rectangular", "hexagonal"]


def laid(lattice, bend):
    """The lattice spread over the square, then bent: `bend(u, v)` of places in -1..1."""
    place = lattice.positions.astype(np.float64)
    u, v = (2 * place / place.max(axis=0) - 1).T
    return np.stack(bend(u, v), axis=1).reshape(lattice.rows, lattice.columns, 2).astype(np.float32)


def verdict(bend, kind="rectangular", toroid=False, samples=SQUARE):
    lattice = Lattice(ROWS, COLUMNS, kind, toroid)
    return diagnose(laid(lattice, bend), lattice, samples)


@pytest.mark.parametrize("kind", KINDS)
def test_flat_maps_also_turned_mirrored_and_uneven(kind):
    for bend in (
        lambda u, v: (u, v),
        lambda u, v: (v, u),
        lambda u, v: (-u, v),
        lambda u, v: (u**3, v + 0.3 * u**2),
        lambda u, v: (0.7 * (u - v), 0.7 * (u + v)),
    ):
        said = verdict(bend, kind)
        assert (said.verdict, said.fold, said.twist, said.flipped) == ("flat", False, False, 0)
        assert (said.sides == 1).all() and "Unfolded" in said.sentence


@pytest.mark.parametrize("kind", KINDS)
def test_a_fold_runs_along_a_line(kind):
    said = verdict(lambda u, v: (2 * np.abs(u + 0.3) - 1, v), kind)
    assert said.fold and not said.twist and said.sentence.startswith("Folded: 3")
    assert said.flipped == pytest.approx(0.35, abs=0.04)  # 0.7 of 2 lies beyond the crease
    corner = verdict(lambda u, v: (u - 2 * np.maximum(u + v - 0.9, 0) / 1, v), kind)  # one corner laid over
    assert corner.fold and 0.02 < corner.flipped < 0.2


@pytest.mark.parametrize("kind", KINDS)
def test_a_twist_meets_in_a_point(kind):
    for bend in (lambda u, v: (u, v * (u + 0.01)), lambda u, v: (u * (v + 0.2), v)):
        said = verdict(bend, kind)
        assert said.twist and not said.fold and "meet in one point" in said.sentence
    assert verdict(lambda u, v: (u, v * (u + 0.01)), kind).flipped == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("kind", KINDS)
def test_a_map_that_lies_over_itself_without_turning_is_folded(kind):
    said = verdict(
        lambda u, v: (np.cos(1.3 * np.pi * u) * (1.5 + v) / 2, np.sin(1.3 * np.pi * u) * (1.5 + v) / 2), kind
    )
    assert said.flipped == 0 and said.fold


@pytest.mark.parametrize("kind", KINDS)
def test_random_and_collapsed_maps(kind):
    lattice = Lattice(ROWS, COLUMNS, kind)
    random = np.random.default_rng(0).uniform(-1, 1, (ROWS, COLUMNS, 2)).astype(np.float32)
    assert diagnose(random, lattice, SQUARE).verdict == "tangled"
    assert diagnose(random * 0.01, lattice, SQUARE).verdict == "collapsed"
    assert diagnose(np.zeros_like(random), lattice, SQUARE).verdict == "collapsed"
    assert verdict(lambda u, v: (0.4 * u, 0.4 * v), kind).verdict == "shrunk"


def test_a_line_is_judged_by_its_crossings():
    line = Lattice(1, 12)
    straight = np.stack([np.linspace(-1, 1, 12), 0.6 * np.sin(np.linspace(0, 6, 12))], axis=1)[None].astype(np.float32)
    assert diagnose(straight, line, SQUARE).sentence == "Unfolded: the line nowhere crosses itself."
    knot = straight.copy()
    knot[0, [2, 9]] = knot[0, [9, 2]]
    said = diagnose(knot, line, SQUARE)
    assert said.fold and said.crossings >= 1 and "crosses itself" in said.sentence and np.isnan(said.flipped)
    assert crossings(np.array([[0, 0], [1, 1], [1, 0], [0, 1.0]])) == 1
    assert crossings(np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])) == 0
    assert diagnose(straight.reshape(12, 1, 2), Lattice(12, 1), SQUARE).verdict == "flat"
    assert diagnose(np.zeros((1, 1, 2), np.float32), Lattice(1, 1), SQUARE).verdict == "collapsed"


@pytest.mark.parametrize("kind", KINDS)
def test_cells_without_area_are_on_no_side(kind):
    along = np.random.default_rng(5).uniform(-1, 1, (300, 1)).astype(np.float32) * np.ones(2, np.float32)
    said = verdict(lambda u, v: (u, u), kind, samples=along)  # every unit on the one line that holds the data
    assert said.verdict == "flat" and (said.sides == 0).all() and said.flipped == 0


@pytest.mark.parametrize(("scale", "expected"), [(0.04, "collapsed"), (0.06, "shrunk"), (0.5, "shrunk"), (0.7, "flat")])
def test_a_map_has_collapsed_below_a_twentieth_of_the_datas_spread_and_shrunk_below_three_fifths(scale, expected):
    lattice = Lattice(ROWS, COLUMNS)
    units = laid(lattice, lambda u, v: (u, v)).reshape(-1, 2)
    spread = np.sqrt(SQUARE.var(axis=0).sum() / units.var(axis=0).sum())
    # Features that the map does not explain are no matter here: more of them than are looked at.
    room = np.zeros((len(SQUARE), 9), np.float32)
    samples = np.concatenate([SQUARE, room], axis=1)
    codebook = np.concatenate([scale * spread * units, np.zeros((len(units), 9))], axis=1).astype(np.float32)
    said = diagnose(codebook.reshape(ROWS, COLUMNS, 11), lattice, samples)
    assert said.verdict == expected and said.spread == pytest.approx(scale, rel=1e-4)


def test_where_cells_tell_nothing_it_says_so():
    assert verdict(lambda u, v: (u, v), toroid=True).verdict == "unclear"
    ball = np.random.default_rng(1).normal(size=(300, 3)).astype(np.float32)
    lattice = Lattice(ROWS, COLUMNS)
    flat = np.concatenate([2 * laid(lattice, lambda u, v: (u, v)), np.zeros((ROWS, COLUMNS, 1), np.float32)], axis=2)
    bent = flat.copy()
    bent[..., 2] = 1.5 * np.cos(3 * flat[..., 0])
    said = diagnose(bent, lattice, ball)
    assert said.verdict == "unclear" and said.plane < 0.85 and "topographic error" in said.sentence


def test_a_plane_in_space_is_judged_in_its_own_plane():
    turn = np.linalg.qr(np.random.default_rng(2).normal(size=(5, 5)))[0][:2].astype(np.float32)
    lattice = Lattice(ROWS, COLUMNS)
    for bend, expected in ((lambda u, v: (u, v), "flat"), (lambda u, v: (2 * np.abs(u + 0.3) - 1, v), "folded")):
        assert diagnose(laid(lattice, bend) @ turn, lattice, SQUARE @ turn).verdict == expected


def test_a_feature_that_is_ignored_is_named():
    stretched = SQUARE * np.array([1000, 1], np.float32)
    said = verdict(lambda u, v: (1000 * u, 0.01 * v), samples=stretched)
    assert said.verdict == "one-sided" and "feature 2" in said.sentence
    assert said.explained[0] > 0.9 and said.explained[1] < 0.25


def test_a_map_that_still_moves_is_restless():
    lattice = Lattice(ROWS, COLUMNS)
    codebook = laid(lattice, lambda u, v: (u, v))
    step = np.array([2 / (COLUMNS - 1), 0], np.float32)
    said = diagnose(codebook, lattice, SQUARE, before=codebook + step)
    assert said.verdict == "restless" and 0.7 < said.moved < 0.95  # the gap across rows is wider: 2 / 8
    assert diagnose(codebook, lattice, SQUARE, before=codebook).verdict == "flat"
    assert np.isnan(diagnose(codebook, lattice, SQUARE).moved)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("rows", "columns"), [(2, 2), (3, 4), (4, 3)])
def test_cells_fill_the_lattice_once_all_in_one_sense(kind, rows, columns):
    lattice = Lattice(rows, columns, kind)
    faces = cells(lattice)
    size = areas(lattice.positions[faces].astype(np.float64))
    assert (size > 0).all() or (size < 0).all()
    assert areas(np.array([[[0.0, 0], [3, 0], [3, 2], [0, 2]], [[0, 0], [0, 2], [3, 0], [3, 0]]])).tolist() == [6, -3]
    assert len(faces) == (rows - 1) * (columns - 1) * (2 if kind == "hexagonal" else 1)
    expected = np.sqrt(3) / 4 if kind == "hexagonal" else 1  # equilateral triangles of side 1, unit squares
    assert abs(size) == pytest.approx(expected, abs=1e-5)
    ends, owners = shared_edges(faces)
    assert (owners[:, 0] != owners[:, 1]).all() and len({*map(tuple, ends.tolist())}) == len(ends)
    assert lattice.between(ends[:, 0], ends[:, 1]) == pytest.approx(1)  # shared edges join neighbours


def test_nan_is_refused():
    with pytest.raises(InputError, match="NaN or infinity"):
        diagnose(np.zeros((2, 2, 2), np.float32), Lattice(2, 2), np.full((3, 2), np.nan, np.float32))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("twist", "twisted"), ("fold", "folded"), ("rate", "restless"), ("scale", "one-sided"), ("steps", "collapsed")],
)
def test_every_prepared_failure_fails_as_it_says_and_its_cure_works(name, expected):
    wrong, right = outcome(name, cured=False), outcome(name, cured=True)
    assert wrong.diagnosis.verdict == expected and right.diagnosis.verdict == "flat"
    assert (wrong.points == right.points).all() and wrong.codebook.shape == right.codebook.shape == (10, 10, 2)


def test_a_cure_changes_one_thing_alone():
    changed = {
        name: {key for key, value in failure.wrong.to_json().items() if failure.right.to_json()[key] != value}
        for name, failure in FAILURES.items()
    }
    # The decay goes with radius and epochs, so that both maps end at the same radius; one snapshot is kept an epoch.
    assert changed["twist"] == changed["fold"] == {"radius0", "decay"}
    assert changed["rate"] == {"rate0"} and changed["scale"] == set() and changed["steps"] == {"epochs", "snapshots"}
    with pytest.raises(InputError, match="Expected a failure out of twist"):
        failures.outcome("spam", cured=True)
