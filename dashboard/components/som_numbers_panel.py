"""One unit of a map of points or of a table: its weights and its samples are numbers, not pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from models.errors import InputError
from models.som_data import SomTask, load
from models.som_record import SomRecord, net

MOST = 100  # samples listed


def unit_numbers(
    record: SomRecord, task: SomTask, row: int, column: int, frame: int, members: NDArray[np.int64]
) -> None:
    """Draw the weights of a unit at a frame beside the mean of its samples, and these samples, each a row."""
    names = list(task.columns) or ["x", "y", "z"][: record.codebook.shape[-1]]
    try:
        data = load(task)
    except InputError as error:
        st.info(str(error), icon=":material/info:")
        return
    shown = {}
    if record.kind == "net":
        shown["weights"] = net(record, frame)[row, column]
    elif frame == len(record.sizes) - 1:
        shown["weights"] = record.codebook[row, column]
    if len(members):
        shown["mean of its samples"] = data.features[members].mean(axis=0)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        st.markdown(f"**Unit ({row}, {column})**, epoch {record.epochs[frame]:.3g}")
        st.dataframe(pd.DataFrame(shown, index=pd.Index(names, name="column")), key="som_unit_weights")
        if task.source == "table" and task.standardise:
            st.caption("In standard deviations from the column's mean.")
        if "weights" not in shown:
            st.caption("The weights are kept for the last frame only.")
    with right:
        st.markdown(f"It is the BMU of **{len(members)}** of {record.bmu.shape[1]} samples.")
        if len(members):
            few = members[:MOST]
            table = pd.DataFrame(data.features[few], index=pd.Index(few, name="sample"), columns=names)
            if len(data.labels):
                table.insert(0, "class", [data.classes[label] for label in data.labels[few]])
            st.dataframe(table, key="som_unit_samples", height=240)
