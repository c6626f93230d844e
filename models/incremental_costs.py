"""How the work of incremental occlusion is divided: where windows end, and which squares are computed together.

NumPy only. Times are estimates of one thread, good enough to choose between two ways of doing the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from models.incremental_plan import Node, Placed, Reaches

MACS_PER_S = 45e9
BYTES_PER_S = 4e9  # read and written again
WEIGHT_BYTES_PER_S = 3e9  # kernels are brought into another order in every call
CALL_S = 3e-5  # of one operation, however small
CHUNK_S = 0.2  # a cancel waits for one chunk
CHUNK_BYTES = 64e6
MOST_SQUARES = 64
_MOST_GROUPS = 4  # of rows, and as many of columns
_FLOAT = 4


def node_seconds(nodes: Sequence[Node]) -> np.ndarray:
    """Return about how long each node takes for a whole map, (n,)."""
    return np.array([node.macs / MACS_PER_S + _bytes(node) / BYTES_PER_S for node in nodes])


def _bytes(node: Node) -> float:
    return float(np.prod(node.shape)) * _FLOAT


def changed(node: Node, reach: dict[str, Reaches], squares: Placed) -> tuple[float, float]:
    """Return the rows and columns of a map that these squares, a grid, change: means; all of it behind a "whole" one.

    The product of the two is the mean area.
    """
    if node.name not in reach:
        return float(node.shape[0]), float(node.shape[1])
    rows, cols = reach[node.name]
    return (
        float(rows.lengths(np.unique(squares.rows), squares.patch).mean()),
        float(cols.lengths(np.unique(squares.cols), squares.patch).mean()),
    )


def shares(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed) -> np.ndarray:
    """Return which share of every node's map the squares of a grid change, mean, (n,)."""
    areas = [np.prod(changed(node, reach, squares)) / (node.shape[0] * node.shape[1]) for node in nodes]
    return np.array(areas)


def cut(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed) -> int:
    """Return how many nodes should compute windows: the number that makes the estimated time least; 0 for none."""
    limit = next((number for number, node in enumerate(nodes) if node.kind == "whole"), len(nodes))
    share, seconds = shares(nodes, reach, squares), node_seconds(nodes)
    here = {name: number for number, name in enumerate(["image", *(node.name for node in nodes)])}
    last = np.zeros(len(here), int)  # the last node that reads each
    copied = np.zeros(len(nodes))  # what putting inputs together costs
    for number, node in enumerate(nodes):
        for name in node.inputs:
            last[here[name]] = number
            if node.kind in ("window", "merge") and number < limit:
                copied[number] += 2 * share[number] * np.prod(node.stride) * _read(nodes, here[name]) / BYTES_PER_S
    local = np.concatenate([[0.0], np.cumsum(share * seconds + copied)])
    whole = np.concatenate([[0.0], np.cumsum(seconds)])
    crossing = np.array([_read(nodes, number) / BYTES_PER_S for number in range(len(here))])
    totals = [
        local[at] + whole[-1] - whole[at] + crossing[: at + 1][last[: at + 1] >= at].sum() for at in range(limit + 1)
    ]
    return int(np.argmin(totals))


def _read(nodes: Sequence[Node], number: int) -> float:
    return _bytes(nodes[number - 1]) if number else 0.0


def most_squares(nodes: Sequence[Node], cut: int, reach: dict[str, Reaches], squares: Placed) -> int:
    """Return how many squares go together: for about `CHUNK_S`, in about `CHUNK_BYTES`, `MOST_SQUARES` at most."""
    share = np.where(np.arange(len(nodes)) < cut, shares(nodes, reach, squares), 1.0)
    held = share * np.array([_bytes(node) for node in nodes])
    fits = min(CHUNK_S / float(share @ node_seconds(nodes)), CHUNK_BYTES / (3 * float(held.max(initial=1.0))))
    return int(np.clip(fits, 1, MOST_SQUARES))


def computed(
    nodes: Sequence[Node], cut: int, reach: dict[str, Reaches], squares: Placed, parts: Sequence[np.ndarray]
) -> np.ndarray:
    """Return which share of every node's map is computed for a square, mean over all in `parts`, (n,)."""
    total = np.zeros(len(nodes))
    for part in parts:
        placed = Placed(squares.rows[part], squares.cols[part], squares.patch)
        local = [np.prod([w.length / w.size for w in placed.windows(reach[node.name])]) for node in nodes[:cut]]
        total += len(part) * np.array([*local, *np.ones(len(nodes) - cut)])
    return np.asarray(total / sum(len(part) for part in parts))


def batches(
    nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed, most: int, chosen: np.ndarray
) -> Iterator[np.ndarray]:
    """Yield the `chosen` squares (numbers) in parts of at most `most` that are computed together.

    Squares near the border change less of a map than those in the middle, but windows of one part are of one size. So
    squares of about one size go together, as long as that is worth the additional calls.

    Args:
        nodes: Those that compute windows.
        reach: See `reaches`.
        squares: All of them.
        most: In one part.
        chosen: Their numbers (n,).
    """
    rows, cols = (_ranks(nodes, reach, squares, axis) for axis in (0, 1))
    found = []
    for groups in range(1, _MOST_GROUPS + 1):
        labels = rows[chosen] * groups // (rows.max() + 1) * groups + cols[chosen] * groups // (cols.max() + 1)
        alike = [chosen[labels == label] for label in np.unique(labels)]
        parts = [part for members in alike for part in np.array_split(members, -(-len(members) // most))]
        found.append((sum(_seconds(nodes, reach, squares, part) for part in parts), groups, parts))
    yield from min(found, key=lambda one: one[:2])[2]


def _ranks(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed, axis: int) -> np.ndarray:
    """Return the rank (N,) of the squares by how far they reach along one axis."""
    origins = (squares.rows, squares.cols)[axis]
    unique, where = np.unique(origins, return_inverse=True)
    weights = node_seconds(nodes)
    total = sum(
        weight * reach[node.name][axis].lengths(unique, squares.patch) / node.shape[axis]
        for weight, node in zip(weights, nodes, strict=True)
    )
    _, ranks = np.unique(np.round(total, 12), return_inverse=True)
    return np.asarray(ranks[where])


def _seconds(nodes: Sequence[Node], reach: dict[str, Reaches], squares: Placed, part: np.ndarray) -> float:
    """Return about how long the windows of some squares take together."""
    placed = Placed(squares.rows[part], squares.cols[part], squares.patch)
    areas = np.array([np.prod([w.length / w.size for w in placed.windows(reach[node.name])]) for node in nodes])
    fixed = sum(CALL_S + node.weight_bytes / WEIGHT_BYTES_PER_S for node in nodes)
    return float(len(part) * areas @ node_seconds(nodes) + fixed)
