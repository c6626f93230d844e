"""A first layer's kernels, read as Gabor functions (gratings under a bell), and what kind each kernel is.

    kernel(r, c) = mean + colour * g(u, v)
    g(u, v) = amplitude * exp(-u^2 / (2 across^2) - v^2 / (2 along^2)) * cos(2 pi u / wavelength + phase) + offset

u is measured across the stripes and v along them, from the centre (row, col). R2 is about the kernel's mean colour and
over all its numbers; it is the product of two shares: how much of the variation lies in one colour direction, and how
much of that a Gabor function follows.

Source: Jones and Palmer, An evaluation of the two-dimensional Gabor filter model of simple receptive fields in cat
striate cortex, Journal of Neurophysiology 58 (1987).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.backbones import tables
from models.backbones.registry import DEFAULT, FRAME8_WEIGHTS
from models.backbones.tables import LayerRow
from models.errors import InputError
from models.ids import NetworkId
from models.jobs.job import Task

PARAMETERS: Final = 9  # of the function of space: centre (2), angle, wavelength, phase, widths (2), amplitude, offset
WELL: Final = 0.8  # from this R2 a kernel counts as well fitted, unless the visitor moves it
COLOUR: Final = 0.5  # from this share of its energy off the grey axis, a kernel is coloured
ORIENTED: Final = 0.3  # from this orientation index it has a direction; of 1,000 kernels of noise, none comes near
SMOOTH: Final = 1.5  # up to so many cycles over its longest side, a blob is smooth
KINDS: Final = {
    "grey": "Edge or grating, grey",
    "coloured": "Edge or grating, coloured",
    "blob": "Colour blob",
    "neither": "Neither",
}
SHORTEST_BELL: Final = 0.5  # px, the smallest standard deviation that is fitted
_SPECTRUM: Final = 64  # points a side


@dataclass(frozen=True, slots=True)
class Kernels:
    """The kernels of a network's first convolution: the only ones that can be looked at as pictures.

    Attributes:
        values: (height, width, 3, n) float32, input channels red, green and blue.
        layer: Its name.
    """

    values: np.ndarray
    layer: str


def first_row(backbone: str, side: int) -> LayerRow:
    """Return what is known of a backbone's first convolution without opening it."""
    return next(row for row in tables.table(backbone, side).layers if row.kind == "Conv2D")


def shipped(network: str) -> Kernels | None:
    """Return the kernels of pretrained Frame8 straight from its weight file, in milliseconds; None for others."""
    known = NetworkId.parse(network)
    if (known.backbone, known.weights) != (DEFAULT, "pretrained") or not FRAME8_WEIGHTS.exists():
        return None
    with np.load(FRAME8_WEIGHTS, allow_pickle=False) as saved:
        return Kernels(saved["conv1/kernel"].astype(np.float32), "conv1")


def longest_wavelength(height: int, width: int) -> float:
    """Return the longest wavelength in px that a kernel can show: half of it fills the longest side."""
    return 2.0 * max(height, width)


def too_small(height: int, width: int) -> str:
    """Return why a kernel of that size supports no Gabor function, or an empty text."""
    if height * width >= 2 * PARAMETERS:
        return ""
    return (
        f"A Gabor function has {PARAMETERS} numbers to choose, and a kernel of {height} × {width} has {height * width} "
        "places: it could be fitted to nearly anything, noise included, so a good fit would mean nothing."
    )


def check_size(height: int, width: int) -> None:
    """Raise InputError where `too_small` has something to say."""
    if reason := too_small(height, width):
        raise InputError(f"Expected kernels of at least {2 * PARAMETERS} places. {reason}")


def along_one_colour(kernels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return mean colour (n, C), the unit colour (n, C) of most variation, the kernel along it (n, P), its share (n,).

    Of the two opposite unit vectors, the one whose largest part is positive.
    """
    mean = kernels.mean(axis=1)
    centred = kernels - mean[:, None]
    variances, directions = np.linalg.eigh(centred.transpose(0, 2, 1) @ centred)
    colour = directions[:, :, -1]
    largest = np.take_along_axis(colour, np.abs(colour).argmax(axis=1)[:, None], axis=1)
    colour = colour * np.where(largest < 0, -1, 1)
    total = variances.sum(axis=1)
    flat = total <= 1e-12 * (kernels**2).sum(axis=(1, 2))  # rounding, not variation
    profile = np.where(flat[:, None], 0.0, (centred @ colour[:, :, None])[..., 0])
    return mean, colour, profile, np.where(flat, 0.0, variances[:, -1] / np.where(flat, 1, total))


@dataclass(frozen=True, slots=True, eq=False)
class GaborFits:
    """The kernels of a layer and the Gabor function fitted to each; arrays are float32 and count kernels first.

    Attributes:
        layer: Its name.
        kernels: (height, width, C, n), as the layer has them.
        mean: (n, C), the kernel's mean colour.
        colour: (n, C), the unit vector along which the kernel varies most.
        share: (n,), how much of its variation lies along that; 0 where nothing varies.
        within: (n,), R2 of the Gabor function on the kernel along that colour; 0 where nothing varies.
        row, col: (n,), the centre, in px from the first.
        angle: (n,), of the stripes in degrees, 0 to 180: 0 lies flat, 90 is upright, 45 rises to the right.
        wavelength: (n,), px from stripe to stripe.
        phase: (n,), degrees, -180 to 180: 0 is brightest at the centre, 90 and -90 are edges.
        across, along: (n,), standard deviations of the bell in px, across and along the stripes.
        amplitude, offset: (n,), in units of the weights; the amplitude is never negative.
    """

    layer: str
    kernels: np.ndarray
    mean: np.ndarray
    colour: np.ndarray
    share: np.ndarray
    within: np.ndarray
    row: np.ndarray
    col: np.ndarray
    angle: np.ndarray
    wavelength: np.ndarray
    phase: np.ndarray
    across: np.ndarray
    along: np.ndarray
    amplitude: np.ndarray
    offset: np.ndarray

    def __len__(self) -> int:
        return len(self.share)

    @property
    def r2(self) -> np.ndarray:
        """Share of a kernel's variation about its mean colour that its Gabor function explains, (n,) in 0..1."""
        return np.asarray(self.share * self.within)

    @property
    def endless(self) -> np.ndarray:
        """Whether the wavelength is at its limit, bool (n,): an edge or a blob, of which no second stripe is seen."""
        return np.asarray(self.wavelength >= 0.999 * longest_wavelength(*self.kernels.shape[:2]))

    def fitted(self) -> np.ndarray:
        """Return the fitted functions as kernels, shaped like `kernels`."""
        height, width = self.kernels.shape[:2]
        rows, cols = (axis[..., None] for axis in np.indices((height, width)))
        sin, cos = np.sin(np.radians(self.angle)), np.cos(np.radians(self.angle))
        down, right = rows - self.row, cols - self.col  # (height, width, n)
        u, v = right * sin + down * cos, right * cos - down * sin
        bell = np.exp(-(u**2) / (2 * self.across**2) - v**2 / (2 * self.along**2))
        wave = np.cos(2 * np.pi * u / self.wavelength + np.radians(self.phase))
        profile = self.amplitude * bell * wave + self.offset
        return np.asarray(self.mean.T + self.colour.T * profile[:, :, None], np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What decides a kernel's kind besides its fit, (n,) each.

    Attributes:
        colour: Share of its energy that is not grey, 0..1.
        orientation: How far its power spectrum points one way, 0..1 (1 minus the circular variance).
        cycles: Mean spatial frequency in cycles over the longest side.
    """

    colour: np.ndarray
    orientation: np.ndarray
    cycles: np.ndarray


def look(kernels: np.ndarray) -> Look:
    """Measure kernels (height, width, C, n); one of nothing but zeros gets 0 everywhere."""
    values = kernels.astype(np.float64)
    power = (np.abs(np.fft.fft2(values, s=(_SPECTRUM, _SPECTRUM), axes=(0, 1))) ** 2).sum(axis=2)
    total = power.sum(axis=(0, 1))
    total = np.where(total > 0, total, 1)
    down, right = np.meshgrid(*[np.fft.fftfreq(_SPECTRUM)] * 2, indexing="ij")
    doubled = np.exp(2j * np.arctan2(down, right))  # a direction and its opposite are one
    energy = (values**2).sum(axis=(0, 1, 2))
    grey = (values.sum(axis=2) ** 2).sum(axis=(0, 1)) / values.shape[2]
    return Look(
        colour=np.where(energy > 0, 1 - grey / np.where(energy > 0, energy, 1), 0.0),
        orientation=np.abs(np.tensordot(doubled, power, 2)) / total,
        cycles=max(kernels.shape[:2]) * np.tensordot(np.hypot(down, right), power, 2) / total,
    )


def kinds(fits: GaborFits, well: float = WELL) -> tuple[str, ...]:
    """Return a key of `KINDS` for every kernel.

    A colour blob is coloured, smooth and points no way, however well a Gabor function fits it; an edge or a grating is
    well fitted and points one way.
    """
    seen = look(fits.kernels)
    coloured, oriented = seen.colour >= COLOUR, seen.orientation >= ORIENTED
    blob = coloured & ~oriented & (seen.cycles <= SMOOTH)
    grating = (fits.r2 >= well) & oriented
    found = np.select([blob, grating & coloured, grating], ["blob", "coloured", "grey"], "neither")
    return tuple(found.tolist())


FIRST_KERNELS = Task("first_kernels", "models.features.worker.gabor:first_kernels", Kernels)
GABOR_FITS = Task("gabor_fits", "models.features.worker.gabor:gabor_fits", GaborFits)
