"""The pretraining script on a folder of Tiny ImageNet's layout, and what it shipped."""

import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from models.backbones.worker import build
from models.frame8 import card as frame8_card
from models.frame8.card import Recipe
from models.frame8.tiny_imagenet import read_pictures
from models.frame8.worker import pretrain
from models.frame8.worker.pretrain import Average, Training, augment

build.prepare_tensorflow()
WNIDS = ("n04", "n02", "n03", "n01")
COLOURS = ((200, 40, 40), (40, 200, 40), (40, 40, 200), (190, 190, 30))
OPTIONS = ["--plan", "1:3,2:2", "--averaging", "0.5", "--batch", "6", "--threads", "1"]


def picture(colour, number):
    noise = np.random.default_rng(number).integers(-40, 40, (64, 64, 3))
    return Image.fromarray((np.array(colour) + noise).clip(0, 255).astype(np.uint8))


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Four classes of six training and three validation pictures, in the published layout."""
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "wnids.txt").write_text("\n".join(WNIDS))
    (folder / "words.txt").write_text("n01\tyellow thing, thing\nn02\tgreen\nn03\tblue\nn99\tnothing here\n")
    (folder / "val" / "images").mkdir(parents=True)
    lines = []
    for number, (wnid, colour) in enumerate(zip(WNIDS, COLOURS, strict=True)):
        (folder / "train" / wnid / "images").mkdir(parents=True)
        for i in range(6):
            picture(colour, 10 * number + i).save(folder / "train" / wnid / "images" / f"{wnid}_{i}.JPEG", "JPEG")
        for i in range(3):
            picture(colour, 10 * number + 6 + i).save(folder / "val" / "images" / f"val_{i}_{wnid}.JPEG", "JPEG")
            lines.append(f"val_{i}_{wnid}.JPEG\t{wnid}\t0\t0\t62\t62")
    (folder / "val" / "val_annotations.txt").write_text("\n".join(reversed(lines)) + "\n")
    return folder


@pytest.fixture(scope="module")
def out(data, tmp_path_factory):
    """What a training that nothing disturbed left."""
    folder = tmp_path_factory.mktemp("out")
    pretrain.main([str(data), str(folder), *OPTIONS])
    return folder


def arrays(path):
    with np.load(path) as saved:
        return {name: saved[name] for name in saved.files}


def history(folder):
    return [(row["loss"], row["top_1"]) for row in frame8_card.read(folder).history]


def test_the_folder_is_read_in_its_own_order(data):
    pictures = read_pictures(data, "val")
    assert pictures.names == ("n04", "green", "blue", "yellow thing")
    assert pictures.labels.tolist() == [3, 3, 3, 2, 2, 2, 1, 1, 1, 0, 0, 0]
    assert pictures.images.shape == (12, 64, 64, 3) and pictures.images.dtype == np.uint8
    assert np.abs(pictures.images[0].mean(axis=(0, 1)) - COLOURS[3]).max() < 15
    assert read_pictures(data, "train").labels.tolist() == sorted([0, 1, 2, 3] * 6)


def test_a_folder_of_other_counts_is_read_too(data, tmp_path):
    shutil.copytree(data, tmp_path / "three")
    (tmp_path / "three" / "wnids.txt").write_text("n01\nn03\nn04\n")
    (tmp_path / "three" / "train" / "n03" / "images" / "n03_4.JPEG").unlink()
    annotations = tmp_path / "three" / "val" / "val_annotations.txt"
    annotations.write_text("".join(line for line in annotations.read_text().splitlines(True) if "n02" not in line))
    assert read_pictures(tmp_path / "three", "train").labels.tolist() == [0] * 6 + [1] * 5 + [2] * 6
    assert set(read_pictures(tmp_path / "three", "val").labels.tolist()) == {0, 1, 2}


def test_the_script_leaves_weights_card_and_kernels(out, capsys):
    card, stages = frame8_card.read(out), frame8_card.read_kernels(out)
    data = json.loads((out / "frame8.json").read_text())["data"]
    assert data == "Tiny ImageNet: 24 training and 12 validation pictures of 4 classes, 64 x 64"
    assert card.classes == ("n04", "green", "blue", "yellow thing") and len(card.history) == 2
    assert all(row["seconds"] > 0 and 0 <= row["top_1"] <= 1 for row in card.history)
    assert card.recipe == Recipe(epochs=2, batch=6, averaging=0.5, plans=((1, 3), (2, 2)))
    assert stages.epochs == (0, 1, 2) and stages.kernels.shape == (3, 7, 7, 3, 48)
    assert np.abs(np.diff(stages.kernels, axis=0)).max(axis=(1, 2, 3, 4)).min() > 1e-4
    weights = arrays(out / "frame8.npz")
    assert weights["fc8/kernel"].shape == (640, 4) and weights["fc8/kernel"].dtype == np.float16
    np.testing.assert_array_equal(weights["conv1/kernel"], stages.kernels[-1].astype(np.float16))


def test_evaluating_the_file_gives_the_accuracy_of_the_card(data, out, capsys):
    pretrain.main([str(data), str(out), "--evaluate", str(out / "frame8.npz"), "--threads", "1"])
    said = json.loads(capsys.readouterr().out)
    assert said == {"top_1": frame8_card.read(out).history[-1]["top_1"], "pictures": 12}


def test_a_killed_training_ends_with_the_same_bits(data, out, tmp_path, monkeypatch):
    def killed(step, steps, recipe):
        if step == 6:  # in the middle of the second epoch
            raise KeyboardInterrupt
        return rate(step, steps, recipe)

    rate = frame8_card.learning_rate
    monkeypatch.setattr(pretrain, "learning_rate", killed)
    with pytest.raises(KeyboardInterrupt):
        pretrain.main([str(data), str(tmp_path), *OPTIONS])
    assert len(frame8_card.read(tmp_path).history) == 1
    monkeypatch.undo()
    whole = (tmp_path / "checkpoint.npz").read_bytes()
    (tmp_path / ".checkpoint.npz.7.abcd.tmp").write_bytes(whole[: len(whole) // 2])  # of a kill while saving
    pretrain.main([str(data), str(tmp_path), *OPTIONS])
    assert history(tmp_path) == history(out)
    for name in ("frame8.npz", "frame8_kernels.npz"):
        resumed, undisturbed = arrays(tmp_path / name), arrays(out / name)
        assert resumed.keys() == undisturbed.keys()
        for key, values in resumed.items():
            np.testing.assert_array_equal(values, undisturbed[key], err_msg=key)


def without(name):
    return lambda folder: (folder / name).unlink()


def with_bytes(name, content):
    return lambda folder: (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (without("wnids.txt"), r"a text file .*wnids\.txt\. Received none"),
        (with_bytes("wnids.txt", b"n01\nn01\n"), "two or more classes, each once"),
        (lambda folder: shutil.rmtree(folder / "train" / "n02"), r"JPEG pictures in .*n02/images\. Received none"),
        (with_bytes("train/n03/images/n03_1.JPEG", b"\xff\xd8 torn"), r"n03_1\.JPEG.* cannot be read"),
        (lambda folder: picture((9, 9, 9), 0).resize((64, 48)).save(folder / "val/images/val_0_n01.JPEG", "JPEG"),
         r"64 x 64 pixels\. Received 64 x 48 at .*val_0_n01"),
        (without("val/images/val_2_n04.JPEG"), r"val_2_n04\.JPEG.* cannot be read"),
        (without("val/val_annotations.txt"), r"val_annotations\.txt\. Received none"),
        (with_bytes("val/val_annotations.txt", b"val_0_n01.JPEG\tn77\t0"), "a class of wnids.txt in every line"),
        (with_bytes("val/val_annotations.txt", b"../../secret\tn01"), "Expected a file name and a class"),
    ],
)  # fmt: skip
def test_a_broken_folder_gets_a_sentence(data, tmp_path, damage, message):
    shutil.copytree(data, tmp_path / "data")
    damage(tmp_path / "data")
    with pytest.raises(SystemExit, match=message):
        pretrain.main([str(tmp_path / "data"), str(tmp_path / "out"), "--threads", "1"])
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--batch", "25"], r"at least 25 training pictures\. Received 24"),
        (["--epochs", "0", "--plan", "2:1"], "each as long as it lasts"),
        (["--plan", "8-26"], "plans such as 8:26,10:18,15:15. Received '8-26'"),
        (["--averaging", "1"], "from 0 to below 1"),
        (["--evaluate", "nowhere.npz"], r"a weight file \(\.npz\) at nowhere\.npz"),
        (["--evaluate", str(frame8_card.FOLDER / "frame8.npz")], r"fc8/kernel of shape \(640, 4\)"),
    ],
)
def test_a_wrong_question_gets_a_sentence(data, tmp_path, options, message):
    with pytest.raises(SystemExit, match=message):
        pretrain.main([str(data), str(tmp_path), "--threads", "1", *options])


def test_a_checkpoint_of_another_recipe_or_none_is_left_alone(data, out, tmp_path):
    shutil.copy(out / "checkpoint.npz", tmp_path)
    with pytest.raises(SystemExit, match=r"Expected the recipe that .* was made with"):
        pretrain.main([str(data), str(tmp_path), *OPTIONS, "--seed", "1"])
    (tmp_path / "checkpoint.npz").write_bytes(b"PK\x03\x04 torn")
    with pytest.raises(SystemExit, match="Expected a checkpoint of this script"):
        pretrain.main([str(data), str(tmp_path), *OPTIONS])


def test_crops_hang_on_the_seed_alone_and_half_of_them_are_mirrored():
    images = np.random.default_rng(0).integers(0, 256, (40, 64, 64, 3)).astype(np.uint8)
    recipe, seed = Recipe(), tf.constant([3, 4])
    crops = augment(images, seed, recipe).numpy()
    np.testing.assert_array_equal(crops, augment(images, seed, recipe))
    assert np.abs(crops - augment(images, tf.constant([3, 5]), recipe)).max() > 50
    assert crops.shape == images.shape and crops.min() >= 0 and crops.max() <= 255
    whole = augment(images, seed, Recipe(smallest_crop=1.0, jitter=0.0)).numpy()
    mirrored = [np.abs(crop - image[:, ::-1]).max() < 0.01 for crop, image in zip(whole, images, strict=True)]
    kept = [np.abs(crop - image).max() < 0.01 for crop, image in zip(whole, images, strict=True)]
    assert all(np.logical_xor(mirrored, kept)) and 10 < sum(mirrored) < 30


def test_the_average_by_hand():
    variable = keras.Variable([1.0, 5.0])
    average = Average([variable], decay=0.2)
    variable.assign([12.0, 5.0])
    average.update()  # keeps 2/11 of itself: 2/11 * 1 + 9/11 * 12 = 10
    variable.assign([20.0, 0.0])
    average.update()  # 3/12 is more than the decay: 0.2 * 10 + 0.8 * 20 = 18; 0.2 * 5 = 1
    np.testing.assert_allclose(variable, [20, 0])
    average.assign()
    np.testing.assert_allclose(variable, [18, 1], rtol=1e-6)


def test_measured_and_saved_are_the_averages_and_trained_on_are_the_weights(tmp_path):
    training = Training(tmp_path, Recipe(averaging=0.9), n_classes=3)
    bias = training.network.get_layer("fc8").bias
    bias.assign([11.0, 0.0, 1.0])
    training.average.update()
    with training.as_saved():
        np.testing.assert_allclose(bias, np.array([9, 0, 9 / 11]).astype(np.float16))
    np.testing.assert_array_equal(bias, [11, 0, 1])
    assert Training(tmp_path, Recipe(), n_classes=3).average is None
