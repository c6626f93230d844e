"""Galaxies: five kinds drawn by a program, with the mask of the galaxy in every picture.

Light falls off as Sérsic's law says (Sérsic 1963; b = 2n - 1/3 + 4/(405n), Ciotti and Bertin 1999): index 1 is a
disc, index 4 an elliptical. Lengths are shares of the picture's width, brightness 1 is the galaxy's own peak.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

CLASSES = ("elliptical", "spiral", "edge-on", "ring", "merger")
SIDE = 64
EDGE = 0.08  # the mask's edge: this share of the galaxy's peak brightness, before noise and stars
_SEED = 1
_Y, _X = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5


def draw(number: int, index: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw one galaxy.

    Args:
        number: Its class, an index into CLASSES.
        index: Which picture; the same index always gives the same picture.

    Returns:
        uint8 (64, 64, 3), and the mask, bool (64, 64): where the galaxy's own light, averaged over about three
        pixels so that gaps between arms do not fray it, is brighter than 8 % of its peak.
    """
    rng = np.random.default_rng([_SEED, index])
    light = blurred(_SHAPES[number](rng), rng.uniform(0.5, 1.1))
    light /= np.percentile(light, 99.7)
    return _photograph(light, rng), blurred(light.max(axis=-1), 1.5) > EDGE


def blurred(image: np.ndarray, sigma: float) -> np.ndarray:
    """Return a square image (S, S[, C]) after a Gaussian blur of `sigma` pixels; edges keep their brightness."""
    kernel = _blur_matrix(image.shape[0], round(sigma, 2))
    if image.ndim == 2:
        return np.asarray(kernel @ image @ kernel.T)
    channels = kernel @ np.moveaxis(image, -1, 0) @ kernel.T
    return np.ascontiguousarray(np.moveaxis(channels, 0, -1))


@lru_cache(maxsize=512)
def _blur_matrix(side: int, sigma: float) -> np.ndarray:
    """Return the (side, side) matrix that blurs a column; its rows sum to 1."""
    distance = np.arange(side)[:, None] - np.arange(side)
    weights = np.exp(-0.5 * (distance / max(sigma, 1e-3)) ** 2)
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


def _sersic(x: np.ndarray, y: np.ndarray, radius: float, index: float) -> np.ndarray:
    """Return Sérsic's law: brightness 1 at `radius`, which holds half of the light."""
    b = 2 * index - 1 / 3 + 4 / (405 * index)
    return np.asarray(np.exp(-b * ((np.hypot(x, y) / radius) ** (1 / index) - 1)))


def _placed(rng: np.random.Generator, flat: tuple[float, float]) -> tuple[np.ndarray, np.ndarray]:
    """Return every pixel's place in the galaxy's own plane: off centre, turned, tilted by an axis ratio in `flat`."""
    left, top = rng.uniform(-0.12, 0.12, 2)
    return _turned(left, top, rng.uniform(0, np.pi), rng.uniform(*flat))


def _turned(left: float, top: float, angle: float, ratio: float) -> tuple[np.ndarray, np.ndarray]:
    x, y = _X - left, _Y - top
    return x * np.cos(angle) + y * np.sin(angle), (y * np.cos(angle) - x * np.sin(angle)) / ratio


def _lit(old: np.ndarray, young: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return light (64, 64, 3): old stars warm, young stars blue, each galaxy in a tint of its own."""
    warm = np.array([1.0, 0.82, 0.62]) ** rng.uniform(0.3, 1.3)
    blue = np.array([0.68, 0.84, 1.0]) ** rng.uniform(0.3, 1.3)
    tint = np.array([1.0, 0.95, 0.9]) ** rng.uniform(-2.0, 2.0)
    return np.asarray((old[..., None] * warm + young[..., None] * blue) * tint)


def _knots(rng: np.random.Generator, amount: float) -> np.ndarray:
    """Return clumps of young stars as a factor around 1, (64, 64), at least 0."""
    return np.maximum(1 + amount * 7 * blurred(rng.normal(size=(SIDE, SIDE)), 1.4), 0)


def _elliptical(rng: np.random.Generator) -> np.ndarray:
    u, v = _placed(rng, (0.5, 1.0))
    light = _sersic(u, v, rng.uniform(0.09, 0.17), rng.uniform(1.6, 3.2))
    young = rng.uniform(0, 0.6)
    return _lit(light * (1 - young), light * young, rng)


def _spiral(rng: np.random.Generator) -> np.ndarray:
    u, v = _placed(rng, (0.55, 1.0))
    size = rng.uniform(0.13, 0.2)
    around, out = np.arctan2(v, u), np.hypot(u, v) + 1e-3
    winding = rng.choice([-1, 1]) * rng.uniform(2.2, 4.0)
    arms = 0.5 + 0.5 * np.cos(rng.choice([2, 2, 3]) * (around - winding * np.log(out / size) + rng.uniform(0, 6.3)))
    disc = _sersic(u, v, size, 1.0)
    bulge = rng.uniform(1.5, 4.0) * _sersic(u, v, size * rng.uniform(0.2, 0.3), 1.0)
    return _lit(bulge + disc * rng.uniform(0.1, 0.35), disc * arms**1.5 * 1.6 * _knots(rng, 0.5), rng)


def _edge_on(rng: np.random.Generator) -> np.ndarray:
    left, top, angle = *rng.uniform(-0.12, 0.12, 2), rng.uniform(0, np.pi)
    size = rng.uniform(0.15, 0.24)
    ratio = rng.uniform(0.1, 0.2)
    u, v = _turned(left, top, angle, ratio)
    disc = _sersic(u, v, size, 1.0)
    bulge = rng.uniform(0.4, 2.5) * _sersic(u, v * ratio / rng.uniform(0.5, 0.9), size * 0.3, 1.2)
    dust = 1 - rng.uniform(0, 0.75) * np.exp(-((v * ratio / 0.012) ** 2) - (u / size) ** 2)
    return _lit((bulge + disc * 0.5) * dust, disc * 0.5 * dust * _knots(rng, 0.2), rng)


def _ring(rng: np.random.Generator) -> np.ndarray:
    u, v = _placed(rng, (0.6, 1.0))
    size = rng.uniform(0.15, 0.25)
    out = np.hypot(u, v)
    ring = np.exp(-(((out - size) / (size * rng.uniform(0.16, 0.3))) ** 2))
    core = rng.uniform(0.4, 1.8) * _sersic(u, v, size * rng.uniform(0.15, 0.3), rng.uniform(0.8, 1.6))
    haze = rng.uniform(0.1, 0.25) * np.exp(-((out / size) ** 2))
    return _lit(core + haze, ring * _knots(rng, 0.45), rng)


def _merger(rng: np.random.Generator) -> np.ndarray:
    apart, angle = rng.uniform(0.08, 0.15), rng.uniform(0, 2 * np.pi)
    middle = rng.uniform(-0.1, 0.1, 2)
    cores = np.zeros((SIDE, SIDE))
    for sign in (-1, 1):
        left, top = middle + sign * apart * np.array([np.cos(angle), np.sin(angle)])
        u, v = _turned(left, top, rng.uniform(0, np.pi), rng.uniform(0.45, 1.0))
        cores += rng.uniform(0.5, 1.0) * _sersic(u, v, rng.uniform(0.05, 0.09), rng.uniform(0.9, 1.8))
    u, v = _turned(middle[0], middle[1], angle, rng.uniform(0.6, 1.0))
    out = np.hypot(u, v)
    haze = rng.uniform(0.3, 0.7) * np.exp(-((out / (apart * 1.7)) ** 2))
    tails = _tails(np.arctan2(v, u) * rng.choice([-1, 1]), out, apart, rng)
    return _lit(cores * 0.7 + haze * 0.5, (tails + haze * 0.5 + 0.3 * cores) * _knots(rng, 0.35), rng)


def _tails(around: np.ndarray, out: np.ndarray, start: float, rng: np.random.Generator) -> np.ndarray:
    """Return the two tails that tides draw out: each leaves one of the galaxies, bends away and fades."""
    light = np.zeros((SIDE, SIDE))
    for side in (0.0, np.pi):
        along = (around - side) % (2 * np.pi)
        course = start * (1 + rng.uniform(0.3, 0.9) * along)
        width, length = rng.uniform(0.018, 0.035), rng.uniform(1.3, 2.6)
        light += rng.uniform(0.7, 1.5) * np.exp(-(((out - course) / width) ** 2) - (along / length) ** 2)
    return light


_SHAPES = (_elliptical, _spiral, _edge_on, _ring, _merger)


def _photograph(light: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return light as uint8 (64, 64, 3): stars in the foreground, a faint sky, noise, and the eye's contrast."""
    picture = light * rng.uniform(0.55, 1.0) + rng.uniform(0, 0.02, 3)
    for _ in range(rng.integers(1, 8)):
        row, column = rng.uniform(-0.5, 0.5, 2)
        width = 2 * (rng.uniform(0.6, 0.95) / SIDE) ** 2
        spot = np.exp(-((_Y[:, :1] - row) ** 2) / width) * np.exp(-((_X[:1] - column) ** 2) / width)
        picture += rng.uniform(0.1, 1.0) ** 2 * 1.4 * spot[..., None] * rng.uniform(0.7, 1.0, 3)
    picture += rng.normal(size=picture.shape) * rng.uniform(0.015, 0.07)
    seen = np.arcsinh(6 * np.maximum(picture, 0)) / np.arcsinh(6)
    return np.asarray(np.clip(seen * 255, 0, 255).astype(np.uint8))
