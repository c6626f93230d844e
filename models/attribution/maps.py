"""Attribution maps as plain arrays: what each method shows and hides, how a map is scaled, read and compared.

Every map is (H, W), one number a pixel. Signed maps tell for from against the class and are drawn with zero in the
middle; unsigned ones tell only how much.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Task
from models.storage.specs import PlainSpec

BASELINES: Final = ("mean", "black", "grey", "blur")
UPSAMPLING: Final = ("bilinear", "nearest")
COMPLETE: Final = 0.01  # how far integrated gradients may miss what they have to add up to
MOST_STEPS: Final = 160  # of integrated gradients for one picture
FEW_STEPS: Final = 64  # where many pictures wait
SAMPLES: Final = 25  # noisy copies of SmoothGrad
NOISE: Final = 10  # % of the picture's range
CURVES: Final = "curves.npz"  # in the folder of a run that was asked for them
_HIDDEN, _CURVES = 170, 300  # forward passes of an occlusion map, and of all deletion curves


@dataclass(frozen=True, slots=True)
class Method:
    """One way to ask which pixels matter; `clip` is the quantile of |values| at which its colours end."""

    id: str
    title: str
    signed: bool
    clip: float
    shows: str
    hides: str
    source: str


METHODS: Final[dict[str, Method]] = {
    method.id: method
    for method in (
        Method(
            "occlusion",
            "Occlusion",
            True,
            1.0,
            "How far the score falls when a square over this place is hidden.",
            "What two places do together, and anything finer than the square.",
            "Zeiler and Fergus, ECCV 2014, arXiv 1311.2901",
        ),
        Method(
            "saliency",
            "Saliency",
            False,
            0.99,
            "How strongly the score answers to a tiny change of this pixel, in the channel that matters most.",
            "Whether the pixel speaks for or against the class, and what a change that can be seen would do.",
            "Simonyan, Vedaldi and Zisserman, 2014, arXiv 1312.6034",
        ),
        Method(
            "smoothgrad",
            "SmoothGrad",
            False,
            0.99,
            "The same, with the gradient averaged over noisy copies of the picture.",
            "The answer to this picture alone: it is that of its noisy neighbours, which the network never learned.",
            "Smilkov et al., 2017, arXiv 1706.03825",
        ),
        Method(
            "integrated",
            "Integrated gradients",
            True,
            0.99,
            "How much this pixel adds to the score on the straight way from the baseline to the picture.",
            "Pixels that look like the baseline: they get nothing, whatever they mean.",
            "Sundararajan, Taly and Yan, ICML 2017, arXiv 1703.01365",
        ),
        Method(
            "gradcam",
            "Grad-CAM",
            False,
            1.0,
            "Which positions of the last maps are active in channels that raise the score.",
            "Evidence against the class, and anything finer than the grid of those maps.",
            "Selvaraju et al., ICCV 2017, arXiv 1610.02391",
        ),
    )
}
GUIDED: Final = Method(
    "guided",
    "Guided backpropagation",
    False,
    0.99,
    "A gradient that drops what is negative at every ReLU on its way back; without ReLUs it is the plain one.",
    "The class: it traces edges of the picture, with trained weights or without.",
    "Springenberg et al., 2015, arXiv 1412.6806",
)


@dataclass(frozen=True, slots=True)
class ExplanationSpec(PlainSpec):
    """One question about one class of one picture: the map of `method`, or for "" the deletion curves of all methods.

    The rest are the settings of single methods; 0 and "" stand for their first ones.
    """

    network: str
    picture: str
    score: str
    class_index: int
    method: str = ""
    samples: int = SAMPLES
    noise: int = NOISE
    baseline: str = "mean"
    steps: int = MOST_STEPS
    layer: str = ""
    fill: str = "mean"
    cell: int = 0

    @property
    def passes(self) -> int:
        """About how many forward passes a worker takes; a gradient counts two and a half."""
        gradients = {"saliency": 2, "smoothgrad": self.samples + 1, "integrated": self.steps + 1, "gradcam": 1}
        if self.method:
            return round(2.5 * gradients[self.method]) if self.method in gradients else _HIDDEN
        return round(2.5 * sum(gradients.values())) + _HIDDEN + _CURVES


@dataclass(frozen=True, slots=True)
class Attribution:
    """One map of one class for one picture.

    Attributes:
        method: Key of `METHODS`.
        values: (H, W) float32 at the size the network takes. Saliency and SmoothGrad: score per step of 1 in 0-255.
            Integrated gradients: score, adding up to `total`. Grad-CAM: score per value of a map, at least 0.
        score: Of the picture.
        n_gradients: Gradients of single pictures that it took.
        baseline_score: Integrated gradients: of the baseline; else NaN.
        total: Integrated gradients: the sum of all attributions; else NaN.
        steps: Integrated gradients: of the trapezoidal rule; else 0.
        coarse: Grad-CAM: (h, w) float32, the weighted sum of the maps before its negative part is dropped; else (0, 0).
        layer: Grad-CAM: whose maps; else "".
    """

    method: str
    values: NDArray[np.float32]
    score: float
    n_gradients: int
    baseline_score: float
    total: float
    steps: int
    coarse: NDArray[np.float32]
    layer: str

    @property
    def gap(self) -> float | None:
        """By which share of their due the attributions miss it; None where the baseline has the picture's score."""
        due = self.score - self.baseline_score
        return abs(self.total - due) / abs(due) if abs(due) > 1e-6 else None


def limit(values: NDArray[np.float32], clip: float) -> float:
    """Return where the colours end: the quantile `clip` of |values|, or 1 for a map that is zero everywhere."""
    magnitude = np.abs(values)
    return float(np.quantile(magnitude, clip)) or float(magnitude.max()) or 1.0


def upsample(grid: NDArray[np.float32], height: int, width: int, how: str) -> NDArray[np.float32]:
    """Return a coarse map (h, w) at the size of the picture, (height, width) float32.

    "bilinear" interpolates between the middles of the cells and holds the border; "nearest" shows the cells as they
    are.

    Raises:
        InputError: Another way.
    """
    if how not in UPSAMPLING:
        raise InputError(f"Expected the enlargement to be one of {', '.join(UPSAMPLING)}. Received {how!r}.")
    across = [_axis(coarse, fine, how) for coarse, fine in zip(grid.shape, (height, width), strict=True)]
    return np.asarray(across[0] @ grid @ across[1].T, np.float32)


def _axis(coarse: int, fine: int, how: str) -> NDArray[np.float64]:
    """Return the (fine, coarse) matrix that enlarges one axis; each row sums to 1."""
    middle = np.clip((np.arange(fine) + 0.5) * coarse / fine - 0.5, 0, coarse - 1)
    distance = np.abs(np.subtract.outer(middle, np.arange(coarse)))
    return np.asarray(np.maximum(1 - distance, 0) if how == "bilinear" else np.eye(coarse)[distance.argmin(axis=1)])


ATTRIBUTION_MAP = Task("attribution_map", "models.attribution.worker.explain:attribution_map", Attribution)
