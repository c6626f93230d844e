"""Layer tables against the lecture's worksheet and numbers by hand; against Keras in test_build."""

import json

import pytest

from models.backbones.registry import BACKBONES
from models.backbones.tables import FOLDER, table
from models.errors import InputError


def test_vgg16_worksheet() -> None:
    worksheet = table("vgg16", 224, include_top=True)
    dense = [row for row in worksheet.layers if row.kind == "Dense"]
    assert worksheet.parameters == 138_357_544
    assert worksheet.parameters - worksheet.biases == 138_344_128
    assert [row.parameters - row.biases for row in dense] == [102_760_448, 16_777_216, 4_096_000]
    assert sum(row.parameters - row.biases for row in dense) == 123_633_664
    assert worksheet.activation_bytes == 15_237_608 * 4
    assert round(worksheet.activation_bytes / 1e6) == 61
    assert sum(row.kind == "Conv2D" for row in worksheet.layers) == 13
    assert worksheet.layers[0].macs == 224 * 224 * 64 * 3 * 3 * 3
    assert dense[1].macs == 4096 * 4096


def test_vgg16_receptive_fields() -> None:
    vgg16 = table("vgg16", 224)
    assert [block.receptive_field for block in vgg16.blocks] == [6, 16, 44, 100, 212]
    assert [vgg16.row(f"block{i}_pool").jump for i in range(1, 6)] == [2, 4, 8, 16, 32]
    assert vgg16.row("block2_conv1").field.start == 0.5
    assert [block.output for block in vgg16.blocks][-1] == (7, 7, 512)


def test_the_lecture_vgg19() -> None:
    vgg19 = table("vgg19", 115)
    assert 115 in BACKBONES["vgg19"].sides
    assert [block.output for block in vgg19.blocks] == [
        (57, 57, 64),
        (28, 28, 128),
        (14, 14, 256),
        (7, 7, 512),
        (3, 3, 512),
    ]
    assert vgg19.parameters == 20_024_384


def test_frame8_by_hand() -> None:
    frame8 = table("frame8", 64)
    fields = [(row.name, row.receptive_field, row.jump) for row in frame8.layers if row.kernel > 1]
    assert fields == [
        ("conv1", 7, 2),
        ("pool1", 11, 4),
        ("conv2", 27, 4),
        ("conv3", 35, 4),
        ("pool3", 43, 8),
        ("conv4", 59, 8),
        ("conv5", 75, 8),
    ]
    # 64 pixels, kernel 7, stride 2: two zeros in front, so unit 0 is centred on pixel 1.
    assert frame8.row("conv1").field.start == 1.0
    assert frame8.row("conv1").field.window(0) == (-2, 4)
    assert frame8.row("conv1").parameters == 7 * 7 * 3 * 48
    assert frame8.row("conv1_bn").parameters == 4 * 48
    assert frame8.row("conv1").macs == 32 * 32 * 48 * 7 * 7 * 3
    assert frame8.row("conv2").inputs == ("pool1",)
    assert frame8.layers[0].inputs == ("image",)


def test_depthwise_and_views_are_counted_as_stated() -> None:
    mobilenet = table("mobilenetv2", 96)
    depthwise = mobilenet.row("expanded_conv_depthwise")
    assert depthwise.macs == 48 * 48 * 32 * 9
    assert mobilenet.row("block_2_add").macs == 0
    efficientnet = table("efficientnetb0", 96)
    assert efficientnet.row("block1a_se_reshape").activation_bytes == 0


def test_odd_maps_are_halved_upwards_as_keras_pads_them() -> None:
    mobilenet = table("mobilenetv2", 72)
    assert [block.output[0] for block in mobilenet.blocks] == [36, 36, 18, 9, 5, 5, 3, 3, 3]
    even, odd = mobilenet.row("block_3_pad"), mobilenet.row("block_6_pad")
    assert (even.inputs, even.output[0], odd.output[0]) == (("block_3_expand_relu",), 18 + 1, 9 + 2)


def test_zeros_in_front_move_the_first_field_by_as_many_jumps() -> None:
    resnet, odd = table("resnet50v2", 96), table("mobilenetv2", 72)
    starts = [resnet.row(name).field.start for name in ("conv1_pad", "conv1_conv", "pool1_pad", "pool1_pool")]
    assert starts == [-3, -3 + 3, 0 - 2, -2 + 2]  # three zeros a pixel apart; one zero two pixels apart
    before, padded = odd.row("block_6_expand_relu").field, odd.row("block_6_pad").field
    assert (before.jump, padded.start - before.start) == (8, -8)


def test_gates_see_the_whole_picture_and_are_said_to() -> None:
    efficientnet = table("efficientnetb0", 224)
    before, after = efficientnet.row("block1a_activation"), efficientnet.row("block1a_se_excite")
    assert (before.receptive_field, before.sees_all) == (7, False)
    assert (after.receptive_field, after.sees_all) == (7, True)
    assert efficientnet.layers[-1].sees_all
    assert not any(row.sees_all for row in table("resnet50v2", 224).layers)
    assert efficientnet.row("block1a_se_squeeze").receptive_field == 7 + 111 * 2


@pytest.mark.parametrize("backbone", BACKBONES)
def test_blocks_hold_every_layer_once_and_in_order(backbone: str) -> None:
    whole = table(backbone, BACKBONES[backbone].default_side)
    assert [name for block in whole.blocks for name in block.layers] == [row.name for row in whole.layers]
    assert sum(block.parameters for block in whole.blocks) == whole.parameters == BACKBONES[backbone].parameters
    assert sum(block.macs for block in whole.blocks) == whole.macs
    assert all(5 <= len(whole.blocks) <= 9 and block.parameters for block in whole.blocks)


@pytest.mark.parametrize("backbone", ["efficientnetb0", "mobilenetv3small"])
def test_what_keras_counts_is_parameters_and_constants(backbone: str) -> None:
    import keras

    spec = BACKBONES[backbone]
    theirs = getattr(keras.applications, spec.builder)(weights=None, include_top=False, input_shape=(96, 96, 3))
    assert theirs.count_params() == spec.parameters + spec.constants
    assert spec.constants == sum(
        layer.count_params() for layer in theirs.layers if isinstance(layer, keras.layers.Normalization)
    )


def test_files_are_small_and_of_known_backbones() -> None:
    files = sorted(FOLDER.iterdir())
    assert [file.stem for file in files] == sorted(BACKBONES)
    assert sum(file.stat().st_size for file in files) < 200_000
    assert all(json.loads(file.read_bytes()) for file in files)


def test_bad_questions_are_answered_in_words() -> None:
    with pytest.raises(InputError, match=r"Expected one of frame8, .* Received 'vgg17'"):
        table("vgg17", 224)
    with pytest.raises(InputError, match=r"at least 32. Received 31"):
        table("vgg16", 31)
    with pytest.raises(InputError, match=r"224 with the top. Received 96"):
        table("vgg16", 96, include_top=True)
    with pytest.raises(InputError, match="Received 'block9'"):
        table("vgg16", 96).row("block9")
