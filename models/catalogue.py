"""Every kind of work: the jobs and the tasks of all wings.

Nothing registers itself when it is imported. A test asks that every `Job` and `Task` of a wing stands here, and that
what it names exists.
"""

from __future__ import annotations

from typing import Any, Final

from models.activations import changes, maps
from models.attribution import deletion
from models.attribution import maps as attribution
from models.attribution.randomised import RANDOMISED
from models.attribution.trust import TRUST
from models.backbones.weights import WEIGHTS
from models.errors import InputError
from models.features import backward, gabor
from models.features.maximisation import MAXIMISATION
from models.features.patches import PATCHES
from models.jobs.job import Job, Task
from models.jobs.machine import WARM
from models.networks import answers
from models.occlusion import flow, scores
from models.representations.architectures import ARCHITECTURES
from models.representations.cka import CKA
from models.representations.probe import PROBE
from models.som.depth import DEPTH
from models.som.film import SOM
from models.som.rotation import ROTATION
from models.som.tables import READ_TABLE
from models.sweeps.spec import SWEEP
from models.training import results
from models.training import spec as training
from models.training.spec import TRAINING
from models.transferability.slice import SLICE

JOBS: Final[tuple[Job[Any, Any], ...]] = (
    WEIGHTS,
    TRAINING,
    scores.OCCLUSION,
    PATCHES,
    MAXIMISATION,
    SWEEP,
    PROBE,
    CKA,
    ARCHITECTURES,
    attribution.EXPLANATION,
    TRUST,
    RANDOMISED,
    SOM,
    DEPTH,
    ROTATION,
    SLICE,
)
TASKS: Final[tuple[Task[Any], ...]] = (
    WARM,
    training.AUGMENTED_PICTURES,
    results.CLASSIFIER_FILE,
    results.TRAINING_ARCHIVE,
    answers.PREDICT,
    answers.ANSWERS,
    maps.ACTIVATION_MAPS,
    maps.CHANNEL_STATISTICS,
    maps.CLASS_SELECTIVITY,
    maps.NETWORK_SCALE,
    changes.LAYER_CHANGES,
    changes.MAP_PAIR,
    changes.EPOCH_MAPS,
    scores.PATCH_SCORES,
    flow.FLOW,
    gabor.FIRST_KERNELS,
    gabor.GABOR_FITS,
    backward.PROJECTIONS,
    backward.BACKWARD_VIEWS,
    attribution.ATTRIBUTION_MAP,
    deletion.DELETION_CURVES,
    READ_TABLE,
)
_JOBS: Final = {job.kind: job for job in JOBS}
_TASKS: Final = {task.name: task for task in TASKS}
# What is shipped with the app and is no job's result: its name, and the worker's function that makes it anew.
SHIPMENTS: Final[dict[str, str]] = {
    "layers": "models.backbones.worker.ship:ship",
    "features": "models.training.worker.ship:ship_features",
    "example": "models.training.worker.ship:ship_example",
    "fine-tuned": "models.training.worker.ship:ship_fine_tuned",
    "traps": "models.training.worker.ship:ship_traps",
    "sweeps": "models.sweeps.worker.ship:ship",
    "patches": "models.features.worker.ship:patches",
    "maximisation": "models.features.worker.ship:films",
    "sheet": "models.features.worker.ship:sheet",
    "gabor": "models.features.worker.ship:gabor_fits",
    "feature-map": "models.som.worker.film:ship_feature_map",
    "slice": "models.transferability.worker.slice:ship",
}


def job(kind: str) -> Job[Any, Any]:
    """Return the job of that kind.

    Raises:
        InputError: There is none, as for a run of another version.
    """
    if kind not in _JOBS:
        raise InputError(f"Expected a kind of job out of {', '.join(_JOBS)}. Received: {kind}")
    return _JOBS[kind]


def task(name: str) -> Task[Any]:
    """Return the task of that name.

    Raises:
        InputError: There is none.
    """
    if name not in _TASKS:
        raise InputError(f"Expected a task out of {', '.join(_TASKS)}. Received: {name}")
    return _TASKS[name]
