"""The formula typeset for a kernel of the first layer: computed place by place, it gives back the kernel."""

import re

import numpy as np
import pytest

from dashboard.widgets import gabor_kernel
from models.features import gabor_stages
from models.storage.files import ASSETS
from tests.dashboard.latex import value


@pytest.fixture(scope="module")
def fits():
    """The shipped fits of Frame8's first layer."""
    return gabor_stages.stages().fits[-1]


@pytest.fixture(scope="module")
def kernels():
    """The 48 kernels as the weight file holds them, (7, 7, 3, 48)."""
    with np.load(ASSETS / "frame8/frame8.npz") as saved:
        return saved["conv1/kernel"].astype(np.float64)


@pytest.fixture
def written(monkeypatch, fits):
    """Returns what is typeset of a kernel, and the sentence beneath."""

    def draw(number):
        lines, captions = [], []
        monkeypatch.setattr(gabor_kernel.st, "latex", lines.append)
        monkeypatch.setattr(gabor_kernel.st, "caption", lambda text, **_: captions.append(text))
        gabor_kernel._formula(fits, number)
        return lines[0], captions[0]

    return draw


def computed(formula: str, caption: str, mean: np.ndarray) -> np.ndarray:
    """Compute the written formula at every place of a kernel, (7, 7, 3)."""
    g, u, v = re.search(r"g &= (.*) \\\\ u &= (.*) \\\\ v &= (.*) \\end", formula).groups()
    rows, cols = np.mgrid[:7, :7].astype(float)
    across, along = (value(text, r=rows, c=cols) for text in (u, v))
    found = re.findall(r"([+−]?[\d.]+) (?:red|green|blue)", caption)
    colour = [float(part.replace("−", "-")) for part in found]
    return value(g, u=across, v=along)[..., None] * np.array(colour) + mean


def test_the_written_formulas_explain_the_kernels_as_well_as_the_page_says(written, fits, kernels):
    good = [number for number in range(48) if fits.r2[number] >= 0.8]
    assert len(good) == 33
    for number in good:
        kernel = kernels[..., number]
        mean = kernel.mean(axis=(0, 1))
        left = ((kernel - computed(*written(number), mean)) ** 2).sum() / ((kernel - mean) ** 2).sum()
        assert 1 - left == pytest.approx(fits.r2[number], abs=0.03), number
