"""Every offered backbone, built once, with random weights: as its layer table says.

That pretrained ones answer as Keras's own do is in `test_download.py`.
"""

import random
from pathlib import Path

import keras
import numpy as np
import pytest

from models.backbones import registry
from models.backbones.registry import BACKBONES, PREPROCESSING_LAYERS, BackboneSpec
from models.backbones.tables import BYTES_PER_VALUE, PICTURE, table
from models.backbones.worker import build
from models.errors import InputError, WeightsUnavailable
from models.features.gabor import FIRST_KERNELS
from models.jobs.job import function
from tests.models.backbones import published


@pytest.fixture(scope="module", params=BACKBONES)  # the tests of one backbone follow one another
def built(request: pytest.FixtureRequest) -> tuple[BackboneSpec, keras.Model]:
    """A backbone with random weights at the smallest side it is offered for."""
    spec = BACKBONES[request.param]
    return spec, build.build(spec.id, weights="random", side=spec.sides[0], seed=3)


def shapes_at(network: keras.Model, side: int) -> dict[str, tuple[int, ...]]:
    """Every layer's output shape as Keras infers it for pictures of `side`."""
    shapes = {"image": (None, side, side, 3)}
    for layer in network.layers[1:]:
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        inputs = [shapes[tensor._keras_history.operation.name] for tensor in tensors]
        shapes[layer.name] = layer.compute_output_shape(inputs if len(inputs) > 1 else inputs[0])
    return shapes


def test_the_table_equals_keras(built: tuple[BackboneSpec, keras.Model]) -> None:
    spec, network = built
    rows = table(spec.id, spec.sides[0]).layers
    layers = [layer for layer in network.layers if layer.name not in PREPROCESSING_LAYERS]
    assert [row.name for row in rows] == [layer.name for layer in layers]
    assert [row.kind for row in rows] == [type(layer).__name__ for layer in layers]
    assert [row.parameters for row in rows] == [layer.count_params() for layer in layers]
    assert network.count_params() == spec.parameters
    for row, layer in zip(rows, layers, strict=True):
        tensors = layer.input if isinstance(layer.input, list) else [layer.input]
        names = [tensor._keras_history.operation.name for tensor in tensors]
        assert [PICTURE if name in PREPROCESSING_LAYERS else name for name in names] == list(row.inputs)


def test_shapes_equal_keras_at_every_offered_side(built: tuple[BackboneSpec, keras.Model]) -> None:
    spec, network = built
    for side in spec.sides:
        shapes = shapes_at(network, side)
        for row in table(spec.id, side).layers:
            expected = shapes[row.name][1:]
            assert row.output == (expected if len(expected) == 3 else (1, 1, *expected)), (side, row.name)
            if row.activation_bytes:
                assert row.activation_bytes == np.prod(expected) * BYTES_PER_VALUE


def test_the_graph_is_flat_and_named_by_itself_alone(built: tuple[BackboneSpec, keras.Model]) -> None:
    spec, network = built
    assert len(network.layers) == len(network.operations)  # layers only, nothing nested, nothing bare
    assert not any(isinstance(layer, keras.Model | keras.layers.Lambda) for layer in network.layers)
    assert not any(layer.weights for layer in network.layers if layer.name in PREPROCESSING_LAYERS)
    again = build.build(spec.id, weights="random", side=spec.sides[0], seed=3)
    assert [layer.name for layer in again.layers] == [layer.name for layer in network.layers]
    assert all(map(np.array_equal, again.get_weights(), network.get_weights()))


def test_a_weight_file_of_another_network_is_refused(tmp_path: Path) -> None:
    published.publish("mobilenetv3small", tmp_path / "small.h5")
    build.check_weights(BACKBONES["mobilenetv3small"], tmp_path / "small.h5")
    with pytest.raises(ValueError, match=r"Expected the weights of MobileNetV2 in small\.h5\. Received another file"):
        build.check_weights(BACKBONES["mobilenetv2"], tmp_path / "small.h5")


def test_seeds_decide_and_leave_pythons_own_randomness_alone() -> None:
    random.seed(5)
    expected = random.random()
    random.seed(5)
    first = build.build("mobilenetv3small", weights="random", side=32, seed=1)
    assert random.random() == expected
    other = build.build("mobilenetv3small", weights="random", side=32, seed=2)
    kernels = [network.get_layer("conv").get_weights()[0] for network in (first, other)]
    assert not np.allclose(*kernels)


def test_frame8_with_its_top() -> None:
    network = build.build("frame8", weights="random", include_top=True)
    rows = table("frame8", 64, include_top=True).layers
    assert sum(row.parameters for row in rows) == network.count_params()
    assert network.output_shape == (None, 200)


def test_bad_questions_are_answered_in_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Expected one of frame8"):
        build.build("lenet")
    with pytest.raises(InputError, match=r"at least 32 x 32\. Received 31 x 40"):
        build.build("frame8", side=(31, 40))
    with pytest.raises(InputError, match="Expected 64 x 64 pictures"):
        build.build("frame8", side=96, include_top=True)
    with pytest.raises(InputError, match="pretrained or random"):
        build.build("frame8", weights="imagenet")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="without its top"):
        build.build("vgg16", include_top=True)
    monkeypatch.setenv("FREEZEFRAME_HOME", str(tmp_path))
    with pytest.raises(WeightsUnavailable, match="Frame8 and EfficientNet-Lite0 come with the app"):
        build.build("vgg16")
    monkeypatch.setattr(build, "FRAME8_WEIGHTS", tmp_path / "frame8.npz")
    with pytest.raises(WeightsUnavailable, match="missing from this installation"):
        build.build("frame8")


def test_shipped_weights_are_loaded() -> None:
    network = build.build("frame8", side=(64, 96))
    with np.load(registry.FRAME8_WEIGHTS) as saved:
        np.testing.assert_array_equal(network.get_layer("conv1").get_weights()[0], saved["conv1/kernel"])
        assert not any(key.startswith("rescale") for key in saved)


def test_first_kernels_are_those_of_the_network() -> None:
    found = function(FIRST_KERNELS.work)("backbone:frame8:64:random")
    expected = build.build("frame8", weights="random", side=64).get_layer("conv1").get_weights()[0]
    np.testing.assert_array_equal(found.values, expected)
    assert found.layer == "conv1"
