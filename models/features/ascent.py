"""Activation maximisation: a picture is changed step by step so that a unit answers more strongly.

Takes an objective, not a network: any function from a picture to one number and its gradient can be climbed, so that
every step can be checked by hand. Pictures are float (H, W, 3) in 0-255 all the way; a step has the same size whatever
the scale of the gradient.

Sources: Erhan et al., Visualizing higher-layer features of a deep network, 2009; Yosinski et al., Understanding neural
networks through deep visualization, 2015; Olah, Mordvintsev and Schubert, Feature visualization, Distill 2017.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.wording import significant

Floats = NDArray[np.float64]
Objective = Callable[[NDArray[Any]], tuple[float, NDArray[Any]]]  # (H, W, 3) -> value, gradient (H, W, 3)
GREY: Final = 127.5
NOISE: Final = 8.0  # standard deviation of the start around grey, in grey levels
STEP: Final = 5.0  # root mean square of a step, in grey levels
BLUR_EVERY: Final = 4  # steps
# How colours vary together in photographs: a square root of their covariance, from Olah et al.'s library Lucid.
COLOURS: Final = np.array([[0.26, 0.09, 0.02], [0.27, 0.00, -0.05], [0.27, -0.09, 0.03]])


@dataclass(frozen=True, slots=True)
class Switch:
    """One known help for the picture, with its limits.

    Attributes:
        id, title, unit: Its name in specs, for people, and what its strength is measured in.
        low, high, step: Its strength lies in `low`..`high` in steps of `step`; 0 is off.
        usual: The strength that is proposed.
        does: What it does to the picture.
        without: What goes wrong without it.
        source: Who proposed it.
    """

    id: str
    title: str
    unit: str
    low: float
    high: float
    step: float
    usual: float
    does: str
    without: str
    source: str


_ALL = (
    Switch(
        "frequency", "Frequency", "", 0.25, 1.0, 0.25, 0.5,
        "The finer a pattern, the smaller its part of a step: amplitudes are divided by frequency to twice this power, "
        "and colours change together as they do in photographs.",
        "the steepest way up is fine noise in glaring colours, which no photograph shows and which still excites the "
        "unit",
        "Olah, Mordvintsev and Schubert 2017",
    ),
    Switch(
        "jitter", "Jitter", "px", 1.0, 8.0, 1.0, 4.0,
        "Before every step the picture is shifted at random by up to so many pixels, and the step is shifted back.",
        "patterns settle on the grid of the network's strides and look like a net",
        "Mordvintsev, Olah and Tyka 2015",
    ),
    Switch(
        "turn", "Turn and zoom", "°", 1.0, 15.0, 1.0, 5.0,
        "Before every step the picture is turned at random by up to so many degrees and zoomed by up to as many per "
        "cent, and the step is turned back.",
        "the picture may hold what the unit answers to at one exact angle and size only",
        "Olah, Mordvintsev and Schubert 2017",
    ),
    Switch(
        "blur", "Blur", "px", 0.3, 1.5, 0.1, 0.5,
        "After every fourth step the picture is blurred by a Gaussian of this standard deviation.",
        "single pixels and hard edges stay for good once they are there",
        "Yosinski et al. 2015",
    ),
    Switch(
        "decay", "Decay", "%", 1.0, 10.0, 1.0, 1.0,
        "After every step each pixel goes so many per cent of its way back to grey.",
        "pixels that hardly matter run into black, white and pure colours",
        "Simonyan, Vedaldi and Zisserman 2013",
    ),
)  # fmt: skip
SWITCHES: dict[str, Switch] = {switch.id: switch for switch in _ALL}


@dataclass(frozen=True, slots=True)
class Moment:
    """Where an ascent stands: steps taken, the picture (H, W, 3) in 0-255, whether its last step had a direction."""

    step: int
    picture: Floats
    moved: bool

    @property
    def shown(self) -> NDArray[np.uint8]:
        """The picture as it is shown, rounded."""
        return np.asarray(np.rint(self.picture), np.uint8)


def ascent(
    objective: Objective, height: int, width: int, *, strengths: Mapping[str, float], steps: int, seed: int
) -> Iterator[Moment]:
    """Yield the start and then the picture after every step; ends early where no step leads up.

    The start is grey with a little noise, the same for all strengths: settings can be compared.

    Args:
        objective: What to climb.
        height, width: Of the picture in px, at least 2.
        strengths: Of the switches, by their ids; 0 or absent is off.
        steps: How many to take at most.
        seed: Fixes the start, shifts and turns.

    Raises:
        InputError: An unknown switch, or a strength outside its limits.

    Cost: one call of the objective a step.
    """
    strength = checked(strengths)
    picture = GREY + NOISE * np.random.default_rng(seed).standard_normal((height, width, 3))
    chance = np.random.default_rng((seed, 1))  # apart from the start's, so that switches do not change the start
    yield Moment(0, picture, True)
    for step in range(1, steps + 1):
        gradient = _gradient(objective, picture, strength, chance)
        size = np.sqrt(np.square(gradient).mean())
        if not 0 < size < np.inf:  # no pixel changes the answer, or its numbers overflow
            yield Moment(step - 1, picture, False)
            return
        picture = picture + STEP * gradient / size
        picture = GREY + (picture - GREY) * (1 - strength["decay"] / 100)
        if strength["blur"] and step % BLUR_EVERY == 0:
            picture = blurred(picture, strength["blur"])
        picture = picture.clip(0, 255)
        yield Moment(step, picture, True)


def checked(strengths: Mapping[str, float]) -> dict[str, float]:
    """Return the strength of every switch, 0 where it is off.

    Raises:
        InputError: An unknown switch, or a strength outside its limits.
    """
    if unknown := set(strengths) - set(SWITCHES):
        raise InputError(f"Expected switches out of {', '.join(SWITCHES)}. Received {', '.join(sorted(unknown))}.")
    for switch in SWITCHES.values():
        strength = strengths.get(switch.id, 0.0)
        if strength and not switch.low <= strength <= switch.high:
            raise InputError(
                f"Expected 0 or {significant(switch.low, 6)} to {significant(switch.high, 6)} {switch.unit} of "
                f"{switch.title.lower()}. "
                f"Received {significant(strength, 6)}."
            )
    return {name: float(strengths.get(name, 0.0)) for name in SWITCHES}


def _gradient(
    objective: Objective, picture: Floats, strength: Mapping[str, float], chance: np.random.Generator
) -> Floats:
    """Return the direction of the next step (H, W, 3): the gradient at a moved copy, moved back, then filtered."""
    # Always four numbers, so that what one switch draws does not depend on another.
    down, across, angle, zoom = chance.uniform(-1, 1, 4)
    shift = np.rint(strength["jitter"] * np.array([down, across])).astype(int)
    moved = np.roll(picture, shift, (0, 1))
    turned = None
    if most := strength["turn"]:
        height, width, _ = picture.shape
        turned = Turn(height, width, float(np.deg2rad(most * angle)), 1 + most * float(zoom) / 100)
        moved = turned.apply(moved)
    _, found = objective(moved)
    gradient = np.asarray(found, np.float64)
    gradient = np.roll(turned.transpose(gradient) if turned else gradient, -shift, (0, 1))
    return smoothed(gradient, strength["frequency"]) if strength["frequency"] else gradient


def _frequencies(height: int, width: int) -> Floats:
    """Return the frequency (H, W // 2 + 1) of every Fourier coefficient of a real picture, in cycles a pixel."""
    return np.asarray(np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)))


def _filtered(picture: Floats, factors: Floats) -> Floats:
    """Return a picture (H, W, 3) whose Fourier coefficients are multiplied by `factors` (H, W // 2 + 1)."""
    spectrum = np.fft.rfft2(picture, axes=(0, 1)) * factors[..., None]
    return np.asarray(np.fft.irfft2(spectrum, s=picture.shape[:2], axes=(0, 1)))


def blurred(picture: Floats, sigma: float) -> Floats:
    """Return a picture (H, W, 3) after a Gaussian blur of `sigma` px, its edges joined; the mean stays as it is."""
    return _filtered(picture, np.exp(-2 * np.square(np.pi * sigma * _frequencies(*picture.shape[:2]))))


def smoothed(gradient: Floats, power: float) -> Floats:
    """Return the step in pixels of a step along the gradient in another description of the picture.

    The picture is described by Fourier coefficients, each times its frequency to the `power`, of three colours that
    do not vary together in photographs. A gradient step there, seen in pixels, is the pixels' gradient filtered twice:
    once to get there, once to come back. The lowest frequency counts as one cycle over the longer side.
    """
    height, width = gradient.shape[:2]
    scale = np.maximum(_frequencies(height, width) * max(height, width), 1.0) ** -power
    mixing = COLOURS / np.linalg.norm(COLOURS, axis=0).max()
    return np.asarray(_filtered(gradient, scale * scale) @ (mixing @ mixing.T))


class Turn:
    """A clockwise turn about the middle by `angle` radians with a zoom, bilinear; edges are repeated."""

    def __init__(self, height: int, width: int, angle: float, zoom: float) -> None:
        middle = np.array([(height - 1) / 2, (width - 1) / 2])
        rows, cols = np.indices((height, width)) - middle[:, None, None]
        down, across = np.cos(angle) / zoom, np.sin(angle) / zoom
        at_rows = np.clip(middle[0] + down * rows - across * cols, 0, height - 1).ravel()
        at_cols = np.clip(middle[1] + across * rows + down * cols, 0, width - 1).ravel()
        top, left = np.minimum(at_rows.astype(int), height - 2), np.minimum(at_cols.astype(int), width - 2)
        below, right = at_rows - top, at_cols - left
        first = top * width + left
        self._pixels = np.stack([first, first + 1, first + width, first + width + 1])  # four neighbours of each pixel
        self._weights = np.stack([(1 - below) * (1 - right), (1 - below) * right, below * (1 - right), below * right])

    def apply(self, picture: Floats) -> Floats:
        """Return the turned picture (H, W, 3)."""
        flat = picture.reshape(-1, 3)
        return np.asarray((flat[self._pixels] * self._weights[..., None]).sum(axis=0).reshape(picture.shape))

    def transpose(self, gradient: Floats) -> Floats:
        """Return the gradient with respect to the picture (H, W, 3) of one with respect to the turned picture."""
        flat, where = gradient.reshape(-1, 3), self._pixels.ravel()
        parts = [np.bincount(where, (self._weights * flat[:, c]).ravel(), len(flat)) for c in range(3)]
        return np.asarray(np.stack(parts, axis=-1).reshape(gradient.shape), np.float64)
