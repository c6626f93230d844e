"""A network as a list of operations, and its passes: of whole maps, or of the windows that a hidden square can change.

BatchNorm is folded into the layer before it; what is left uses the network's own weights. They stay variables or
captured tensors; as constants they would be copied into every traced function.

In a pass of windows every map keeps, per square, the window of values that can differ from the clean map, that of the
untouched picture. A convolution reads its input from clean map, padding and windows by one table of places; then it is
an ordinary one. The arithmetic is that of a whole forward pass, so the answers are the same up to the order of sums.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from models.backbones.receptive_field import effective_kernel, same_padding
from models.backbones.worker.graphs import folded_pairs, folded_weights, source, tensors_of
from models.occlusion.plan import Gather, Kind, Node, Placed, Reaches, clean_table, gather_table, gathers

_SKIPPED = (layers.Dropout, layers.SpatialDropout2D, layers.GaussianNoise)  # do nothing in inference
_POINT = (layers.ReLU, layers.LeakyReLU, layers.Activation, layers.Rescaling)
_MERGES = (layers.Add, layers.Subtract, layers.Multiply, layers.Average, layers.Maximum, layers.Minimum)
_WHOLE = (layers.GlobalAveragePooling2D, layers.GlobalMaxPooling2D, layers.Flatten, layers.Reshape, layers.Concatenate)
_NORMS = (layers.BatchNormalization, layers.Normalization)
_WINDOWED = (layers.Conv2D, layers.DepthwiseConv2D, layers.MaxPooling2D, layers.AveragePooling2D)
LOWEST = -3e38
TABLE_BYTES = 32e6  # of the tables that are kept
Run = Callable[[Sequence[Any], bool], Any]  # inputs, whether their padding is there already -> output


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A classifier's operations in the order of computation; the last one gives the logits.

    `runs` computes each by name, in inference mode. `shown_as` tells which node gives the output of a layer; those of
    BatchNorm that was folded and of dropout are others' nodes. `final` turns the logits into the last layer's output.
    """

    nodes: tuple[Node, ...]
    runs: dict[str, Run]
    shown_as: dict[str, str]
    final: Callable[[Any], Any]


def graph(network: keras.Model, unfolded: str = "") -> Graph:
    """Return the operations of a flat functional classifier.

    Args:
        network: Ends in a dense layer, whose activation is left out.
        unfolded: A layer whose own output is wanted, which folding would change.
    """
    pairs = {name: norm for name, norm in folded_pairs(network).items() if name != unfolded}
    norms = {norm: name for name, norm in pairs.items()}
    shown_as: dict[str, str] = {}
    nodes, runs = [], {}
    for layer in network.operations:
        if isinstance(layer, layers.InputLayer):
            shown_as[layer.name] = "image"
            continue
        inputs = tuple(shown_as[source(tensor)] for tensor in tensors_of(layer.input))
        if layer.name in norms or isinstance(layer, _SKIPPED):
            shown_as[layer.name] = inputs[0]
            continue
        shown_as[layer.name] = layer.name
        nodes.append(_node(layer, inputs))
        norm = network.get_layer(pairs[layer.name]) if layer.name in pairs else None
        runs[layer.name] = _run(layer, norm, last=layer is network.operations[-1])
    return Graph(tuple(nodes), runs, shown_as, network.operations[-1].activation)


def _node(layer: Any, inputs: tuple[str, ...]) -> Node:
    shape = _space(layer.output)
    kernel = getattr(layer, "kernel", None)
    macs = float(np.prod(kernel.shape)) * shape[0] * shape[1] if kernel is not None else 0.0
    weight_bytes = int(np.prod(kernel.shape)) * 4 if kernel is not None else 0
    kind = _kind(layer)
    geometry: dict[str, Any] = {}
    if kind == "pad":
        (top, _), (left, _) = layer.padding
        geometry = {"before": (top, left)}
    elif kind == "window":
        geometry = _geometry(layer)
    return Node(layer.name, type(layer).__name__, inputs, kind, shape, macs=macs, weight_bytes=weight_bytes, **geometry)


def _space(tensor: Any) -> tuple[int, int, int]:
    shape = tuple(tensor.shape[1:])
    return shape if len(shape) == 3 else (1, 1, int(np.prod(shape)))


def _kind(layer: Any) -> Kind:
    """Return the kind of a layer; "whole" for every layer that is not known."""
    tensors = tensors_of(layer.input)
    if any(len(tensor.shape) != 4 for tensor in (*tensors, layer.output)) or not _channels_last(layer):
        return "whole"
    kind = type(layer)
    if kind in _MERGES or (kind is layers.Concatenate and layer.axis in (-1, 3)):
        return "merge" if len({_space(tensor)[:2] for tensor in tensors}) == 1 else "whole"
    if kind in _POINT and _elementwise(layer):
        return "point"
    if kind in _NORMS:
        return "point" if layer.axis in (-1, 3, (-1,), (3,)) else "whole"
    if kind is layers.ZeroPadding2D:
        return "pad"
    if kind in _WINDOWED and _windowed(layer):
        geometry = _geometry(layer)
        return "point" if geometry["kernel"] == geometry["stride"] == (1, 1) else "window"
    return "whole"


def _channels_last(layer: Any) -> bool:
    return getattr(layer, "data_format", "channels_last") in (None, "channels_last")


def _elementwise(layer: Any) -> bool:
    """Whether the activation is one of Keras's own, which look at one place only."""
    activation = getattr(layer, "activation", None)
    return activation is None or getattr(activation, "__module__", "").startswith("keras.")


def _windowed(layer: Any) -> bool:
    if layer.padding not in ("same", "valid") or not _elementwise(layer):
        return False
    if isinstance(layer, layers.AveragePooling2D):
        return bool(layer.padding == "valid")  # "same" divides by fewer values at the border
    return getattr(layer, "groups", 1) == 1


def _geometry(layer: Any) -> dict[str, Any]:
    stride = tuple(layer.strides)
    pooled = isinstance(layer, layers.MaxPooling2D | layers.AveragePooling2D)
    dilation = (1, 1) if pooled else tuple(layer.dilation_rate)
    side = tuple(layer.pool_size if pooled else layer.kernel_size)
    kernel = tuple(effective_kernel(k, d) for k, d in zip(side, dilation, strict=True))
    before: tuple[int, ...] = (0, 0)
    if layer.padding == "same":
        space = _space(tensors_of(layer.input)[0])[:2]
        before = tuple(same_padding(n, k, s)[0] for n, k, s in zip(space, kernel, stride, strict=True))
    lowest = isinstance(layer, layers.MaxPooling2D)
    return {"kernel": kernel, "stride": stride, "before": before, "lowest": lowest}


def _run(layer: Any, norm: Any, *, last: bool) -> Run:
    """Return the layer as a function of its inputs; windows come with their padding, whole maps without."""
    kind = type(layer)
    if kind in (layers.Conv2D, layers.DepthwiseConv2D) and getattr(layer, "groups", 1) == 1 and _channels_last(layer):
        return _convolution(layer, *_weights(layer, norm))
    if kind is layers.Dense:
        return _dense(layer, *_weights(layer, norm), last=last)
    if kind in (layers.MaxPooling2D, layers.AveragePooling2D) and _channels_last(layer):
        pool = tf.nn.max_pool2d if kind is layers.MaxPooling2D else tf.nn.avg_pool2d
        return lambda xs, padded: pool(xs[0], layer.pool_size, layer.strides, _padding(layer, padded))
    if kind is layers.ZeroPadding2D:
        return lambda xs, padded: xs[0] if padded else layer(xs[0])
    if kind in (*_POINT, *_MERGES, *_NORMS, *_WHOLE):
        options = {"training": False} if kind is layers.BatchNormalization else {}
        return lambda xs, _: layer(xs[0] if len(xs) == 1 else list(xs), **options)
    # Any other kind, with all the arguments of its call; it may read one tensor twice.
    tensors = list({id(tensor): tensor for tensor in tensors_of(layer.input)}.values())
    order = [[id(one) for one in tensors_of(layer.input)].index(id(tensor)) for tensor in tensors]
    alone = keras.Model(tensors, layer.output)
    return lambda xs, _: alone([xs[number] for number in order], training=False)


def _padding(layer: Any, padded: bool) -> str:
    return "VALID" if padded else str(layer.padding).upper()


def _weights(layer: Any, norm: Any) -> tuple[Any, Any]:
    """Return kernel and bias: the layer's own variables, or new tensors with BatchNorm folded in."""
    if norm is None:
        return layer.kernel, layer.bias if layer.use_bias else None
    kernel, bias = folded_weights(layer, norm)
    return tf.constant(kernel), tf.constant(bias)


def _convolution(layer: Any, kernel: Any, bias: Any) -> Run:
    strides, dilations = list(layer.strides), list(layer.dilation_rate)
    depthwise = isinstance(layer, layers.DepthwiseConv2D)

    def run(xs: Sequence[Any], padded: bool) -> Any:
        weights, padding = tf.convert_to_tensor(kernel), _padding(layer, padded)
        if depthwise:
            y = tf.nn.depthwise_conv2d(xs[0], weights, [1, *strides, 1], padding, dilations=dilations)
        else:
            y = tf.nn.conv2d(xs[0], weights, strides, padding, dilations=dilations)
        return layer.activation(y if bias is None else tf.nn.bias_add(y, tf.convert_to_tensor(bias)))

    return run


def _dense(layer: Any, kernel: Any, bias: Any, *, last: bool) -> Run:
    def run(xs: Sequence[Any], _: bool) -> Any:
        y = tf.matmul(xs[0], tf.convert_to_tensor(kernel))
        y = y if bias is None else tf.nn.bias_add(y, tf.convert_to_tensor(bias))
        return y if last else layer.activation(y)

    return run


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
