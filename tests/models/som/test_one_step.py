"""Single steps of a map: the lecture's example to the digit, and training replayed in any order to the last bit."""

import math

import numpy as np
import pytest

from models.errors import InputError
from models.som import one_step
from models.som.one_step import EXAMPLE_SAMPLE, EXAMPLE_WEIGHTS, Trace, take_step, worked_example
from models.som.spec import SomSpec
from models.som.steps import sample_order
from tests.models.som.trained import train

FEATURES = np.random.default_rng(3).normal(size=(23, 4)).astype(np.float32)
SPECS = {
    "plain": {},
    "hexagonal": {"lattice": "hexagonal"},
    "toroid": {"toroid": True, "law": "linear"},
    "mexican hat": {"neighbourhood": "mexican hat"},
    "slide": {"distance": "weights", "radius0": 0.8},
}


def spec_of(name="plain", **more) -> SomSpec:
    return SomSpec(**{"rows": 3, "columns": 5, "method": "online", "epochs": 3, "radius0": 2.0, **SPECS[name], **more})


def test_the_lectures_example_to_the_digit():
    step = worked_example(EXAMPLE_SAMPLE, EXAMPLE_WEIGHTS, rate=0.5, radius=1.0)
    assert EXAMPLE_SAMPLE == (0.5, 0.3, 0.7) and EXAMPLE_WEIGHTS[0] == (5, 13, 20)
    assert [f"{distance:.1f}" for distance in step.distances[0]] == ["23.5", "15.2", "31.6"]
    assert (step.bmu, step.runner_up) == (1, 0)
    near = math.exp(-0.5)
    assert np.allclose(step.theta, [[near, 1, near]], atol=1e-6)
    assert np.allclose(step.after[0, 1], [2.75, 4.15, 6.85], atol=1e-5)
    assert np.allclose(step.after[0, 0], [5 - 2.25 * near, 13 - 6.35 * near, 20 - 9.65 * near], atol=1e-5)


def test_another_unit_wins_when_the_numbers_are_edited():
    step = worked_example((4.0, 0.0), ((1.0, 0.0), (8.0, 3.0), (4.0, 0.5)), rate=1.0, radius=0.5)
    assert np.allclose(step.distances, [[3, 5, 0.5]]) and (step.bmu, step.runner_up) == (2, 0)
    assert np.allclose(step.theta[0], [math.exp(-8), math.exp(-2), 1], atol=1e-6)
    assert np.allclose(step.after[0, 2], [4, 0])


def test_weights_of_another_length_are_refused():
    with pytest.raises(InputError, match=r"Expected weights of 3 values each. Received \[3, 2\]"):
        worked_example((1.0, 2.0, 3.0), ((1.0, 2.0, 3.0), (1.0, 2.0)), 0.5, 1.0)


@pytest.mark.parametrize("name", SPECS)
def test_a_trace_is_the_training_to_the_last_bit_in_any_order(name, monkeypatch):
    monkeypatch.setattr(one_step, "KEPT", 7)
    spec = spec_of(name, snapshots=70)
    trained = train(FEATURES, spec)
    trace = Trace(FEATURES, spec)
    assert trace.steps == trace.total == 69 and len(trained.codebooks) == 70
    for number in (40, 39, 38, 68, 0, 1, 40, 69 - 1):
        step = trace.step(number)
        assert step.number == number and step.index == sample_order(spec, 23)[number]
        assert np.array_equal(step.before, trained.codebooks[number])
        assert np.array_equal(step.after, trained.codebooks[number + 1])
        assert np.array_equal(step.sample, FEATURES[step.index])
        assert (step.rate, step.radius) == (trained.rate[number], trained.radius[number])
    assert len(trace._kept) <= 8


@pytest.mark.parametrize("name", SPECS)
def test_the_numbers_of_a_step_make_its_result(name):
    step = Trace(FEATURES, spec_of(name)).step(11)
    distances = [[math.dist(step.sample, weights) for weights in row] for row in step.before]
    assert np.allclose(step.distances, distances, atol=1e-5)
    order = np.argsort(step.distances.ravel())
    assert (step.bmu, step.runner_up) == tuple(order[:2])
    pulled = step.before + step.rate * step.theta[..., None] * (step.sample - step.before)
    if name == "mexican hat":  # what pushes stops at the border of the data
        pulled = pulled.clip(FEATURES.min(axis=0), FEATURES.max(axis=0))
    assert np.allclose(step.after, pulled, atol=1e-5)
    assert np.allclose(step.delta, step.rate * step.theta[..., None] * (step.sample - step.before), atol=1e-6)


def test_a_map_of_one_unit_has_no_other_runner_up():
    step = take_step(SomSpec(1, 1, "online"), FEATURES[0], np.zeros((1, 1, 4), np.float32), 0.25, 1.0)
    assert step.bmu == step.runner_up == 0 and np.allclose(step.after, FEATURES[0] / 4)


def test_the_codebook_that_a_step_is_taken_from_is_left_alone():
    codebook = np.zeros((3, 5, 4), np.float32)
    take_step(spec_of(), FEATURES[0], codebook, 0.5, 1.0)
    assert not codebook.any()


@pytest.mark.parametrize("number", [-1, 69])
def test_a_step_outside_the_training_is_refused(number):
    with pytest.raises(InputError, match=f"between 0 and 68. Received {number}"):
        Trace(FEATURES, spec_of()).step(number)


def test_a_long_training_is_followed_for_as_long_as_is_quick(monkeypatch):
    monkeypatch.setattr(one_step, "MAX_STEPS", 20)
    trace = Trace(FEATURES, spec_of())
    assert (trace.steps, trace.total) == (20, 69)
    assert np.array_equal(trace.step(19).after, train(FEATURES, spec_of(snapshots=70)).codebooks[20])


def test_a_batch_training_is_followed_as_an_online_one():
    assert Trace(FEATURES, spec_of(method="batch")).total == 69


def test_too_many_weights_are_refused_with_their_number():
    with pytest.raises(InputError, match=r"at most 40,000 weights to follow step by step\. Received 160,000"):
        Trace(FEATURES, SomSpec(200, 200, "online"))


def test_units_nearly_as_near_are_told_apart():
    # Distances of 1 and 1 + 3e-8: equal in float32, and the second unit is the nearer one.
    codebook = np.array([[[1.0, 2.5e-4], [1.0, 0.0], [0.0, 1.0]]], np.float32)
    step = take_step(SomSpec(1, 3, "online"), np.zeros(2, np.float32), codebook, 0.5, 1.0)
    assert (step.bmu, step.runner_up) == (1, 2)  # units 1 and 2 are equally near: the first is the BMU
    assert step.distances.dtype == np.float64 and step.distances[0, 0] > step.distances[0, 1] == step.distances[0, 2]


def test_a_step_keeps_the_digits_of_times():
    times = 1_760_000_000 + np.arange(40.0)[:, None]
    step = Trace(times, spec_of()).step(68)
    assert step.sample.tolist() == [1_760_000_000 + step.index]
    assert step.bmu == np.abs(step.before.ravel() - step.sample[0]).argmin()
    assert np.ptp(step.before) > 10 and step.before.min() >= times.min() and step.before.max() <= times.max()
    assert np.allclose(step.delta, step.after - step.before, atol=1e-6)
