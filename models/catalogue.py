"""The specs of runs that pages show, and whether this version can read one."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from models.errors import FreezeframeError
from models.features.maximisation import KIND as MAXIMISATION
from models.features.maximisation import MaximisationSpec
from models.som.data import SomTask
from models.storage import runs
from models.storage.specs import PlainSpec
from models.sweeps import spec as sweeps_spec
from models.sweeps.spec import SweepSpec
from models.training import recipes
from models.training.spec import TrainingSpec
from models.transferability import slice
from models.transferability.slice import SliceSpec

SPECS: Final[dict[str, type[PlainSpec]]] = {
    "training": TrainingSpec,
    "som": SomTask,
    sweeps_spec.KIND: SweepSpec,
    slice.KIND: SliceSpec,
    MAXIMISATION: MaximisationSpec,
}


def problem(run: runs.Run) -> str:
    """Return why a run cannot be shown by this version; "" where it can."""
    return _problem(run.kind, json.dumps(run.spec))


@lru_cache(maxsize=256)
def _problem(kind: str, written: str) -> str:
    try:
        spec = SPECS[kind].from_json(json.loads(written)) if kind in SPECS else None
        if isinstance(spec, TrainingSpec):
            recipes.check_names(spec)
        if isinstance(spec, SweepSpec):
            recipes.check_names(spec.base)
            spec.cells()
    except FreezeframeError as error:
        return f"This run cannot be shown: it was made by another version, or its folder is damaged. {error}"
    return ""


# FOLDED models/jobs/execute.py: What workers run: thin, named functions whose arguments are ids and numbers.
# Interactive tasks are the public functions of this module; they return a frozen dataclass in well under a second.
# Jobs are long: `JOBS` names the function of each kind, which gets the run's folder, its spec and a `Progress`, and
# may be killed and started again at any moment. Keras is imported inside functions only: the page imports this
# module too.

JOBS = {
    "training": "models.training.worker.train:run_job",
    "sweep": "models.sweeps.worker.job:run_job",
    "weights": "models.backbones.worker.build:download",
    "som": "models.som.worker.jobs:run_job",
    "depth": "models.som.worker.jobs:run_depth",
    "rotation": "models.som.worker.jobs:run_rotation",
    "occlusion": "models.occlusion.worker.hide:run_job",
    "transferability": "models.transferability.worker.slice:run_job",
    "probe": "models.representations.worker.probe:run_job",
    "likeness": "models.representations.worker.likeness:run_job",
    "patches": "models.features.worker.patch_search:run_job",
    "maximisation": "models.features.worker.maximise:run_job",
    "explanation": "models.attribution.worker.explain:run_job",
    "trust": "models.attribution.worker.trust:run_job",
    "randomised": "models.attribution.worker.randomised:run_job",
}
