"""A training gone wrong and its cure: learning curves on the same axes."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from dashboard.figures.curves import learning_curves
from models.training.traps import Outcome

_ROOM = 1.05  # above the highest line


def curves(outcome: Outcome, beside: Sequence[Outcome], height: int) -> go.Figure:
    """Accuracy and loss per epoch of one training, on axes that also hold the curves of those `beside` it.

    Accuracy goes from 0 to 1, loss from 0 to the highest of all; the height in px.
    """
    highest = max(row[name] for one in (outcome, *beside) for row in one.history for name in ("loss", "val_loss"))
    figure = learning_curves(outcome.history, outcome.best_epoch, height)
    figure.update_yaxes(range=[0, _ROOM], row=1, col=1)
    figure.update_yaxes(range=[0, _ROOM * highest], row=1, col=2)
    return figure
