"""Rows become curves, the published table is the paper's, and what is no row is refused."""

import csv
import re
from pathlib import Path

import pytest

from models.errors import InputError
from models.transferability import curves as transferability_curves
from models.transferability.curves import BOTH, RANDOM, Point, curves, one_configuration, relative
from models.transferability.experiment import Row, to_csv

DATA = Path(__file__).resolve().parents[2] / "data"
NATURAL, MAN_MADE = transferability_curves.DIRECTIONS


def row(treatment: str, n: int, accuracy: float, *, seed: int = 0, split: str = RANDOM, digest: str = "d" * 12) -> Row:
    return Row(treatment, n, split, seed, 6, accuracy, 100, 5000, 60.0, digest)


TWO_SEEDS = (
    row("baseB", 0, 0.5),
    row("AnB", 1, 0.625),
    row("AnB", 2, 0.25),
    row("baseB", 0, 0.25, seed=1),
    row("AnB", 1, 0.5, seed=1),
    row("AnB", 2, 0.125, seed=1),
)


def test_a_point_is_the_mean_of_its_seeds_and_their_range():
    found = curves(TWO_SEEDS, RANDOM)
    assert found["baseB"] == (Point(0, 0.375, 0.25, 0.5, 2),)
    assert found["AnB"] == (Point(1, 0.5625, 0.5, 0.625, 2), Point(2, 0.1875, 0.125, 0.25, 2))


def test_differences_are_taken_seed_by_seed():
    found = curves(TWO_SEEDS, RANDOM, relative=True)
    assert found["baseB"] == (Point(0, 0.0, 0.0, 0.0, 2),)
    assert found["AnB"] == (Point(1, 0.1875, 0.125, 0.25, 2), Point(2, -0.1875, -0.25, -0.125, 2))


def test_a_seed_that_is_not_whole_waits():
    found = curves((*TWO_SEEDS, row("baseB", 0, 0.9, seed=2), row("AnB", 1, 0.9, seed=2)), RANDOM)
    assert found == curves(TWO_SEEDS, RANDOM)
    assert transferability_curves.networks((*TWO_SEEDS, row("baseB", 0, 0.9, seed=2)), RANDOM) == {0: 3, 1: 3, 2: 1}


def test_the_only_seed_is_drawn_as_far_as_it_is():
    assert curves(TWO_SEEDS[:2], RANDOM)["AnB"] == (Point(1, 0.625, 0.625, 0.625, 1),)
    assert curves((TWO_SEEDS[1],), RANDOM, relative=True) == {}


def test_no_rows_give_no_curves():
    assert one_configuration(()) == () and curves((), RANDOM) == {} and curves((), BOTH, relative=True) == {}


def test_both_directions_are_averaged_by_seed():
    rows = (
        row("baseB", 0, 0.5, split=NATURAL),
        row("AnB", 1, 0.25, split=NATURAL),
        row("baseB", 0, 0.75, split=MAN_MADE),
        row("AnB", 1, 0.75, split=MAN_MADE),
        row("AnB", 2, 0.75, split=MAN_MADE),
    )
    found = curves(rows, BOTH)
    assert found == {"baseB": (Point(0, 0.625, 0.625, 0.625, 1),), "AnB": (Point(1, 0.5, 0.5, 0.5, 1),)}
    assert curves(rows[:2], BOTH) == {} and curves(rows[:2], NATURAL)


def test_networks_trained_in_another_way_are_left_out():
    assert one_configuration((*TWO_SEEDS, row("AnB", 3, 0.9, digest="e" * 12))) == TWO_SEEDS


def test_rows_are_read_as_they_were_written(tmp_path):
    (tmp_path / "rows.csv").write_text(to_csv(TWO_SEEDS))
    assert set(transferability_curves.load(tmp_path / "rows.csv")) == set(TWO_SEEDS)


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\xff\xfe",
        b"",
        b"a,b\n",
        b"a,b\n1,2\n",
        to_csv(TWO_SEEDS).replace("0.6250", "lots").encode(),
        to_csv(TWO_SEEDS).replace("0.6250", "nan").encode(),
        to_csv(TWO_SEEDS).replace("0.6250", "1.6").encode(),
        to_csv(TWO_SEEDS).replace("AnB,2", "AnB,99").encode(),
        to_csv(TWO_SEEDS).replace("AnB", "CnB").encode(),
        to_csv(TWO_SEEDS).replace("random", "made up").encode(),
        to_csv(TWO_SEEDS)[:-30].encode(),
    ],
)
def test_what_is_no_table_of_rows_is_refused(tmp_path, text):
    (tmp_path / "rows.csv").write_bytes(text)
    with pytest.raises(InputError, match=r"Expected .* Received"):
        transferability_curves.load(tmp_path / "rows.csv")


def test_both_ends_of_layers_and_accuracies_are_read_and_what_is_beyond_is_quoted_in_part(tmp_path):
    file = tmp_path / "rows.csv"
    ends = (row("baseB", 0, 0.0), row("AnB", 7, 1.0))
    file.write_text(to_csv(ends))
    assert set(transferability_curves.load(file)) == set(ends)
    file.write_text(to_csv((row("AnB", 8, 0.5),)))
    with pytest.raises(
        InputError, match=r"n below 8 and an accuracy in 0\.\.1 in rows\.csv\. Received AnB, random, 8, 0\.5"
    ):
        transferability_curves.load(file)
    file.write_text(to_csv((row("t" * 21, 1, 0.5, split="s" * 31),)))
    with pytest.raises(InputError, match=f"Received {'t' * 20}, {'s' * 30}, 1, 0.5"):
        transferability_curves.load(file)


def test_a_missing_table_says_so(tmp_path):
    with pytest.raises(InputError, match=r"rows.csv. Received: no such file"):
        transferability_curves.load(tmp_path / "rows.csv")


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        ("AnB", [0.628, 0.624, 0.619, 0.600, 0.578, 0.581, 0.542]),
        ("BnB", [0.627, 0.624, 0.621, 0.605, 0.593, 0.619, 0.623]),
        ("AnB+", [0.637, 0.636, 0.643, 0.640, 0.645, 0.646, 0.646]),
        ("BnB+", [0.618, 0.621, 0.631, 0.629, 0.630, 0.628, 0.627]),
        ("RnB", [0.492, 0.403, 0.001, 0.019, 0.050, 0.014, 0.015]),
    ],
)
def test_the_published_table_is_the_papers(treatment, expected):
    line = transferability_curves.published()[RANDOM][treatment]
    assert [point.n for point in line] == [1, 2, 3, 4, 5, 6, 7]
    assert [point.mean for point in line] == pytest.approx(expected, abs=0.00051)
    assert transferability_curves.published()[RANDOM]["baseB"] == (Point(0, 0.6251, 0.6151, 0.63408, 8),)


def test_the_dissimilar_split_is_the_mean_of_both_directions():
    of = transferability_curves.published()
    expected = [0.598, 0.586, 0.563, 0.522, 0.466, 0.430, 0.345]
    assert [point.mean for point in of[BOTH]["AnB"]] == pytest.approx(expected, abs=0.00051)
    assert of[BOTH]["baseB"][0].mean == pytest.approx(0.595, abs=0.00051)
    assert of[MAN_MADE]["baseB"][0].mean > of[NATURAL]["baseB"][0].mean  # natural things are the easier task


def test_random_filters_are_compared_with_the_base_of_all_classes():
    of = transferability_curves.published()[RANDOM]
    assert relative(of)["AnB"][-1].mean == pytest.approx(0.54249 - 0.62510)
    assert relative(of)["RnB"][0].mean == pytest.approx(0.49166 - 0.57631)
    assert relative(of)["baseB"][0].low == pytest.approx(0.61510 - 0.62510)


SERIES = {  # as the authors' runs are named -> split and treatment of the shipped table
    "base half": ("random", "baseB"),
    "transfer AnB": ("random", "AnB"),
    "selffer BnB": ("random", "BnB"),
    "transfer AnB+": ("random", "AnB+"),
    "selffer BnB+": ("random", "BnB+"),
    "halfnatmanA": ("man-made to natural", "baseB"),
    "halfnatmanB": ("natural to man-made", "baseB"),
    "transfernatmanAB": ("natural to man-made", "AnB"),
    "transfernatmanBA": ("man-made to natural", "AnB"),
    "nolearn": ("all classes", "RnB"),
    "netbase": ("all classes", "baseB"),
}


def test_every_published_point_is_that_of_the_runs():
    """Held against a summary of the authors' logs that was made apart from the shipped one."""
    logs = list(csv.DictReader((DATA / "published_runs.csv").read_text().splitlines()))
    expected = {}
    for line in logs:
        name, layers, mean = line["series"], line["n"], line["mean_best10_top1"]
        if found := re.fullmatch(r"(.*)_1_(\d)", name):  # a single run, which has no range
            name, layers = found.groups()
        numbers = tuple(f"{float(text or mean):.5f}" for text in (mean, line["min"], line["max"]))
        expected[*SERIES[name], int(layers or 0)] = (int(line["runs"]), *numbers)
    with transferability_curves.PUBLISHED.open() as file:
        shipped = {
            (line["split"], line["treatment"], int(line["n"])): (
                int(line["runs"]), line["mean"], line["low"], line["high"],
            )
            for line in csv.DictReader(file)
        }  # fmt: skip
    assert len(logs) == len(shipped) == 53 and shipped == expected
