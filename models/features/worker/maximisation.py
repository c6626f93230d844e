"""The film of an activation maximisation: a unit of a network as an objective, climbed.

Started again after a kill, the job begins anew and comes to the same film.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from models.errors import InputError
from models.features.ascent import Objective, ascent
from models.features.maximisation import (
    FRAMES,
    MAXIMISATION,
    End,
    Film,
    FilmMaker,
    MaximisationSpec,
    Place,
    moments,
)
from models.features.worker import backward
from models.networks.worker import opened
from models.storage.files import pack, write_atomically
from models.storage.progress import SILENT, Progress

_BEFORE = ("relu", "relu6", "softmax")  # nonlinearities that units are looked at before
_LEAK = 0.1  # the slope below zero of what is climbed


def make(spec: MaximisationSpec, progress: Progress, folder: Path) -> None:
    """Make a film in the folder of a run; every frame is there as soon as it is made. Raises what `maximise` does."""

    def save(film: Film) -> None:
        write_atomically(folder / MAXIMISATION.file, pack(film))

    save(maximise(spec, progress, on_frame=save))


def maximise(
    spec: MaximisationSpec,
    progress: Progress = SILENT,
    *,
    on_frame: Callable[[Film], None] | None = None,
    frames: int = FRAMES,
) -> Film:
    """Return the film of an ascent from grey noise to a picture that the unit answers strongly.

    Args:
        spec: The unit and how its picture is looked for.
        progress: Hears the share done at every frame; checked at every step.
        on_frame: Called with the film as far as it has come, after every frame.
        frames: How many pictures to keep, the start left out.

    Raises:
        InputError: The network's numbers overflow from the start.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.
        Cancelled: By `progress`.

    Cost: `spec.steps` forward and backward passes, and a forward one a frame.
    """
    network = opened.load(spec.network)
    height, width = network.height, network.width
    climbed = objective(network, spec.layer, spec.channel, spec.place)
    wanted, maker = moments(spec.steps, frames), FilmMaker(height, width, spec.steps)
    end: End = "done"
    for moment in ascent(climbed, height, width, strengths=spec.strengths, steps=spec.steps, seed=spec.seed):
        progress.check()
        if not moment.moved:
            end = "flat" if np.isfinite(climbed(moment.picture)[0]) else "overflow"
            break
        if moment.step in wanted:
            value, _ = climbed(moment.shown)
            if not np.isfinite(value):
                end = "overflow"
                break
            maker.add(moment.step, value, moment.shown)
            if on_frame is not None:
                on_frame(maker.film(""))
            progress.event(share=moment.step / spec.steps, note=f"Step {moment.step} of {spec.steps}")
    if not maker.count:
        raise InputError("This network's numbers overflow already for a grey picture: its training may have diverged.")
    return maker.film(end)


def objective(network: opened.Network, layer: str, channel: int, place: Place) -> Objective:
    """Return a function from a picture (H, W, 3) in 0-255 to what the unit answers, and the gradient of that.

    Units are looked at before their own ReLU or softmax. "everywhere" is the mean over positions of what is above zero,
    as the ReLU lets it through; its gradient is that of a ReLU that leaks a tenth, since where a unit is silent there
    would be none. "centre" is the value in the middle. A unit of a dense layer has one value; for a class it is the
    logit.

    Raises:
        InputError: The network has no such layer or channel.

    Cost of a call: a forward and a backward pass.
    """
    known = {kept.name: kept for kept in network.model.layers}
    if layer not in known or not 0 <= channel < known[layer].output.shape[-1]:
        raise InputError(
            f"Expected a layer of the network and one of its channels. Received {channel} of {layer[:60]}."
        )

    def make() -> Callable[[Any, Any], list[Any]]:
        kept = known[layer]
        early = backward.nonlinearity(kept) in _BEFORE
        part = keras.Model(network.model.input, kept.input if early else kept.output)

        def both(images: Any, number: Any) -> list[Any]:
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(images)
                outputs = part(images, training=False)
                values = (backward.linear(kept, outputs) if early else outputs)[..., number[0]]
                answer, climbed = _answer(values, place)
            return [answer, tape.gradient(climbed, images, unconnected_gradients="zero")]

        return both

    call = opened.traced(network, ("/maximise", layer, place), make, tf.TensorSpec([1], tf.int32))
    number = np.array([channel], np.int32)

    def climb(picture: NDArray[Any]) -> tuple[float, NDArray[Any]]:
        answer, gradient = call(np.asarray(picture, np.float32)[None], number)
        return float(answer), gradient[0]

    return climb


def _answer(values: Any, place: Place) -> tuple[Any, Any]:
    """Return what one picture's values (1, H, W) or (1,) of a unit amount to, and what is climbed."""
    if len(values.shape) == 1:
        return values[0], values[0]
    if place == "centre":
        middle = values[0, values.shape[1] // 2, values.shape[2] // 2]
        return middle, middle
    return tf.reduce_mean(tf.nn.relu(values)), tf.reduce_mean(tf.nn.leaky_relu(values, _LEAK))
