"""The formula in a help text is the one that the layer computes."""

import keras
import numpy as np

from dashboard.views.train import recipe
from models.training.head import HeadLayer
from models.training.spec import HeadSpec
from models.training.worker import classifier
from tests.dashboard.latex import value

SIGNS = {"−": "-", "·": "*", "√": r"\sqrt", "γ": "gamma", "β": "beta", "ε": "epsilon"}


def plain(text: str) -> str:
    for sign, word in SIGNS.items():
        text = text.replace(sign, word)
    return text


def test_batch_norm_is_written_as_the_heads_layer_computes_it():
    layer = classifier._layer(HeadLayer("head_bn", "batch_norm", 3, 3), HeadSpec())
    layer.build((None, 3))
    gamma, beta, mean, variance = [2.0, 0.5, 1.5], [0.25, -1.0, 3.0], [1.0, -2.0, 0.5], [0.01, 4.0, 2.5]
    layer.set_weights([np.array(numbers, "f4") for numbers in (gamma, beta, mean, variance)])
    x = np.array([[1.5, -1.0, 2.0], [0.25, 3.0, -0.5]], "f4")
    formula = plain(recipe.BATCH_NORM_HELP.split("numbers: ")[1].rstrip("."))
    names = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
    named = {name: np.array(numbers) for name, numbers in names.items()}
    expected = np.asarray(layer(keras.ops.convert_to_tensor(x), training=False))
    np.testing.assert_allclose(value(formula, x=x, epsilon=layer.epsilon, **named), expected, rtol=1e-5)
