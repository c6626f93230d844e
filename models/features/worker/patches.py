"""The search for the strongest answers of every channel of every layer, in one pass over a data set.

Only numbers leave the traced function: of every map its largest value, and where it is for the few that are among the
nine strongest so far.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import InputError
from models.features.patches import TOP, PatchSpec, TopPatches
from models.networks import layers as networks_layers
from models.networks.worker import opened
from models.networks.worker.opened import Network
from models.pictures import datasets, images
from models.storage.progress import SILENT, Progress
from models.training.worker.examples import pictures_per_pass
from models.wording import grouped

_MAPS_MB = 256  # of all layers together, of the pictures of one pass
_REPORT_S = 0.4  # between two reports of progress


class RunningTop:
    """Gathers the strongest answers batch by batch; pictures come in the order of their numbers.

    A batch brings the largest value of each (picture, channel), and its place only if it beats the ninth so far: the
    place costs far more to find than the value.
    """

    def __init__(self, n_channels: int, top: int = TOP) -> None:
        self._seen, self._top = 0, top
        self.value = np.full((top, n_channels), -np.inf, np.float32)
        self.picture = np.full((top, n_channels), -1, np.int32)
        self.place = np.zeros((top, n_channels), np.int32)

    @property
    def threshold(self) -> NDArray[np.float32]:
        """What a value must exceed to be among the strongest, (C,)."""
        ninth: NDArray[np.float32] = self.value[-1]
        return ninth

    def add(self, value: NDArray[np.float32], entries: NDArray[Any], place: NDArray[Any]) -> None:
        """Take in a batch.

        Args:
            value: (N, C), each channel's largest value in each picture.
            entries: (P, 2), which (picture of the batch, channel) exceed the threshold, in ascending order.
            place: (P,), the flat position of each of them in its map.
        """
        places = np.zeros(value.shape, np.int32)
        places[entries[:, 0], entries[:, 1]] = place
        changed = np.unique(entries[:, 1])
        numbers = np.arange(self._seen, self._seen + len(value), dtype=np.int32)
        new = np.broadcast_to(numbers[:, None], (len(value), len(changed)))
        values = np.concatenate([self.value[:, changed], value[:, changed]])
        # NaN, which a classifier whose training diverged may give, exceeds no threshold, and is sorted behind all else.
        order = np.argsort(-values, axis=0, kind="stable")[: self._top]
        pairs = ((self.picture, new), (self.place, places[:, changed]))
        self.value[:, changed] = np.take_along_axis(values, order, axis=0)
        for kept, found in pairs:
            kept[:, changed] = np.take_along_axis(np.concatenate([kept[:, changed], found]), order, axis=0)
        self._seen += len(value)


def search(
    network: Network,
    layers: Sequence[str],
    n_pictures: int,
    pictures: Callable[[int, int], NDArray[np.uint8]],
    progress: Progress = SILENT,
    top: int = TOP,
) -> RunningTop:
    """Return the strongest answers of all channels of `layers`, one after the other.

    Args:
        network: Any network.
        layers: Names of its layers.
        n_pictures: How many pictures there are.
        pictures: Returns those from number `start` up to `stop`, at the size the network takes.
        progress: Hears what share is done; checked before every batch.
        top: How many a channel, at most one per picture.

    Raises:
        InputError: The network has no such layer.
        Cancelled: By `progress`.

    Cost: one forward pass per picture up to the deepest layer; memory for `_MAPS_MB` of maps.
    """
    missing = [name for name in layers if name not in {layer.name for layer in network.model.layers}]
    if missing or not layers:
        raise InputError(f"Expected layers of the network. Received {', '.join(missing[:3])[:60] or 'none'}.")
    call = _peaks(network, tuple(layers))
    outputs = [network.model.get_layer(name).output.shape[1:] for name in layers]
    found = RunningTop(sum(shape[-1] for shape in outputs), min(top, n_pictures))
    most = int(_MAPS_MB * 2**20 // (4 * sum(math.prod(shape) for shape in outputs)))
    most = max(1, min(pictures_per_pass(network.model), most))
    progress.event(share=0.0, note=f"Getting {len(layers)} layers ready")
    start, reported = 0, -math.inf
    while start < n_pictures:
        progress.check()
        if time.monotonic() - reported > _REPORT_S:
            reported = time.monotonic()
            progress.event(share=start / n_pictures, note=f"Picture {grouped(start)} of {grouped(n_pictures)}")
        # The first passes are small: as long as few pictures were seen, most values are among the strongest so far.
        stop = min(start + min(most, max(1, start)), n_pictures)
        found.add(*call(pictures(start, stop), found.threshold))
        start = stop
    return found


def _peaks(network: Network, layers: tuple[str, ...]) -> Callable[..., list[NDArray[Any]]]:
    """Return a function of pictures and a threshold (C,) to what `RunningTop.add` takes."""

    def make() -> Callable[[Any, Any], list[Any]]:
        part = keras.Model(network.model.input, [network.model.get_layer(name).output for name in layers])

        def peaks(pictures: Any, threshold: Any) -> list[Any]:
            largest, entries, places, first = [], [], [], 0
            for maps in keras.tree.flatten(part(pictures, training=False)):
                n_places, n_channels = math.prod(maps.shape[1:-1]), maps.shape[-1]
                maps = tf.reshape(maps, [-1, n_places, n_channels])
                strongest = tf.reduce_max(maps, axis=1)
                above = tf.cast(tf.where(strongest > threshold[first : first + n_channels]), tf.int32)
                start = above[:, :1] * (n_places * n_channels) + above[:, 1:]
                each = tf.gather(tf.reshape(maps, [-1]), start + tf.range(n_places) * n_channels)  # (P, places)
                largest.append(strongest)
                entries.append(tf.stack([above[:, 0], above[:, 1] + first], axis=1))
                places.append(tf.argmax(each, axis=1, output_type=tf.int32))
                first += n_channels
            return [tf.concat(largest, 1), tf.concat(entries, 0), tf.concat(places, 0)]

        return peaks

    return opened.traced(network, ("/peaks", *layers), make, tf.TensorSpec([None], tf.float32))


def measure(spec: PatchSpec, progress: Progress = SILENT, layers: Sequence[str] | None = None) -> TopPatches:
    """Return the strongest answers over every picture of a data set, of all layers or of some.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.
    """
    network, everything = opened.load(spec.network), datasets.load(spec.dataset).images
    choices = [c for c in networks_layers.layers(spec.network) if layers is None or c.name in layers]

    def pictures(start: int, stop: int) -> NDArray[np.uint8]:
        return images.resize(np.asarray(everything[start:stop]), network.height, network.width)

    names = tuple(choice.name for choice in choices)
    found = search(network, names, len(everything), pictures, progress)
    cols = np.repeat([choice.shape[1] for choice in choices], [choice.shape[2] for choice in choices])
    row, col = np.divmod(found.place, cols)
    return TopPatches(
        network=spec.network,
        dataset=spec.dataset,
        digest="",
        n_pictures=len(everything),
        layers=names,
        ends=tuple(np.cumsum([choice.shape[2] for choice in choices]).tolist()),
        value=found.value,
        picture=found.picture,
        row=row.astype(np.int16),
        col=col.astype(np.int16),
    )
