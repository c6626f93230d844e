"""One step of a self-organising map in pictures."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from dashboard.figures import theme
from models.som_steps import Step

_PALE = "rgba(127, 139, 147, 0.45)"  # theme.NEUTRAL, on light and dark pages


def distances_before_and_after(step: Step, height: int = 300) -> go.Figure:
    """Return the distance of the sample to every unit of a line, before and after the step, as bars."""
    before = step.distances.ravel()
    after = np.linalg.norm(step.after - step.sample, axis=-1).ravel()
    names = [f"W<sub>{unit + 1}</sub>" + (" · BMU" if unit == step.bmu else "") for unit in range(len(before))]
    figure = go.Figure()
    # The legend leaves out a marker's opacity, so "after" is a colour of its own.
    for name, values, colour in (("before", before, theme.NEUTRAL), ("after", after, _PALE)):
        figure.add_bar(
            y=names,
            x=values,
            orientation="h",
            name=name,
            marker={"color": colour},
            text=[f"{value:.1f}" for value in values.tolist()],
            textposition="outside",
            textangle=0,
            cliponaxis=False,
            hovertemplate=f"{name} the step: %{{x:.2f}}<extra></extra>",
        )
    theme.layout(figure, height)
    figure.update_xaxes(
        title_text="distance to x", fixedrange=True, range=[0, 1.2 * float(max(before.max(), after.max())) or 1.0]
    )
    figure.update_yaxes(autorange="reversed", fixedrange=True)
    return figure.update_layout(bargap=0.25, margin={"l": 8, "r": 8, "t": 30, "b": 40})


def describe_distances(step: Step) -> str:
    """Return what `distances_before_and_after` shows, for who cannot see it."""
    after = np.linalg.norm(step.after - step.sample, axis=-1).ravel().tolist()
    units = "; ".join(
        f"W{unit + 1} from {before:.1f} to {now:.1f}"
        for unit, (before, now) in enumerate(zip(step.distances.ravel().tolist(), after, strict=True))
    )
    return f"Distance to x before and after the step: {units}. The BMU is W{step.bmu + 1}."
