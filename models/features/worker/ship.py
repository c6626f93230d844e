"""Writes the fits that come with the app (a script).

    python -m models.features.worker.ship

Run it (a minute) after new weights of Frame8.
"""

from __future__ import annotations

import numpy as np

from models.features import films
from models.features.films import _SHEET, NETWORK, Sheet, first
from models.features.gabor import look
from models.features.gabor_fit import fit
from models.features.gabor_stages import FOLDER, NUMBERS, Noise, Recording, digest
from models.features.maximisation import SHIPPED, MaximisationSpec, shipped_path, weights_digest
from models.frame8 import card
from models.networks import layers as networks_layers
from models.storage import files
from models.storage.files import write_atomically
from models.storage.runs import EXAMPLE

NOISE_KERNELS = 1000
NOISE_SIZES = ((7, 7),)  # of the offered backbones, those whose kernels are not too small
_SEED = 0


def measure_noise(height: int, width: int, count: int) -> Noise:
    """Fit kernels of seeded noise over three colours."""
    kernels = np.random.default_rng(_SEED).normal(size=(height, width, 3, count))
    return Noise(np.sort(fit(kernels).r2), np.sort(look(kernels).orientation).astype(np.float32))


def measure_stages() -> Recording:
    """Fit the kernels of every moment that the pretraining kept."""
    fits = [fit(kernels) for kernels in card.read_kernels().kernels]
    return Recording(
        digest=digest(),
        numbers=np.array([[getattr(one, name) for name in NUMBERS] for one in fits]),
        mean=np.array([one.mean for one in fits]),
        colour=np.array([one.colour for one in fits]),
    )


def ship_gabor() -> None:
    """Compute and write all; replaces older ones."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    FOLDER.mkdir(exist_ok=True)
    with threadpool_limits(1):
        write_atomically(FOLDER / "frame8.npz", files.encode(measure_stages()))
        for height, width in NOISE_SIZES:
            noise = measure_noise(height, width, NOISE_KERNELS)
            write_atomically(FOLDER / f"noise-{height}x{width}.npz", files.encode(noise))


if __name__ == "__main__":
    ship_gabor()

# FOLDED models/features/films.py: Films and pictures of activation maximisation that are shipped with the app, and
# the script that makes them. python -m models.features.films Run it (some minutes) after new weights of Frame8,
# after `python -m models.training.worker.ship` and `python -m models.features.worker.patch_search`, and when
# defaults change: what is shipped is found by its settings and by the weights, and an old one is not shown.

LAYERS = tuple(f"conv{number}_relu" for number in range(1, 6))
CLASSES = (f"run:{EXAMPLE}", "head_output")  # network and layer
PER_LAYER = 12
_FRAMES = {"usual": 18, "bare": 12}  # noise takes twice the room


def units() -> list[tuple[str, str, int]]:
    """Return network, layer and channel of every picture of the sheet: evenly spaced, not picked by hand."""
    found = []
    for network, layer in [*((NETWORK, name) for name in LAYERS), CLASSES]:
        n_channels = networks_layers.layer(network, layer).shape[2]
        chosen = np.unique(np.linspace(0, n_channels - 1, min(PER_LAYER, n_channels)).round().astype(int))
        found += [(network, layer, int(channel)) for channel in chosen]
    return found


def ship_films() -> None:
    """Make all of it; replaces older ones."""
    from models.features.worker.maximise import maximise

    SHIPPED.mkdir(exist_ok=True)
    for old in SHIPPED.glob("*.npz"):
        old.unlink()
    usual = first()
    for name, spec in {"usual": usual, "bare": usual.bare}.items():
        films.save(shipped_path(spec), maximise(spec, frames=_FRAMES[name]))
    chosen = units()
    pictures = [maximise(MaximisationSpec(*unit), frames=1).frames[-1] for unit in chosen]
    networks, layers, channels = zip(*chosen, strict=True)
    data = np.frombuffer(b"".join(pictures), np.uint8)
    sizes = np.array([len(picture) for picture in pictures], np.int64)
    made = Sheet(networks, layers, np.array(channels, np.int64), data, sizes, weights_digest())
    write_atomically(_SHEET, files.encode(made))


if __name__ == "__main__":
    ship_films()
