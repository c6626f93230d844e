"""The frozen part's output stays for the next training in the same process, and only where nothing differs."""

import numpy as np
import pytest

from models.storage.progress import SILENT
from models.training.spec import HeadSpec
from models.training.worker import examples
from models.training.worker.classifier import split_at_frozen
from tests.models import tiny
from tests.models.training.test_train import SPEC

MATERIAL = tiny.material()


@pytest.fixture(autouse=True)
def _nothing_known():
    examples.forget()
    yield
    examples.forget()


def cut(head=None):
    network = tiny.classifier(head or HeadSpec())
    tiny.freeze_phase(network, SPEC, tiny.BLOCKS)
    return network, split_at_frozen(network)


def outputs(parts, progress=SILENT, pictures=MATERIAL.images):
    found = examples.prepare_examples(parts, pictures, MATERIAL.labels, progress)
    assert found.cached
    return [tensor.numpy() for tensor in found.inputs]


def counted(monkeypatch):
    """How often the frozen part is computed."""
    calls, compute = [], examples._computed
    monkeypatch.setattr(examples, "_computed", lambda *given: calls.append(1) or compute(*given))
    return calls


def test_a_second_training_takes_what_the_first_computed_to_the_last_bit(monkeypatch):
    calls = counted(monkeypatch)
    first, second = outputs(cut()[1]), outputs(cut(HeadSpec(widths=(3,)))[1])
    assert len(calls) == 1 and [a.tobytes() for a in first] == [a.tobytes() for a in second]
    examples.forget()
    assert [a.tobytes() for a in outputs(cut()[1])] == [a.tobytes() for a in first] and len(calls) == 2


def test_other_weights_or_pictures_are_computed_anew(monkeypatch):
    calls = counted(monkeypatch)
    network, parts = cut()
    before = outputs(parts)
    kernel = network.get_layer("conv1").kernel
    changed = kernel.numpy()
    changed[0, 0, 0, 0] += 1e-3
    kernel.assign(changed)
    after = outputs(parts)
    assert len(calls) == 2 and not np.array_equal(before[0], after[0])
    pictures = MATERIAL.images.copy()
    pictures[3, 2, 1, 0] ^= 1
    outputs(parts, pictures=pictures)
    assert len(calls) == 3
    outputs(parts, pictures=MATERIAL.images[::-1])
    assert len(calls) == 4


def test_what_is_large_does_not_stay_and_the_oldest_goes_first(monkeypatch):
    calls, parts = counted(monkeypatch), cut()[1]
    size = sum(array.nbytes for array in outputs(parts)) / 2**20
    monkeypatch.setattr(examples, "KNOWN_MB", 2.5 * size)
    versions = [MATERIAL.images, MATERIAL.images + 1, MATERIAL.images + 2]
    for pictures in versions:
        outputs(parts, pictures=pictures)
    outputs(parts, pictures=versions[1])
    assert len(calls) == 3
    outputs(parts, pictures=versions[0])
    assert len(calls) == 4
    monkeypatch.setattr(examples, "KNOWN_MB", 1.5 * size)
    examples.forget()
    for _ in range(2):
        outputs(parts)
    assert len(calls) == 6
