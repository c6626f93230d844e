"""Fits a Gabor function to every kernel of a first layer at once: least squares from many starts.

Three of its nine numbers (cosine part, sine part, offset) enter linearly and are solved for exactly at every step;
damped Gauss-Newton steps move the other six. All kernels and starts step together: 64 kernels take about a second.

Source: Golub and Pereyra, Separable nonlinear least squares: the variable projection method and its applications,
Inverse Problems 19 (2003); the Jacobian is Kaufman's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.features.gabor import SHORTEST_BELL, GaborFits, along_one_colour, check_size, longest_wavelength

Array = NDArray[np.float64]
STARTS = 16  # per kernel, the best of the grid below, no two with the same angle and wavelength
_ANGLES = np.arange(8) * np.pi / 8
_WAVELENGTHS = (2.5, 3.5, 5.0, 7.0, 10.0, 14.0)  # px
_BELLS = (0.2, 0.4)  # of the longest side
_PLACES = (0.25, 0.5, 0.75)  # of the way from the first pixel to the last
_ROUNDS = ((10, 5), (80, 1))  # steps from every start, then how many of a kernel's starts go on
_SETTLED = 1e-9  # share of the variation that a step has to gain to go on
_DAMPING = 1e-2
_STUCK = 1e5


def fit(values: np.ndarray, layer: str = "") -> GaborFits:
    """Return the best Gabor function of every kernel; the same kernels give the same numbers.

    Args:
        values: (height, width, colours, n) weights.
        layer: Its name.

    Raises:
        InputError: Not such an array, not finite, or too small: nine numbers fit anything to nine values.

    Cost: about 15 ms a kernel of 7 x 7 on one core.
    """
    if values.ndim != 4 or not values.size or not np.isfinite(values).all():
        raise InputError(f"Expected finite kernels of shape (height, width, colours, n). Received {values.shape}.")
    height, width, colours, count = values.shape
    check_size(height, width)
    kernels = np.moveaxis(values, 3, 0).reshape(count, height * width, colours).astype(np.float64)
    mean, colour, profile, share = along_one_colour(kernels)
    length = np.linalg.norm(profile, axis=1, keepdims=True)
    nonlinear, linear, left = _fit_profiles(profile / np.where(length > 0, length, 1), height, width)
    cosine, sine, offset = (linear * length).T
    row, col, angle, wavelength, across, along = nonlinear.T
    degrees = np.round(np.degrees(angle), 4)  # else float32 makes half a turn of a little less
    turns = np.floor(degrees / 180)  # half turns: the direction across the stripes flips with each
    phase = np.arctan2(-sine, cosine) * np.where(turns % 2, -1, 1)
    numbers = {
        "mean": mean,
        "colour": colour,
        "share": share,
        "within": np.where(length[:, 0] > 0, np.clip(1 - left, 0, 1), 0),
        "row": row,
        "col": col,
        "angle": degrees - turns * 180,
        "wavelength": np.exp(wavelength),
        "phase": np.degrees(phase),
        "across": np.exp(across),
        "along": np.exp(along),
        "amplitude": np.hypot(cosine, sine),
        "offset": offset,
    }
    return GaborFits(layer, values.astype(np.float32), **{name: n.astype(np.float32) for name, n in numbers.items()})


def _fit_profiles(profile: Array, height: int, width: int) -> tuple[Array, Array, Array]:
    """Fit profiles (n, P) of length 1 or 0.

    Returns:
        (n, 6) row, col, angle in radians, and the logarithms of wavelength, width across and width along; (n, 3) the
        linear numbers; (n,) the squares left.
    """
    points = np.indices((height, width)).reshape(2, -1).T.astype(np.float64)
    x, left = _starts(profile, points, height, width), np.empty(0)
    for steps, kept in _ROUNDS:
        count, starts, _ = x.shape
        ends, left = _refine(x.reshape(-1, 6), profile.repeat(starts, axis=0), points, (height, width), steps)
        best = np.argsort(left.reshape(count, starts), axis=1, kind="stable")[:, :kept]
        x = np.take_along_axis(ends.reshape(count, starts, 6), best[:, :, None], axis=1)
        left = np.take_along_axis(left.reshape(count, starts), best, axis=1)
    return x[:, 0], _solve(_Basis(points, x[:, 0]).functions, profile)[0], left[:, 0]


def _starts(profile: Array, points: Array, height: int, width: int) -> Array:
    """Return (n, STARTS, 6): the best of the grid for each of the best pairs of angle and wavelength."""
    limit, side = longest_wavelength(height, width), max(height, width)
    pairs = [(angle, np.log(wave)) for angle in _ANGLES for wave in _WAVELENGTHS if wave <= limit]
    places = [(r * (height - 1), c * (width - 1)) for r in _PLACES for c in _PLACES]
    grid = np.array(
        [(*place, *pair, *[np.log(bell * side)] * 2) for pair in pairs for place in places for bell in _BELLS]
    )
    orthonormal, _ = np.linalg.qr(_Basis(points, grid).functions)
    explained = sum((profile @ orthonormal[:, :, part].T) ** 2 for part in range(3))
    by_pair = np.asarray(explained).reshape(len(profile), len(pairs), -1)
    order = np.argsort(-by_pair.max(axis=2), axis=1, kind="stable")[:, :STARTS]
    chosen = np.take_along_axis(by_pair.argmax(axis=2), order, axis=1) + order * by_pair.shape[2]
    return np.asarray(grid[chosen])


def _refine(x: Array, profile: Array, points: Array, size: tuple[int, int], steps: int) -> tuple[Array, Array]:
    """Return where at most `steps` damped Gauss-Newton steps from `x` (B, 6) end, and what squares are left (B,)."""
    low, high = _bounds(*size)
    _, rest = _solve(_Basis(points, x).functions, profile)
    left, damping = (rest**2).sum(axis=1), np.full(len(x), _DAMPING)
    active = np.flatnonzero(profile.any(axis=1))
    for _ in range(steps):
        if not active.size:
            break
        step = _step(points, x[active], profile[active], damping[active])
        tried = np.clip(x[active] + step, low, high)
        _, rest = _solve(_Basis(points, tried).functions, profile[active])
        now = (rest**2).sum(axis=1)
        gain = left[active] - now
        better = gain > 0
        x[active] = np.where(better[:, None], tried, x[active])
        left[active] = np.where(better, now, left[active])
        damping[active] = np.where(better, damping[active] / 3, damping[active] * 4)
        settled = (better & (gain < _SETTLED)) | (damping[active] > _STUCK)
        active = active[~settled]
    return x, left


def _bounds(height: int, width: int) -> tuple[Array, Array]:
    side, bell = max(height, width), np.log(SHORTEST_BELL)
    waves = np.log(2.0), np.log(longest_wavelength(height, width))
    low = np.array([-0.5, -0.5, -np.inf, waves[0], bell, bell])
    return low, np.array([height - 0.5, width - 0.5, np.inf, waves[1], np.log(side), np.log(side)])


class _Basis:
    """The bell times a cosine, the bell times a sine, and 1, at `points` (P, 2) for parameters `x` (B, 6)."""

    def __init__(self, points: Array, x: Array) -> None:
        row, col, angle, wave, across, along = (x[:, [part]] for part in range(6))
        self.sin, self.cos = np.sin(angle), np.cos(angle)
        down, right = points[:, 0] - row, points[:, 1] - col
        self.u, self.v = right * self.sin + down * self.cos, right * self.cos - down * self.sin
        self.pace = 2 * np.pi * np.exp(-wave)  # radians a pixel
        self.across, self.along = np.exp(-2 * across), np.exp(-2 * along)
        bell = np.exp(-(self.u**2 * self.across + self.v**2 * self.along) / 2)
        turn = self.pace * self.u
        self.functions = np.stack([bell * np.cos(turn), bell * np.sin(turn), np.ones_like(bell)], axis=2)

    def slopes(self, linear: Array) -> Array:
        """Return (B, P, 6): how the fitted function changes with each of the six, the linear numbers held."""
        cosine, sine = linear[:, [0]], linear[:, [1]]
        value = cosine * self.functions[:, :, 0] + sine * self.functions[:, :, 1]
        turned = sine * self.functions[:, :, 0] - cosine * self.functions[:, :, 1]  # per radian of phase
        to_u = self.pace * turned - self.u * self.across * value
        to_v = -self.v * self.along * value
        parts = (
            self.sin * to_v - self.cos * to_u,
            -self.sin * to_u - self.cos * to_v,
            self.v * to_u - self.u * to_v,
            -self.pace * self.u * turned,
            self.u**2 * self.across * value,
            self.v**2 * self.along * value,
        )
        return np.stack(parts, axis=2)


def _normal(functions: Array) -> Array:
    """Return the matrices of the normal equations (B, 3, 3), a hair off singular."""
    return np.asarray(functions.transpose(0, 2, 1) @ functions + 1e-9 * np.eye(3))


def _solve(functions: Array, profile: Array) -> tuple[Array, Array]:
    """Return the best linear numbers (B, 3), and what is left of the profile (B, P)."""
    projected = functions.transpose(0, 2, 1) @ profile[:, :, None]
    linear = np.asarray(np.linalg.solve(_normal(functions), projected))
    return linear[..., 0], profile - (functions @ linear)[..., 0]


def _step(points: Array, x: Array, profile: Array, damping: Array) -> Array:
    """Return the damped Gauss-Newton step (B, 6)."""
    basis = _Basis(points, x)
    linear, rest = _solve(basis.functions, profile)
    slopes = basis.slopes(linear)
    held = np.linalg.solve(_normal(basis.functions), basis.functions.transpose(0, 2, 1) @ slopes)
    slopes = slopes - basis.functions @ held
    matrix = slopes.transpose(0, 2, 1) @ slopes
    diagonal = np.einsum("bii->bi", matrix)
    ridge = damping[:, None] * (diagonal + 1e-6 * diagonal.max(axis=1, keepdims=True)) + 1e-12
    gradient = slopes.transpose(0, 2, 1) @ rest[:, :, None]
    return np.asarray(np.linalg.solve(matrix + ridge[:, :, None] * np.eye(6), gradient)[..., 0])
