"""What layers cost, by hand; what is predicted is kept; and predicted memory against what trainings really take."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from models.backbones import tables
from models.jobs import machine
from models.training import recipes
from models.training.costs import estimate
from models.training.costs.layers import Layers
from models.training.costs.rates import Rates
from models.training.spec import HeadSpec, TrainingSpec

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
