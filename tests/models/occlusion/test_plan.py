"""Geometry of exact incremental occlusion, by hand and against perturbed pixels; how its work is divided."""

import numpy as np
import pytest

from models.occlusion import costs
from models.occlusion.plan import (
    Gather,
    Node,
    Placed,
    Reach,
    clean_table,
    gather_table,
    gathers,
    merged,
    pixels,
    reaches,
)

SIDE = {"kernel": (3, 3), "stride": (1, 1), "before": (1, 1)}


def node(name, inputs, kind="window", shape=(7, 9, 2), **options):
    geometry = SIDE if kind == "window" else {}
    return Node(name, "Conv2D", inputs, kind, shape, **{**geometry, **options})


@pytest.mark.parametrize(
    ("kernel", "stride", "before"), [(3, 1, 1), (3, 2, 0), (5, 3, 2), (1, 2, 0), (2, 2, 0), (4, 1, 3)]
)
@pytest.mark.parametrize("n", [9, 14])
def test_the_reach_is_that_of_a_sum_over_the_kernel(n, kernel, stride, before):
    size = (n + 2 * before - kernel) // stride + 1
    reach = pixels(n).through(kernel, stride, before, size)
    sees = np.array([[0 <= i - (u * stride - before) < kernel for u in range(size)] for i in range(n)])
    for first in range(n):
        for last in range(first, n):
            changed = np.flatnonzero(sees[first : last + 1].any(axis=0))
            low, high = reach.first[first], reach.last[last]
            if len(changed):
                assert (changed[0], changed[-1]) == (low, high)
            else:
                assert low > high


def test_windows_have_one_length_and_stay_on_the_map():
    reach = pixels(10).through(3, 1, 1, 10)
    window = reach.window(np.array([0, 3, 8]), 2)
    assert (window.length, window.start.tolist()) == (4, [0, 2, 6])
    assert reach.lengths(np.array([0, 3, 8]), 2).tolist() == [3, 4, 3]


def test_windows_never_lie_in_padding():
    padded = pixels(6).moved(2, 11)
    assert padded.window(np.array([0, 4]), 2).start.tolist() == [2, 6]
    assert padded.window(np.array([0]), 6).start.tolist() == [2]


def test_two_reaches_are_the_same_if_no_square_tells_them_apart():
    one = pixels(8).through(3, 1, 1, 8)
    assert one.same_as(merged([one, pixels(8)])) and pixels(8).same_as(pixels(8))
    for first, last, bounds in ((one.first, pixels(8).last, (0, 8)), (pixels(8).first, one.last, (0, 8))):
        assert not one.same_as(Reach(first, last, 8, bounds))
    assert not one.same_as(Reach(one.first, one.last, 8, (1, 8)))


def test_where_branches_meet_the_wider_reach_counts():
    both = merged([pixels(8).through(3, 1, 1, 8), pixels(8)])
    assert (both.first[4], both.last[4]) == (3, 5)


def test_places_of_a_window_its_surroundings_and_the_zeros_by_hand():
    nodes = [node("conv", ("image",), shape=(4, 5, 1))]
    reach = reaches(nodes, 4, 5)
    table = gather_table(Gather("image", nodes[0]), reach, Placed(np.array([0]), np.array([3]), 2))
    # The square hides rows 0-1 and columns 3-4 of 4 x 5; the window of `conv` is rows 0-2, columns 2-4.
    zero, first = 20, 22
    assert table[0].tolist() == [
        [zero] * 5,
        [1, 2, first, first + 1, zero],
        [6, 7, first + 2, first + 3, zero],
        [11, 12, 13, 14, zero],
        [16, 17, 18, 19, zero],
    ]  # fmt: skip
    assert clean_table(reach["conv"], Placed(np.array([0]), np.array([3]), 2))[0].tolist() == [
        [2, 3, 4], [7, 8, 9], [12, 13, 14],
    ]  # fmt: skip


def test_only_what_is_read_beyond_its_window_is_put_together():
    nodes = [
        node("conv", ("image",)),
        node("relu", ("conv",), "point"),
        node("more", ("relu",)),
        node("sum", ("more", "relu"), "merge"),
        node("pool", ("sum",), "whole", (1, 1, 2)),
    ]
    reach = reaches(nodes, 7, 9)
    assert "pool" not in reach
    found = gathers(nodes, 4, reach)
    assert [(one.source, one.reader and one.reader.name) for one in found] == [
        ("image", "conv"), ("relu", "more"), ("relu", "sum"), ("sum", None),
    ]  # fmt: skip
    assert [(one.source, one.reader) for one in gathers(nodes, 2, reach)][1:] == [("relu", None)]


def test_what_is_put_together_in_bytes():
    """The picture for the first convolution, its map for the second, and theirs at the cut; float32."""
    nodes = [node("c0", ("image",)), node("c1", ("c0",), shape=(7, 9, 5)), node("end", ("c1",), "whole", (1, 1, 5))]
    found = costs._gathered_bytes(nodes, 2, reaches(nodes, 7, 9), 7)
    assert found.tolist() == [4 * 3 * 7**2, 4 * 7 * 9 * 2, 4 * 7 * 9 * 5]


def squares(size, patch, stride):
    origins = np.append(np.arange(0, size - patch, stride), size - patch)
    return Placed.grid(origins, origins, patch)


def deep(depth, size=64):
    nodes = [node("c0", ("image",), shape=(size, size, 8), macs=1e8)]
    nodes += [node(f"c{n}", (f"c{n - 1}",), shape=(size, size, 8), macs=1e8) for n in range(1, depth)]
    return [*nodes, node("end", (nodes[-1].name,), "whole", (1, 1, 8))]


def test_windows_end_where_they_save_nothing():
    placed = squares(64, 8, 8)
    shallow = deep(3)
    assert costs.best_cut(shallow, reaches(shallow, 64, 64), placed) == 3
    everything = squares(64, 64, 64)
    assert costs.best_cut(shallow, reaches(shallow, 64, 64), everything) == 0


def test_parts_hold_every_square_once_and_their_windows_hold_what_changes():
    nodes = deep(6)
    reach, placed = reaches(nodes, 64, 64), squares(64, 8, 4)
    parts = costs.parts(nodes, 6, reach, placed, np.arange(len(placed.rows)))
    assert sorted(np.concatenate([part.members for part in parts])) == list(range(len(placed.rows)))
    assert len(parts) > 1 and max(len(part.members) for part in parts) <= costs.MOST_SQUARES
    for part in parts:
        some = Placed(placed.rows[part.members], placed.cols[part.members], 8)
        down, across = some.windows(reach["c5"])
        assert part.areas[5] == pytest.approx(down.length * across.length / 64**2)
        assert part.areas[6] == 1
    # Squares near the border reach less far: computing them apart saves some of the work of windows of one size.
    counts = np.array([len(part.members) for part in parts])
    done = np.average([part.areas[5] for part in parts], weights=counts)
    exact = costs.shares(nodes, reach, placed)[5]
    largest = max(part.areas[5] for part in parts)
    assert exact <= done < largest


def test_a_part_is_bounded_in_time_and_memory(monkeypatch):
    nodes = deep(2)
    reach, placed = reaches(nodes, 64, 64), squares(64, 8, 8)
    monkeypatch.setattr(costs, "CHUNK_BYTES", 10 * 12 * 12 * 8 * 4)
    parts = costs.parts(nodes, 2, reach, placed, np.arange(64))
    assert max(part.areas[1] * len(part.members) for part in parts) <= 10 * 12 * 12 / 64**2 + 1e-9
    monkeypatch.setattr(costs, "CHUNK_S", 0.0)
    assert len(costs.parts(nodes, 2, reach, placed, np.arange(64))) == 64
