"""Scores a picture with squares hidden, computing only what a square can change. Imports Keras: only workers use this.

Every map keeps, per square, the window of values that can differ from the clean map, that of the untouched picture. A
convolution reads its input from clean map, padding and windows by one table of places; then it is an ordinary one.
The arithmetic is that of a whole forward pass, so the answers are the same up to the order of sums.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from models.incremental_graph import Graph
from models.incremental_plan import Gather, Placed, Reaches, clean_table, gather_table, gathers

LOWEST = -3e38


def run_nodes(graph: Graph, start: int, values: dict[str, Any]) -> None:
    """Compute the nodes from number `start` on, whole maps of `values` by name, in place."""
    for node in graph.nodes[start:]:
        values[node.name] = graph.runs[node.name]([values[name] for name in node.inputs], False)


def map_sums(values: Any) -> Any:
    """Return the sums (N, K) over each map of (N, H, W, K); values without space are their own sums."""
    return tf.reduce_sum(values, range(1, len(values.shape) - 1))


class FullPass:
    """A forward pass of the whole picture for each square; `tap` is a node whose maps are summed, or ""."""

    def __init__(self, graph: Graph, height: int, width: int, tap: str) -> None:
        def answer(pictures: Any) -> tuple[Any, Any]:
            values = {"image": pictures}
            run_nodes(graph, 0, values)
            logits = values[graph.nodes[-1].name]
            return logits, map_sums(values[tap]) if tap else logits[:, :0]

        signature = [tf.TensorSpec([None, height, width, 3], tf.float32)]
        self._answer = tf.function(answer, input_signature=signature, autograph=False)

    def __call__(self, pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (N, C) and sums of maps (N, K) of pictures (N, H, W, 3)."""
        logits, sums = self._answer(tf.constant(pictures, tf.float32))
        return logits.numpy(), sums.numpy()


class WindowPass:
    """Windows up to the cut, whole maps behind it. Traced once for squares of any size anywhere."""

    def __init__(self, graph: Graph, cut: int, reach: dict[str, Reaches], tap: str) -> None:
        self.graph, self.cut, self.reach, self.tap = graph, cut, reach, tap
        self.gathers = gathers(graph.nodes, cut, reach)
        self._sources = list(dict.fromkeys(gather.source for gather in self.gathers))
        self._channels = {"image": 3, **{node.name: node.shape[2] for node in graph.nodes}}
        self._sizes = {name: (rows.size, cols.size) for name, (rows, cols) in reach.items()}
        self._tap_is_local = tap in {"image", *(node.name for node in graph.nodes[:cut])}
        height, width = self._sizes["image"]
        floats, places = tf.float32, tf.int32
        self._clean = tf.function(
            self._clean_maps, input_signature=[tf.TensorSpec([1, height, width, 3], floats)], autograph=False
        )
        self._squares = tf.function(
            self._answer,
            input_signature=[
                [tf.TensorSpec([None, self._channels[name]], floats) for name in self._sources],
                [tf.TensorSpec([None, None, None], places) for _ in self.gathers],
                tf.TensorSpec([None, None, None, 3], floats),
                (tf.TensorSpec([None], floats), tf.TensorSpec([None, None, None], places), tf.TensorSpec([], places)),
            ],
            autograph=False,
        )

    def _clean_maps(self, picture: Any) -> tuple[list[Any], Any]:
        values = {"image": picture}
        run_nodes(self.graph, 0, values)
        flat = []
        for name in self._sources:
            places = tf.reshape(values[name], [-1, self._channels[name]])
            ends = tf.constant([[0.0], [LOWEST]]) * tf.ones([1, self._channels[name]])
            flat.append(tf.concat([places, ends], axis=0))
        return flat, values[self.tap] if self.tap else tf.zeros([1, 0])

    def _answer(self, clean: Any, tables: Any, squares: Any, tapped: Any) -> tuple[Any, Any]:
        windows, known, joined = {"image": squares}, dict(zip(self._sources, clean, strict=True)), {}
        inputs = dict(zip(self.gathers, tables, strict=True))

        def gathered(gather: Gather) -> Any:
            name = gather.source
            if name not in joined:
                anew = tf.reshape(windows[name], [-1, self._channels[name]])
                joined[name] = tf.concat([known[name], anew], axis=0)
            return tf.gather(joined[name], inputs[gather])

        for node in self.graph.nodes[: self.cut]:
            read = [Gather(name, node) for name in node.inputs]
            xs = [gathered(one) if one in inputs else windows[one.source] for one in read]
            windows[node.name] = self.graph.runs[node.name](xs, True)
        whole = {}
        for gather in self.gathers:
            if gather.reader is None:
                shape = [-1, *self._sizes[gather.source], self._channels[gather.source]]
                whole[gather.source] = tf.reshape(gathered(gather), shape)
        run_nodes(self.graph, self.cut, whole)
        return whole[self.graph.nodes[-1].name], self._activity(windows, whole, *tapped)

    def _activity(self, windows: dict[str, Any], whole: dict[str, Any], column: Any, table: Any, channel: Any) -> Any:
        """Return the sum (N,) over the tapped map: of all of it, or the clean one's and what the window adds to it."""
        if not self.tap:
            return tf.zeros([tf.shape(table)[0]])
        if not self._tap_is_local:
            return map_sums(tf.gather(whole[self.tap], channel, axis=-1)[..., None])[:, 0]
        difference = tf.gather(windows[self.tap], channel, axis=-1) - tf.gather(column, table)
        return tf.reduce_sum(column) + tf.reduce_sum(difference, axis=[1, 2])

    def clean(self, picture: np.ndarray, channel: int) -> tuple[list[Any], Any]:
        """Return the clean maps of a picture (H, W, 3) that squares read, and the tapped one, for `scores`."""
        maps, tapped = self._clean(tf.constant(picture[None], tf.float32))
        return maps, tf.reshape(tapped[..., channel], [-1]) if self.tap else tf.zeros([0])

    def tables(self, squares: Placed) -> tuple[list[Any], Any]:
        """Return where squares read what they need, for `scores`."""
        tables = [tf.constant(gather_table(gather, self.reach, squares)) for gather in self.gathers]
        local = (
            clean_table(self.reach[self.tap], squares) if self._tap_is_local else np.zeros((len(squares.rows), 1, 1))
        )
        return tables, tf.constant(local, tf.int32)

    def scores(
        self, clean: tuple[list[Any], Any], tables: tuple[list[Any], Any], hidden: np.ndarray, channel: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return logits (N, C) and the activity (N,) of `channel` with `hidden` (N, patch, patch, 3) in the squares."""
        tapped = (clean[1], tables[1], tf.constant(channel, tf.int32))
        logits, activity = self._squares(clean[0], tables[0], tf.constant(hidden, tf.float32), tapped)
        return logits.numpy(), activity.numpy()
