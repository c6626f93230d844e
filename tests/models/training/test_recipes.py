"""Recipes: the presets, every check before a run starts, and what a run will cost."""

import re
from dataclasses import replace

import pytest

from models.backbones import tables
from models.errors import InputError, TooLarge
from models.jobs import machine
from models.pictures import datasets
from models.training import recipes
from models.training.costs import estimate as costs_estimate
from models.training.costs import rates
from models.training.costs.estimate import smaller_runs
from models.training.recipes import DEFAULT, apply_preset, estimate, validate
from models.training.spec import AugmentationSpec, HeadSpec, TrainingSpec

SPEC = TrainingSpec(head=HeadSpec("average", (7,)))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"backbone": "nope"}, "a backbone among frame8"),
        ({"dataset": "nope"}, "a data set among galaxies"),
        ({"side": 65}, "a side among 64, 96"),
        ({"trainable": ("conv5", "conv9")}, "Received conv9"),
        ({"weights": "frozen"}, "weights to be one of"),
        ({"head": HeadSpec(widths=(0,))}, "1 to 4096 units. Received 0"),
        ({"head": HeadSpec(widths=(8,) * 5)}, "at most 4 hidden layers"),
        ({"head": HeadSpec(dropout=1.0)}, "dropout from 0 to below 1"),
        ({"head": HeadSpec(weight_decay=-1.0)}, "weight decay of 0 or more"),
        ({"head": HeadSpec(max_norm=float("nan"))}, "max-norm of 0 or more"),
        ({"learning_rate": 0.0}, "learning rate above 0"),
        ({"learning_rate": float("inf")}, "learning rate above 0"),
        ({"epochs": 0}, "1 to 1000 epochs"),
        ({"epochs": 10**6}, "1 to 1000 epochs"),
        ({"patience": -1}, "patience of 0"),
        ({"seed": -1}, "seed from 0"),
        ({"batch": 0}, "batch of 1 or more"),
        ({"batch": 901}, "at most 900 pictures, which is all the training data. Received 901"),
        ({"shots": 2, "batch": 11}, "at most 10 pictures"),
        ({"shots": 0}, "1 or more pictures per class"),
        ({"shots": 1000}, "shots"),
        ({"label_smoothing": 1.0}, "label smoothing from 0 to below 1"),
        ({"label_noise": 1.1}, "wrong labels from 0 to 1. Received 1.1"),
        ({"label_noise": float("nan")}, "wrong labels from 0 to 1"),
        ({"leaked": 1.5}, "leaked test pictures from 0 to 1. Received 1.5"),
        ({"leaked": float("nan")}, "leaked test pictures from 0 to 1"),
        ({"leaked": 0.5, "label_noise": 0.1}, "either leaked test pictures or wrong labels .* Received 50% and 10%"),
        ({"preprocessing": "none"}, "preprocessing to be one of own, scaled twice"),
        ({"split_seed": -1}, "seed of the split from 0"),
        ({"head_epochs": -1}, r"0 \(one phase\) to 1000 epochs"),
        ({"head_epochs": 5}, "learn in the second phase .* Received a backbone that is frozen whole"),
        ({"head_epochs": 5, "trainable": ("conv5_bn",)}, "Received only BatchNorm that is held"),
        ({"head_epochs": 5, "trainable": ("conv5",), "head_rate": 0.0}, "rate of the head alone above 0"),
        ({"batch_norm_except": ("conv5", "stem")}, "blocks of frame8. Received stem, which"),
        ({"augmentation": AugmentationSpec(shift=0.6)}, "augmentation's shift from 0 to 0.5. Received 0.6"),
    ],
)
def test_every_bad_value_is_refused_with_a_sentence(change, message):
    with pytest.raises(InputError, match=message):
        validate(replace(SPEC, **change))


def test_a_class_with_one_picture_is_refused(monkeypatch):
    galaxies = datasets.DATASETS["galaxies"]
    few = replace(galaxies, per_class=(300, 1, 300, 300, 300))
    monkeypatch.setitem(datasets.DATASETS, "galaxies", few)
    with pytest.raises(InputError, match=f"at least 3 pictures of every class .* Received 1 of {galaxies.classes[1]}"):
        validate(SPEC)


def test_default_and_presets_are_valid_and_mean_what_they_say():
    validate(DEFAULT)
    spec = replace(DEFAULT, dataset="textures", seed=4, trainable=("conv1",), epochs=3)
    features, last, everything = (apply_preset(name, spec) for name in ("features", "last_block", "everything"))
    two = apply_preset("last_block", replace(spec, label_noise=0.1, split_seed=2))
    assert two.head_epochs == features.epochs and two.head_rate == features.learning_rate
    assert (two.label_noise, two.split_seed, two.label_smoothing) == (0.1, 2, 0.0)
    validate(two)
    assert features.trainable == () and (features.dataset, features.seed) == ("textures", 4)
    assert last.trainable == ("conv5", "conv5_bn") and last.learning_rate < features.learning_rate
    assert set(everything.trainable) == {f"conv{n}{part}" for n in range(1, 6) for part in ("", "_bn")}
    lecture = apply_preset("lecture", spec)
    assert (lecture.backbone, lecture.side, lecture.trainable) == ("vgg19", 115, ())
    assert lecture.head == HeadSpec("average", (256,))
    for preset in (features, last, everything, lecture):
        validate(preset)
    with pytest.raises(InputError, match="a preset among features"):
        apply_preset("magic", spec)


def test_parameters_by_hand():
    cost = estimate(SPEC)
    assert cost.parameters_trainable == 256 * 7 + 7 + 7 * 5 + 5
    table = tables.table("frame8", 64)
    assert cost.parameters_frozen == table.parameters and cost.frozen_prefix_layers == len(table.layers)
    rich = replace(SPEC, head=HeadSpec("average+max", (7,), batch_norm=True))
    assert estimate(rich).parameters_trainable == 2 * 512 + 512 * 7 + 2 * 7 + 7 * 5 + 5
    assert estimate(rich).parameters_frozen == table.parameters
    assert estimate(rich).parameters_statistics == 2 * 512 + 2 * 7  # moving means and variances of the head
    flat = replace(SPEC, head=HeadSpec("flatten"))
    assert estimate(flat).parameters_trainable == 8 * 8 * 256 * 5 + 5


def test_held_batch_norm_counts_as_frozen_and_the_prefix_ends_at_the_first_layer_that_learns():
    two = replace(SPEC, trainable=("conv5", "conv5_bn"), batch_norm="train", batch_norm_except=("conv5",))
    assert two.learning == ("conv5",)
    last = replace(SPEC, trainable=("conv5", "conv5_bn"))
    held, trained = estimate(last), estimate(replace(last, batch_norm="train"))
    assert held.parameters_trainable == 3 * 3 * 256 * 256 + estimate(SPEC).parameters_trainable
    assert trained.parameters_trainable - held.parameters_trainable == 2 * 256
    assert (held.parameters_statistics, trained.parameters_statistics) == (0, 2 * 256)
    assert held.parameters_frozen - trained.parameters_frozen == 4 * 256
    rows = [row.name for row in tables.table("frame8", 64).layers]
    assert held.frozen_prefix_layers == rows.index("conv5") and held.cached
    everything = apply_preset("everything", SPEC)
    assert estimate(everything).frozen_prefix_layers == 0 and not estimate(everything).cached
    assert estimate(everything).seconds > held.seconds > estimate(SPEC).seconds > 0


def test_two_phases_cost_what_both_cost_and_augmentation_brings_the_frozen_part_back():
    one = replace(SPEC, trainable=("conv5", "conv5_bn"), epochs=10)
    two = replace(one, head_epochs=20)
    head = replace(SPEC, epochs=20)
    both = estimate(two)
    start = both.seconds - sum(both.phase_seconds)
    assert start == pytest.approx(estimate(one).seconds - sum(estimate(one).phase_seconds)) and start > 0
    assert both.phase_seconds == estimate(head).phase_seconds + estimate(one).phase_seconds
    assert both.peak_mb == max(estimate(one).peak_mb, estimate(head).peak_mb)
    assert both.parameters_trainable == estimate(one).parameters_trainable
    turned = estimate(replace(SPEC, epochs=10, augmentation=AugmentationSpec(rotation=10.0)))
    macs = tables.table("frame8", 64).macs
    assert turned.seconds - estimate(replace(SPEC, epochs=10)).seconds > 10 * 900 * macs / rates.DEFAULT.dense


def test_a_data_set_of_one_class_is_refused(monkeypatch):
    galaxies = datasets.DATASETS["galaxies"]
    monkeypatch.setitem(datasets.DATASETS, "galaxies", replace(galaxies, classes=("all",), per_class=(1500,)))
    with pytest.raises(InputError, match="two or more classes to tell apart"):
        validate(SPEC)


def test_another_split_has_other_pictures_of_the_same_numbers():
    one, other = (recipes.split_of(replace(SPEC, split_seed=seed)) for seed in (0, 1))
    assert len(one.test) == len(other.test) and set(one.test) != set(other.test)


def test_a_skip_connection_belongs_to_the_prefix_only_before_what_learns():
    table = tables.table("resnet50v2", 96)
    prefix = costs_estimate.frozen_prefix(table, {"conv5_block3_2_conv"})
    assert "conv5_block3_1_relu" in prefix and "conv5_block2_out" in prefix
    assert "conv5_block3_2_relu" not in prefix and "conv5_block3_out" not in prefix


def test_a_run_that_does_not_fit_is_refused_and_told_what_would(monkeypatch):
    spec = replace(apply_preset("everything", replace(DEFAULT, backbone="vgg16", side=224)), batch=32, head_epochs=0)

    def advice(spec, limit):
        monkeypatch.setenv("FREEZEFRAME_MEMORY_MB", str(limit))
        with pytest.raises(TooLarge, match="fits into") as refusal:
            validate(spec)
        expected = f"{limit} MB" if limit < 1000 else f"{limit / 1000:.3g} GB"
        assert str(refusal.value).startswith(f"Expected a run that fits into {expected}. Received ")
        return re.split("[MG]B[.] ", str(refusal.value))[2]

    assert advice(spec, int(estimate(replace(spec, batch=16)).peak_mb) + 1) == "A batch of 16 would fit."
    found: dict[str, int] = {}
    for limit in range(740, 3000, 20):
        found.setdefault(advice(spec, limit), limit)
    assert next(iter(found)) == "Nothing that is offered here would fit."
    assert "Frame8 with the whole backbone frozen would fit." in found
    for words, limit in found.items():  # what is said to fit does
        smaller = next((one for said, one in smaller_runs(spec) if f"{said} would fit." == words), None)
        assert smaller is None or estimate(smaller).peak_mb <= limit
    turned = replace(spec, trainable=(), batch=4, augmentation=AugmentationSpec(rotation=10.0))
    limit = int(estimate(replace(turned, augmentation=AugmentationSpec())).peak_mb) + 1
    assert advice(turned, limit) == "The same without augmentation would fit."
    monkeypatch.delenv("FREEZEFRAME_MEMORY_MB")
    assert 0 < machine.memory_limit_mb() < 1e7


def test_more_layers_are_frozen_block_by_block_and_two_phases_keep_something_to_tune():
    spec = replace(SPEC, trainable=("conv4", "conv4_bn", "conv5", "conv5_bn"), batch=4, side=64)
    offered = dict(smaller_runs(spec))
    assert offered["Freezing everything up to and including conv4"].trainable == ("conv5", "conv5_bn")
    assert "Freezing everything up to and including conv5" not in offered and "A batch of 4" not in offered
    frozen = offered["Freezing the whole backbone, with a batch of 4 at 64 pixels"]
    assert frozen.trainable == () and frozen.head_epochs == 0


def test_on_a_small_machine_the_worker_that_is_up_does_not_count_twice(monkeypatch):
    monkeypatch.delenv("FREEZEFRAME_MEMORY_MB", raising=False)
    monkeypatch.setattr(machine, "available_memory", lambda: 16 * 1024**3)
    large = machine.memory_limit_mb()
    monkeypatch.setattr(machine, "available_memory", lambda: 1_500_000_000)
    more = machine.memory_limit_mb() - large
    assert more > 0.8 * machine.WORKER_MB  # other processes take and free a little meanwhile
