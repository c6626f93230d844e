"""The specs of runs that pages show, and whether this version can read one."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from models import recipes, runs, sweeps, transferability_slice
from models.errors import FreezeframeError
from models.maximisation_spec import KIND as MAXIMISATION
from models.maximisation_spec import MaximisationSpec
from models.plain_specs import PlainSpec
from models.som_data import SomTask
from models.sweeps import SweepSpec
from models.training_specs import TrainingSpec
from models.transferability_slice import SliceSpec

SPECS: Final[dict[str, type[PlainSpec]]] = {
    "training": TrainingSpec,
    "som": SomTask,
    sweeps.KIND: SweepSpec,
    transferability_slice.KIND: SliceSpec,
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
