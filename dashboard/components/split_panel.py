"""How a data set is divided, in a chart and in words."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.figures import theme
from dashboard.figures.class_balance import class_balance
from models import datasets

PARTS = {"Training": "train", "Validation": "validation", "Test": "test"}


def class_sizes(dataset: str, seed: int) -> None:
    """Draw how many pictures each class has in each part."""
    spec, split, labels = datasets.get(dataset), datasets.split(dataset, seed), datasets.labels(dataset)
    counts = {
        name: np.bincount(labels[getattr(split, part)], minlength=len(spec.classes)) for name, part in PARTS.items()
    }
    alt = ", ".join(f"{name} {size}" for name, size in zip(spec.classes, spec.per_class, strict=True))
    st.markdown("**Pictures of each class** in full colour for training, paler for validation, palest for the test")
    st.plotly_chart(
        class_balance(spec.classes, counts),
        key="data_balance",
        config=theme.CONFIG,
        alt=f"Pictures of each class: {alt}",
    )


def how_divided(dataset: str, seed: int) -> None:
    """Say how many pictures are in each part, and how they were chosen."""
    split = datasets.split(dataset, seed)
    why = f"with seed {seed}, as for the chosen run" if seed else "with seed 0: everybody gets the same parts"
    st.markdown(
        f"**The split.** The network learns from {len(split.train):,} pictures, is watched on "
        f"{len(split.validation):,} while it learns, and is judged on {len(split.test):,} that it has never seen. "
        f"Divided at random within every class, {why}. Another seed, on the Train page under Data, divides anew."
    )
