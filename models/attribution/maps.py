"""Attribution maps: the methods with their settings, questions about one picture, and the maps as plain arrays.

Every map is (H, W), one number a pixel. Signed maps set apart what speaks for and against the class and are drawn with
zero in the middle; unsigned ones show only how much. A method is one row of `METHODS` and the worker's function that
it names: prices, jobs, controls and drawings read the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from models.errors import InputError
from models.jobs.job import Job, PricedSpec, Task
from models.networks import layers
from models.storage import files, runs
from models.storage.files import Result
from models.wording import percent, significant

BASELINES: Final = {"mean": "the mean colour", "black": "black", "grey": "grey", "blur": "the blurred picture"}
COMPLETE: Final = 0.01  # how far integrated gradients may miss what they have to add up to
MOST_STEPS: Final = 160  # of integrated gradients for one picture
SAMPLES: Final = 25  # noisy copies of SmoothGrad
NOISE: Final = 10  # % of the picture's range
CURVES: Final = "curves"  # stands for the deletion curves among the files of a run
CURVE_PASSES: Final = 300  # forward passes of all deletion curves
FAINT: Final = 10  # steps of 0-255 by which a pixel may change before one sees it
_GRADIENT = 2.5  # forward passes that a gradient takes as long as


def _nothing() -> NDArray[np.float32]:
    return np.zeros((0, 0), np.float32)


@dataclass(frozen=True, slots=True)
class Attribution:
    """One map of one class for one picture; the fields from `n_gradients` on are filled by the methods that have them.

    Attributes:
        method: Id of the method.
        values: (H, W) float32 at the size the network takes, in the method's `units`.
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
    n_gradients: int = 0
    baseline_score: float = float("nan")
    total: float = float("nan")
    steps: int = 0
    coarse: NDArray[np.float32] = field(default_factory=_nothing)
    layer: str = ""

    @property
    def gap(self) -> float | None:
        """By which share of their due the attributions miss it; None where the baseline has the picture's score."""
        due = self.score - self.baseline_score
        return abs(self.total - due) / abs(due) if abs(due) > 1e-6 else None


def _one_place(found: Attribution) -> float:
    """The score moves by the largest value when that place is hidden."""
    return float(np.abs(found.values).max(initial=0))


def _all_places(found: Attribution) -> float:
    """The values are shares of a change of the score; together they are at most this much."""
    return float(np.abs(found.values).sum())


def _faint_change(found: Attribution) -> float:
    """A gradient is of a change too small to see: the score moves at most so far if every pixel takes `FAINT` steps."""
    return FAINT * float(np.abs(found.values).sum())


def _all_cells(found: Attribution) -> float:
    """The maps of the layer add this much to the score, as its gradient says."""
    return float(np.abs(found.coarse).sum())


def _completeness(found: Attribution) -> str:
    if found.gap is None:
        return "The baseline has the same score as the picture, so there is nothing to distribute."
    due, close = found.score - found.baseline_score, "" if found.gap <= COMPLETE else ", **not complete**"
    return (
        f"Its values add up to {significant(found.total)} of {significant(due)}: {percent(found.gap)} off{close}, "
        f"{found.steps} steps."
    )


def _grid(found: Attribution) -> str:
    rows, cols = found.coarse.shape
    return f"{rows} × {cols} values of `{found.layer}`."


@dataclass(frozen=True, slots=True)
class Setting:
    """What can be chosen for a method; the page draws it, and the field `name` of `ExplanationSpec` holds it.

    Attributes:
        name: Of the field.
        title: What is chosen, in a few words.
        help: What it does.
        begins: The first value, which is the field's default.
        values: All that are offered, numbers or texts; () for the layers of the network that have maps.
        words: What a value is called, where it does not stand for itself.
        remarks: A sentence about a value that does not do what the method is for.
    """

    name: str
    title: str
    help: str
    begins: int | str
    values: tuple[int | str, ...] = ()
    words: Mapping[Any, str] = field(default_factory=dict)
    remarks: Mapping[Any, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Method:
    """One way to ask which pixels matter.

    Attributes:
        id: Its name in specs, files and links; never changes.
        title: What it is called.
        signed: Whether values below zero speak against the class.
        clip: The quantile of |values| at which the colours end.
        shows, hides: What its maps say, and what they do not, a sentence each.
        source: Where it comes from.
        work: "module:function" of a worker, which gets the network, the picture (H, W, 3) uint8 at the size it takes,
            the `ExplanationSpec` and a `Progress`, and returns an `Attribution`.
        passes: How many forward passes a map takes about as long as.
        units: What its values are measured in, with {score} for the score explained.
        settings: What can be chosen.
        few, fewest: Settings for when the maps of many pictures are wanted, and those of many networks as well.
        remark: Returns what has to be known about one map of it, a sentence; "" for nothing.
        coarse: Whether its maps are enlarged from `Attribution.coarse`.
        everywhere: Whether every classifier has such a map.
        effect: Returns by how much, as a map of it says, the score can move: held against `occlusion.scores.floor`.
        work_changing: Like `work`, for a network whose weights change from call to call; "" where `work` does for it.
    """

    id: str
    title: str
    signed: bool
    clip: float
    shows: str
    hides: str
    source: str
    work: str
    passes: Callable[[ExplanationSpec], float]
    units: str
    effect: Callable[[Attribution], float]
    settings: tuple[Setting, ...] = ()
    few: Mapping[str, int] = field(default_factory=dict)
    fewest: Mapping[str, int] = field(default_factory=dict)
    remark: Callable[[Attribution], str] = lambda _: ""
    coarse: bool = False
    everywhere: bool = True
    work_changing: str = ""


METHODS: Final[dict[str, Method]] = {
    method.id: method
    for method in (
        Method(
            "occlusion",
            "Occlusion",
            signed=True,
            clip=1.0,
            shows="How far the score falls when a square over this place is hidden.",
            hides="What two places do together, and anything finer than the square.",
            source="Zeiler and Fergus, ECCV 2014, arXiv 1311.2901",
            work="models.attribution.worker.explain:occlusion",
            passes=lambda _: 170,
            units="{score}",
            effect=_one_place,
            work_changing="models.attribution.worker.randomised:occlusion",
        ),
        Method(
            "saliency",
            "Saliency",
            signed=False,
            clip=0.99,
            shows="How strongly the score answers to a tiny change of this pixel, in the channel that matters most.",
            hides="Whether the pixel speaks for or against the class, and what a change that can be seen would do.",
            source="Simonyan, Vedaldi and Zisserman, 2014, arXiv 1312.6034",
            work="models.attribution.worker.gradients:saliency",
            passes=lambda _: 2 * _GRADIENT,
            units="{score} per step of 1 in 0-255",
            effect=_faint_change,
        ),
        Method(
            "smoothgrad",
            "SmoothGrad",
            signed=False,
            clip=0.99,
            shows="The same, with the gradient averaged over noisy copies of the picture.",
            hides="The answer to this picture alone: it is that of its noisy neighbours, which the network never "
            "learned.",
            source="Smilkov et al., 2017, arXiv 1706.03825",
            work="models.attribution.worker.gradients:smoothgrad",
            passes=lambda spec: (spec.samples + 1) * _GRADIENT,
            units="{score} per step of 1 in 0-255",
            effect=_faint_change,
            settings=(
                Setting(
                    "samples", "noisy copies", "More copies leave less noise in the map.", SAMPLES, (5, 10, 25, 50, 100)
                ),
                Setting(
                    "noise",
                    "noise (% of the range)",
                    "Standard deviation, in % of the difference between the picture's brightest and darkest value.",
                    NOISE,
                    tuple(range(0, 51, 5)),
                    remarks={0: "Without noise every copy is the picture itself: the map is that of Saliency."},
                ),
            ),
            fewest={"samples": 10},
        ),
        Method(
            "integrated",
            "Integrated gradients",
            signed=True,
            clip=0.99,
            shows="How much this pixel adds to the score on the straight way from the baseline to the picture.",
            hides="Pixels that look like the baseline: they get nothing, whatever they mean.",
            source="Sundararajan, Taly and Yan, ICML 2017, arXiv 1703.01365",
            work="models.attribution.worker.gradients:integrated_gradients",
            passes=lambda spec: (spec.steps + 1) * _GRADIENT,
            units="{score}",
            effect=_all_places,
            settings=(
                Setting(
                    "baseline",
                    "baseline",
                    "The picture that stands for nothing. Pixels that look like it get nothing: with black, a dark "
                    "sky never matters.",
                    "mean",
                    tuple(BASELINES),
                    BASELINES,
                ),
            ),
            few={"steps": 64},
            fewest={"steps": 32},
            remark=_completeness,
        ),
        Method(
            "gradcam",
            "Grad-CAM",
            signed=False,
            clip=1.0,
            shows="Which positions of the last maps are active in channels that raise the score.",
            hides="Evidence against the class, and anything finer than the grid of those maps.",
            source="Selvaraju et al., ICCV 2017, arXiv 1610.02391",
            work="models.attribution.worker.gradients:grad_cam",
            passes=lambda _: _GRADIENT,
            units="{score} per value of a map",
            effect=_all_cells,
            settings=(
                Setting(
                    "layer",
                    "layer",
                    "Deeper maps know more of the class and less of the place.",
                    "",
                    words={"": "the last one"},
                ),
            ),
            remark=_grid,
            coarse=True,
            everywhere=False,
        ),
    )
}
GUIDED: Final = Method(
    "guided",
    "Guided backpropagation",
    signed=False,
    clip=0.99,
    shows="A gradient that drops what is negative at every ReLU on its way back; without ReLUs it is the plain one.",
    hides="The class: it traces edges of the picture, with trained weights or without.",
    source="Springenberg et al., 2015, arXiv 1412.6806",
    work="models.attribution.worker.gradients:guided",
    passes=lambda _: _GRADIENT,
    units="{score} per step of 1 in 0-255",
    effect=_faint_change,
)
TESTED: Final[dict[str, Method]] = METHODS | {GUIDED.id: GUIDED}  # with random weights


@dataclass(frozen=True, slots=True)
class ExplanationSpec(PricedSpec):
    """A question about one class of one picture: for maps, or for the deletion curves of the maps of all methods.

    Attributes:
        network: Id of a classifier.
        picture: Id.
        score: "probability" or "logit".
        class_index: Number of the class.
        method: Ids of `METHODS`, separated by commas; "" for the curves.
        samples, noise: SmoothGrad: noisy copies, and their noise in % of the picture's range.
        baseline, steps: Integrated gradients: a key of `BASELINES`, and steps at most.
        layer: Grad-CAM: whose maps; "" for the last ones.
        fill, cell: The curves: what stands where something is missing, and how many pixels the side of the squares
            has that come and go together; 0 for a sixteenth of the picture.
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

    def __post_init__(self) -> None:
        if unknown := [name for name in self.method.split(",") if name not in METHODS] if self.method else []:
            raise InputError(f"Expected a method out of {', '.join(METHODS)}. Received {unknown[0][:40]!r}.")
        if self.baseline not in BASELINES:
            raise InputError(
                f"Expected a baseline out of {', '.join(BASELINES)}. Received {str(self.baseline)[:40]!r}."
            )
        if self.samples < 1 or self.steps < 1 or self.noise < 0 or self.cell < 0 or self.class_index < 0:
            raise InputError(
                "Expected at least one copy and one step, and noise, cell and class of at least 0. Received "
                f"{self.samples}, {self.steps}, {self.noise}, {self.cell} and {self.class_index}."
            )

    @property
    def methods(self) -> tuple[Method, ...]:
        """The methods whose maps are wanted; () for the curves."""
        return tuple(METHODS[name] for name in self.method.split(",")) if self.method else ()

    @property
    def title(self) -> str:
        """The name that a run goes by."""
        return "Attribution maps" if self.method else "Deletion and insertion"

    @property
    def map_passes(self) -> float:
        """How many forward passes the maps take about as long as; those of all methods for the curves."""
        return sum(method.passes(self) for method in self.methods or METHODS.values())

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return layers.seconds(self.network, self.map_passes + (0 if self.method else CURVE_PASSES))

    def with_few(self) -> ExplanationSpec:
        """Return the question with the settings for maps of many pictures."""
        return self._with(*(method.few for method in TESTED.values()))

    def with_fewest(self) -> ExplanationSpec:
        """Return the question with the settings for maps of many pictures and many networks."""
        return self._with(*(method.fewest for method in TESTED.values()))

    def _with(self, *settings: Mapping[str, int]) -> ExplanationSpec:
        changes: dict[str, Any] = {name: value for some in settings for name, value in some.items()}
        return replace(self, **changes)


def written(run: runs.Run, name: str, kind: type[Result]) -> Result | None:
    """Return what an explanation has written by now; None where there is nothing that can be read.

    Args:
        run: Of the kind "explanation".
        name: Id of a method, or `CURVES`.
        kind: `Attribution`, or the class of the curves.
    """
    return files.read(run.path(f"{name}.npz"), kind)


ATTRIBUTION_MAP = Task("attribution_map", "models.attribution.worker.explain:attribution_map", Attribution)
EXPLANATION: Final[Job[ExplanationSpec, Any]] = Job(
    "explanation", ExplanationSpec, "models.attribution.worker.explain:write", keeps=True
)
