"""Backbones compared: paired differences, the Pareto front, costs, what is shipped, and the measurement itself."""

from dataclasses import replace
from math import comb

import numpy as np
import pytest

from models.backbones import registry
from models.errors import Cancelled, InputError
from models.networks.worker import opened
from models.pictures import datasets, images
from models.representations import architectures, probe_fit
from models.representations.architectures import ARCHITECTURES, PUBLISHED, ArchitecturesResult, ArchitecturesSpec
from models.representations.worker.architectures import measure
from models.storage import files
from models.storage.progress import SILENT


def made(*hits: int, n: int = 40, times: tuple[float, ...] = (), overlap: bool = True) -> ArchitecturesResult:
    """Return a result in which the backbones name so many test pictures right, the first ones or the last ones."""
    names = ("frame8", "lite0", "mobilenetv2")[: len(hits)]
    right = np.zeros((len(hits), 1, n), bool)
    for place, count in enumerate(hits):
        right[place, 0, slice(0, count) if overlap or place == 0 else slice(n - count, n)] = True
    ones = np.ones(len(hits), np.int64)
    return ArchitecturesResult(
        "galaxies", "", names, np.array([64, 128, 96][: len(hits)]), ones, (7,), np.array([14]), 5, 2, right,
        np.ones((len(hits), 1)), np.array([[t, t, 99 * t] for t in times or (1.0, 2.0, 3.0)[: len(hits)]]), ones, "",
    )  # fmt: skip


def test_differences_are_those_of_the_same_pictures_for_all_pairs_at_once():
    two = made(30, 20)  # ten disagreements, all for the first
    [only] = two.differences(7)
    assert (only.first, only.second, only.estimate.value) == (0, 1, -0.25)
    assert only.p == pytest.approx(2 / 2**10) and only.clear
    three = made(20, 30, 29)
    assert three.order(7) == (1, 2, 0)
    found = {(one.first, one.second): one for one in three.differences(7)}
    assert list(found) == [(1, 2), (1, 0), (2, 0)]
    assert found[1, 0].p == pytest.approx(3 * 2 / 2**10) and found[2, 0].p == pytest.approx(3 * 2 / 2**9)
    assert found[1, 2].p == 1.0 and not found[1, 2].clear  # a single disagreement
    apart = made(20, 30, overlap=False)  # 10 first only, 20 second only, 10 both
    [only] = apart.differences(7)
    tail = sum(comb(30, k) for k in range(11))
    assert only.p == pytest.approx(2 * tail / 2**30) and not only.clear


def test_six_disagreements_are_clear_for_one_pair_and_not_for_three():
    """2 / 2^6 is 0.031; three times that is above 0.05."""
    assert made(30, 24).differences(7)[0].clear
    assert not made(30, 24, 30).differences(7)[1].clear


def test_the_pareto_front_holds_those_that_no_other_beats():
    macs = [registry.BACKBONES[name].parameters for name in ("frame8", "lite0", "mobilenetv2")]
    result = made(30, 35, 32)  # parameters: 1.4, 3.4 and 2.3 million
    assert [result.cost(place, "parameters") for place in range(3)] == macs
    assert result.front(7, "parameters") == (0, 2, 1)
    assert made(30, 35, 30).front(7, "parameters") == (0, 1)  # as accurate as the first, and dearer
    assert made(30, 35, 36).front(7, "macs") == (2,)  # 55 million MACs, the fewest, and the most accurate
    assert made(30, 30, 30, times=(1.0, 1.0, 3.0)).front(7, "milliseconds") == (0, 1)  # level in both: both stay
    assert result.cost(1, "milliseconds") == 2.0  # the median, not the mean: one pass was slow
    assert result.per_million(0, 7) == pytest.approx(75 / 1.417552)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"backbones": ("frame8",)}, "two or more"),
        ({"backbones": ()}, "Received none"),
        ({"backbones": ("lite0", "frame8")}, "in this order"),
        ({"backbones": ("frame8", "frame8")}, "different"),
        ({"backbones": ("frame8", "alexnet")}, "Received frame8, alexnet"),
        ({"side": 224}, "all of them offer: 0, 64, 96, 128. Received 224"),
        ({"dataset": "cats"}, "cats"),
    ],
)
def test_what_cannot_be_compared_is_refused(wrong, said):
    with pytest.raises(InputError, match=said):
        replace(ArchitecturesSpec(), **wrong)


def test_every_backbone_with_imagenet_weights_has_its_published_figure():
    assert set(PUBLISHED) == set(registry.BACKBONES) - {"frame8"}
    for name, figure in PUBLISHED.items():
        assert registry.BACKBONES[name].trained_side in registry.BACKBONES[name].sides and 0.5 < figure.top_1 < 0.8


def test_the_shipped_comparisons_say_what_the_documents_say():
    """These decide which backbone a page proposes (`models/DECISIONS.md`)."""
    said = {}
    for spec in ARCHITECTURES.examples():
        result = ARCHITECTURES.shipped(spec)
        assert result.backbones == ("frame8", "lite0") and result.digest == registry.frame8_digest()
        assert result.bytes.tolist() == [4 * 1_417_552, 4 * 3_413_024]
        assert result.n_test == len(datasets.split(spec.dataset).test)
        for budget in result.budgets:
            [only] = result.differences(budget)
            said[spec.dataset, budget] = result.backbones[only.first], only.clear
    assert said == {
        ("galaxies", 20): ("lite0", False), ("galaxies", 180): ("lite0", False),
        ("digits", 20): ("frame8", True), ("digits", 104): ("frame8", True),
        ("textures", 20): ("lite0", True), ("textures", 120): ("lite0", True),
    }  # fmt: skip


class Stop:
    """Cancels at the first check of the second backbone."""

    def __init__(self):
        self.shares = []

    def event(self, **fields):
        self.shares.append(fields["share"])

    def check(self):
        if self.shares and self.shares[-1] >= 0.5:
            raise Cancelled


@pytest.fixture
def few(monkeypatch):
    """Of each digit nine scans as if they were all."""
    scans, labels = datasets.load("digits").images, datasets.labels("digits")
    chosen = np.sort(np.concatenate([np.flatnonzero(labels == number)[:9] for number in range(10)]))
    found = replace(datasets.get("digits"), per_class=(9,) * 10, origin=lambda: (scans[chosen], labels[chosen]))
    monkeypatch.setitem(datasets.DATASETS, "digits", found)
    datasets.load.cache_clear()
    yield datasets.load("digits")
    datasets.load.cache_clear()


def test_a_comparison_is_what_a_linear_model_on_every_pictures_averages_gives(few):
    spec = ArchitecturesSpec(dataset="digits", side=64)
    result = measure(spec, SILENT)
    assert files.unpack(files.pack(result), ArchitecturesResult).backbones == ("frame8", "lite0")
    assert result.sides.tolist() == [64, 64] and result.budgets == (5,) and result.right.shape == (2, 1, 20)
    assert result.milliseconds.shape == (2, architectures.REPEATS) and (result.milliseconds > 0).all()
    labels, parts = np.asarray(few.labels, np.int64), datasets.split("digits")
    for place, network in enumerate(spec.networks):
        model = opened.load(network).model  # its output is the backbone's last maps
        maps = np.asarray(model(images.resize(few.images, 64, 64).astype("f4")))
        fit = probe_fit.probe(maps.mean(axis=(1, 2)), labels, parts, lambda: None)
        assert result.features[place] == maps.shape[-1] and fit.test_hits == fit.right.sum()
        assert (result.right[place, 0] == fit.right).all() and result.strengths[place, 0] == fit.strength
    with pytest.raises(Cancelled):
        measure(spec, Stop())
