"""Leaked duplicates: what was claimed and what is true, and pictures that lie in both parts."""

from __future__ import annotations

from typing import Final

import numpy as np
import streamlit as st

from dashboard.widgets import cache
from models.ids import PictureId
from models.pictures import datasets
from models.training.comparison import Difference
from models.training.traps import Outcome, claimed
from models.wording import percent

PAIRS: Final = 3
_PX: Final = 96  # of a picture


def claim(wrong: Outcome, cured: Outcome) -> None:
    """Draw what the leaking run claims beside what is true, and how far the leak carries the claim."""
    st.markdown(f"##### {claimed(wrong, cured)}")
    if (parts := wrong.judged.apart()) is not None:
        known, fresh = parts
        st.markdown(
            f"The claim is made of {percent(known.value)} of the {known.n} test pictures that leaked and "
            f"{percent(fresh.value)} "
            f"of the other {fresh.n}. True is what the same training gives where no test picture leaks."
        )


def meaning(found: Difference) -> str:
    """Return which pictures are left out of a comparison with a run that leaked, and what the rest of them says."""
    left = f" The {found.left_out} pictures that leaked are left out"
    if found.difference.low < 0 < found.difference.high:
        return f"{left}: the leak made the number larger, not the network better."
    return f"{left}."


def pairs(wrong: Outcome) -> None:
    """Draw some pictures that the run has learnt from and was tested on, each twice: as it lies in either part."""
    leaked = wrong.judged.leaked
    chosen = leaked[np.linspace(0, len(leaked) - 1, PAIRS).round().astype(np.intp)].tolist()
    data = datasets.get(wrong.spec.dataset)
    st.markdown(f"**Learnt and tested:** {PAIRS} of the {len(leaked)} pictures that lie in both parts.")
    for column, index in zip(st.columns(PAIRS, gap="medium"), chosen, strict=True):
        picture = cache.enlarged_png(str(PictureId(data.id, index)), _PX)
        name = f"{data.classes[datasets.label(data.id, index)]}, picture {index}"
        with column, st.container(horizontal=True, gap="small"):
            for part in ("for training", "for the test"):
                st.image(picture, caption=part, width=_PX, alt=f"{name}, {part}")
