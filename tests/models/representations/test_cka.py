"""Linear CKA: the unbiased estimate against its definition, what it does not see, and real networks."""

import itertools

import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import InputError, RunNotFound
from models.jobs import execute
from models.representations.cka import CKA, CkaSpec, Sums, unbiased_hsic
from models.representations.worker.cka import measure
from models.storage import runs

build.prepare_tensorflow()
RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=(7, 5)), RANDOM.normal(size=(7, 3))


def gram(x):
    return x @ x.T


def cka(*batches):
    sums = Sums(1, 1)
    for x, y in batches:
        sums.add([gram(x)], [gram(y)])
    return sums.cka()[0, 0]


def test_the_unbiased_estimate_is_the_mean_over_quadruples_of_different_pictures():
    """HSIC = E[k12 l12] + E[k12] E[l12] - 2 E[k12 l13], every index another picture (Song et al., theorem 1)."""
    k, l = gram(X), gram(Y)  # noqa: E741
    terms = [
        k[a, b] * l[a, b] + k[a, b] * l[c, d] - 2 * k[a, b] * l[a, c]
        for a, b, c, d in itertools.permutations(range(7), 4)
    ]
    assert unbiased_hsic(k, l) == pytest.approx(np.mean(terms))


def test_turned_mirrored_and_scaled_features_are_the_same():
    turn, _ = np.linalg.qr(RANDOM.normal(size=(5, 5)))
    wide = np.concatenate([X @ turn * -3, np.zeros((7, 4))], axis=1)
    assert cka((X, X)) == 1
    assert cka((X, wide)) == pytest.approx(1)
    assert cka((X, X + 100)) == pytest.approx(1)  # what is the same for all pictures does not count
    assert cka((X, X @ np.diag([1, 1, 9, 1, 1]))) < 0.99


def test_few_pictures_of_many_independent_values_are_not_called_alike():
    pairs = [(RANDOM.normal(size=(16, 400)), RANDOM.normal(size=(16, 400))) for _ in range(60)]
    assert abs(cka(*pairs)) < 0.08
    k, l = (gram(pairs[0][side] - pairs[0][side].mean(axis=0)) for side in (0, 1))  # noqa: E741
    assert np.sum(k * l) / np.linalg.norm(k) / np.linalg.norm(l) > 0.8  # the plain estimate says they are


def test_one_batch_is_the_estimate_itself_and_a_constant_layer_is_like_nothing():
    k, l = gram(X), gram(Y)  # noqa: E741
    expected = unbiased_hsic(k, l) / np.sqrt(unbiased_hsic(k, k) * unbiased_hsic(l, l))
    assert cka((X, Y)) == pytest.approx(expected)
    assert cka((X, np.ones((7, 2)))) == 0
    with pytest.raises(InputError, match="4 pictures or more"):
        unbiased_hsic(np.eye(3), np.eye(3))


def test_a_layer_that_never_changes_is_like_nothing_also_with_the_rounding_of_its_products():
    for seed in range(40):
        random = np.random.default_rng(seed)
        same = [np.repeat(random.normal(size=(1, 300)).astype("f4"), 64, axis=0) for _ in range(2)]
        sums = Sums(2, 2)
        for _ in range(4):
            noise = (random.uniform(-1, 1, (64, 64)) * 1e-7).astype("f4")
            grams = [gram(each) * (1 + noise + noise.T) for each in same]
            sums.add(grams, grams)
        assert not sums.cka().any()


def test_frozen_layers_of_a_run_are_exactly_alike_and_the_head_is_not():
    spec = CkaSpec("run:example:start", "run:example")
    run = runs.create(CKA.kind, spec.to_json(), owner="l" * 32, title="CKA")
    assert execute.execute(run.id) == "done"
    result = CKA.load(run)
    assert result.first == result.second == (*result.first[:5], "head_output")
    assert result.cka.shape == (6, 6)
    assert result.pictures == 256
    diagonal = list(result.diagonal.values())
    assert diagonal[:5] == [1.0] * 5
    assert diagonal[5] < 0.95
    assert np.allclose(result.cka[:5, :5], result.cka[:5, :5].T, atol=1e-6)
    assert result.cka[0, 1] > result.cka[0, 4]


def test_networks_of_other_sizes_can_be_compared():
    spec = CkaSpec("backbone:frame8:64", "backbone:frame8:96:random", "digits")
    result = measure(spec)
    assert result.cka.shape == (5, 5)
    assert 0 < result.cka.max() < 1


def test_what_is_not_there_is_said():
    with pytest.raises(RunNotFound):
        CkaSpec("run:" + "0" * 32, "run:example")
    with pytest.raises(InputError):
        CkaSpec("run:example", "luck")
    run = runs.create(CKA.kind, {}, owner="l" * 32, title="CKA")
    assert CKA.load(run) is None
