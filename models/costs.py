"""What a training run will cost, told from the layer tables before anything runs; without Keras.

Parameters are exact; memory (`models/memory_costs.py`) is within a quarter, and time (`models/time_costs.py`) within a
factor of 1.5 where the rates were measured on this machine (`models/calibration.py`) and nothing else keeps it busy.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from models import calibration, kept_epochs
from models.calibration import Rates
from models.layer_tables import LayerTable
from models.memory_costs import MB
from models.phase_costs import Phase, Pictures
from models.runs import write_atomically
from models.time_costs import FLOAT
from models.training_specs import TrainingSpec

PREDICTION = "prediction.json"  # in the folder of a run


@dataclass(frozen=True, slots=True)
class Cost:
    """What one run will cost; of two phases, parameters and frozen prefix are those of the second.

    Attributes:
        parameters_trainable, parameters_frozen: Weights that training changes, and all others (statistics of
            BatchNorm that is trained move, but not by training: they count as frozen).
        seconds: Of the processor, on one thread; what the clock says where the machine has nothing else to do.
        phase_seconds: How much of it every phase takes; the rest is building the network and saving the results.
        peak_mb: Memory of the worker at the peak, TensorFlow's own included.
        frozen_prefix_layers: Backbone layers below everything that learns; computed once if `cached`.
        cached: Their output is small enough to be kept (`CACHE_LIMIT_MB`). With augmentation they run in every epoch
            all the same, for the pictures that are learnt from.
        moving_mb: What one kept epoch takes: every number that moves, BatchNorm's statistics included.
        kept_epochs: Files of kept epochs at the end, at most; 0 where the run keeps none.
        measured: The day the rates behind `seconds` were measured on this machine; "" for those of another.
    """

    parameters_trainable: int
    parameters_frozen: int
    seconds: float
    peak_mb: float
    frozen_prefix_layers: int
    cached: bool
    moving_mb: float
    kept_epochs: int
    phase_seconds: tuple[float, ...] = ()
    measured: str = ""


def estimate_run(
    table: LayerTable, spec: TrainingSpec, *, n_classes: int, pictures: Pictures, rates: Rates | None = None
) -> Cost:
    """Return the cost of `spec` at `rates`, those of this machine if there are none."""
    rates = calibration.current() if rates is None else rates
    phases = [Phase(table, phase, n_classes, pictures) for phase in spec.phases()]
    last, seconds = phases[-1], tuple(phase.seconds(rates) for phase in phases)
    moving_mb = last.moving * FLOAT / MB
    most = kept_epochs.files(moving_mb) if spec.keep_epochs else 0
    epochs = sum(phase.spec.epochs for phase in phases)
    return Cost(
        parameters_trainable=last.trainable,
        parameters_frozen=last.everything - last.trainable,
        seconds=sum(seconds) + last.ends(rates),
        peak_mb=max(phase.peak_mb() for phase in phases),
        frozen_prefix_layers=len(last.prefix),
        cached=last.cached,
        moving_mb=moving_mb,
        kept_epochs=kept_epochs.stored(epochs, most) if most >= kept_epochs.FEWEST else 0,
        phase_seconds=seconds,
        measured=rates.measured,
    )


def keep(folder: Path, cost: Cost) -> None:
    """Keep what was predicted with the run, unless a prediction is there already, or the disk is full."""
    if not (folder / PREDICTION).exists():
        with suppress(OSError):
            write_atomically(folder / PREDICTION, json.dumps(asdict(cost)).encode())


def kept(folder: Path) -> Cost | None:
    """Return what was predicted before the run; None for runs from before that was kept."""
    try:
        data = json.loads((folder / PREDICTION).read_bytes())
        return Cost(**{**data, "phase_seconds": tuple(map(float, data["phase_seconds"]))})
    except (OSError, ValueError, KeyError, TypeError):
        return None
