"""The sentence beside the proof of freezing, for rows made by hand."""

from dashboard.views.train import proof
from models.storage import runs
from models.training import recipes
from models.training.results import WeightChange, frozen_parameters, load_result
from models.training.spec import TRAINING


def row(name, *, frozen, change, statistics=0.0, part="backbone"):
    return WeightChange(name, name, part, frozen, 10, change, change, statistics)


def test_the_verdict_tells_a_leak_from_a_proof():
    still, moved = row("conv1", frozen=True, change=0.0), row("conv2", frozen=False, change=0.1)
    assert proof.verdict([still, moved]).startswith("All 1 frozen layers with their 10 weights are the same")
    assert "must not happen" in proof.verdict([still, row("conv3", frozen=True, change=1e-9)])
    assert "must not happen" in proof.verdict([still, row("conv3_bn", frozen=True, change=0.0, statistics=1e-9)])
    assert proof.verdict([moved]).startswith("No layer was frozen.")


def test_the_proof_counts_what_the_costs_count():
    """One definition of frozen: the numbers of all layers that no gradient changes, the head's statistics not."""
    run = runs.get(runs.EXAMPLE)
    cost, result = recipes.estimate(TRAINING.spec_of(run)), load_result(run)
    assert frozen_parameters(result.weight_change) == cost.parameters_frozen == result.summary["parameters_frozen"]
    assert "All 10 frozen layers with their 1,417,552 weights" in proof.verdict(result.weight_change)
    everything = sum(row.parameters for row in result.weight_change)
    assert cost.parameters_trainable + cost.parameters_frozen + cost.parameters_statistics == everything


def test_the_verdict_tells_batch_norm_statistics_apart():
    drifting = row("conv1_bn", frozen=False, change=0.0, statistics=0.2)
    own = row("head_bn", frozen=False, change=0.1, statistics=0.2, part="head")
    assert proof.verdict([drifting, own]).endswith("BatchNorm statistics moved in 1 layers of the backbone.")
    assert proof.verdict([own]).endswith("No BatchNorm statistics of the backbone moved.")
