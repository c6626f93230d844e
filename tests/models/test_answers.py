"""Recorded answers come back as they were given."""

import io
import json

import numpy as np
import pytest

from models import answers
from models.tasks import Warmth


def test_an_answer_comes_back_as_it_was_given(tmp_path, monkeypatch):
    monkeypatch.setattr(answers, "FOLDER", tmp_path)
    assert answers.find("warm", {"a": 1}) is None
    answers.record("warm", {"a": 1}, Warmth(7))
    assert answers.find("warm", {"a": 1}) == Warmth(7)
    assert answers.find("warm", {"a": 2}) is None
    answers.path_of("warm", {"a": 1}).write_bytes(b"PK\x03\x04 torn")
    assert answers.find("warm", {"a": 1}) is None


def test_arrays_and_tuples_keep_their_types(tmp_path):
    from models.datasets import Split

    split = Split(np.arange(3), np.zeros((2, 1), np.float32), np.array([True]))
    back = answers.decode(answers.encode(split))
    assert back.validation.dtype == np.float32 and back.validation.shape == (2, 1)
    assert back.train.tolist() == [0, 1, 2] and back.test.dtype == bool


def test_only_classes_of_the_core_are_made():
    kind = type("Popen", (Warmth,), {"__module__": "subprocess", "__slots__": ()})
    assert answers.decode(answers.encode(Warmth(1))) == Warmth(1)
    with pytest.raises(ValueError, match="class of the core"):
        answers.decode(answers.encode(kind(1)))


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


PLAIN = {"class": "models.tasks:Warmth", "values": {"pid": 1}, "tuples": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 torn",
        archive(a=np.arange(3)),
        archive(_plain=np.array("[]")),
        archive(_plain=np.array(json.dumps({**PLAIN, "values": {"another": 1}}))),
        archive(_plain=np.array(json.dumps({**PLAIN, "class": "models.tasks:Nothing"}))),
        archive(_plain=np.array(json.dumps({**PLAIN, "class": "models.nowhere:Warmth"}))),
    ],
)
def test_what_is_no_answer_is_a_value_error(data):
    assert answers.decode(archive(_plain=np.array(json.dumps(PLAIN)))) == Warmth(1)
    with pytest.raises(ValueError, match=r"^Expected"):
        answers.decode(data)
