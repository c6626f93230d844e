"""The freeze map: the network, what is frozen in blue, what learns in orange; a click or a key changes a block."""

from __future__ import annotations

from itertools import chain

import streamlit as st

from dashboard import state
from dashboard.components.block_diagram import block_diagram
from dashboard.components.freeze_picker import NOTHING, keys_of
from dashboard.figures.architecture import alt_text, architecture, state_words
from models.layer_tables import LayerTable
from models.phase_costs import learning_layers
from models.training_specs import BatchNormPolicy, TrainingSpec

MAP_PX = 212


def freeze_map(table: LayerTable, spec: TrainingSpec) -> None:
    """Draw the network as `spec` would train it."""
    learning = frozenset(learning_layers(table, spec))
    norms = norm_policies(table, spec)
    block_diagram(
        "train",
        table,
        spec.head,
        architecture(table, learning, spec.head, None, norms=norms, height=MAP_PX),
        alt=alt_text(table, learning, spec.head, norms),
        words={
            block.name: f"{block.name}, {state_words(table, block.name, spec.trainable, norms)}"
            for block in table.blocks
        },
        press=lambda block: click_block(table, block),
    )
    st.caption(
        "It shows what may change, not whether that helps. Click a block, or use Tab and Enter, to freeze or free it."
    )


def norm_policies(table: LayerTable, spec: TrainingSpec) -> dict[str, BatchNormPolicy]:
    """Return what BatchNorm does in every block of which a BatchNorm layer may learn."""
    return {
        row.block: spec.batch_norm_in(row.block)
        for row in table.layers
        if row.has_batch_norm and row.name in spec.trainable
    }


def click_block(table: LayerTable, block: str) -> None:
    """Free a block of the freeze map that is frozen, and freeze one that learns.

    By block, all blocks above it are freed as well, or all below it frozen. Layer by layer, only its own layers change
    sides.
    """
    blocks = table.weighted_blocks
    cut_key, layers_key, _ = keys_of(table.backbone)
    if block not in blocks:
        return
    if state.get("train_how", "block") == "block":
        names = [NOTHING, *blocks]
        place = names.index(block)
        frozen = place <= names.index(state.get(cut_key, names[-1]))
        state.put(cut_key, names[place - 1] if frozen else block)
        return
    chosen = set(state.get(layers_key, []))
    chosen = chosen - set(blocks[block]) if chosen >= set(blocks[block]) else chosen | set(blocks[block])
    state.put(layers_key, [name for name in chain.from_iterable(blocks.values()) if name in chosen])
