"""Textures: eight patterns drawn by a program, under random colour, slant, light and noise."""

from __future__ import annotations

import numpy as np

from models.pictures.galaxies import blurred

CLASSES = ("stripes", "zigzag", "dots", "chequers", "rings", "blotches", "crosshatch", "bricks")
SIDE = 64
_SEED = 2
_Y, _X = np.mgrid[:SIDE, :SIDE] / SIDE - 0.5


def draw(number: int, index: int) -> tuple[np.ndarray, None]:
    """Draw one texture.

    Args:
        number: Its class, an index into CLASSES.
        index: Which picture; the same index always gives the same picture.

    Returns:
        uint8 (64, 64, 3), and None: the texture fills the picture, there is no object to mask.
    """
    rng = np.random.default_rng([_SEED, index])
    u, v, frequency = _coordinates(rng)
    ink = _pattern(CLASSES[number], u, v, frequency, rng)
    ink = 0.5 + 0.5 * np.tanh(ink / (ink.std() + 1e-6) * rng.uniform(0.9, 4.0))
    return _photograph(ink, rng), None


def _coordinates(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the two texture coordinates of every pixel, in periods, and the periods in a picture's width."""
    frequency = rng.uniform(3.0, 7.5)
    turn = rng.uniform(0, np.pi)
    slant = rng.uniform(-0.5, 0.5, 2)
    depth = 1 + slant[0] * _X + slant[1] * _Y
    u = (_X * np.cos(turn) + _Y * np.sin(turn)) / depth * frequency + rng.uniform(0, 1)
    v = (_Y * np.cos(turn) - _X * np.sin(turn)) / depth * frequency + rng.uniform(0, 1)
    bend = 2 * blurred(rng.normal(size=(SIDE, SIDE)), 4.0) * rng.uniform(0, 0.5, (2, 1, 1))
    return u + bend[0], v + bend[1], frequency


def _pattern(name: str, u: np.ndarray, v: np.ndarray, frequency: float, rng: np.random.Generator) -> np.ndarray:
    """Return how much ink is at every pixel, any scale, positive inside the pattern's figures."""
    if name == "stripes":
        ink = np.sin(2 * np.pi * u)
    elif name == "zigzag":
        ink = np.sin(2 * np.pi * (u + 0.7 * np.abs(v % 1 - 0.5)))
    elif name == "dots":
        ink = 0.32 - np.hypot(u % 1 - 0.5, v % 1 - 0.5)
    elif name == "chequers":
        ink = np.sin(np.pi * u) * np.sin(np.pi * v)
    elif name == "rings":
        centre = frequency * rng.uniform(-0.3, 0.3, 2)
        ink = np.sin(2 * np.pi * np.hypot(u - centre[0], v - centre[1]))
    elif name == "blotches":
        ink = blurred(rng.normal(size=(SIDE, SIDE)), SIDE / frequency / 3)
    elif name == "crosshatch":
        ink = np.maximum(np.sin(2 * np.pi * u), np.sin(2 * np.pi * v)) - 0.7
    else:  # bricks: the distance to the nearest joint; every other row is shifted by half a brick
        beside = (u / 2 + 0.5 * (np.floor(v) % 2)) % 1
        ink = np.minimum(0.5 - np.abs(v % 1 - 0.5), 2 * (0.5 - np.abs(beside - 0.5))) - 0.1
    return np.asarray(ink)


def _photograph(ink: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return ink 0..1 as uint8 (64, 64, 3): two colours, uneven light, blur, noise."""
    first, second = _two_colours(rng)
    picture = first * ink[..., None] + second * (1 - ink[..., None])
    light = rng.uniform(-0.5, 0.5, 2)
    picture = picture * (1 + light[0] * _X + light[1] * _Y)[..., None]
    picture = blurred(picture, rng.uniform(0.3, 0.9))
    picture = picture + rng.normal(size=picture.shape) * rng.uniform(0.01, 0.07)
    return np.asarray(np.clip(picture * 255, 0, 255).astype(np.uint8))


def _two_colours(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return two RGB colours 0..1 that a person can tell apart: their brightness differs by 0.25 at least."""
    while True:
        first, second = rng.uniform(0.03, 0.97, (2, 3))
        if abs(float((first - second) @ (0.30, 0.59, 0.11))) > 0.25:
            return first, second
