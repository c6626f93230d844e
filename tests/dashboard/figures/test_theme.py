"""Colours keep their meaning: frozen and trainable look like nothing else, classes stay apart for every eye."""

import itertools
import tomllib
from pathlib import Path

import numpy as np
import pytest

from dashboard.figures import theme

# What eyes without red, green or blue cones see of linear RGB (Machado, Oliveira and Fernandes, 2009, severity 1).
EYES = (
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
)
XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])


def lab(colour: str, eye: object = EYES[0]) -> np.ndarray:
    """CIE L*a*b* of "#RRGGBB" as an eye sees it."""
    channels = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    x, y, z = np.cbrt(XYZ @ np.clip(np.array(eye) @ linear, 0, 1) / [0.9505, 1, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, eye: object = EYES[0]) -> float:
    return float(np.linalg.norm(lab(one, eye) - lab(other, eye)))


@pytest.mark.parametrize(("count", "apart"), [(5, 30), (10, 14)])
def test_classes_stay_apart_for_every_eye(count, apart):
    pairs = list(itertools.combinations(theme.CLASS_COLOURS[:count], 2))
    assert min(distance(*pair, eye) for pair in pairs for eye in EYES) > apart


@pytest.mark.parametrize("colour", [*theme.CLASS_COLOURS, *theme.LINE_COLOURS])
def test_nothing_else_looks_frozen_or_trainable(colour):
    apart = 30 if colour in theme.CLASS_COLOURS else 20
    assert min(distance(colour, theme.FROZEN), distance(colour, theme.TRAINABLE)) > apart


def test_evidence_has_a_pair_of_its_own():
    ends = [
        "#" + "".join(f"{int(part):02X}" for part in colour.removeprefix("rgb(").removesuffix(")").split(","))
        for _, colour in (theme.DIVERGING[0], theme.DIVERGING[-1])
    ]
    assert min(distance(end, role) for end in ends for role in (theme.FROZEN, theme.TRAINABLE)) > 40
    assert min(distance(*ends, eye) for eye in EYES[:3]) > 30


def test_streamlit_has_the_same_colours():
    config = tomllib.loads((Path(__file__).resolve().parents[3] / ".streamlit" / "config.toml").read_text())
    assert tuple(config["theme"]["chartCategoricalColors"]) == theme.CLASS_COLOURS
