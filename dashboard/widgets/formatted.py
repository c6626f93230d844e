"""Tables whose numbers are written in the one format; they are sorted, searched and downloaded as numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pandas as pd


def formatted(
    data: Sequence[Mapping[str, object]] | Mapping[str, Sequence[object]], formats: Mapping[str, Callable[[Any], str]]
) -> Any:
    """Return a table for `st.dataframe`; its columns in `formats` get no `format` of Streamlit's own.

    Args:
        data: Rows, or columns, by the names of the columns.
        formats: {column: a function of `models.wording`}. A cell without a value stays empty.
    """
    frame = pd.DataFrame(data)
    return frame.style.format({name: write for name, write in formats.items() if name in frame}, na_rep="")
