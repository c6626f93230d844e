"""Exact incremental occlusion against whole passes: every layer kind, every backbone, engines broken on purpose."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from models import backbone_builder, heads, incremental, networks, occlusion, patch_costs, patch_scorer
from models import incremental_costs as costs
from models.backbones import BACKBONES
from models.incremental import FullPass, WindowPass
from models.incremental_graph import graph
from models.incremental_plan import Placed, reaches
from models.training_specs import HeadSpec

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EXACT = 1e-4  # logits
SPREAD = 0.05  # at least so much do they vary over positions, or the comparison says nothing


@pytest.fixture(scope="module", autouse=True)
def _repeatable():
    networks.prepare_tensorflow()


def squares(height, width, patch, stride):
    rows, cols = (occlusion.patch_origins(side, patch, stride) for side in (height, width))
    grid = np.meshgrid(rows, cols, indexing="ij")
    return Placed(grid[0].ravel(), grid[1].ravel(), patch)


def picture(height, width, seed=3):
    """Smooth shapes with noise: hiding a part of them matters."""
    y, x = np.mgrid[:height, :width] / width
    waves = np.stack([np.sin(9 * x + 4 * y), np.cos(7 * y - 3 * x), np.sin(11 * x * y)], axis=-1)
    noise = np.random.default_rng(seed).normal(0, 20, waves.shape)
    return np.clip(128 + 90 * waves + noise, 0, 255).astype(np.uint8)


def hidden(image, placed, fill="noise"):
    """What each square shows, (N, patch, patch, 3)."""
    filled = occlusion.filling(image, fill, placed.patch)
    corners = zip(placed.rows, placed.cols, strict=True)
    return np.stack([filled[row : row + placed.patch, col : col + placed.patch] for row, col in corners])


def occluded(image, placed, shown):
    """Whole pictures (N, H, W, 3) with the squares in their places."""
    pictures = np.repeat(image[None], len(shown), axis=0)
    for one, row, col, square in zip(pictures, placed.rows, placed.cols, shown, strict=True):
        one[row : row + placed.patch, col : col + placed.patch] = square
    return pictures


def windows_first(network, image, placed, shown, *, cut=None, tap="", channel=0, batch=5):
    """Logits and activity by windows as far as they go, in batches that do not divide the squares evenly."""
    operations = graph(network, tap)
    height, width = image.shape[:2]
    reach = reaches(operations.nodes, height, width)
    limit = next(number for number, node in enumerate(operations.nodes) if node.kind == "whole")
    engine = WindowPass(operations, limit if cut is None else cut, reach, operations.shown_as[tap] if tap else "")
    clean = engine.clean(image, channel)
    parts = [np.arange(start, min(start + batch, len(shown))) for start in range(0, len(shown), batch)]
    found = [
        engine.scores(clean, engine.tables(Placed(placed.rows[p], placed.cols[p], placed.patch)), shown[p], channel)
        for p in parts
    ]
    return np.concatenate([logits for logits, _ in found]), np.concatenate([activity for _, activity in found])


def whole_pass(network, pictures, tap=""):
    """Logits and maps straight from Keras, nothing folded."""
    last = network.layers[-1]
    outputs = [last.input, *([network.get_layer(tap).output] if tap else [])]
    features, *maps = keras.tree.flatten(
        keras.Model(network.input, outputs)(pictures.astype(np.float32), training=False)
    )
    return np.asarray(tf.matmul(features, last.kernel) + last.bias), [np.asarray(one) for one in maps]


def head(x, classes=3):
    x = layers.GlobalAveragePooling2D(name="pooled")(x)
    return layers.Dense(classes, kernel_initializer=keras.initializers.RandomNormal(stddev=3, seed=9), name="out")(x)


def normalised(x, name):
    return layers.BatchNormalization(name=name)(x)


def convolution(filters, side, seed, **options):
    return layers.Conv2D(
        filters,
        side,
        kernel_initializer=keras.initializers.HeNormal(seed=seed),
        bias_initializer=keras.initializers.RandomNormal(stddev=0.3, seed=seed),
        **options,
    )


def joined(x):
    """Two branches of other kernels and strides that meet, one of them past its pooling."""
    left = convolution(5, 3, 1, strides=2, padding="same", activation="relu")(x)
    right = layers.MaxPooling2D(2, 2, padding="same")(convolution(5, (1, 5), 2, padding="same")(x))
    both = layers.Add()([left, right])
    return layers.Concatenate()([both, layers.Multiply()([left, right]), layers.Maximum()([left, both])])


KINDS = {
    "same, stride 2, rectangular kernel": lambda x: convolution(6, (3, 5), 1, strides=2, padding="same")(x),
    "valid, uneven strides": lambda x: convolution(6, 4, 1, strides=(2, 3))(x),
    "stride larger than the kernel": lambda x: convolution(6, 2, 1, strides=3)(x),
    "dilated": lambda x: convolution(6, 3, 1, dilation_rate=2, padding="same")(x),
    "depthwise": lambda x: layers.DepthwiseConv2D(
        3, 2, padding="same", depth_multiplier=2, depthwise_initializer=keras.initializers.HeNormal(seed=4)
    )(x),
    "two of them, ReLU6 and swish": lambda x: layers.Activation("swish")(
        convolution(5, 3, 2)(layers.ReLU(6.0)(convolution(6, 3, 1, padding="same")(x)))
    ),
    "hard swish, exponential": lambda x: layers.Activation("elu")(
        layers.Activation("hard_swish")(convolution(6, 3, 1)(x))
    ),
    "maximum pooling below zero": lambda x: layers.MaxPooling2D(3, 2, padding="same")(
        layers.Rescaling(-1.0, offset=-9.0)(convolution(6, 3, 1, activation="relu")(x))
    ),
    "mean pooling, padding": lambda x: layers.AveragePooling2D(3, 2)(layers.ZeroPadding2D(((1, 2), (0, 3)))(x)),
    "mean pooling, same": lambda x: layers.AveragePooling2D(2, padding="same")(convolution(6, 3, 1)(x)),
    "batch norm, folded and alone": lambda x: normalised(
        layers.ReLU()(normalised(convolution(6, 3, 1, use_bias=False)(x), "folded")), "alone"
    ),
    "branches": joined,
    "one by one with stride": lambda x: convolution(6, 1, 1, strides=2)(convolution(5, 1, 2, activation="relu")(x)),
    "dropout": lambda x: layers.Dropout(0.5)(convolution(6, 3, 1)(x)),
    "gate": lambda x: layers.Multiply()(
        [x, layers.Dense(3, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))]
    ),
}


def made(body, height=23, width=34):
    inputs = keras.Input((height, width, 3), name="image")
    network = keras.Model(inputs, head(body(layers.Rescaling(1 / 127.5, offset=-1.0, name="rescale")(inputs))))
    random = np.random.default_rng(5)
    for layer in network.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights([random.uniform(0.5, 1.5, w.shape).astype("f4") for w in layer.get_weights()])
    return network


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("patch", "stride"), [(5, 4), (2, 2)])
def test_windows_give_what_whole_pictures_give(kind, patch, stride):
    network, image = made(KINDS[kind]), picture(23, 34)
    placed = squares(23, 34, patch, stride)
    shown = hidden(image, placed)
    slow, _ = whole_pass(network, occluded(image, placed, shown))
    fast, _ = windows_first(network, image, placed, shown)
    assert np.ptp(slow, axis=0).max() > SPREAD
    np.testing.assert_allclose(fast, slow, atol=EXACT / 10)


@pytest.mark.parametrize("cut", range(6))
def test_where_the_windows_end_changes_nothing(cut):
    network, image = made(KINDS["branches"]), picture(23, 34)
    placed = squares(23, 34, 6, 5)
    shown = hidden(image, placed)
    slow, _ = whole_pass(network, occluded(image, placed, shown))
    np.testing.assert_allclose(windows_first(network, image, placed, shown, cut=cut)[0], slow, atol=EXACT / 10)


@pytest.mark.parametrize("tap", ["rescale", "seen", "seen_bn", "later", "pooled"])
def test_the_sum_over_a_watched_map_is_exact_too(tap):
    def body(x):
        x = layers.ReLU()(normalised(convolution(4, 3, 1, name="seen")(x), "seen_bn"))
        return convolution(5, 3, 2, padding="same", name="later")(x)

    network, image = made(body), picture(23, 34)
    placed = squares(23, 34, 5, 4)
    shown = hidden(image, placed)
    slow = whole_pass(network, occluded(image, placed, shown), tap)[1][0][..., 1]
    _, fast = windows_first(network, image, placed, shown, tap=tap, channel=1)
    expected = slow.reshape(len(slow), -1).sum(axis=1)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(fast, expected, rtol=2e-4, atol=2e-3)


def responding(name, height=64, width=96):
    """A backbone with random weights whose answers depend on every part of the picture, and a head."""
    backbone = backbone_builder.build(name, side=(height, width), weights="random", seed=1)
    network = heads.attach(backbone, HeadSpec("average+max"), 4, 1)
    norms = [layer for layer in network.layers if isinstance(layer, layers.BatchNormalization)]
    pictures = np.stack([picture(height, width, seed) for seed in range(3)]).astype(np.float32)
    if norms:  # statistics of pictures, not 0 and 1: else the answers hardly vary
        momenta = [layer.momentum for layer in norms]
        for layer in norms:
            layer.momentum = 0.0
        network(pictures, training=True)
        for layer, momentum in zip(norms, momenta, strict=True):
            layer.momentum = momentum
    else:
        for layer in network.layers:
            if isinstance(layer, layers.Conv2D):
                layer.kernel.assign(layer.kernel * 1.41)
    last = network.layers[-1]
    answers, _ = whole_pass(network, occluded(image := picture(height, width), placed := squares(height, width, 32, 32),
                                              hidden(image, placed)))  # fmt: skip
    last.kernel.assign(last.kernel * float(4 / answers.std(axis=0).mean()))
    return network


@pytest.mark.parametrize("name", BACKBONES)
def test_every_backbone_is_exact_and_its_costs_are_foreseen(name):
    network, image = responding(name), picture(64, 96)
    placed = squares(64, 96, 16, 16)
    shown = hidden(image, placed, "blur")
    pictures = occluded(image, placed, shown)
    folded, _ = FullPass(graph(network), 64, 96, "")(pictures)
    fast, _ = windows_first(network, image, placed, shown, batch=9)
    assert np.ptp(folded, axis=0).min() > SPREAD
    assert np.abs(fast - folded).max() <= EXACT
    kept = [node for node in graph(network).nodes if node.name not in ("rescale", "normalise")]
    foreseen = patch_costs.operations(name, 64)
    for node, told in zip(kept, foreseen, strict=False):
        if told.name == "head":
            break
        assert (told.name, told.kind, told.shape[0]) == (node.name, node.kind, node.shape[0])
        assert (told.kernel[0], told.stride[0], told.before[0]) == (node.kernel[0], node.stride[0], node.before[0])
        if node.kind == "whole":
            break


def wrong_fill(monkeypatch):
    right = WindowPass.scores
    monkeypatch.setattr(WindowPass, "scores", lambda self, c, t, shown, k: right(self, c, t, shown + 8.0, k))


def one_row_off(monkeypatch):
    right = incremental.gather_table

    def shifted(gather, reach, placed):
        table = right(gather, reach, placed)
        return np.roll(table, 1, axis=1)

    monkeypatch.setattr(incremental, "gather_table", shifted)


def stale_column(monkeypatch):
    """The last column of every window is read from the clean map."""
    right = incremental.gather_table

    def stale(gather, reach, placed):
        table = right(gather, reach, placed)
        down, across = placed.windows(reach[gather.source])
        clean, per = down.size * across.size + 2, down.length * across.length
        number, place = np.divmod(table - clean, per)
        row, col = np.divmod(place, across.length)
        index = np.clip(number, 0, len(down.start) - 1)
        old = (down.start[index] + row) * across.size + across.start[index] + col
        return np.where((table >= clean) & (col == across.length - 1), old, table).astype(np.int32)

    monkeypatch.setattr(incremental, "gather_table", stale)


def padding_wins(monkeypatch):
    monkeypatch.setattr(incremental, "LOWEST", 1e3)


@pytest.mark.parametrize("broken", [wrong_fill, one_row_off, stale_column, padding_wins])
def test_an_engine_broken_on_purpose_is_caught(broken, monkeypatch):
    network, image = responding("frame8"), picture(64, 96)
    placed = squares(64, 96, 16, 16)
    shown = hidden(image, placed)
    right, _ = FullPass(graph(network), 64, 96, "")(occluded(image, placed, shown))
    assert np.abs(windows_first(network, image, placed, shown)[0] - right).max() <= EXACT
    broken(monkeypatch)
    assert np.abs(windows_first(network, image, placed, shown)[0] - right).max() > 10 * EXACT


@keras.saving.register_keras_serializable("tests")
class Mirrored(layers.Layer):
    """A layer nobody has heard of: what a square changes turns up on the other side."""

    def call(self, x):
        return x[:, :, ::-1]


def scored(network, image, **asked):
    kept = networks.Network("made", network, ("a", "b", "c"), *image.shape[:2])
    question = patch_scorer.Question(
        image, **{"patch": 4, "stride": 4, "fill": "noise", "layer": "", "channel": -1, **asked}
    )
    return patch_scorer.compute(kept, question)


def test_a_layer_nobody_has_heard_of_ends_the_windows_and_is_named():
    def body(x):
        x = Mirrored(name="mirrored")(convolution(8, 3, 1, name="before")(x))
        return convolution(8, 3, 2, name="behind", padding="same")(x)

    network, image = made(body, 60, 80), picture(60, 80)
    scores = scored(network, image)
    placed = squares(60, 80, 4, 4)
    slow, _ = whole_pass(network, occluded(image, placed, hidden(image, placed)))
    np.testing.assert_allclose(scores.logits.reshape(-1, 3), slow, atol=EXACT)
    assert "mirrored" in scores.reason and "Mirrored" in scores.reason
    done = dict(zip(scores.layer_names, scores.layer_macs_done / scores.layer_macs_full, strict=True))
    assert done["before"] < 0.05 and done["behind"] == 1


def test_a_square_as_large_as_the_picture_takes_the_whole_pass_and_says_why():
    scores = scored(made(KINDS["dilated"]), picture(23, 34), patch=23, stride=23)
    assert scores.way == "full" and scores.macs_done == scores.macs_full
    assert "nearly all" in scores.reason


def test_operations_saved_by_hand():
    network = made(lambda x: convolution(4, 3, 1, name="only")(x), 102, 102)  # 100 x 100 maps
    scores = scored(network, picture(102, 102), patch=48, stride=47)
    # Squares at 0, 47 and 54 change 48, 50 and 48 values along each axis.
    assert scores.rows.tolist() == [0, 47, 54]
    assert scores.layer_windows[0] == pytest.approx([146 / 3, 146 / 3])
    assert scores.layer_macs_full[0] == 27 * 4 * 100 * 100
    assert 1.46**2 / 9 <= scores.layer_macs_done[0] / scores.layer_macs_full[0] <= 0.5**2
    assert (scores.way, scores.reason) == ("incremental", "")


def test_weights_are_no_constants_of_the_traced_function():
    network = made(lambda x: convolution(256, 3, 2, name="wide")(convolution(128, 1, 1)(x)))  # 1.2 MB of weights
    operations = graph(network)
    reach = reaches(operations.nodes, 23, 34)
    engine = WindowPass(operations, 3, reach, "")
    image, placed = picture(23, 34), squares(23, 34, 5, 5)
    engine.scores(engine.clean(image, 0), engine.tables(placed), hidden(image, placed), 0)
    for traced in (engine._clean, engine._squares):
        assert traced.get_concrete_function().graph.as_graph_def().ByteSize() < 100_000


def test_parts_hold_every_square_once_and_no_more_than_allowed():
    network = made(KINDS["branches"], 60, 80)
    nodes = graph(network).nodes
    placed = squares(60, 80, 12, 4)
    reach = reaches(nodes, 60, 80)
    chosen = np.arange(3, len(placed.rows), 2)
    parts = list(costs.batches(nodes[:4], reach, placed, 7, chosen))
    assert sorted(np.concatenate(parts)) == chosen.tolist() and max(map(len, parts)) <= 7
