"""The kernels of a network's first convolution, and the Gabor functions that fit them."""

from __future__ import annotations

from models.features import gabor, gabor_fit
from models.features.gabor import GaborFits, Kernels
from models.networks.worker import opened


def first_kernels(network: str) -> Kernels:
    """Return the kernels of a network's first convolution."""
    return gabor.first_kernels(opened.load(network).model.layers)


def gabor_fits(network: str) -> GaborFits:
    """Return the Gabor functions that fit the kernels of a network's first convolution; about a second."""
    found = first_kernels(network)
    return gabor_fit.fit(found.values, found.layer)
