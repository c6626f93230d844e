"""What an activation maximisation is asked for, what it costs, and where its film lies. Without Keras."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, Literal, get_args

from models import maximisation, network_layers, runs
from models.backbones import FRAME8_WEIGHTS
from models.errors import InputError
from models.maximisation_switches import SWITCHES
from models.plain_specs import PlainSpec
from models.top_patches import sources

KIND: Final = "maximisation"
SHIPPED: Final = runs.ASSETS / "maximisation"  # written by models.maximisation_recordings
STEPS: Final = (64, 128, 256)
LARGEST_SEED: Final = 999
Place = Literal["everywhere", "centre"]
PLACES: Final[tuple[Place, ...]] = get_args(Place)
START_SECONDS = 2.0
_PASSES_A_STEP = 3.5  # a forward and a backward pass, and what the switches do, in forward passes


@dataclass(frozen=True, slots=True)
class MaximisationSpec(PlainSpec):
    """Which unit is to answer strongly, and how the picture is looked for.

    Attributes:
        network, layer, channel: The unit; ids and a number.
        place: Its answers "everywhere" in the picture together, or the one in the "centre". Of no effect on dense
            layers, whose units have one value.
        frequency, jitter, turn, blur, decay: Strengths of the switches; 0 is off.
        steps: How many.
        seed: Fixes the start and everything that is random.
    """

    network: str
    layer: str
    channel: int
    place: Place = "everywhere"
    frequency: float = SWITCHES["frequency"].usual
    jitter: float = SWITCHES["jitter"].usual
    turn: float = SWITCHES["turn"].usual
    blur: float = 0.0
    decay: float = SWITCHES["decay"].usual
    steps: int = 128
    seed: int = 0

    def __post_init__(self) -> None:
        layer = network_layers.layer(self.network, self.layer)
        if not 0 <= self.channel < layer.shape[2]:
            raise InputError(
                f"Expected a channel of {self.layer} from 0 to {layer.shape[2] - 1}. Received {self.channel}."
            )
        if self.steps not in STEPS or not 0 <= self.seed <= LARGEST_SEED:
            raise InputError(
                f"Expected {', '.join(map(str, STEPS))} steps and a seed from 0 to {LARGEST_SEED}. "
                f"Received {self.steps} steps and seed {self.seed}."
            )
        maximisation.checked(self.strengths)

    @property
    def strengths(self) -> dict[str, float]:
        """The strength of every switch."""
        return {name: getattr(self, name) for name in SWITCHES}

    @property
    def bare(self) -> MaximisationSpec:
        """The same from the same start with every switch off."""
        return replace(self, frequency=0.0, jitter=0.0, turn=0.0, blur=0.0, decay=0.0)

    @property
    def seconds(self) -> float:
        """About how long a worker takes."""
        return START_SECONDS + network_layers.seconds(self.network, round(_PASSES_A_STEP * self.steps))


def same_unit(spec: Mapping[str, Any], other: MaximisationSpec) -> bool:
    """Return whether the JSON of a spec asks for the same unit at the same place, whatever its other settings."""
    return all(spec.get(name) == getattr(other, name) for name in ("network", "layer", "channel", "place"))


def canonical(network: str, layer: str) -> str:
    """Return the id of the backbone where a run left the layer as it was: what is known of one holds for the other."""
    same = [known for known in sources(network) if layer in {choice.name for choice in network_layers.layers(known)}]
    return same[-1] if same else network


def shipped_path(spec: MaximisationSpec) -> Path:
    """Return where the film of a spec lies if it is shipped for the weights that are shipped."""
    question = json.dumps([spec.to_json(), weights_digest()], sort_keys=True)
    return SHIPPED / f"film-{hashlib.sha256(question.encode()).hexdigest()[:16]}.npz"


def weights_digest() -> str:
    """Return hex digits that change with the shipped weights: Frame8's and those of the example's head."""
    return _digest(FRAME8_WEIGHTS, runs.ASSETS / runs.EXAMPLE / "head.npz")


@lru_cache(maxsize=1)
def _digest(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()
