"""Writes the fits that come with the app (a script).

    python -m models.gabor_recorder

Run it (a minute) after new weights of Frame8.
"""

from __future__ import annotations

import numpy as np

from models import answers, pretraining_card
from models.gabor import look
from models.gabor_fit import fit
from models.gabor_recordings import FOLDER, NUMBERS, Noise, Recording, digest
from models.runs import write_atomically

NOISE_KERNELS = 1000
NOISE_SIZES = ((7, 7),)  # of the offered backbones, those whose kernels are not too small
_SEED = 0


def measure_noise(height: int, width: int, count: int) -> Noise:
    """Fit kernels of seeded noise over three colours."""
    kernels = np.random.default_rng(_SEED).normal(size=(height, width, 3, count))
    return Noise(np.sort(fit(kernels).r2), np.sort(look(kernels).orientation).astype(np.float32))


def measure_stages() -> Recording:
    """Fit the kernels of every moment that the pretraining kept."""
    fits = [fit(kernels) for kernels in pretraining_card.read_kernels().kernels]
    return Recording(
        digest=digest(),
        numbers=np.array([[getattr(one, name) for name in NUMBERS] for one in fits]),
        mean=np.array([one.mean for one in fits]),
        colour=np.array([one.colour for one in fits]),
    )


def main() -> None:
    """Compute and write all; replaces older ones."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    FOLDER.mkdir(exist_ok=True)
    with threadpool_limits(1):
        write_atomically(FOLDER / "frame8.npz", answers.encode(measure_stages()))
        for height, width in NOISE_SIZES:
            noise = measure_noise(height, width, NOISE_KERNELS)
            write_atomically(FOLDER / f"noise-{height}x{width}.npz", answers.encode(noise))


if __name__ == "__main__":
    main()
