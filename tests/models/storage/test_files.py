"""Results come back from their files as they were given, and folders of the home are nobody else's."""

import dataclasses
import io
import json
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from models.pictures.datasets import Split
from models.storage import files


@dataclass(frozen=True, slots=True)
class Warmth:
    pid: int


def test_arrays_and_tuples_keep_their_types():
    split = Split(np.arange(3), np.zeros((2, 1), np.float32), np.array([True]))
    back = files.unpack(files.pack(split), Split)
    assert back.validation.dtype == np.float32 and back.validation.shape == (2, 1)
    assert back.train.tolist() == [0, 1, 2] and back.test.dtype == bool


def test_only_the_class_that_is_expected_is_made():
    assert files.unpack(files.pack(Warmth(1)), Warmth) == Warmth(1)
    other = dataclasses.make_dataclass("Other", [("pid", int)])
    with pytest.raises(ValueError, match=r"^Expected a Warmth\. Received a Other\.$"):
        files.unpack(files.pack(other(1)), Warmth)


def test_a_class_that_is_no_result_is_refused_whatever_the_file_says():
    made = archive(_plain=np.array(json.dumps({"class": "Path", "values": {}, "tuples": []})))
    with pytest.raises(TypeError, match="Expected a dataclass"):
        files.unpack(made, Path)


def test_where_a_class_lived_when_its_file_was_written_says_nothing():
    """Files of version 0.4 name modules."""
    for name in ("models.training.worker.measure_rates:Warmth", "models.nowhere:Warmth", "Warmth"):
        assert files.unpack(archive(_plain=np.array(json.dumps({**PLAIN, "class": name}))), Warmth) == Warmth(1)


def test_a_file_that_cannot_be_read_is_none(tmp_path):
    path = tmp_path / "a.npz"
    assert files.read(path, Warmth) is None
    path.write_bytes(files.pack(Warmth(3)))
    assert files.read(path, Warmth) == Warmth(3)
    path.write_bytes(path.read_bytes()[:-40])
    assert files.read(path, Warmth) is None


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


PLAIN = {"class": "Warmth", "values": {"pid": 1}, "tuples": []}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"PK\x03\x04 torn",
        archive(a=np.arange(3)),
        archive(_plain=np.array("[]")),
        archive(_plain=np.array(json.dumps({**PLAIN, "values": {"another": 1}}))),
        archive(_plain=np.array(json.dumps({**PLAIN, "class": "models.jobs.execute:Nothing"}))),
        archive(_plain=np.array(json.dumps({**PLAIN, "class": "os:system"}))),
        archive(_plain=np.array(json.dumps({**PLAIN, "class": 7}))),
        archive(_plain=np.array("torn {")),
    ],
)
def test_what_is_no_answer_is_a_value_error(data):
    assert files.unpack(archive(_plain=np.array(json.dumps(PLAIN))), Warmth) == Warmth(1)
    with pytest.raises(ValueError, match=r"^Expected"):
        files.unpack(data, Warmth)


@pytest.mark.parametrize("mode", [None, 0o755, 0o700])
def test_a_folder_of_the_home_is_opened_by_nobody_else_also_where_it_is_an_older_one(tmp_path, monkeypatch, mode):
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    if mode is not None:
        (tmp_path / "kept").mkdir()
        (tmp_path / "kept").chmod(mode)
    assert files.private_folder("kept") == tmp_path / "kept"
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700
