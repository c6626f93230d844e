"""One definition of frozen, one number: what Keras counts, costs, proof, report, freeze map and script say of a choice.

The counts that all are held against are made here, from the variables of the network itself.
"""

import re
from dataclasses import replace

import keras
import pytest

from dashboard.figures.architecture import alt_text
from dashboard.views.backbone import layers as backbone_layers
from dashboard.views.train import freezing, proof, report, start
from models.backbones import tables
from models.backbones.worker import build
from models.storage import runs
from models.training import keras_script, recipes
from models.training.results import TrainingResult, load_result
from models.training.spec import HeadSpec, TrainingSpec
from models.training.worker import classifier, course

HEAD = HeadSpec("average+max", (12,), batch_norm=True)
CLASSES = 5  # of the galaxies
SIDES = {"frame8": 64, "efficientnetb0": 96, "vgg16": 64}


def weighted(table):
    """The layers with weights, a list for each block."""
    return list(table.weighted_blocks.values())


def preset(name):
    def made(table, spec):
        return replace(recipes.apply_preset(name, spec), head=HEAD)

    return made


def odd(table, spec):
    """Every other layer, without weights or with; BatchNorm learns, but not in the last block."""
    *_, (last, *_) = table.weighted_blocks.items()
    names = [row.name for row in table.layers][::2]
    norms = [row.block for row in table.layers if row.has_batch_norm]
    return replace(spec, trainable=tuple(names), batch_norm="train", batch_norm_except=(last,) if norms else ())


def norms_alone(table, spec):
    """Nothing but BatchNorm is freed, and it learns in the first block that has some."""
    norms = [row for row in table.layers if row.has_batch_norm]
    other = (norms[0].block,) if norms else ()
    return replace(spec, trainable=tuple(row.name for row in norms), batch_norm_except=other)


def two_phases(table, spec):
    return replace(recipes.apply_preset("last_block", spec), head=HEAD, head_epochs=5)


def last_learns(table, spec):
    return replace(recipes.apply_preset("last_block", spec), head=HEAD, batch_norm="train")


CHOICES = {
    "feature extraction": preset("features"),
    "last block": preset("last_block"),
    "last block, BatchNorm learns": last_learns,
    "two phases": two_phases,
    "everything": preset("everything"),
    "every other layer": odd,
    "BatchNorm alone": norms_alone,
}


@pytest.fixture(scope="module", params=SIDES)
def network(request):
    """The name of a backbone, and the backbone with a head, which every choice is made of."""
    built = build.build(request.param, side=SIDES[request.param], weights="random", seed=1)
    return request.param, classifier.attach(built, HEAD, CLASSES, 0)


def size(variables) -> int:
    return sum(int(keras.ops.size(variable)) for variable in variables)


@pytest.fixture(params=CHOICES)
def chosen(request, network):
    """A recipe, its network frozen as the last phase freezes it, and what is right: counted layer by layer."""
    backbone, built = network
    table = tables.table(backbone, SIDES[backbone])
    spec = CHOICES[request.param](table, TrainingSpec(backbone=backbone, side=table.side, weights="random"))
    spec = replace(spec, head=HEAD)
    block_of = {row.name: row.block for row in table.layers}
    learnt = frozen = follows = 0
    names = set()
    for layer in built.layers:
        norm, head = isinstance(layer, keras.layers.BatchNormalization), layer.name.startswith("head_")
        free = head or layer.name in spec.trainable
        if norm and not head:
            free = free and (spec.batch_norm == "train") != (block_of[layer.name] in spec.batch_norm_except)
        if not free:
            frozen += size(layer.weights)
            names |= {layer.name} if layer.weights else set()
            continue
        moving = [variable for variable in layer.weights if norm and variable.name.startswith("moving_")]
        follows += size(moving)
        learnt += size(layer.weights) - size(moving)
    course.freeze_phase(built, spec.phases()[-1], block_of)
    return spec, table, built, (learnt, frozen, follows), names


def test_what_is_frozen_is_one_number_everywhere(chosen, monkeypatch):
    spec, _, network, (learnt, frozen, follows), names = chosen
    assert learnt + frozen + follows == network.count_params()
    assert size(network.trainable_variables) == learnt

    cost = recipes.estimate(spec)
    assert (cost.parameters_trainable, cost.parameters_frozen, cost.parameters_statistics) == (learnt, frozen, follows)
    written = []
    monkeypatch.setattr(start.st, "markdown", lambda text, **_: written.append(text))
    start.cost_lines(spec, cost)
    assert f"**{learnt:,}** trainable" in written[0] and f"**{frozen:,}** frozen" in written[0]
    assert f"**{network.count_params():,}** parameters in all" in written[0]
    assert (f"**{follows:,}** BatchNorm statistics" in written[0]) == bool(follows)

    rows = classifier.weight_change(network, classifier.weights_by_layer(network), {})
    assert {row.name for row in rows if row.frozen} == names
    sentence = f"All {len(names)} frozen layers with their {frozen:,} weights are the same to the last bit."
    assert proof.verdict(rows).startswith(sentence if frozen else "No layer was frozen.")
    assert sum(line["Parameters"] for line in map(proof._table_row, rows) if line["State"] == "frozen") == frozen
    facts = {"parameters_trainable": learnt, "seconds": {"total": 1.0}, "best_epoch": 1}
    took = dict(report._took(runs.get(runs.EXAMPLE), replace(RESULT, weight_change=rows, summary=facts)))
    assert (took["parameters that learnt"], took["parameters frozen"]) == (f"{learnt:,}", f"{frozen:,}")


RESULT: TrainingResult = load_result(runs.get(runs.EXAMPLE))


def test_the_map_the_title_and_the_script_free_the_same_layers(chosen):
    spec, table, network, _, names = chosen
    free = {name for block in weighted(table) for name in block} - names
    assert set(spec.learning) == free
    count = len(free)
    words = "frozen" if not count else "1 layer learns" if count == 1 else f"{count} layers learn"
    *_, last = table.weighted_blocks
    if count and set(spec.trainable) == set(table.weighted_blocks[last]):
        words = f"{last} learns"
    elif count and set(spec.trainable) >= {name for block in weighted(table) for name in block}:
        words = "all blocks learn"
    assert f" {words}, random weights" in spec.title

    alt = alt_text(table, frozenset(spec.learning), HEAD, freezing.norm_policies(table, spec))
    told = dict(re.findall(r"(\w+): \d+ by \d+, \d+ channels, ([^;.]+)", alt))
    for block, layers in table.weighted_blocks.items():
        assert told[block].startswith("frozen") == (not free & set(layers)), block

    source = keras_script.script(spec, CLASSES)
    _, lines = source.rsplit("\nlearning = " if spec.learning else "\nfor layer in model.layers:", 1)
    lines = "learning = " + lines if spec.learning else "for layer in model.layers:" + lines
    for layer in network.layers:
        layer.trainable = True
    exec(lines[: lines.index("optimizer = ")].split("\nextractor")[0], {"model": network})
    assert {layer.name for layer in network.layers if layer.weights and not layer.trainable} == names


def test_the_backbone_page_counts_what_keras_counts(network, monkeypatch):
    backbone, built = network
    table = tables.table(backbone, SIDES[backbone])
    shown = {}
    monkeypatch.setattr(backbone_layers.st, "columns", lambda widths, **_: [Metrics(shown) for _ in widths])
    for block in (None, table.blocks[1].name, table.blocks[-1].name):
        backbone_layers.totals(table, block)
        layers = [row.name for row in table.layers if block in (None, row.block)]
        assert shown["Parameters"] == f"{sum(size(built.get_layer(name).weights) for name in layers):,}"


class Metrics:
    """A column that keeps what its metrics show."""

    def __init__(self, shown):
        self.shown = shown

    def metric(self, label, value, **_):
        self.shown[label] = value
