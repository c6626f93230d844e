"""Augmentation as plain data: what may change in a training picture, within which limits, and by how much it does.

How much one picture changes in one epoch hangs on (seed, epoch, number of the picture) alone, not on its batch, nor on
what was drawn before. A training that is taken up again, and the preview on a page, thus see the same pictures.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.plain_specs import PlainSpec

_STREAM = 0x6175676D  # "augm": apart from the numbers that decide the order of the pictures and dropout

# What `draws` returns, column by column.
COLUMNS = (
    "flip_horizontal", "flip_vertical", "degrees", "down", "right", "scale", "brightness", "contrast", "saturation",
    "hue", "cutout", "cut_row", "cut_col",
)  # fmt: skip

# The largest value of every setting that is a number; 0 is off.
LIMITS: dict[str, float] = {
    "rotation": 180.0,
    "shift": 0.5,
    "zoom": 0.5,
    "brightness": 0.5,
    "contrast": 0.9,
    "saturation": 1.0,
    "hue": 180.0,
    "cutout": 0.8,
}


@dataclass(frozen=True, slots=True)
class AugmentationSpec(PlainSpec):
    """What may change in a picture that is learnt from; all of it off by default.

    Every amount is drawn evenly between its two ends, anew for every picture in every epoch.

    Attributes:
        flip_horizontal, flip_vertical: Mirror half of the pictures, left to right or top to bottom.
        rotation: Turn by up to so many degrees, either way.
        shift: Move by up to this share of the height and of the width, either way.
        zoom: Enlarge by a factor between 1 - zoom and 1 + zoom.
        brightness: Add up to this share of the whole range of 0 to 255, or take it away.
        contrast, saturation: Multiply the distance of every value from the picture's mean grey, or from the pixel's own
            grey, by a factor between 1 - amount and 1 + amount.
        hue: Turn colours around the grey axis by up to so many degrees, either way.
        cutout: Cover a square of this share of the shorter side with mid-grey, anywhere.
    """

    flip_horizontal: bool = False
    flip_vertical: bool = False
    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    saturation: float = 0.0
    hue: float = 0.0
    cutout: float = 0.0

    @property
    def on(self) -> bool:
        """Whether anything changes."""
        return any(asdict(self).values())

    def check(self) -> None:
        """Raise InputError if a setting is outside its limits."""
        for name, largest in LIMITS.items():
            value = getattr(self, name)
            if not 0 <= value <= largest:
                raise InputError(f"Expected the augmentation's {name} from 0 to {largest:g}. Received {value:g}.")


OFF = AugmentationSpec()
GENTLE = AugmentationSpec(flip_horizontal=True, rotation=15.0, shift=0.1, zoom=0.1, brightness=0.1, contrast=0.2)


def draws(spec: AugmentationSpec, seed: int, epoch: int, numbers: NDArray[np.integer]) -> NDArray[np.float32]:
    """Return how much some pictures change in one epoch, float32 (n, columns) in the order of `COLUMNS`.

    Args:
        spec: What may change.
        seed: Of the run.
        epoch: From 0.
        numbers: int (n,), at least 0: the pictures, by their place in the data set.

    Returns:
        Flips are 0 or 1, degrees counter-clockwise, shifts in shares of height and width, scale, contrast and
        saturation factors around 1, brightness a share of 255, hue in degrees, and of the covered square its side, its
        middle row and its middle column in shares.
    """
    # Filled row by row: the numbers of a picture do not depend on how many follow.
    count = int(np.max(numbers, initial=0)) + 1
    generator = np.random.default_rng([seed, epoch, _STREAM])
    u = generator.random((count, len(COLUMNS)), np.float32)[numbers]
    either_way = 2 * u - 1
    largest = np.array(
        [0, 0, spec.rotation, spec.shift, spec.shift, spec.zoom, spec.brightness, spec.contrast, spec.saturation,
         spec.hue, 0, 0, 0],
        np.float32,
    )  # fmt: skip
    found = either_way * largest
    found[:, [5, 7, 8]] += 1  # factors
    found[:, 0] = (u[:, 0] < 0.5) & spec.flip_horizontal
    found[:, 1] = (u[:, 1] < 0.5) & spec.flip_vertical
    found[:, 10] = spec.cutout
    found[:, 11:] = u[:, 11:]
    return np.asarray(found, np.float32)


def words(spec: AugmentationSpec, row: NDArray[np.floating]) -> str:
    """Return in a few words what happens to one picture (one row of `draws`); "unchanged" if nothing does."""
    drawn = dict(zip(COLUMNS, map(float, row), strict=True))
    said = [
        ("mirrored", drawn["flip_horizontal"]),
        ("upside down", drawn["flip_vertical"]),
        (f"turned {drawn['degrees']:+.0f}°", spec.rotation),
        (f"moved {drawn['down']:+.0%} down, {drawn['right']:+.0%} right", spec.shift),
        (f"× {drawn['scale']:.2f}", spec.zoom),
        (f"brightness {drawn['brightness']:+.0%}", spec.brightness),
        (f"contrast × {drawn['contrast']:.2f}", spec.contrast),
        (f"saturation × {drawn['saturation']:.2f}", spec.saturation),
        (f"hue {drawn['hue']:+.0f}°", spec.hue),
        ("a square covered", spec.cutout),
    ]
    return ", ".join(text for text, applies in said if applies) or "unchanged"
