"""One unit of a map at a frame of its film: its weights, and the samples whose BMU it is."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.components.som_numbers_panel import unit_numbers
from models import images, som_points
from models.som_data import SomTask, sample_pictures
from models.som_record import SomRecord, unit_picture


def unit_panel(record: SomRecord, task: SomTask, row: int, column: int, frame: int) -> None:
    """Draw one unit's weights at a frame, and the samples whose BMU it is."""
    frame = min(frame, len(record.sizes) - 1)
    members = np.flatnonzero(record.bmu[frame] == row * record.columns + column)
    if task.source in (*som_points.SHAPES, "table"):
        unit_numbers(record, task, row, column, frame, members)
        return
    weights, samples = st.columns([2, 5], gap="medium")
    with weights:
        st.markdown(f"**Unit ({row}, {column})**, epoch {record.epochs[frame]:.3g}")
        picture = unit_picture(record, task, frame, row, column)
        st.image(images.enlarge(picture, 96), width=96, alt=f"The weights of unit ({row}, {column}) as a picture")
        if record.kind == "colours":
            st.caption("W = (" + ", ".join(f"{value / 255:.2f}" for value in picture.ravel()) + ")")
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
