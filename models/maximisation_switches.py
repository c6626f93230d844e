"""The switches of activation maximisation: each is one known help for the picture, with its limits. Plain data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Switch:
    """One help. Its strength lies in `low`..`high` in steps of `step`; 0 is off, `usual` is proposed.

    `does` says what it does to the picture, `without` what goes wrong without it.
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
