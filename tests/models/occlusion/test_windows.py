"""Exact incremental occlusion: windows of maps give what whole passes give, and a broken engine does not."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers

from models.backbones.registry import BACKBONES, PREPROCESSING_LAYERS
from models.backbones.worker import build
from models.networks.worker import opened
from models.occlusion import costs, occlusion, plan
from models.occlusion.plan import Placed, reaches
from models.occlusion.scores import OcclusionSpec
from models.occlusion.worker import hide
from models.occlusion.worker import windows as occlusion_windows
from models.occlusion.worker.windows import FullPass, WindowPass, graph
from models.training.spec import HeadSpec
from tests.models.occlusion import occluders

build.prepare_tensorflow()
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EXACT, SPREAD, PATCH = 1e-4, 0.05, 16


class Case:
    """A classifier, a picture with squares at all borders and inside, and both ways of scoring it."""

    def __init__(self, model, patch, stride, fill="blur", step=1, tap="", unfolded=""):
        _, height, width, _ = model.input_shape
        self.image = occluders.picture(height, width)
        self.hidden = occlusion.filling(self.image, fill, patch)
        grid = occluders.corners(height, width, patch, stride)
        chosen = np.unique(np.append(np.arange(0, len(grid.rows), step), len(grid.rows) - 1))
        self.squares = Placed(grid.rows[chosen], grid.cols[chosen], patch)
        self.graph = graph(model, unfolded)
        self.reach = reaches(self.graph.nodes, height, width)
        self.limit = costs.limit(self.graph.nodes)
        self.tap = self.graph.shown_as[tap] if tap else ""
        self.size = height, width

        self.whole, self.ways = None, {}

    def full(self):
        if self.whole is None:
            pictures = occluders.patched(self.image, self.hidden, self.squares)
            self.whole = FullPass(self.graph, *self.size, self.tap)(pictures)
        return self.whole

    def windows(self, cut=None, hidden=None, channel=0):
        cut = self.limit if cut is None else cut
        if cut not in self.ways:
            way = WindowPass(self.graph, cut, self.reach, self.tap)
            self.ways[cut] = way, way.clean(self.image)
        way, clean = self.ways[cut]
        way._tables.clear()  # made anew: tests break what makes them
        shown = occluders.shown(self.hidden if hidden is None else hidden, self.squares)
        return way(clean, self.squares, shown, channel)


def worst(case, **options):
    return float(np.abs(case.full()[0] - case.windows(**options)[0]).max())


@pytest.fixture(scope="module", params=BACKBONES)
def backbone(request):
    model = occluders.classifier(request.param, 64, 96)
    return request.param, model, Case(model, PATCH, 8, step=11)


def test_every_backbone_is_exact_where_the_logits_really_vary(backbone):
    _, model, case = backbone
    full, windows = case.full()[0], case.windows()[0]
    assert full.std(axis=0).min() >= SPREAD
    assert np.abs(full - windows).max() <= EXACT
    # BatchNorm is folded in both; Keras, which does not fold it, says the same up to that rounding.
    features = keras.Model(model.input, model.layers[-1].input)
    dense = model.layers[-1]
    pictures = occluders.patched(case.image, case.hidden, case.squares)[:2].astype(np.float32)
    plain = np.array(features(pictures, training=False)) @ np.array(dense.kernel) + np.array(dense.bias)
    np.testing.assert_allclose(full[:2], plain, atol=2e-3)


def test_the_page_foresees_the_operations_from_the_layer_tables(backbone):
    name, _, case = backbone
    kept = [node for node in case.graph.nodes if node.name not in PREPROCESSING_LAYERS]
    foreseen = costs.operations(name, 64)  # of 64 rows as here, and 64 columns
    for node, told in zip(kept, foreseen, strict=False):
        if told.name == "head":
            break
        assert (told.name, told.layer, told.kind, told.shape[0]) == (node.name, node.layer, node.kind, node.shape[0])
        assert (told.kernel[0], told.stride[0], told.before[0]) == (node.kernel[0], node.stride[0], node.before[0])
        assert told.macs * node.shape[1] == node.macs * told.shape[1]
        if node.kind == "whole":
            break


@pytest.fixture(scope="module", params=["frame8", "mobilenetv2"])
def sound(request):
    return Case(occluders.classifier(request.param, 64, 96), PATCH, 8, step=9)


def _shifted(gather, reach, squares):
    if gather.source == "image" or gather.reader is None:
        return TABLE(gather, reach, squares)
    moved = dataclasses.replace(gather.reader, before=(gather.reader.before[0] - 1, gather.reader.before[1]))
    return TABLE(dataclasses.replace(gather, reader=moved), reach, squares)


def _stale(gather, reach, squares):
    """The last column of every window is taken from the clean map."""
    table = TABLE(gather, reach, squares)
    down, across = squares.windows(reach[gather.source])
    local = (table - down.size * across.size - 2) % across.length
    window = table >= down.size * across.size + 2
    number = (table - down.size * across.size - 2) // (down.length * across.length)
    row = (table - down.size * across.size - 2) % (down.length * across.length) // across.length
    clean = (down.start[number * window] + row) * across.size + across.start[number * window] + local
    return np.where(window & (local == across.length - 1), clean, table).astype(np.int32)


def _unpadded(gather, reach, squares):
    """Zeros around a map are taken for its first value."""
    table = TABLE(gather, reach, squares)
    down, across = (side.size for side in reach[gather.source])
    return np.where(table == down * across, 0, table)


TABLE = plan.gather_table


@pytest.mark.parametrize("broken", [_shifted, _stale, _unpadded])
def test_an_engine_with_a_broken_table_is_found_out(sound, broken, monkeypatch):
    assert worst(sound) <= EXACT
    monkeypatch.setattr(occlusion_windows, "gather_table", broken)
    assert worst(sound) > 10 * EXACT


def test_a_wrong_fill_is_found_out(sound):
    assert worst(sound, hidden=np.roll(sound.hidden, 3, axis=1)) > 10 * EXACT
    assert worst(sound, hidden=np.full_like(sound.hidden, 128)) > 10 * EXACT


def _add(x, **options):
    y = layers.Conv2D(4, 3, padding="same", name="branch")(x)
    return layers.Add(**options)([x, y])


def _different_branches(x):
    wide, narrow = layers.Conv2D(4, 5, padding="same")(x), layers.Conv2D(4, (1, 3), padding="same")(x)
    return layers.Maximum()([wide, narrow])


def _strided_branches(x):
    return layers.Add()([layers.Conv2D(4, 1, strides=2)(x), layers.Conv2D(4, 3, strides=2, padding="same")(x)])


KINDS = {
    "convolution, same": lambda x: layers.Conv2D(5, (3, 5), padding="same", activation="relu")(x),
    "convolution, valid, strides": lambda x: layers.Conv2D(5, 3, strides=(2, 3))(x),
    "convolution, same, even kernel": lambda x: layers.Conv2D(5, 4, strides=2, padding="same")(x),
    "convolution, dilated": lambda x: layers.Conv2D(5, 3, dilation_rate=2, padding="same")(x),
    "convolution of one value": lambda x: layers.Conv2D(5, 1, activation="tanh")(x),
    "strides that skip values": lambda x: layers.Conv2D(5, 1, strides=3)(x),
    "depthwise": lambda x: layers.DepthwiseConv2D(3, depth_multiplier=2, padding="same")(x),
    "depthwise, strides": lambda x: layers.DepthwiseConv2D(3, strides=2, padding="same")(x),
    "zeros around": lambda x: layers.Conv2D(5, 3)(layers.ZeroPadding2D(((2, 1), (0, 3)))(x)),
    "zeros seen by a maximum": lambda x: layers.MaxPooling2D(3, 2)(layers.ZeroPadding2D(1)(x)),
    "zeros left of a sum": lambda x: _add(layers.ZeroPadding2D(((0, 1), (2, 0)))(x)),
    "maximum, same": lambda x: layers.MaxPooling2D(3, 2, padding="same")(x),
    "maximum, valid": lambda x: layers.MaxPooling2D((2, 3))(x),
    "mean": lambda x: layers.AveragePooling2D(2)(x),
    "norm that cannot be folded": lambda x: layers.BatchNormalization()(layers.Activation("relu")(x)),
    "norm that is folded": lambda x: layers.BatchNormalization()(layers.Conv2D(5, 3)(x)),
    "rescaling, dropout, hard swish": lambda x: layers.Activation("hard_silu")(layers.Dropout(0.3)(_scaled(x))),
    "swish and a leak": lambda x: layers.LeakyReLU()(layers.Activation("silu")(x)),
    "relu6": lambda x: layers.ReLU(6.0)(x),
    "sum with itself": lambda x: layers.Add()([x, x]),
    "sum": _add,
    "product": lambda x: layers.Multiply()([x, layers.Conv2D(4, 3, padding="same")(x)]),
    "concatenation": lambda x: layers.Concatenate()([layers.Conv2D(5, 3, padding="same")(x), x]),
    "branches of other shapes": _different_branches,
    "branches with strides": _strided_branches,
}


def _scaled(x):
    return layers.Rescaling(0.5, offset=0.25)(x)


def tiny(middle, head=None):
    """A classifier of 13 x 18 pictures with four maps before `middle` and a convolution behind it."""
    keras.utils.set_random_seed(5)
    x = inputs = keras.Input((13, 18, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(x)
    x = layers.Conv2D(4, 3, padding="same", name="before")(x)
    x = layers.Conv2D(6, 3, padding="same", activation="relu", name="after")(middle(x))
    x = (head or (lambda x: layers.GlobalAveragePooling2D()(x)))(x)
    x = layers.Dense(7, activation="relu", name="hidden")(x)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax", name="output")(x))
    random = np.random.default_rng(5)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, weight.shape) for weight in layer.get_weights()])
        elif getattr(layer, "bias", None) is not None:
            layer.bias.assign(random.normal(0, 0.3, layer.bias.shape))
    return model


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_layer_alone(kind):
    for patch in (1, 4):
        case = Case(tiny(KINDS[kind]), patch, min(patch, 3), fill="noise", step=3)
        full, windows = case.full()[0], case.windows()[0]
        assert case.graph.nodes[case.limit].layer == "GlobalAveragePooling2D"
        assert np.ptp(full, axis=0).max() > 1e-3
        np.testing.assert_allclose(windows, full, atol=1e-5)


HEADS = {
    "flatten": lambda x: layers.Flatten()(x),
    "maximum": lambda x: layers.GlobalMaxPooling2D()(x),
    "both": lambda x: layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]),
    "normalised": lambda x: layers.BatchNormalization()(layers.Dropout(0.5)(layers.GlobalMaxPooling2D()(x))),
}


@pytest.mark.parametrize("head", HEADS)
def test_every_head(head):
    case = Case(tiny(lambda x: layers.ReLU()(x), HEADS[head]), 4, 3)
    assert worst(case) < 1e-5


def _gate(x):
    weights = layers.Dense(4, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    return layers.Multiply()([x, weights])


@pytest.mark.parametrize(
    ("middle", "reason"),
    [
        (_gate, "belongs to a gate (squeeze and excitation)"),
        (lambda x: layers.GroupNormalization(2, name="odd")(x), "`odd` is a layer of the kind GroupNormalization"),
        (lambda x: layers.AveragePooling2D(3, 2, padding="same", name="odd")(x), "`odd` is a layer of the kind"),
        (lambda x: layers.Conv2DTranspose(4, 2, 2, name="odd")(x), "`odd` is a layer of the kind Conv2DTranspose"),
        (lambda x: layers.Attention(name="odd")([x, x]), "`odd` is a layer of the kind Attention"),
        (lambda x: layers.Conv2D(4, 3, groups=2, name="odd")(x), "`odd` is a layer of the kind Conv2D"),
        (lambda x: keras.ops.flip(x, axis=1), "is a layer of the kind Flip"),
    ],
)
def test_what_looks_at_the_whole_picture_is_computed_whole_and_said_so(middle, reason):
    case = Case(tiny(middle), 4, 3)
    assert worst(case) < 1e-5
    share = costs.shares(case.graph.nodes, case.reach, case.squares)
    assert reason in costs.why_whole(case.graph.nodes, case.limit, share)
    pictures = occluders.patched(case.image, case.hidden, case.squares)
    np.testing.assert_allclose(
        keras.ops.softmax(case.full()[0]), tiny(middle)(pictures.astype(np.float32), training=False), atol=1e-5
    )


@pytest.mark.parametrize("layer", ["rescale", "before", "branch", "after", "hidden", "output"])
@pytest.mark.parametrize("cut", [2, None])
def test_the_sum_over_a_map_is_that_of_the_whole_map(layer, cut):
    model = tiny(_add)
    case = Case(model, 4, 3, tap=layer)
    pictures = occluders.patched(case.image, case.hidden, case.squares).astype(np.float32)
    maps = np.array(keras.Model(model.input, model.get_layer(layer).output)(pictures))
    sums = maps.sum(axis=tuple(range(1, maps.ndim - 1)))
    assert np.ptp(sums[:, 1]) > 1e-4
    np.testing.assert_allclose(case.full()[1], sums, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(case.windows(cut=cut, channel=1)[1], sums[:, 1], rtol=1e-5, atol=1e-5)


def test_a_layer_that_takes_over_batch_norm_can_still_be_watched():
    model = tiny(lambda x: layers.BatchNormalization(name="norm")(layers.Conv2D(4, 3, name="folded")(x)))
    network = opened.Network("tiny", model, ("a", "b", "c"), 13, 18)
    image = occluders.picture(13, 18)
    for layer in ("folded", "norm"):
        found = hide.compute(network, image, OcclusionSpec("", "", 4, 3, "grey", layer, 2))
        squares = occluders.corners(13, 18, 4, 3)
        pictures = occluders.patched(image, np.full_like(image, 128), squares).astype(np.float32)
        maps = np.array(keras.Model(model.input, model.get_layer(layer).output)(pictures, training=False))
        np.testing.assert_allclose(found.activity.ravel(), maps[..., 2].sum((1, 2)), rtol=1e-3, atol=1e-3)


def test_weights_are_no_constants_of_the_traced_functions():
    model = occluders.classifier("vgg16", 32, 48, HeadSpec(pooling="flatten"))
    case = Case(model, 8, 8)
    way = WindowPass(case.graph, case.limit, case.reach, "")
    for function in (way._of_squares, way._of_picture):
        assert len(function.get_concrete_function().graph.as_graph_def().SerializeToString()) < 500_000


@pytest.fixture(scope="module")
def network():
    return opened.Network("mobile", occluders.classifier("mobilenetv2", 96, 128), tuple("abcde"), 96, 128)


def test_a_network_is_scored_by_windows_where_that_saves_work(network):
    image, spec = occluders.picture(96, 128), OcclusionSpec("", "", 12, 12, "mean")
    found = hide.compute(network, image, spec)
    assert found.way == "incremental" and found.macs_done < 0.8 * found.macs_full
    assert found.reason.startswith("From `block_") and "the square reaches" in found.reason
    assert np.all(found.layer_windows <= found.layer_maps + 1e-6) and found.layer_names[0] == "Conv1"
    assert found.layer_windows[0].tolist() == pytest.approx([6.875, 7.0], abs=0.6)
    squares = hide.Squares(network, image, spec)
    whole = FullPass(graph(network.model), 96, 128, "")
    pictures = occluders.patched(image, squares.hidden, squares.placed)
    expected = np.concatenate([whole(pictures[start : start + 16])[0] for start in range(0, len(pictures), 16)])
    assert expected.std(axis=0).min() >= SPREAD
    np.testing.assert_allclose(found.logits.reshape(-1, 5), expected, atol=EXACT)
    np.testing.assert_allclose(found.base_logits, whole(image[None])[0][0], atol=EXACT)


def test_a_square_as_large_as_the_picture_is_scored_by_whole_passes(network):
    found = hide.compute(network, occluders.picture(96, 128), OcclusionSpec("", "", 96, 32, "mean"))
    assert found.way == "full" and found.macs_done == found.macs_full
    assert "whole maps are computed" in found.reason


def test_another_size_of_squares_needs_no_new_trace(network):
    for patch, stride in ((12, 12), (13, 11), (10, 10)):
        hide.compute(network, occluders.picture(96, 128), OcclusionSpec("", "", patch, stride, "mean"))
    ways = [way for key, way in network.functions.items() if key[0] == "/windows"]
    assert len(ways) == 1 and ways[0]._of_squares.experimental_get_tracing_count() == 1
