"""The last layer and the loss: what is typeset is what the recipe computes, and the sentences say true numbers."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest

from dashboard.views.train import explained
from models.training.recipes import DEFAULT
from models.training.spec import HeadSpec
from tests.dashboard.latex import value


@pytest.fixture
def typeset(monkeypatch):
    """Returns the formulas and the sentences of a recipe for so many classes."""

    def draw(n_classes, **change):
        lines, captions = [], []
        monkeypatch.setattr(explained.st, "latex", lines.append)
        monkeypatch.setattr(explained.st, "caption", captions.append)
        monkeypatch.setattr(explained.st, "markdown", captions.append)
        explained.last_layer_explained(replace(DEFAULT, **change), n_classes)
        return lines, " ".join(captions)

    return draw


@pytest.mark.parametrize(
    ("classes", "words"),
    [(1, "nothing to learn"), (2, "one sigmoid of z₁ − z₂"), (3, "Two classes could take one sigmoid")],
)
def test_what_other_tasks_would_take(classes, words):
    assert words in explained.other_tasks(classes)


def test_softmax_and_cross_entropy_are_typeset_with_the_number_of_classes(typeset):
    lines, sentences = typeset(7)
    assert lines == [
        r"p_k = \frac{e^{z_k}}{\sum_{j=1}^{7} e^{z_j}} \qquad L = -\sum_{k=1}^{7} y_k \ln p_k",
    ]
    assert "softmax over 7 classes, categorical cross-entropy" in sentences
    assert "the loss is −ln of its probability" in sentences
    assert "Equal probabilities for all classes cost ln 7 = 1.95." in sentences
    assert "no activation and the mean squared error" in sentences


def test_weight_decay_joins_the_loss(typeset):
    [line], _ = typeset(3, head=HeadSpec(weight_decay=0.002))
    assert line.endswith(r"L = -\sum_{k=1}^{3} y_k \ln p_k + 0.002 \sum w^2")


@pytest.mark.parametrize(("n_classes", "smoothing"), [(5, 0.1), (3, 0.25), (10, 0.9)])
def test_smoothed_targets_are_typeset_as_they_are_computed(typeset, n_classes, smoothing):
    (_, line), sentences = typeset(n_classes, label_smoothing=smoothing)
    true, other = line.split(r"\qquad")
    _, symbols, numbers, result = (part.strip() for part in true.split(" = "))
    assert symbols == r"1 - \varepsilon + \tfrac{\varepsilon}{K}"
    assert numbers == rf"1 - {smoothing:g} + \tfrac{{{smoothing:g}}}{{{n_classes}}}"
    assert value(numbers) == pytest.approx(float(result), rel=5e-3)
    assert value(r"\tfrac{a}{b}", a=smoothing, b=n_classes) == pytest.approx(float(other.split(" = ")[2]), rel=5e-3)
    targets = np.full(n_classes, smoothing / n_classes)
    targets[1] += 1 - smoothing
    assert float(result) + (n_classes - 1) * float(other.split(" = ")[2]) == pytest.approx(1, abs=0.01)
    [least] = re.findall(r"cannot fall below ([\d.]+);", sentences)
    assert float(least) == pytest.approx(-(targets * np.log(targets)).sum(), abs=0.005)
    assert f"cost ln {n_classes} = {math.log(n_classes):.2f}." in sentences
