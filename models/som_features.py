"""What the layers of a network answer to every picture of a data set, for maps to train on. Runs in a worker."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models import datasets, images
from models.runs import Progress
from models.som_measures import Floats


def layer_features(
    network_id: str, layers: Sequence[str], dataset: str, progress: Progress, bar: tuple[float, float] = (0.0, 1.0)
) -> list[Floats]:
    """Return each layer's answer to every picture, averaged over positions, one float32 (N, C) a layer.

    Args:
        network_id: A network id.
        layers: Names of its layers.
        dataset: Id of the data set.
        progress: Told what share is done.
        bar: From where to where in the bar this goes, shares in 0..1.

    Raises:
        InputError: Unknown network, layer or data set.
        RunNotFound: The run has no classifier.
        WeightsUnavailable: Pretrained weights are not on this machine.

    Cost: one forward pass up to the deepest of the layers per picture.
    """
    from models import networks
    from models.examples import pictures_per_pass

    network = networks.load(network_id)
    answer = networks.layer_function(network, tuple(layers))
    everything = datasets.load(dataset).images
    chunk = pictures_per_pass(network.model)
    parts: list[list[Floats]] = [[] for _ in layers]
    for start in range(0, len(everything), chunk):
        if start % (8 * chunk) == 0:
            share = bar[0] + (bar[1] - bar[0]) * start / len(everything)
            progress.event(share=share, note=f"Picture {start:,} of {len(everything):,}")
        progress.check()
        batch = images.resize(everything[start : start + chunk], network.height, network.width)
        for part, maps in zip(parts, answer(batch), strict=True):
            part.append(maps.mean(axis=(1, 2)) if maps.ndim == 4 else maps.reshape(len(maps), -1))
    return [np.concatenate(part) for part in parts]
