"""Scores a picture with squares hidden, computing only what a square can change. Imports Keras: only workers use this.

Every map keeps, per square, the window of values that can differ from the clean map, that of the untouched picture. A
convolution reads its input from clean map, padding and windows by one table of places; then it is an ordinary one.
The arithmetic is that of a whole forward pass, so the answers are the same up to the order of sums.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from models.incremental_graph import Graph
from models.incremental_plan import Gather, Placed, Reaches, clean_table, gather_table, gathers

LOWEST = -3e38
TABLE_BYTES = 32e6  # of the tables that are kept


@dataclass(frozen=True, slots=True, eq=False)
class Clean:
    """The untouched picture: maps that squares read, the tapped map (places, K), logits (C,), sums of its maps (K,)."""

    maps: list[Any]
    tapped: Any
    logits: np.ndarray
    sums: np.ndarray


def _run_nodes(graph: Graph, start: int, values: dict[str, Any]) -> None:
    """Compute the nodes from number `start` on, whole maps of `values` by name, in place."""
    for node in graph.nodes[start:]:
        values[node.name] = graph.runs[node.name]([values[name] for name in node.inputs], False)


def _map_sums(values: Any) -> Any:
    """Return the sums (N, K) over each map of (N, H, W, K); values without space are their own sums."""
    return tf.reduce_sum(values, range(1, len(values.shape) - 1))


def _tapped(graph: Graph, values: dict[str, Any], tap: str) -> Any:
    """Return the output of the tapped layer; the last one's node gives logits."""
    if not tap:
        return tf.zeros([tf.shape(values["image"])[0], 0])
    return graph.final(values[tap]) if tap == graph.nodes[-1].name else values[tap]


class FullPass:
    """A forward pass of the whole picture for each square; `tap` is a node whose maps are summed, or ""."""

    def __init__(self, graph: Graph, height: int, width: int, tap: str) -> None:
        def answer(pictures: Any) -> tuple[Any, Any]:
            values = {"image": pictures}
            _run_nodes(graph, 0, values)
            return values[graph.nodes[-1].name], _map_sums(_tapped(graph, values, tap))

        signature = [tf.TensorSpec([None, height, width, 3], tf.float32)]
        self._answer = tf.function(answer, input_signature=signature, autograph=False)

    def __call__(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (N, C) and sums of maps (N, K) of pictures (N, H, W, 3)."""
        logits, sums = self._answer(tf.constant(pictures, tf.float32))
        return logits.numpy(), sums.numpy()


class WindowPass:
    """Windows up to node number `cut`, whole maps from there on; traced once for squares of any size anywhere."""

    def __init__(self, graph: Graph, cut: int, reach: dict[str, Reaches], tap: str) -> None:
        self._graph, self._cut, self._reach, self._tap = graph, cut, reach, tap
        self._gathers = gathers(graph.nodes, cut, reach)
        self._sources = list(dict.fromkeys(gather.source for gather in self._gathers))
        self._channels = {"image": 3, **{node.name: node.shape[2] for node in graph.nodes}}
        self._tap_is_local = tap in {"image", *(node.name for node in graph.nodes[:cut])}
        self._tables: OrderedDict[tuple[int, bytes, bytes], list[np.ndarray]] = OrderedDict()
        image = tf.TensorSpec([1, reach["image"][0].size, reach["image"][1].size, 3], tf.float32)
        self._of_picture = tf.function(self._clean_maps, input_signature=[image], autograph=False)
        table = tf.TensorSpec([None, None, None], tf.int32)
        signature = [
            [tf.TensorSpec([None, self._channels[name]], tf.float32) for name in self._sources],
            [table] * len(self._gathers),
            tf.TensorSpec([None, None, None, 3], tf.float32),
            (tf.TensorSpec([None], tf.float32), table, tf.TensorSpec([], tf.int32)),
        ]
        self._of_squares = tf.function(self._answer, input_signature=signature, autograph=False)

    def clean(self, picture: np.ndarray) -> Clean:
        """Return what is kept of the untouched picture (H, W, 3)."""
        maps, tapped, logits = self._of_picture(tf.constant(picture[None], tf.float32))
        tapped = tf.reshape(tapped, [-1, tapped.shape[-1]])
        return Clean(maps, tapped, logits[0].numpy(), tf.reduce_sum(tapped, axis=0).numpy())

    def __call__(
        self, clean: Clean, squares: Placed, hidden: np.ndarray, channel: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (N, C) and the sums (N,) of a channel of the tapped layer, NaN without one.

        Args:
            clean: Of the picture.
            squares: N of them.
            hidden: What they show, (N, patch, patch, 3).
            channel: Of the tapped layer.
        """
        *tables, local = self._places(squares)
        column = clean.tapped[:, channel] if self._tap else tf.zeros([1])
        tap = column, tf.constant(local), tf.constant(channel, tf.int32)
        logits, sums = self._of_squares(
            clean.maps, [tf.constant(table) for table in tables], tf.constant(hidden, tf.float32), tap
        )
        return logits.numpy(), sums.numpy()

    def _places(self, squares: Placed) -> list[np.ndarray]:
        """Return where squares read what they need, and where they lie in the tapped map; the last ones are kept."""
        key = squares.patch, squares.rows.tobytes(), squares.cols.tobytes()
        if key not in self._tables:
            tables = [gather_table(gather, self._reach, squares) for gather in self._gathers]
            nowhere = np.zeros((len(squares.rows), 1, 1), np.int32)
            tables.append(clean_table(self._reach[self._tap], squares) if self._tap_is_local else nowhere)
            self._tables[key] = tables
        self._tables.move_to_end(key)
        while len(self._tables) > 1 and sum(t.nbytes for kept in self._tables.values() for t in kept) > TABLE_BYTES:
            self._tables.popitem(last=False)
        return self._tables[key]

    def _clean_maps(self, picture: Any) -> tuple[list[Any], Any, Any]:
        values = {"image": picture}
        _run_nodes(self._graph, 0, values)
        flat = []
        for name in self._sources:
            places = tf.reshape(values[name], [-1, self._channels[name]])
            ends = tf.constant([[0.0], [LOWEST]]) * tf.ones([1, self._channels[name]])
            flat.append(tf.concat([places, ends], axis=0))
        return flat, _tapped(self._graph, values, self._tap), values[self._graph.nodes[-1].name]

    def _answer(self, clean: Any, tables: Any, hidden: Any, tap: Any) -> tuple[Any, Any]:
        windows, joined = {"image": hidden}, dict(zip(self._sources, clean, strict=True))
        inputs, complete = dict(zip(self._gathers, tables, strict=True)), set()

        def gathered(gather: Gather) -> Any:
            name = gather.source
            if name not in complete:
                anew = tf.reshape(windows[name], [-1, self._channels[name]])
                joined[name] = tf.concat([joined[name], anew], axis=0)
                complete.add(name)
            return tf.gather(joined[name], inputs[gather])

        for node in self._graph.nodes[: self._cut]:
            read = [Gather(name, node) for name in node.inputs]
            xs = [gathered(one) if one in inputs else windows[one.source] for one in read]
            windows[node.name] = self._graph.runs[node.name](xs, True)
        whole = {}
        for gather in self._gathers:
            if gather.reader is None:
                down, across = self._reach[gather.source]
                shape = [-1, down.size, across.size, self._channels[gather.source]]
                whole[gather.source] = tf.reshape(gathered(gather), shape)
        _run_nodes(self._graph, self._cut, whole)
        return whole[self._graph.nodes[-1].name], self._sums(windows, whole, *tap)

    def _sums(self, windows: dict[str, Any], whole: dict[str, Any], column: Any, table: Any, channel: Any) -> Any:
        """Return the sum (N,) over the tapped map: of all of it, or the clean one's and what the window adds to it."""
        if not self._tap:
            return tf.fill([tf.shape(table)[0]], np.float32(np.nan))
        if not self._tap_is_local:
            return tf.gather(_map_sums(_tapped(self._graph, whole, self._tap)), channel, axis=-1)
        difference = tf.gather(windows[self._tap], channel, axis=-1) - tf.gather(column, table)
        return tf.reduce_sum(column) + tf.reduce_sum(difference, axis=[1, 2])
