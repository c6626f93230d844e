"""Settings of a training that have no effect beside the others: the Train page says so, and trains all the same."""

import pytest

PAGE = "train"
HUE = "Augmentation of hue has no effect: these pictures are grey, and grey stays as it is."
BATCH_NORM = "Letting BatchNorm learn has no effect: no layer of the backbone that has one is free."


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ({"data": "digits", "train_hue": "30"}, HUE),
        ({"data": "galaxies", "train_hue": "30"}, ""),
        ({"data": "galaxies", "train_bn": "let learn"}, BATCH_NORM),
    ],
)
def test_what_has_no_effect_is_said_beside_the_button(visit, address, sentence):
    app = visit(**address)
    said = [caption.value for caption in app.caption if "has no effect" in caption.value]
    assert not app.exception and not app.button(key="train_start").disabled
    assert said == ([f":material/info: {sentence}"] if sentence else [])
