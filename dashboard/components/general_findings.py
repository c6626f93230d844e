"""What the curves say, measured here and in the paper, finding by finding."""

from __future__ import annotations

from typing import Final

import streamlit as st

from dashboard.components.general_words import Comparisons, reading, told, verdict

# finding: (title, explanation)
TITLES: Final = {
    "general": (
        "General",
        "Layers are general as far as AnB, built on layers from task A, does as well as baseB, trained on B alone.",
    ),
    "co-adaptation": (
        "Co-adaptation",
        "BnB gets its own layers back, frozen. Where it stays below baseB, layers had learned to work together, and "
        "new layers above the cut do not find that again.",
    ),
    "specificity": (
        "Specificity",
        "AnB against BnB: both are cut and frozen alike, so what AnB loses beyond BnB is due to the other task.",
    ),
    "gain": (
        "Gain of transfer",
        "AnB+ starts from A and then learns everything on B. BnB+ starts from B instead: it shows what the longer "
        "training alone brings, so that only the rest is A's.",
    ),
    "random": (
        "Random filters",
        "RnB freezes random layers instead of learned ones. Here their BatchNorm statistics were set from pictures; "
        "the paper's network had no BatchNorm.",
    ),
}


def findings(ours: Comparisons, paper: Comparisons, ours_random: Comparisons, paper_random: Comparisons) -> None:
    """Draw every finding with what was measured here and what was published.

    Args:
        ours, paper: Comparisons of the split shown.
        ours_random, paper_random: Those of the random split where another one is shown; else empty.
    """
    for name, (title, explanation) in TITLES.items():
        if name not in ours and name not in paper:
            continue
        head, left, right = st.columns([3, 5, 5], gap="medium")
        head.markdown(f"**{title}**", help=explanation)
        judged = "gain beyond longer" if name == "gain" else name  # training longer is no gain of transfer
        if judged in ours and judged in paper:
            words, icon = verdict(name, ours[judged], paper[judged])
            head.badge(words, icon=icon, color="gray")
        here = told(name, ours, ours_random) or "Not measured."
        there = told(name, paper, paper_random) or "Not published for this split."
        left.markdown(f":material/science: **Here.** {here}")
        right.markdown(f":material/menu_book: **Paper.** {there}")
    if not paper_random:
        st.caption(reading(paper["general"]))
