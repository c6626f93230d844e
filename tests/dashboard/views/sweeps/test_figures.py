"""The charts of a sweep, read back number by number."""

import pytest

from dashboard.views.sweeps.figures import STYLES, accuracy, differences
from models.sweeps import variations
from models.sweeps.cells import Finished
from models.sweeps.results import against_plain, points
from models.sweeps.spec import SweepSpec
from models.training.spec import TrainingSpec

BASE = TrainingSpec(dataset="digits")


def rows(line, value, accuracies):
    return [Finished(line, value, number, "", share, 100, 1.0, 1.0) for number, share in enumerate(accuracies)]


def test_a_line_goes_through_the_means_and_every_seed_is_a_dot():
    sweep = SweepSpec("shots", ("5", "20", "all"), (variations.FROZEN, variations.SCRATCH), BASE)
    found = rows("frozen", "5", [0.5, 0.7]) + rows("frozen", "all", [0.9]) + rows("scratch", "5", [0.3])
    figure = accuracy(sweep, found, 300)
    means = {trace.name: trace for trace in figure.data if trace.mode == "lines" and trace.name}
    assert list(means["Pretrained, frozen"].x) == [0, 2]  # "20" keeps its place
    assert list(means["Pretrained, frozen"].y) == pytest.approx([0.6, 0.9])
    assert means["From scratch"].line.dash == STYLES["scratch"][1] == "dash"
    dots = [trace for trace in figure.data if trace.mode == "markers"]
    assert [list(trace.y) for trace in dots] == [[0.5, 0.7, 0.9], [0.3]]
    assert dots[0].customdata[1][0] == "Pretrained, frozen, 5 per class, seed 1"
    assert list(figure.layout.xaxis.ticktext) == ["5", "20", "all"]


def test_beside_one_line_stands_the_accuracy_on_what_it_learnt_from():
    sweep = SweepSpec("depth", ("conv4", "conv5"), base=BASE)
    found = [Finished("base", "conv5", number, "", 0.7, 100, share, 1.0) for number, share in enumerate((0.9, 0.8))]
    chart = accuracy(sweep, found, 300)
    [learnt] = [trace for trace in chart.data if trace.name == "training accuracy"]
    assert list(learnt.x) == [1] and list(learnt.y) == pytest.approx([0.85])
    assert chart.layout.yaxis.title.text == "accuracy"  # not of the test pictures alone


def test_differences_are_to_none_of_the_same_seed_with_their_intervals():
    sweep = SweepSpec("regulariser", ("none", "dropout", "decay"), base=BASE)
    found = rows("base", "none", [0.5, 0.6]) + rows("base", "dropout", [0.6, 0.8]) + rows("base", "decay", [0.4])
    gaps = against_plain(points(sweep, found)["base"])
    seeds, means = differences(sweep, gaps, found, 300).data
    assert list(seeds.x) == pytest.approx([0.1, 0.2, -0.1])
    assert list(means.x) == pytest.approx([0.15, -0.1]) and list(means.y) == [1, 0]  # from the top
    assert means.error_x.array[0] == pytest.approx(gaps[0].difference.high - 0.15)
