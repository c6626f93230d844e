"""Specs through JSON and back: what comes from a file of another version is read whole or refused in a sentence."""

import json
from dataclasses import dataclass, field

import pytest

from models import catalogue
from models.attribution.maps import ExplanationSpec
from models.attribution.randomised import RandomisedSpec
from models.attribution.trust import TrustSpec
from models.errors import InputError
from models.features.patches import PatchSpec
from models.representations.cka import CkaSpec
from models.representations.probe import ProbeSpec
from models.som.data import SomTask
from models.som.spec import SomSpec
from models.storage import runs
from models.storage.specs import PlainSpec
from models.sweeps.spec import SweepSpec
from models.training.spec import GENTLE, HeadSpec, TrainingSpec
from models.transferability.slice import SliceSpec

SPECS = [
    TrainingSpec(head=HeadSpec("max", widths=(3, 4)), shots=5, augmentation=GENTLE, trainable=("conv5",)),
    SweepSpec("shots", ("5", "all"), base=TrainingSpec(epochs=2), seeds=2),
    SomTask("table", SomSpec(3, 4, rate0=1), table="a" * 32, columns=("x", "y")),
    SliceSpec(shots=20),
    ProbeSpec(),
    CkaSpec("backbone:frame8:64", "backbone:frame8:64:random"),
    PatchSpec("backbone:frame8:64", "digits"),
    TrustSpec("run:example"),
    RandomisedSpec("run:example", "sample:galaxies:3", 1),
    ExplanationSpec("run:example", "sample:galaxies:3", "logit", 1),
]


@dataclass(frozen=True)
class Inner(PlainSpec):
    number: float = 0.5


@dataclass(frozen=True)
class Outer(PlainSpec):
    name: str
    inner: Inner = field(default_factory=Inner)
    many: tuple[int, ...] = ()
    perhaps: int | None = None


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: type(spec).__name__)
def test_every_spec_survives_json(spec):
    again = type(spec).from_json(json.loads(json.dumps(spec.to_json())))
    assert again == spec and again.to_json() == spec.to_json()


def test_what_is_left_out_has_its_default_and_whole_numbers_are_numbers():
    assert Outer.from_json({"name": "a", "inner": {"number": 1}, "many": [1, 2]}) == Outer("a", Inner(1.0), (1, 2))
    assert Outer.from_json({"name": "a", "perhaps": None}) == Outer("a")


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({}, "Received none of name"),
        ({"name": "a", "teleport": 1}, r"Received \['teleport'\]"),
        ({"name": 5}, "name to be of type str"),
        ({"name": "a", "inner": 5}, "Received int"),
        ({"name": "a", "inner": {"number": "much"}}, "number to be of type float"),
        ({"name": "a", "many": 3}, "many to be of type"),
        ({"name": "a", "many": ["x"]}, "many to be of type int"),
        ({"name": "a", "perhaps": True}, "perhaps to be of type int"),
        ([], "Received list"),
        (None, "Received NoneType"),
    ],
)
def test_other_data_is_refused_in_a_sentence(data, words):
    with pytest.raises(InputError, match=words):
        Outer.from_json(data)


@pytest.mark.parametrize(
    ("kind", "spec", "shown"),
    [
        ("training", TrainingSpec().to_json(), True),
        ("training", {**TrainingSpec().to_json(), "backbone": "gone"}, False),
        ("sweep", SPECS[1].to_json(), True),
        ("sweep", {**SPECS[1].to_json(), "values": ["many"]}, False),
        ("sweep", {**SPECS[1].to_json(), "base": {"dataset": "gone"}}, False),
        ("som", SPECS[2].to_json(), True),
        ("som", {**SPECS[2].to_json(), "som": 5}, False),
        ("transferability", {"a": [1, 2]}, False),
        ("occlusion", {"whatever": 1}, False),
    ],
)
def test_whether_a_run_can_be_shown(kind, spec, shown):
    problem = catalogue.job(kind).problem(runs.create(kind, spec, owner="", title=""))
    assert (problem == "") == shown
    assert shown or problem.startswith("This run cannot be shown: it was made by another version")
