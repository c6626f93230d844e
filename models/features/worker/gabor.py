"""The kernels of a network's first convolution, and Gabor functions fitted to these, to noise, through pretraining."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import numpy as np

from models.errors import InputError
from models.features.gabor import GaborFits, Kernels, look
from models.features.gabor_fit import fit
from models.features.gabor_stages import NUMBERS, Noise, Recording, digest
from models.frame8 import card
from models.networks.worker import opened

NOISE_KERNELS: Final = 1000
_SEED: Final = 0


def kernels_of(layers: Iterable[Any]) -> Kernels:
    """Return the kernels of the first Keras Conv2D among `layers`, in the order of computation.

    Raises:
        InputError: There is none, or it does not look at three colours.
    """
    for layer in layers:
        if type(layer).__name__ == "Conv2D":
            values = np.array(layer.get_weights()[0], np.float32)
            if values.shape[2] == 3:
                return Kernels(values, str(layer.name))
            break
    raise InputError("Expected a network whose first convolution looks at red, green and blue. Received another.")


def first_kernels(network: str) -> Kernels:
    """Return the kernels of a network's first convolution. Raises what `opened.load` and `kernels_of` do."""
    return kernels_of(opened.load(network).model.layers)


def gabor_fits(network: str) -> GaborFits:
    """Return the Gabor functions that fit the kernels of a network's first convolution; about a second."""
    found = first_kernels(network)
    return fit(found.values, found.layer)


def of_noise(height: int, width: int, count: int = NOISE_KERNELS) -> Noise:
    """Return how well Gabor functions fit kernels of seeded noise over three colours."""
    kernels = np.random.default_rng(_SEED).normal(size=(height, width, 3, count))
    return Noise(np.sort(fit(kernels).r2), np.sort(look(kernels).orientation).astype(np.float32))


def of_stages() -> Recording:
    """Return the fits of Frame8's kernels at every moment that its pretraining kept."""
    fits = [fit(kernels) for kernels in card.read_kernels().kernels]
    return Recording(
        digest=digest(),
        numbers=np.array([[getattr(one, name) for name in NUMBERS] for one in fits]),
        mean=np.array([one.mean for one in fits]),
        colour=np.array([one.colour for one in fits]),
    )
