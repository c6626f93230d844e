"""The freeze picker and map: block cuts, layer choices and clicks."""

import pytest

from dashboard import state
from dashboard.views.train import freezing
from models.backbones import tables
from models.training.spec import TrainingSpec

BLOCKS = {"stem": ("conv1", "bn1"), "middle": ("conv2",), "last": ("conv3", "bn3")}
TABLE = tables.table("frame8", 64)


@pytest.fixture
def session(monkeypatch):
    """A session of plain values in place of Streamlit's."""
    values = {}
    monkeypatch.setattr(state, "get", lambda key, default=None: values.get(key, default))
    monkeypatch.setattr(state, "put", lambda key, value: values.update({key: value}))
    return values


@pytest.mark.parametrize(
    ("cut", "expected"),
    [
        ("nothing", ("conv1", "bn1", "conv2", "conv3", "bn3")),
        ("stem", ("conv2", "conv3", "bn3")),
        ("middle", ("conv3", "bn3")),
        ("last", ()),
    ],
)
def test_what_lies_above_a_cut_learns(cut, expected):
    assert freezing.above(BLOCKS, cut) == expected


def test_only_layers_with_weights_can_learn():
    blocks = TABLE.weighted_blocks
    names = [name for layers in blocks.values() for name in layers]
    assert names == [row.name for row in TABLE.layers if row.parameters > 0]
    assert len(names) < len(TABLE.layers)


def test_a_cut_is_told_as_a_cut_and_anything_else_layer_by_layer():
    blocks = TABLE.weighted_blocks
    first, *_, before_last, last = blocks

    def choices(names, policy="hold", other=()):
        spec = TrainingSpec(trainable=tuple(names), batch_norm=policy, batch_norm_except=other)
        return freezing.choices(TABLE, spec)

    norms = {"train_bn": "hold", "train_bn_other_frame8": [last]}
    assert choices(blocks[last], other=(last,)) == {"train_how": "block", "train_cut_frame8": before_last, **norms}
    assert choices((), "train")["train_cut_frame8"] == last
    assert choices([n for b in blocks.values() for n in b])["train_cut_frame8"] == "nothing"
    odd = choices([blocks[last][0], blocks[first][0]], "train")
    assert odd["train_how"] == "layer"
    assert odd["train_layers_frame8"] == [blocks[first][0], blocks[last][0]]


def test_the_map_tells_the_policy_of_blocks_in_which_batch_norm_may_learn():
    spec = TrainingSpec(trainable=("conv4", "conv4_bn", "conv5", "conv5_bn", "conv3"), batch_norm_except=("conv5",))
    assert freezing.norm_policies(TABLE, spec) == {"conv4": "hold", "conv5": "train"}


def test_a_click_frees_a_frozen_block_and_a_second_one_freezes_it_again(session):
    first, second, *_, last = TABLE.weighted_blocks
    freezing.click_block(TABLE, second)
    assert session["train_cut_frame8"] == first
    freezing.click_block(TABLE, last)
    assert session["train_cut_frame8"] == last
    freezing.click_block(TABLE, first)
    assert session["train_cut_frame8"] == "nothing"
    freezing.click_block(TABLE, second)
    assert session["train_cut_frame8"] == second


def test_layer_by_layer_a_click_changes_the_side_of_the_block(session):
    blocks = TABLE.weighted_blocks
    first, second, *_ = blocks
    session.update({"train_how": "layer", "train_layers_frame8": [blocks[second][0]]})
    freezing.click_block(TABLE, first)
    assert session["train_layers_frame8"] == [*blocks[first], blocks[second][0]]
    freezing.click_block(TABLE, first)
    assert session["train_layers_frame8"] == [blocks[second][0]]


def test_a_click_beside_the_blocks_changes_nothing(session):
    freezing.click_block(TABLE, "head")
    assert session == {}


def test_the_layer_choice_starts_from_the_cut(session):
    blocks = TABLE.weighted_blocks
    *_, before_last, last = blocks
    session.update({"train_how": "layer", "train_cut_frame8": before_last})
    freezing.carry_over(TABLE)
    assert session["train_layers_frame8"] == list(blocks[last])
