"""The curves of a pretraining: the right numbers, in the right order."""

from dashboard.views.backbone import figures

HISTORY = [{"loss": 4.0, "top_1": 0.1}, {"loss": 2.5, "top_1": 0.35}, {"loss": 2.0, "top_1": 0.45}]


def test_top_1_and_loss_per_epoch_and_a_mark_for_every_stage():
    figure = figures.pretraining_curves(HISTORY, (0, 3))
    accuracy, loss = figure.data
    assert list(accuracy.x) == list(loss.x) == [1, 2, 3]
    assert list(accuracy.y) == [0.1, 0.35, 0.45] and list(loss.y) == [4.0, 2.5, 2.0]
    assert [(line.x0, line.xref) for line in figure.layout.shapes] == [(0, "x"), (0, "x2"), (3, "x"), (3, "x2")]
