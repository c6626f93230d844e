"""The proof of freezing: what moved in training, what did not, and by how much."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.train import cache as train_cache
from dashboard.views.train.progress import CURVES_PX
from dashboard.widgets.formatted import formatted
from dashboard.widgets.page import not_shown
from models.storage import runs
from models.training.results import TrainingResult, WeightChange, frozen_parameters
from models.wording import grouped, significant


def proof(run: runs.Run, result: TrainingResult) -> None:
    """Draw what moved and what did not: the picture, what it does not show, and the table behind it."""
    st.markdown("## Proof of freezing")
    st.markdown(verdict(result.weight_change))
    st.plotly_chart(
        train_cache.training_figures(run.id, CURVES_PX)[1],
        key="train_weight_change",
        config=theme.CONFIG,
        alt="Relative change of the weights of every layer; frozen layers stand at exactly 0",
    )
    not_shown(
        "Whether the change helped: a big change is not always an important one. The head started from random "
        "weights, so its change cannot be compared with the backbone's."
    )
    with st.expander("Layer by layer", key="train_proof_table"):
        st.dataframe(
            formatted(
                [_table_row(row) for row in result.weight_change],
                {
                    "Parameters": grouped,
                    **dict.fromkeys(("Relative change", "Largest change", "BatchNorm statistics"), significant),
                },
            ),
            hide_index=True,
            column_config={
                "BatchNorm statistics": st.column_config.NumberColumn(
                    help="Largest change of the moving mean and variance, which no gradient changes."
                ),
            },
            alt="Change of every layer's weights, and of BatchNorm statistics apart",
        )


def verdict(layers: Sequence[WeightChange]) -> str:
    """Return in one or two sentences whether frozen layers stayed as they were, statistics apart."""
    frozen = [row for row in layers if row.frozen]
    leaked = [row for row in frozen if row.max_abs_change != 0 or row.statistics_max_abs_change != 0]
    statistics = [row for row in layers if row.part == "backbone" and row.statistics_max_abs_change != 0]
    if leaked:
        names = ", ".join(safe_label(row.name) for row in leaked[:3])
        first = f":red[{len(leaked)} of {len(frozen)} frozen layers changed], {names} among them. This must not happen."
    elif frozen:
        numbers = frozen_parameters(layers)
        first = f"All {len(frozen)} frozen layers with their {grouped(numbers)} weights are the same to the last bit."
    else:
        first = "No layer was frozen."
    if statistics:
        return f"{first} BatchNorm statistics moved in {len(statistics)} layers of the backbone."
    return f"{first} No BatchNorm statistics of the backbone moved."


def _table_row(row: WeightChange) -> dict[str, object]:
    return {
        "Layer": row.name,
        "Block": row.block,
        "Part": row.part,
        "State": "frozen" if row.frozen else "trainable",
        "Parameters": row.parameters,
        "Relative change": row.relative_change,
        "Largest change": row.max_abs_change,
        "BatchNorm statistics": row.statistics_max_abs_change,
    }
