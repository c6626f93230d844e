"""Attribution methods on networks whose weights are written by hand, so that every answer is known."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from models.attribution.maps import COMPLETE, ExplanationSpec
from models.attribution.scales import limit, upsample
from models.attribution.worker import gradients
from models.errors import Cancelled, InputError
from models.networks.worker import opened
from models.training.spec import HeadSpec
from tests.models import tiny

HEIGHT, WIDTH = 6, 9
CLASSES = ("a", "b", "c")
RANDOM = np.random.default_rng(11)
PICTURE = RANDOM.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


def spec(score, class_index, **settings):
    return ExplanationSpec("", "", score, class_index, **settings)


def network_of(model, name="test"):
    return opened.Network(name, model, CLASSES, *model.input_shape[1:3])


@pytest.fixture(scope="module")
def linear():
    """Logits = weights . pixels + bias: (network, weights (H, W, 3, classes))."""
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(inputs)))
    weights = RANDOM.normal(0, 1e-3, (HEIGHT, WIDTH, 3, 3)).astype(np.float32)
    model.layers[-1].set_weights([weights.reshape(-1, 3), np.array([0.1, -0.2, 0.3], np.float32)])
    return network_of(model), weights


@pytest.fixture(scope="module")
def convolutional():
    """A 3 x 3 convolution of stride 3 with ReLU to 2 x 3 maps, their average over positions, dense."""
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    maps = layers.Conv2D(4, 3, 3, activation="relu", name="conv")(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(maps)))
    random = np.random.default_rng(2)
    model.layers[1].set_weights([random.normal(0, 0.02, (3, 3, 3, 4)).astype("f4"), np.full(4, -0.2, "f4")])
    model.layers[-1].set_weights([random.normal(0, 1, (4, 3)).astype("f4"), np.zeros(3, "f4")])
    return network_of(model)


def test_saliency_of_a_linear_network_is_the_largest_weight_of_each_pixel(linear):
    network, weights = linear
    for number in range(3):
        found = gradients.saliency(network, PICTURE, spec("logit", number))
        np.testing.assert_allclose(found.values, np.abs(weights[..., number]).max(axis=-1), rtol=1e-5)
        assert found.score == pytest.approx(float(opened.logits(network, PICTURE[None])[0, number]), abs=1e-5)
    assert found.method == "saliency" and found.values.shape == (HEIGHT, WIDTH)


def test_saliency_of_a_probability_follows_the_softmax(linear):
    network, weights = linear
    p = opened.forward(network, PICTURE[None])[0]
    slope = p[1] * (weights[..., 1] - weights @ p)
    found = gradients.saliency(network, PICTURE, spec("probability", 1))
    np.testing.assert_allclose(found.values, np.abs(slope).max(axis=-1), rtol=1e-4)
    assert found.score == pytest.approx(float(p[1]), abs=1e-6)


def test_smoothgrad_of_a_linear_network_is_its_gradient_whatever_the_noise(linear):
    network, weights = linear
    found = gradients.smoothgrad(network, PICTURE, spec("logit", 2, samples=25, noise=10))
    np.testing.assert_allclose(found.values, np.abs(weights[..., 2]).max(axis=-1), rtol=1e-4)
    assert found.method == "smoothgrad"


def test_smoothgrad_averages_signed_gradients_and_repeats_itself(convolutional, monkeypatch):
    """One channel whose gradient has either sign, by chance: averaging magnitudes would not cancel."""
    signs = np.where(np.arange(8) % 2, 1.0, -1.0).astype(np.float32)
    monkeypatch.setattr(
        gradients,
        "gradients",
        lambda network, pictures, *_: (
            np.zeros(len(pictures), np.float32),
            np.broadcast_to(signs[: len(pictures), None, None, None], pictures.shape),
        ),
    )
    assert not gradients.smoothgrad(convolutional, PICTURE, spec("logit", 0, samples=8, noise=10)).values.any()
    monkeypatch.undo()
    first, same, other = (
        gradients.smoothgrad(convolutional, PICTURE, spec("logit", 0, samples=5, noise=20), seed=seed).values
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, same)
    assert np.abs(first - other).max() > 0


def test_the_noise_is_a_share_of_the_pictures_own_range(linear, monkeypatch):
    network, _ = linear
    seen = []
    real = gradients.gradients
    monkeypatch.setattr(
        gradients, "gradients", lambda net, pictures, *rest: seen.append(pictures) or real(net, pictures, *rest)
    )
    narrow = np.full((HEIGHT, WIDTH, 3), 100, np.uint8)
    narrow[0] = 150
    gradients.smoothgrad(network, narrow, spec("logit", 0, samples=300, noise=20))
    noisy = np.concatenate(seen[:-1]) - narrow
    assert noisy.std() == pytest.approx(10, rel=0.03) and noisy.mean() == pytest.approx(0, abs=0.1)
    seen.clear()
    gradients.smoothgrad(network, np.full_like(narrow, 9), spec("logit", 0, samples=3, noise=20))
    assert np.ptp(np.concatenate(seen)) == 0  # a constant picture has no range


@pytest.mark.parametrize("baseline", ["black", "grey", "mean", "blur"])
def test_integrated_gradients_of_a_linear_network_are_weight_times_way(linear, baseline):
    network, weights = linear
    start = gradients.baseline_picture(PICTURE, baseline)
    found = gradients.integrated_gradients(network, PICTURE, spec("logit", 0, baseline=baseline))
    exact = ((PICTURE.astype(float) - start) * weights[..., 0]).sum(axis=-1)
    np.testing.assert_allclose(found.values, exact, atol=1e-5)
    assert found.total == pytest.approx(found.score - found.baseline_score, abs=1e-5)
    assert found.gap < 1e-4 and found.steps == 16 and found.n_gradients == 17
    black = {"black": 0, "grey": 128}.get(baseline)
    assert black is None or (start == black).all()


@pytest.mark.parametrize("score", ["logit", "probability"])
def test_integrated_gradients_add_up_where_the_network_bends(convolutional, score):
    found = gradients.integrated_gradients(convolutional, PICTURE, spec(score, 1, baseline="black"))
    assert found.gap <= COMPLETE
    assert found.values.sum() == pytest.approx(found.total, rel=1e-4)
    ask = opened.forward if score == "probability" else opened.logits
    assert found.baseline_score == pytest.approx(float(ask(convolutional, np.zeros((1, 6, 9, 3)))[0, 1]), abs=1e-5)


def plain_rule(network, steps):
    points = np.linspace(0, 1, steps + 1)[:, None, None, None] * PICTURE.astype(np.float32)
    _, slopes = gradients.gradients(network, points, np.ones(steps + 1, int), "logit")
    return (PICTURE * ((slopes[1:] + slopes[:-1]) / 2).mean(axis=0)).sum(axis=-1)


def test_steps_begin_even_and_are_halved_where_the_gradient_jumps(convolutional, monkeypatch):
    even = gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 1, baseline="black", steps=16))
    np.testing.assert_allclose(even.values, plain_rule(convolutional, 16), atol=1e-5)
    monkeypatch.setattr(gradients, "COMPLETE", 0.0)
    halved = gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 1, baseline="black", steps=96))
    exact = plain_rule(convolutional, 8192)
    assert np.abs(halved.values - exact).max() < np.abs(plain_rule(convolutional, 96) - exact).max() / 4
    assert np.abs(halved.values - exact).max() < 2e-3 < np.abs(exact).max() / 20
    assert halved.steps == 96 and halved.n_gradients == 97 and halved.gap is not None  # it ends, and tells the gap


def test_a_picture_that_is_its_own_baseline_gets_nothing(convolutional):
    black = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    found = gradients.integrated_gradients(convolutional, black, spec("logit", 0, baseline="black"))
    assert not found.values.any() and found.gap is None and found.steps == 16
    assert np.isfinite(gradients.smoothgrad(convolutional, black, spec("logit", 0, samples=3, noise=10)).values).all()


@pytest.mark.parametrize("number", [0, 1, 2])
def test_grad_cam_of_an_averaging_head_is_the_class_activation_map(convolutional, number):
    found = gradients.grad_cam(convolutional, PICTURE, spec("logit", number))
    [maps] = opened.layer_function(convolutional, ("conv",))(PICTURE[None])
    weights = convolutional.model.layers[-1].get_weights()[0][:, number]
    closed = maps[0] @ weights / 6  # the average over 2 x 3 positions gives each a sixth
    assert found.coarse.shape == (2, 3) and found.layer == "conv"
    np.testing.assert_allclose(found.coarse, closed, atol=1e-5)
    np.testing.assert_allclose(found.values, upsample(np.maximum(closed, 0), (HEIGHT, WIDTH), "bilinear"), atol=1e-5)


@pytest.mark.parametrize(
    "head",
    [
        HeadSpec(pooling="flatten"),
        HeadSpec(pooling="max"),
        HeadSpec(pooling="average+max", batch_norm=True),
        HeadSpec(pooling="average", widths=(8, 5), batch_norm=True, dropout=0.3),
    ],
    ids=["flatten", "max", "both", "hidden"],
)
def test_every_head_is_explained_and_gradients_are_those_of_small_steps(head):
    network = network_of(tiny.classifier(head))
    picture = np.random.default_rng(1).integers(60, 200, (tiny.HEIGHT, tiny.WIDTH, 3), np.uint8)
    _, slope = gradients.gradients(network, picture[None].astype("f4"), np.array([2]), "logit")
    direction = np.sign(slope[0])
    up, down = (gradients.gradients(network, (picture + s * direction)[None], np.array([2]), "logit")[0][0]
                for s in (0.05, -0.05))  # fmt: skip
    assert (up - down) / 0.1 == pytest.approx(float(np.abs(slope).sum()), rel=0.05)
    found = gradients.grad_cam(network, picture, spec("logit", 2))
    assert found.values.shape == picture.shape[:2] and found.layer == "relu3"
    assert gradients.integrated_gradients(network, picture, spec("logit", 2)).gap <= 0.05


def test_batches_do_not_change_the_answer(convolutional, monkeypatch):
    whole = gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 0))
    monkeypatch.setattr(gradients, "pictures_per_pass", lambda model: 3)
    small = gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 0))
    np.testing.assert_allclose(whole.values, small.values, atol=1e-6)


def test_changed_weights_are_seen_by_the_kept_functions(convolutional):
    before = gradients.saliency(convolutional, PICTURE, spec("logit", 0)).values
    traced = dict(convolutional.functions)
    dense = convolutional.model.layers[-1]
    kept = dense.get_weights()
    dense.set_weights([kept[0] * 2, kept[1]])
    after = gradients.saliency(convolutional, PICTURE, spec("logit", 0)).values
    dense.set_weights(kept)
    assert dict(convolutional.functions) == traced
    np.testing.assert_allclose(after, 2 * before, rtol=1e-5)


def test_a_score_that_never_changes_gives_flat_maps(convolutional):
    dense = convolutional.model.layers[-1]
    kept = dense.get_weights()
    dense.set_weights([np.zeros_like(kept[0]), kept[1]])
    maps = [
        gradients.saliency(convolutional, PICTURE, spec("logit", 0)),
        gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 0)),
        gradients.grad_cam(convolutional, PICTURE, spec("logit", 0)),
    ]
    dense.set_weights(kept)
    assert not any(found.values.any() for found in maps) and maps[1].gap is None
    assert limit(maps[0].values, 0.99) == 1.0


def test_what_cannot_be_explained_is_refused_with_a_sentence(convolutional):
    ask = gradients.smoothgrad
    with pytest.raises(InputError, match=r"class number from 0 to 2\. Received 3"):
        ask(convolutional, PICTURE, spec("logit", 3))
    with pytest.raises(InputError, match="Expected the score to be one of probability, logit"):
        ask(convolutional, PICTURE, spec("loss", 0))
    with pytest.raises(InputError, match="bare backbone"):
        ask(opened.Network("bare", convolutional.model, None, HEIGHT, WIDTH), PICTURE, spec("logit", 0))
    with pytest.raises(InputError, match="at least one copy"):
        ask(convolutional, PICTURE, spec("logit", 0, samples=0))
    with pytest.raises(InputError, match="Expected a baseline out of mean, black, grey, blur"):
        gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 0, baseline="white"))
    with pytest.raises(InputError, match="Expected a layer of the network"):
        gradients.grad_cam(convolutional, PICTURE, spec("logit", 0, layer="nowhere"))
    with pytest.raises(InputError, match="maps that have positions"):
        gradients.grad_cam(convolutional, PICTURE, spec("logit", 0, layer=convolutional.model.layers[-1].name))


def test_pooled_maps_and_single_positions_are_passed_over():
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    maps = layers.Conv2D(2, 3, name="last")(inputs)
    pooled = layers.Conv2D(2, (2, 3), name="single")(layers.MaxPooling2D(2, name="pool")(maps))
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(pooled)))
    assert tuple(model.get_layer("single").output.shape[1:3]) == (1, 1)
    found = gradients.grad_cam(network_of(model), PICTURE, spec("logit", 0))
    assert found.layer == "last" and found.coarse.shape == (4, 7)


def test_grad_cam_of_one_layer_after_the_other_is_each_layers_own():
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    first = layers.Conv2D(2, 3, activation="relu", padding="same", name="first")(inputs)
    second = layers.Conv2D(2, 3, activation="relu", padding="same", name="second")(first)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(second)))
    random = np.random.default_rng(5)
    model.set_weights([random.normal(0, 0.1, weight.shape).astype("f4") + 0.05 for weight in model.get_weights()])
    network = network_of(model)
    for name in ("first", "second", "first"):  # of one shape, and asked of one network in memory
        found = gradients.grad_cam(network, PICTURE, spec("logit", 0, layer=name))
        with tf.GradientTape() as tape:
            maps = keras.Model(model.input, model.get_layer(name).output)(PICTURE[None].astype("f4"))
            tape.watch(maps)
            answer = maps
            for layer in model.layers[[layer.name for layer in model.layers].index(name) + 1 : -1]:
                answer = layer(answer)
            score = (answer @ model.layers[-1].kernel)[0, 0]
        slopes = tape.gradient(score, maps)[0].numpy().mean(axis=(0, 1))
        closed = maps[0].numpy() @ slopes
        assert found.layer == name and np.ptp(closed) > 0
        np.testing.assert_allclose(found.coarse, closed, atol=1e-4 * np.abs(closed).max())


def test_maps_of_one_position_are_refused_by_grad_cam_only():
    inputs = keras.Input((HEIGHT, WIDTH, 3))
    maps = layers.Conv2D(2, (HEIGHT, WIDTH), name="all")(inputs)
    model = keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Flatten()(maps)))
    with pytest.raises(InputError, match=r"more than one\. Received 'all', whose values are 1x1x2"):
        gradients.grad_cam(network_of(model), PICTURE, spec("logit", 0))
    assert gradients.saliency(network_of(model), PICTURE, spec("logit", 0)).values.any()


def test_a_cancel_is_heard_between_batches(convolutional):
    class Impatient:
        asked = 0

        def event(self, **_):
            pass

        def check(self):
            self.asked += 1
            if self.asked == 3:
                raise Cancelled

    with pytest.raises(Cancelled):
        gradients.integrated_gradients(convolutional, PICTURE, spec("logit", 0), Impatient())


def test_guided_backpropagation_without_relus_is_the_gradient_of_the_logit(linear):
    network, weights = linear
    found = gradients.guided(network, PICTURE, spec("logit", 1))
    np.testing.assert_allclose(found.values, np.abs(weights[..., 1]).max(axis=-1), rtol=1e-5)
    assert found.score == pytest.approx(float(opened.logits(network, PICTURE[None])[0, 1]), abs=1e-5)


def test_few_pictures_make_a_pass_where_all_outputs_together_are_large():
    """A gradient keeps the outputs of all layers: 52 MB a picture here, of which three are kept at a time."""
    inputs = keras.Input((224, 224, 3))
    wide = keras.Model(inputs, keras.layers.Conv2D(256, 1)(inputs))
    assert gradients._per_pass(wide) == int(160e6 / (4 * 224 * 224 * (3 + 256))) == 3
    small = keras.Input((8, 8, 3))
    assert gradients._per_pass(keras.Model(small, keras.layers.Conv2D(4, 1)(small))) == 32
    huge = keras.Input((4096, 4096, 3))
    assert gradients._per_pass(keras.Model(huge, keras.layers.AveragePooling2D(64)(huge))) == 1
