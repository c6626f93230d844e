"""Films and pictures of activation maximisation that are shipped with the app, and the script that makes them.

    python -m models.maximisation_recordings

Run it (some minutes) after new weights of Frame8, after `python -m models.example` and `python -m models.patch_search`,
and when defaults change: what is shipped is found by its settings and by the weights, and an old one is not shown.
"""

from __future__ import annotations

import numpy as np

from models import answers, datasets, maximisation_film, network_layers, top_patches
from models.backbones import DEFAULT
from models.maximisation_film import Film, Sheet
from models.maximisation_spec import SHIPPED as FOLDER
from models.maximisation_spec import MaximisationSpec, shipped_path, weights_digest
from models.runs import EXAMPLE, write_atomically

NETWORK = f"backbone:{DEFAULT}:64"
LAYERS = tuple(f"conv{number}_relu" for number in range(1, 6))
CLASSES = (f"run:{EXAMPLE}", "head_output")  # network and layer
FIRST_LAYER, FIRST_DATA = "conv3_relu", "galaxies"  # of a first visit
PER_LAYER = 12
_FRAMES = {"usual": 18, "bare": 12}  # noise takes twice the room
_SHEET = FOLDER / "sheet.npz"


def film(spec: MaximisationSpec) -> Film | None:
    """Return the shipped film of a spec, if there is one for the weights that are shipped."""
    return maximisation_film.load(shipped_path(spec))


def sheet() -> Sheet | None:
    """Return the shipped pictures, if they were made with the weights that are shipped."""
    found = answers.read(_SHEET, Sheet)
    return found if found is not None and found.digest == weights_digest() else None


def first() -> MaximisationSpec:
    """Return what a first visit asks for: the channel that tells most of the data's classes."""
    found = top_patches.shipped(NETWORK, FIRST_DATA)
    channel = 0 if found is None else found.of(FIRST_LAYER).telling(datasets.labels(FIRST_DATA))
    return MaximisationSpec(NETWORK, FIRST_LAYER, channel)


def units() -> list[tuple[str, str, int]]:
    """Return network, layer and channel of every picture of the sheet: evenly spaced, not picked by hand."""
    found = []
    for network, layer in [*((NETWORK, name) for name in LAYERS), CLASSES]:
        n_channels = network_layers.layer(network, layer).shape[2]
        chosen = np.unique(np.linspace(0, n_channels - 1, min(PER_LAYER, n_channels)).round().astype(int))
        found += [(network, layer, int(channel)) for channel in chosen]
    return found


def main() -> None:
    """Make all of it; replaces older ones."""
    from models.maximisation_job import maximise

    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.npz"):
        old.unlink()
    usual = first()
    for name, spec in {"usual": usual, "bare": usual.bare}.items():
        maximisation_film.save(shipped_path(spec), maximise(spec, frames=_FRAMES[name]))
    chosen = units()
    pictures = [maximise(MaximisationSpec(*unit), frames=1).frames[-1] for unit in chosen]
    networks, layers, channels = zip(*chosen, strict=True)
    data = np.frombuffer(b"".join(pictures), np.uint8)
    sizes = np.array([len(picture) for picture in pictures], np.int64)
    made = Sheet(networks, layers, np.array(channels, np.int64), data, sizes, weights_digest())
    write_atomically(_SHEET, answers.encode(made))


if __name__ == "__main__":
    main()
