"""Every class's score with a square hidden at each position: against the slow way, partial results, the job."""

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from models.backbones.worker import build
from models.errors import Cancelled, InputError
from models.networks import answers
from models.networks.worker import opened
from models.occlusion import costs, occlusion
from models.occlusion.occlusion import OcclusionMap
from models.occlusion.scores import (
    OCCLUSION,
    OcclusionSpec,
    base_probabilities,
    coarse_to_fine,
    counts,
    floor,
    largest_change,
    map_of,
    probabilities,
)
from models.occlusion.worker import hide
from models.storage import files, progress, runs
from tests.models import tiny

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
PICTURE = np.random.default_rng(2).integers(0, 256, (tiny.HEIGHT, tiny.WIDTH, 3), np.uint8)
CLASSES = ("a", "b", "c")
SPEC = OcclusionSpec("", "", 5, 2, "blur", "relu3", 7)


@pytest.fixture(scope="module")
def network():
    """A tiny classifier of non-square pictures whose answers vary."""
    build.prepare_tensorflow()
    model = tiny.classifier()
    last = model.layers[-1]
    last.set_weights([last.get_weights()[0] * 3, last.get_weights()[1]])
    return opened.Network("tiny", model, CLASSES, tiny.HEIGHT, tiny.WIDTH)


@pytest.fixture(scope="module")
def scores(network):
    return hide.compute(network, PICTURE, SPEC)


@pytest.mark.parametrize("score", answers.SCORES)
@pytest.mark.parametrize("class_index", range(3))
def test_the_maps_of_every_class_equal_the_slow_ones(network, scores, score, class_index):
    answer = opened.logits if score == "logit" else opened.forward
    slow = occlusion.occlusion_map(
        lambda batch: answer(network, batch)[:, class_index], PICTURE, patch=5, stride=2, fill="blur"
    )
    fast = map_of(scores, class_index, score)
    assert np.ptp(slow.occluded) > 1e-3
    np.testing.assert_allclose(fast.occluded, slow.occluded, atol=1e-5)
    np.testing.assert_allclose(fast.drop, slow.drop, atol=1e-5)
    assert fast.base_score == pytest.approx(slow.base_score, abs=1e-5)
    assert (fast.n_passes, fast.patch, fast.stride, fast.fill) == (slow.n_passes, 5, 2, "blur")


def test_the_activity_is_the_sum_over_the_watched_map(network, scores):
    sums = lambda pictures: opened.layer_function(network, ["relu3"])(pictures)[0][..., 7].sum((1, 2))  # noqa: E731
    slow = occlusion.occlusion_map(sums, PICTURE, patch=5, stride=2, fill="blur")
    assert np.ptp(slow.occluded) > 1e-2
    np.testing.assert_allclose(scores.activity, slow.occluded, rtol=1e-4)
    assert scores.base_activity == pytest.approx(slow.base_score, rel=1e-4)
    assert (scores.layer, scores.channel) == ("relu3", 7)


def test_channel_minus_one_is_the_strongest_map_of_the_untouched_picture(network):
    strongest = hide.compute(network, PICTURE, dataclasses.replace(SPEC, channel=-1, stride=5))
    [maps] = opened.layer_function(network, ["relu3"])(PICTURE[None])
    assert strongest.channel == maps.sum((0, 1, 2)).argmax()
    assert strongest.base_activity == pytest.approx(maps.sum((0, 1, 2)).max(), rel=1e-4)


def test_without_a_layer_there_is_no_activity(network):
    plain = hide.compute(network, PICTURE, dataclasses.replace(SPEC, layer="", stride=5))
    assert np.isnan(plain.activity).all() and np.isnan(plain.base_activity) and plain.channel == -1
    assert plain.done.all() and plain.n_positions == 3 * 4


def test_operations_are_told_by_layer(scores):
    assert scores.layer_names == ("conv1", "conv2", "depthwise", "head_output")
    assert scores.layer_maps.tolist() == [[6, 8], [6, 8], [4, 6], [1, 1]]
    assert scores.layer_macs_full.tolist() == [6 * 8 * 27 * 6, 6 * 8 * 54 * 6, 4 * 6 * 9 * 12, 12 * 3]
    assert scores.macs_full == scores.layer_macs_full.sum()


@pytest.mark.parametrize(("n_rows", "n_cols", "step"), [(9, 6, 4), (1, 1, 1), (5, 7, 1), (3, 8, 16), (13, 13, 3)])
def test_stages_hold_every_position_once_and_the_first_reaches_all_borders(n_rows, n_cols, step):
    stages = coarse_to_fine(n_rows, n_cols, step)
    assert sorted(np.concatenate(stages)) == list(range(n_rows * n_cols))
    first = {divmod(position, n_cols) for position in stages[0].tolist()}
    assert {(0, 0), (n_rows - 1, n_cols - 1), (0, n_cols - 1), (n_rows - 1, 0)} <= first


def test_the_first_partial_result_covers_the_picture_and_the_rest_comes_later(network, monkeypatch):
    monkeypatch.setattr(costs, "MOST_SQUARES", 3)
    monkeypatch.setattr(hide, "WRITE_EVERY_S", 0.0)
    seen = []
    whole = hide.compute(
        network,
        PICTURE,
        SPEC,
        watch=lambda result: seen.append((result.done.copy(), map_of(result, 1, "logit").drop)),
    )
    counts = [done.sum() for done, _ in seen]
    assert counts[0] < whole.n_positions and counts == sorted(counts)
    assert np.isfinite(seen[0][1]).all()  # coarse, yet without holes
    assert np.isfinite(whole.logits).all()


def test_pixels_that_nothing_covers_yet_are_nan(scores):
    logits = np.full_like(scores.logits, np.nan)
    logits[0, 0] = scores.logits[0, 0]
    partial = dataclasses.replace(scores, logits=logits)
    drop = map_of(partial, 0, "probability").drop
    fall = base_probabilities(scores)[0] - probabilities(scores)[0, 0, 0]
    np.testing.assert_allclose(drop[:5, :5], fall, atol=1e-6)
    assert np.isnan(drop[5:]).all() and np.isnan(drop[:, 5:]).all()
    assert partial.done.sum() == 1


def test_a_saved_result_comes_back_whole(scores, tmp_path):
    run = runs.Run("x", tmp_path)
    assert OCCLUSION.version(run) == 0 and OCCLUSION.load(run) is None
    files.write_atomically(OCCLUSION.path(run), files.pack(scores))
    assert OCCLUSION.version(run) > 0
    again = OCCLUSION.load(run)
    for field in dataclasses.fields(scores):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(scores, field.name))
    OCCLUSION.path(run).write_bytes(OCCLUSION.path(run).read_bytes()[:300])
    assert OCCLUSION.load(run) is None


def test_a_cancel_ends_it_and_leaves_what_was_computed(network, monkeypatch):
    class Stop:
        shares = ()

        def event(self, **fields):
            self.shares += (fields["share"],)
            if fields["share"] > 0.3:
                raise Cancelled

        def check(self):
            pass

    monkeypatch.setattr(costs, "MOST_SQUARES", 2)
    stop, kept = Stop(), []
    with pytest.raises(Cancelled):
        hide.compute(network, PICTURE, SPEC, progress=stop, watch=kept.append)
    assert len(stop.shares) > 2 and kept and 0 < kept[0].done.sum() < kept[0].n_positions


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"channel": 12}, "Expected a channel from 0 to 11, or -1 for the strongest. Received 12"),
        ({"layer": "conv9"}, "Expected a layer of the network. Received 'conv9'"),
        ({"patch": 13}, "Expected 1 <= stride <= patch <= side"),
        ({"stride": 6}, "Received stride 6 px and patch 5 px"),
        ({"fill": "black"}, "Expected the fill"),
    ],
)
def test_values_outside_are_refused(network, changes, message):
    with pytest.raises(InputError, match=message):
        hide.compute(network, PICTURE, dataclasses.replace(SPEC, **changes))


def test_classes_and_scores_outside_are_refused(scores):
    with pytest.raises(InputError, match=r"Expected a class number from 0 to 2\. Received 3"):
        map_of(scores, 3, "logit")
    with pytest.raises(InputError, match="Expected the score to be one of"):
        map_of(scores, 0, "entropy")


def test_a_bare_backbone_has_no_classes_to_explain():
    with pytest.raises(InputError, match="Received a bare backbone"):
        hide.hide(OcclusionSpec("backbone:frame8:64:random", "sample:galaxies:7", 32, 32, "grey"))


def test_the_job_writes_what_the_task_answers(tmp_path):
    spec = OcclusionSpec("run:example", "sample:galaxies:7", 24, 20, "mean", "conv3_relu")
    hide.write(spec, progress.SILENT, tmp_path)
    written, answer = OCCLUSION.load(runs.Run("x", tmp_path)), hide.hide(spec)
    np.testing.assert_array_equal(written.logits, answer.logits)
    np.testing.assert_array_equal(written.activity, answer.activity)
    assert written.done.all() and written.logits.shape == (3, 3, 5)


def test_a_spec_is_on_disk_as_it_always_was():
    spec = OcclusionSpec.first("run:example", "sample:galaxies:571", 64, "conv5_relu")
    written = {
        "network_id": "run:example", "picture_id": "sample:galaxies:571", "patch": 16, "stride": 4, "fill": "mean",
        "layer": "conv5_relu", "channel": -1,
    }  # fmt: skip
    assert spec.to_json() == written and OcclusionSpec.from_json(written) == spec
    assert spec.title == "Occlusion map, mean" and spec.n_positions == 13 * 13
    with pytest.raises(InputError, match="Expected fields among"):
        OcclusionSpec.from_json({**written, "colour": "red"})
    with pytest.raises(InputError, match="Received stride 17 px"):
        dataclasses.replace(spec, stride=17).n_positions  # noqa: B018  a property that refuses


def test_a_change_counts_from_the_floor_on():
    logits = np.array([7, -3, 2], np.float32)  # they span 10
    assert floor("probability", logits) == 0.01
    assert floor("logit", logits) == pytest.approx(0.1)
    assert [counts(change, 0.01) for change in (0, 0.00999, 0.01, 0.3)] == [False, False, True, True]
    assert not counts(0.0, 0.0) and counts(1e-9, 0.0)  # equal logits: any change is one, none is not


def test_the_largest_change_is_that_of_one_square_up_or_down_of_what_is_known():
    found = OcclusionMap(
        np.zeros((1, 1), np.float32), 0.5, np.array([0]), np.array([0, 1, 2]),
        np.array([[0.4, np.nan, 0.8]], np.float32), 1, 1, "mean", 3,
    )  # fmt: skip
    assert largest_change(found) == pytest.approx(0.3)
    assert largest_change(replace(found, occluded=np.full((1, 3), np.nan, np.float32))) == 0
