"""What layers cost, by hand; what is predicted is kept; and predicted memory against what trainings really take."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models.backbones import tables
from models.backbones.registry import BACKBONES
from models.jobs import machine
from models.training import recipes
from models.training.costs import estimate
from models.training.costs import layers as layers_costs
from models.training.costs.layers import Layers
from models.training.costs.rates import Rates
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec

ROOT = Path(__file__).resolve().parents[4]
ONE = Rates(dense=1.0, depthwise=1.0, moved=1.0, norm=1.0, updated=1.0, traced=1.0)
FREE = {name: float("inf") for name in ("dense", "depthwise", "moved", "norm")}


def rates(**some):
    return replace(ONE, **{**FREE, **some})


def test_frame8s_convolutions_cost_their_multiplications_once_forward_and_once_for_each_gradient():
    table = tables.table("frame8", 64)
    layers, names = Layers(table), {row.name for row in table.layers}
    macs = {row.name: row.macs for row in table.layers}
    dense = rates(dense=1.0)
    assert layers.forward(names, dense, folded=True) == table.macs == layers.forward(names, dense, folded=False)
    assert layers.forward({"conv5"}, dense, folded=True) == 8 * 8 * 256 * 9 * 256
    # conv5 alone learns on what is kept: no gradient goes on below it.
    assert layers.backward({"conv5", "conv5_bn", "conv5_relu"}, {"conv5"}, dense) == macs["conv5"]
    both = {name for name in names if name.startswith(("conv4", "conv5"))}
    assert layers.backward(both, {"conv4", "conv5"}, dense) == macs["conv4"] + 2 * macs["conv5"]
    assert layers.backward(both, {"conv4"}, dense) == macs["conv4"] + macs["conv5"]  # conv5 hands a gradient down


def test_the_first_layer_reads_the_picture_in_three_colours():
    layers = Layers(tables.table("frame8", 64))
    assert layers.moved["conv1"] == 4 * (3 * 64**2 + 48 * 32**2)  # float32: the picture, and 48 maps at half its side


def test_what_is_moved_counts_where_there_are_no_multiplications():
    table = tables.table("mobilenetv2", 96)
    layers = Layers(table)
    row = table.row("block_1_depthwise")
    read = table.row(row.inputs[0]).output
    moved = 4 * (read[0] * read[1] * read[2] + row.output[0] * row.output[1] * row.output[2])
    assert layers.moved[row.name] == moved and row.output[0] < read[0]
    assert layers.forward({row.name}, rates(depthwise=2.0), folded=True) == moved / 2
    norm, relu = table.row("block_1_depthwise_BN"), table.row("block_1_depthwise_relu")
    assert layers.forward({norm.name, relu.name}, rates(moved=1.0), folded=True) == 0  # the convolution takes them over
    assert layers.forward({norm.name}, rates(moved=1.0), folded=False) == layers.moved[norm.name]
    assert (
        layers.backward({norm.name}, {norm.name}, rates(norm=1.0))
        > 0
        == layers.backward({norm.name}, set(), rates(norm=1.0))
    )


def test_batch_norm_in_front_of_a_convolution_is_not_folded():
    table = tables.table("resnet50v2", 96)
    layers = Layers(table)
    assert not layers.folds(table.row("conv2_block1_preact_bn")) and layers.folds(table.row("conv2_block1_1_bn"))


PICTURES = estimate.Pictures(learnt=64, watched=16, tested=12, held=96, resized=True, to_draw=5)
HEAD = 256 * 7 + 7 + 7 * 5 + 5  # weights of one hidden layer of 7 units and a softmax over 5 classes


def phase(**changes):
    """A head alone, or more, on Frame8: three epochs of three batches, the last of 16 pictures."""
    spec = TrainingSpec(weights="random", head=HeadSpec(widths=(7,)), epochs=3, batch=24)
    return estimate.Phase(tables.table("frame8", 64), replace(spec, **changes), 5, PICTURES)


def only(name, value=1.0):
    """Rates at which everything but one kind of work takes no time."""
    return replace(ONE, **{**FREE, "updated": float("inf"), "traced": float("inf"), name: value})


STEPS = 3 * 3 * 0.0005  # seconds of starting them


def test_what_is_traced_by_hand():
    """Folding a layer of the prefix 0.12, predicting with one that moves 0.13, learning 0.4, a variable 1.1."""
    frozen, last = phase(), phase(trainable=("conv5",))
    turned = phase(trainable=("conv5",), augmentation=AugmentationSpec(flip_horizontal=True))
    assert (frozen.variables, last.variables) == (2 + 2, 2 + 2 + 1)  # Frame8's convolutions have no bias
    assert phase(head=HeadSpec()).variables == 2
    assert phase(trainable=("conv5", "conv5_bn"), batch_norm="train").variables == 2 + 2 + 1 + 2
    assert frozen.seconds(only("traced")) == pytest.approx(3 + 17 * 0.12 + 4 * 1.1 + STEPS)
    assert last.seconds(only("traced", 2.0)) == pytest.approx((3 + 14 * 0.12 + 3 * 0.53 + 5 * 1.1) / 2 + STEPS)
    # The prefix once for what is kept, and once for the pictures that are turned anew in every epoch.
    assert turned.seconds(only("traced")) == pytest.approx(3 + 2 * 14 * 0.12 + 3 * 0.53 + 5 * 1.1 + STEPS)
    # Where everything learns nothing is computed once: only tracing comes before the first epoch.
    blocks = tuple(f"conv{number}{part}" for number in range(1, 6) for part in ("", "_bn"))
    assert phase(trainable=blocks).seconds(only("traced")) == pytest.approx(3 + 17 * 0.53 + (4 + 5) * 1.1 + STEPS)
    assert frozen.ends(only("traced")) == pytest.approx(17 * 0.15 + 5 * 0.0018)


def test_what_is_multiplied_by_hand():
    macs = {row.name: row.macs for row in tables.table("frame8", 64).layers}
    below, conv5 = sum(macs.values()) - macs["conv5"], macs["conv5"]
    last, dense = phase(trainable=("conv5",)), only("dense")
    once = 92 * below  # the pictures learnt, watched and tested
    epoch = 64 * (conv5 + conv5 + 3 * HEAD) + 16 * (conv5 + HEAD)  # forward and back; the head back twice
    assert last.seconds(dense) == pytest.approx(once + 3 * epoch + STEPS)
    assert last.ends(dense) == pytest.approx((16 + 12) * (conv5 + HEAD) + 5 * 0.0018)
    turned = phase(trainable=("conv5",), augmentation=AugmentationSpec(flip_horizontal=True))
    assert turned.seconds(dense) == pytest.approx(once + 3 * (epoch + 64 * below) + STEPS)


def test_what_is_updated_resized_and_augmented_by_hand():
    whole, last = phase(), phase(trainable=("conv5",))
    conv5 = 9 * 256 * 256
    assert whole.seconds(only("updated")) == pytest.approx(3 * 3 * (0.0005 + 4 * HEAD))
    assert last.seconds(only("updated")) == pytest.approx(3 * 3 * (0.0005 + 4 * (HEAD + conv5)))
    moved = Layers(tables.table("frame8", 64)).forward(last.tail, only("moved"), folded=False)
    assert last.ends(only("moved")) == pytest.approx(96 * 64**2 * 840 + 28 * moved + 5 * 0.0018)
    turned = replace(TrainingSpec(), augmentation=AugmentationSpec(flip_horizontal=True)).augmentation
    more = phase(trainable=("conv5",), augmentation=turned).seconds(only("moved")) - last.seconds(only("moved"))
    below = Layers(tables.table("frame8", 64)).forward(last.prefix, only("moved"), folded=True)
    assert more == pytest.approx(3 * 64 * (64**2 * 2000 + below), rel=1e-6)


def test_smaller_runs_are_offered_from_the_least_change_to_the_greatest():
    spec = TrainingSpec(side=128, batch=16, trainable=("conv4", "conv5"), head=HeadSpec("flatten"))
    sides = [side for side in BACKBONES["frame8"].sides if side < 128]
    assert len(sides) > 1 and sides == sorted(sides)
    offered = estimate.smaller_runs(replace(spec, augmentation=AugmentationSpec(flip_horizontal=True)))
    assert [words for words, _ in offered] == [
        "A batch of 8",
        "A batch of 4",
        "The same without augmentation",
        "Average pooling instead of flattening",
        *(f"A side of {side} pixels" for side in sides[::-1]),
        *(f"A batch of 4 at {side} pixels" for side in sides[::-1]),
        "Freezing everything up to and including conv4",
        f"Freezing the whole backbone, with a batch of 4 at {sides[0]} pixels",
    ]


def test_a_checkpoint_takes_its_share_of_a_long_epoch_and_less_of_a_short_one():
    """Sixty passes over four numbers for each that moves, twice a second at most."""
    assert layers_costs.with_checkpoint(0.7, 1000, only("moved")) == 0.7 + 60 * 4 * 4 * 1000
    assert layers_costs.with_checkpoint(0.1, 1000, only("moved")) == pytest.approx(0.1 + 0.2 * 60 * 4 * 4 * 1000)


@pytest.mark.parametrize(("macs", "pictures"), [(0, 32), (10**8, 32), (10**9, 20), (19 * 10**9, 1), (10**11, 1)])
def test_a_forward_pass_is_of_so_many_pictures_that_a_cancel_is_noticed(macs, pictures):
    assert layers_costs.chunk(macs) == pictures


def test_mobilenets_learning_batch_norm_and_many_layers_take_time_that_multiplications_do_not_tell():
    spec = TrainingSpec(backbone="mobilenetv2", weights="random", side=96, shots=20, epochs=2)
    names = tuple(row.name for row in tables.table("mobilenetv2", 96).layers if row.parameters)
    held, learning = (
        recipes.estimate(replace(spec, trainable=names, batch_norm=policy)).seconds for policy in ("hold", "train")
    )
    frozen = recipes.estimate(spec).seconds
    assert learning > 1.3 * held > 2 * frozen


def test_a_prediction_is_kept_once_and_a_damaged_one_is_none(tmp_path):
    assert estimate.kept(tmp_path) is None
    cost = recipes.estimate(replace(recipes.DEFAULT, trainable=("conv5",), head_epochs=3))
    estimate.keep(tmp_path, cost)
    assert estimate.kept(tmp_path) == cost and len(cost.phase_seconds) == 2
    estimate.keep(tmp_path, replace(cost, seconds=1.0))
    assert estimate.kept(tmp_path) == cost  # what was said first
    for damage in (b"", b"[]", b"{}", b'{"phase_seconds": [1]}', b"\xff"):
        (tmp_path / estimate.PREDICTION).write_bytes(damage)
        assert estimate.kept(tmp_path) is None


TRAIN = """
import json, sys, tempfile
from pathlib import Path
import numpy as np
from models.backbones import tables as layer_tables
from models.backbones.worker import build as backbone_builder
from models.jobs import machine as memory_watch
from models.pictures.datasets import Split
from models.storage.progress import SILENT
from models.training.costs import estimate as costs
from models.training.costs.estimate import Pictures
from models.training.spec import TrainingSpec
from models.training.worker import classifier as heads
from models.training.worker import train as transfer
from models.training.worker.course import Material, Training
backbone_builder.prepare_tensorflow()
split = Split(*np.split(np.arange(96), [64, 80]))
for data in json.loads(sys.argv[1]):
    spec = TrainingSpec.from_json(data)
    table = layer_tables.table(spec.backbone, spec.side)
    cost = costs.estimate_run(table, spec, n_classes=3, pictures=Pictures(64, 16, 16, held=96, resized=False))
    images = np.random.default_rng(0).integers(0, 256, (96, spec.side, spec.side, 3)).astype(np.uint8)
    memory_watch.tidy()
    watching = memory_watch.Watch()
    network = backbone_builder.build(spec.backbone, side=spec.side, weights="random", seed=0)
    network = heads.attach(network, spec.head, 3, 0)
    material = Material(images, np.arange(96) % 3, split)
    with tempfile.TemporaryDirectory() as folder:
        transfer.fit(Training(spec, network, material, Path(folder), SILENT, blocks={}, watch=watching))
        summary = json.loads(Path(folder, "summary.json").read_bytes())
    print(json.dumps([cost.peak_mb, summary["base_mb"], summary["peak_mb"]]), flush=True)
"""


def last_blocks(backbone, side, count):
    table = tables.table(backbone, side)
    names = [block.name for block in table.blocks if block.parameters][-count:]
    return tuple(row.name for row in table.layers if row.parameters and row.block in names)


def test_predicted_memory_is_within_a_quarter_of_what_trainings_take():
    few = TrainingSpec(weights="random", head=HeadSpec("average+max"), epochs=1, batch=32)
    small = replace(few, backbone="mobilenetv2", side=96)
    specs = [
        few,
        replace(few, trainable=last_blocks("frame8", 64, 3), batch_norm="train"),
        small,
        replace(small, trainable=last_blocks("mobilenetv2", 96, 9)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRAIN, json.dumps([spec.to_json() for spec in specs])]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    for spec, line in zip(specs, done.stdout.splitlines(), strict=True):
        predicted, base, peak = json.loads(line)
        expected = predicted - machine.WORKER_MB + base  # earlier runs leave something behind
        assert expected == pytest.approx(peak, rel=0.25), f"{spec.backbone}, {len(spec.trainable)}: from {base:.0f} MB"
