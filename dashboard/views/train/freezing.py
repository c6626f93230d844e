"""The freeze picker and the freeze map: which layers of the backbone stay as they are (frozen), which learn."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, Literal, NamedTuple

import streamlit as st

from dashboard import state
from dashboard.figures.architecture import alt_text, architecture, state_words
from dashboard.views.train import steps
from dashboard.widgets.block_diagram import block_diagram
from models.backbones.tables import LayerTable
from models.training.spec import BatchNormPolicy, TrainingSpec

How = Literal["block", "layer"]
HOW_TITLES: dict[How, str] = {"block": "By block", "layer": "Layer by layer"}
NOTHING = "nothing"  # the cut below which no block lies
MAP_PX = 212
POLICY_TITLES: dict[BatchNormPolicy, str] = {"hold": "hold", "train": "let learn"}
POLICY_SENTENCES: dict[BatchNormPolicy, str] = {"hold": "keep pretrained statistics", "train": "learn new statistics"}
POLICY_HELP = (
    "BatchNorm brings every channel to mean 0 and variance 1 with statistics from pretraining. **Hold** keeps them, "
    "with its scale and shift, also in trainable layers. **Let learn** changes all of them there. In frozen layers "
    "they never move."
)


class Keys(NamedTuple):
    """Widget keys of one backbone, which has its own layers: the cut, the single layers, the other BatchNorm blocks."""

    cut: str
    layers: str
    other: str


def keys_of(backbone: str) -> Keys:
    """Return the keys under which a backbone's choices are kept."""
    return Keys(f"train_cut_{backbone}", f"train_layers_{backbone}", f"train_bn_other_{backbone}")


def above(blocks: dict[str, tuple[str, ...]], cut: str) -> tuple[str, ...]:
    """Return the layers of all blocks after `cut`: those that learn when everything up to it is frozen."""
    names = list(blocks)
    first = 0 if cut == NOTHING else names.index(cut) + 1
    return tuple(chain.from_iterable(blocks[name] for name in names[first:]))


def freeze_picker(table: LayerTable, spec: TrainingSpec) -> TrainingSpec:
    """Draw the choice of what is frozen, which starts from `spec`; return `spec` with what the visitor has chosen."""
    default = choices(table, spec)
    how = st.segmented_control(
        "How to choose",
        tuple(HOW_TITLES),
        default=default["train_how"],
        required=True,
        format_func=lambda name: HOW_TITLES[name],
        key="train_how",
        bind="query-params",
        label_visibility="collapsed",
        width="stretch",
        on_change=carry_over,
        args=(table,),
    )
    spec = replace(
        spec, trainable=tuple(_above_cut(table, default) if how == "block" else _chosen_layers(table, default))
    )
    if not blocks_with_norm(table):
        st.caption("This backbone has no BatchNorm layers.")
        return spec
    differing = len(state.get(keys_of(table.backbone).other) or ())
    more = f", {differing} differ{'s' if differing == 1 else ''}" if differing else ""
    label = f"BatchNorm: {POLICY_SENTENCES[state.get('train_bn') or spec.batch_norm]}{more}"
    with st.popover(label, icon=":material/equalizer:", width="stretch", key="train_norm"):
        policy = _policy(spec.batch_norm)
        return replace(spec, batch_norm=policy, batch_norm_except=tuple(_other_blocks(table, policy, default)))


def _above_cut(table: LayerTable, default: Mapping[str, Any]) -> Collection[str]:
    """Draw the slider of the cut and return the layers that learn above it."""
    cuts = [NOTHING, *table.weighted_blocks]
    cut = st.select_slider(
        "Frozen up to and including",
        cuts,
        value=default.get(keys_of(table.backbone).cut, cuts[-1]),
        key=keys_of(table.backbone).cut,
        bind="query-params",
        on_change=_follow,
        args=(table,),
        help="Frozen layers keep their weights exactly. Early layers see edges and colours, useful everywhere; "
        "late ones are made for the task they were trained on.",
    )
    return above(table.weighted_blocks, cut)


def _chosen_layers(table: LayerTable, default: Mapping[str, Any]) -> Collection[str]:
    """Draw the choice among single layers and return those that learn."""
    return st.multiselect(
        "Trainable layers",
        list(chain.from_iterable(table.weighted_blocks.values())),
        default=default.get(keys_of(table.backbone).layers),
        key=keys_of(table.backbone).layers,
        bind="query-params",
        on_change=_follow,
        args=(table,),
        placeholder="None: the whole backbone is frozen",
        help="Only layers with weights are listed. All others, and all you leave out, are frozen.",
    )


def blocks_with_norm(table: LayerTable) -> list[str]:
    """Return the names of the blocks that have BatchNorm, input first."""
    return [block.name for block in table.blocks if block.has_batch_norm]


def _policy(default: BatchNormPolicy) -> BatchNormPolicy:
    """Draw the choice of what BatchNorm does."""
    return st.segmented_control(
        "BatchNorm in trainable layers",
        tuple(POLICY_TITLES),
        default=default,
        required=True,
        format_func=lambda name: POLICY_TITLES[name],
        key="train_bn",
        bind="query-params",
        width="stretch",
        help=POLICY_HELP,
    )


def _other_blocks(table: LayerTable, policy: BatchNormPolicy, default: Mapping[str, Any]) -> list[str]:
    """Draw the choice of the blocks in which BatchNorm does the other of the two."""
    other = POLICY_TITLES["train" if policy == "hold" else "hold"]
    return st.multiselect(
        f"But {other} in these blocks",
        blocks_with_norm(table),
        default=default[keys_of(table.backbone).other],
        key=keys_of(table.backbone).other,
        bind="query-params",
        placeholder="none",
        help="It matters in blocks that learn; the freeze map shows it there as BN, in blue or in orange.",
    )


def choices(table: LayerTable, spec: TrainingSpec) -> dict[str, Any]:
    """Return the widget values, by key, that stand for what learns in `spec`: a cut where there is one."""
    blocks = table.weighted_blocks
    keys = keys_of(table.backbone)
    norms = {"train_bn": spec.batch_norm, keys.other: list(spec.batch_norm_except)}
    chosen = set(spec.trainable)
    cut = next((cut for cut in (NOTHING, *blocks) if set(above(blocks, cut)) == chosen), None)
    if cut is not None:
        return {"train_how": "block", keys.cut: cut, **norms}
    names = [name for name in chain.from_iterable(blocks.values()) if name in chosen]
    return {"train_how": "layer", keys.layers: names, **norms}


def carry_over(table: LayerTable) -> None:
    """Start the layer-by-layer choice from the block cut."""
    keys = keys_of(table.backbone)
    if state.get("train_how", "block") == "layer":
        blocks = table.weighted_blocks
        state.put(keys.layers, list(above(blocks, state.get(keys.cut, list(blocks)[-1]))))


def freeze_map(table: LayerTable, spec: TrainingSpec) -> None:
    """Draw the network as `spec` would train it."""
    learning = frozenset(spec.learning)
    norms = norm_policies(table, spec)
    block_diagram(
        "train",
        table,
        spec.head,
        architecture(table, learning, spec.head, None, norms=norms, height=MAP_PX),
        alt=alt_text(table, learning, spec.head, norms),
        words={
            block.name: f"{block.name}, {state_words(table, block.name, learning, norms)}" for block in table.blocks
        },
        press=lambda block: click_block(table, block),
    )
    st.caption("Blue blocks stay fixed, orange ones learn. Click a block to switch it, or use Tab and Enter.")


def norm_policies(table: LayerTable, spec: TrainingSpec) -> dict[str, BatchNormPolicy]:
    """Return what BatchNorm does in every block of which a BatchNorm layer may learn."""
    return {
        row.block: spec.batch_norm_in(row.block)
        for row in table.layers
        if row.has_batch_norm and row.name in spec.trainable
    }


def click_block(table: LayerTable, block: str) -> None:
    """Free a block of the freeze map that is frozen, and freeze one that learns; the steps follow.

    By block, all blocks above it are freed as well, or all below it frozen. Layer by layer, only its own layers change
    sides.
    """
    blocks = table.weighted_blocks
    keys = keys_of(table.backbone)
    if block not in blocks:
        return
    if state.get("train_how", "block") == "block":
        names = [NOTHING, *blocks]
        place = names.index(block)
        frozen = place <= names.index(state.get(keys.cut, names[-1]))
        state.put(keys.cut, names[place - 1] if frozen else block)
    else:
        chosen = set(state.get(keys.layers, []))
        chosen = chosen - set(blocks[block]) if chosen >= set(blocks[block]) else chosen | set(blocks[block])
        state.put(keys.layers, [name for name in chain.from_iterable(blocks.values()) if name in chosen])
    _follow(table)


def _follow(table: LayerTable) -> None:
    """Let the steps follow what the widgets now say of the layers that learn."""
    keys = keys_of(table.backbone)
    if state.get("train_how", "block") == "block":
        steps.follow(above(table.weighted_blocks, state.get(keys.cut, list(table.weighted_blocks)[-1])))
    else:
        steps.follow(state.get(keys.layers, []))
