"""What the features wing ships with the app: strongest patches, films, a sheet of maximised pictures, Gabor fits.

Run after new weights of Frame8, patches first: the films are of a unit that they choose.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.features import gabor_stages
from models.features.maximisation import MAXIMISATION, SHEET, MaximisationSpec, Sheet, first, weights_digest
from models.features.patches import EXAMPLE_NETWORK, NETWORK, PATCHES, digest
from models.features.worker import gabor
from models.features.worker.maximisation import maximise
from models.features.worker.patches import measure
from models.networks import layers
from models.storage.files import pack, write_atomically

_FRAMES, _FRAMES_BARE = 18, 12  # of a film: noise takes twice the room
_LAYERS: Final = tuple(f"conv{number}_relu" for number in range(1, 6))  # on the sheet, and the example's classes
_PER_LAYER: Final = 12  # pictures on the sheet
_NOISE_SIZES: Final = ((7, 7),)  # of the offered backbones, those whose kernels are not too small


def patches() -> None:
    """Ship the strongest patches of Frame8's layers on every data set, and of the example's head on its own data."""
    made = {}
    for spec in (PATCHES.examples or tuple)():
        head = [choice.name for choice in layers.layers(spec.network) if choice.block == layers.HEAD]
        made[spec] = replace(measure(spec, layers=head or None), digest=digest(spec.dataset))
    PATCHES.ship(made)


def films() -> None:
    """Ship what a first visit asks for, and the same with every switch off."""
    usual = first()
    specs = {usual: _FRAMES, usual.bare: _FRAMES_BARE}
    MAXIMISATION.ship({spec: maximise(spec, frames=frames) for spec, frames in specs.items()})


def units() -> list[tuple[str, str, int]]:
    """Return network, layer and channel of every picture of the sheet: evenly spaced, not picked by hand."""
    found = []
    for network, layer in [*((NETWORK, name) for name in _LAYERS), (EXAMPLE_NETWORK, "head_output")]:
        n_channels = layers.layer(network, layer).shape[2]
        chosen = np.unique(np.linspace(0, n_channels - 1, min(_PER_LAYER, n_channels)).round().astype(int))
        found += [(network, layer, int(channel)) for channel in chosen]
    return found


def sheet() -> None:
    """Ship the last pictures of some units of every block, made with the usual settings; some minutes."""
    chosen = units()
    pictures = [maximise(MaximisationSpec(*unit), frames=1).frames[-1] for unit in chosen]
    networks, names, channels = zip(*chosen, strict=True)
    data = np.frombuffer(b"".join(pictures), np.uint8)
    sizes = np.array([len(picture) for picture in pictures], np.int64)
    made = Sheet(networks, names, np.array(channels, np.int64), data, sizes, weights_digest())
    write_atomically(SHEET, pack(made))


def gabor_fits() -> None:
    """Ship the fits of Frame8's kernels through its pretraining, and the yardstick of noise; a minute."""
    with threadpool_limits(1):
        write_atomically(gabor_stages.FOLDER / "frame8.npz", pack(gabor.of_stages()))
        for height, width in _NOISE_SIZES:
            path = gabor_stages.FOLDER / f"noise-{height}x{width}.npz"
            write_atomically(path, pack(gabor.of_noise(height, width)))
