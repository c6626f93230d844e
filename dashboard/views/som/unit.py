"""One unit of a map at a frame of its film: its weights, and the samples whose BMU it is, as pictures or as numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from dashboard.labels import safe_label
from dashboard.views.som.table_as_read import samples_as_rows
from models.errors import InputError
from models.pictures import images
from models.som.data import SomTask, load, sample_pictures
from models.som.export import plain
from models.som.film import SomRecord, net, unit_picture
from models.wording import fixed, significant

MOST = 100  # samples listed


def draw(record: SomRecord, task: SomTask, row: int, column: int, frame: int) -> None:
    """Draw one unit's weights at a frame, and the samples whose BMU it is."""
    frame = min(frame, len(record.sizes) - 1)
    members = np.flatnonzero(record.bmu[frame] == row * record.columns + column)
    if not task.origin.is_pictured:
        _numbers(record, task, row, column, frame, members)
        return
    _pictures(record, task, row, column, frame, members)


def _pictures(record: SomRecord, task: SomTask, row: int, column: int, frame: int, members: NDArray[np.int64]) -> None:
    """Draw the weights of a unit at a frame as a picture beside those of its samples."""
    weights, samples = st.columns([2, 5], gap="medium")
    with weights:
        st.markdown(f"**Unit ({row}, {column})**, epoch {significant(record.epochs[frame])}")
        picture = unit_picture(record, task, frame, row, column)
        st.image(images.enlarge(picture, 96), width=96, alt=f"The weights of unit ({row}, {column}) as a picture")
        if record.kind == "colours":
            st.caption("W = (" + ", ".join(fixed(value / 255, 2) for value in picture.ravel()) + ")")
        elif record.kind == "nearest":
            st.caption("The picture nearest to its weights")
    with samples:
        st.markdown(f"It is the BMU of **{len(members)}** of {record.bmu.shape[1]} samples.")
        if len(members):
            count = len(members) if len(members) <= 10 else min(30, len(members) // 10 * 10)  # whole rows of ten
            shown = sample_pictures(task, members[:count])
            tiles = np.stack([images.enlarge(one, 48) for one in shown])
            st.image(
                images.tile(tiles, min(10, count), gap=2, background=(127, 139, 147)),
                alt=f"{count} samples of this unit",
            )


def _numbers(record: SomRecord, task: SomTask, row: int, column: int, frame: int, members: NDArray[np.int64]) -> None:
    """Draw the weights of a unit at a frame beside the mean of its samples, and these samples, each a row."""
    names = [plain(name) for name in task.origin.feature_names(record.codebook.shape[-1])]  # a table can be downloaded
    try:
        data = load(task)
    except InputError as error:
        st.info(safe_label(str(error), 400), icon=":material/info:")
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
        st.markdown(f"**Unit ({row}, {column})**, epoch {significant(record.epochs[frame])}")
        st.dataframe(pd.DataFrame(shown, index=pd.Index(names, name="column")), key="som_unit_weights")
        if task.origin.sample_is == "row" and task.standardise:
            st.caption("In standard deviations from the column's mean.")
        if "weights" not in shown:
            st.caption("The weights are kept for the last frame only.")
    with right:
        st.markdown(f"It is the BMU of **{len(members)}** of {record.bmu.shape[1]} samples.")
        if len(members):
            few = members[:MOST]
            st.dataframe(samples_as_rows(task, data, few, names), key="som_unit_samples", height=240)
