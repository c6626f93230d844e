"""Maps by name, the job for large networks, and what all maps are worth over test pictures: on a tiny trained run."""

from dataclasses import replace

import numpy as np
import pytest

from models.attribution import deletion
from models.attribution.deletion import Curves
from models.attribution.maps import CURVES, METHODS, TESTED, Attribution, ExplanationSpec, written
from models.attribution.randomised import RANDOMISED, RandomisedSpec
from models.attribution.trust import TRUST, TrustSpec
from models.attribution.worker import explain, trust
from models.errors import Cancelled, InputError
from models.networks.worker import answers
from models.pictures import datasets
from models.storage import files, progress, runs
from models.training import recipes
from models.training import spec as training_spec
from models.training.spec import TrainingSpec
from models.training.worker import classifier
from tests.models import tiny

PICTURE = "sample:galaxies:571"
OWN_SPLIT = TrainingSpec(split_seed=1)
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def network():
    """The id of a finished run whose network is small and takes 12 x 16 pictures."""
    model = classifier.attach(tiny.backbone(), training_spec.HeadSpec(), 5, seed=3)
    run = runs.create("training", OWN_SPLIT.to_json(), owner="somebody", title="A run")
    model.save(run.path("classifier.keras"))
    return f"run:{run.id}"


def spec(network, **changes):
    return ExplanationSpec(network, PICTURE, "logit", 1, **changes)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_by_its_name(network, method):
    found = explain.attribution_map(spec(network, method=method))
    assert (found.method, found.values.shape) == (method, (tiny.HEIGHT, tiny.WIDTH))
    assert found.score == pytest.approx(answers.predict(network, PICTURE).logits[1], abs=1e-4)
    again = files.unpack(files.pack(found), type(found))
    np.testing.assert_array_equal(again.values, found.values)
    assert np.isnan(again.total) == (method != "integrated")


def test_what_is_unknown_is_refused(network):
    for changes, message in (
        ({"method": "magic"}, "Expected a method out of occlusion, saliency"),
        ({"method": "gradcam", "layer": "head_output"}, "maps that have positions"),
        ({"method": "integrated", "baseline": "white"}, "Expected a baseline"),
    ):
        with pytest.raises(InputError, match=message):
            explain.attribution_map(spec(network, **changes))
    with pytest.raises(InputError, match="class number from 0 to 4"):
        explain.deletion_curves(ExplanationSpec(network, PICTURE, "logit", 9))
    with pytest.raises(InputError, match="bare backbone"):
        explain.attribution_map(ExplanationSpec("backbone:frame8:64:random", PICTURE, "logit", 0, "saliency"))
    with pytest.raises(InputError, match="Expected fields among"):
        ExplanationSpec.from_json({"network": network, "colour": "red"})
    with pytest.raises(InputError, match=r"Expected a method out of .* Received ''"):
        explain.attribution_map(spec(network))


def test_a_job_writes_one_map_after_the_other_and_can_be_cancelled(network, tmp_path):
    run = runs.Run("x", tmp_path)
    explain.write(spec(network, method="saliency,gradcam"), progress.SILENT, tmp_path)
    for method in ("saliency", "gradcam"):
        same = explain.attribution_map(spec(network, method=method))
        np.testing.assert_array_equal(written(run, method, Attribution).values, same.values)
    (tmp_path / "gradcam.npz").write_bytes(b"PK torn")
    assert written(run, "gradcam", Attribution) is written(run, "smoothgrad", Attribution) is None

    class Impatient:
        def event(self, **_):
            pass

        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        explain.write(spec(network, method="integrated"), Impatient(), tmp_path)
    assert not (tmp_path / "integrated.npz").exists()


def test_the_curves_of_all_methods_come_of_their_own_maps(network, tmp_path):
    few = spec(network, cell=2).with_few()
    found = explain.deletion_curves(few)
    assert found.methods == tuple(METHODS) and found.cell == 2 and found.score == "logit"
    base = answers.predict(network, PICTURE).logits[1]
    np.testing.assert_allclose(found.deletion[:, 0], base, atol=1e-4)
    np.testing.assert_allclose(found.insertion[:, -1], base, atol=1e-4)
    explain.write(few, progress.SILENT, tmp_path)
    np.testing.assert_array_equal(written(runs.Run("x", tmp_path), CURVES, Curves).insertion, found.insertion)


@pytest.fixture(scope="module")
def divided(network):
    """What the maps are worth over the ten test pictures of fifty; the run's own split, and split 0."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(datasets.DATASETS, "galaxies", replace(datasets.get("galaxies"), per_class=(10,) * 5))
        patch.setattr(trust, "SAMPLE", 3)
        assert TrustSpec(network).n_pictures == 10
        return trust.measure(TrustSpec(network)), recipes.split_of(OWN_SPLIT), recipes.split_of(TrainingSpec())


@pytest.fixture(scope="module")
def measured(divided):
    return divided[0]


def at_size(mask, height, width):
    """Where a mask, bool (H, W), covers more than half of what a pixel of a smaller picture averages over."""

    def weights(n, m):
        away = np.arange(n) + 0.5 - (np.arange(m)[:, None] + 0.5) * n / m
        found = np.clip(1 - np.abs(away) * min(m / n, 1), 0, None)
        return found / found.sum(axis=1, keepdims=True)

    return weights(len(mask), height) @ mask @ weights(mask.shape[1], width).T > 0.5


def test_a_run_is_judged_on_the_test_pictures_of_its_own_split(network, divided):
    measured, own, first = divided
    assert measured.index.tolist() == own.test.tolist() and len(own.test) == 10
    assert not set(measured.index) & (set(own.train) | set(own.validation))
    assert set(measured.index) & set(first.train)  # those of split 0 are others


def test_a_result_over_the_test_pictures_of_another_split_is_not_shown(network):
    spec, result = TrustSpec(network), TRUST.shipped(TrustSpec("run:example"))
    run = runs.create("trust", spec.to_json(), owner="somebody", title="From an earlier version")
    files.write_atomically(TRUST.path(run), files.pack(result))
    assert TRUST.load(run) is None
    own = replace(result, index=datasets.split("galaxies", 1).test)
    files.write_atomically(TRUST.path(run), files.pack(own))
    assert TRUST.load(run).index.tolist() == own.index.tolist()
    example = runs.create("trust", TrustSpec("run:example").to_json(), owner="somebody", title="Of split 0")
    files.write_atomically(TRUST.path(example), files.pack(result))
    assert TRUST.load(example) is not None


def test_every_test_picture_is_held_against_its_object(network, measured):
    assert measured.methods == tuple(METHODS) and measured.has_truth
    assert measured.label.tolist() == (measured.index % 5).tolist()  # one class after the other
    row = measured.methods.index("saliency")
    for at, index in enumerate(measured.index.tolist()):
        picture = f"sample:galaxies:{index}"
        assert measured.answer[at] == answers.predict(network, picture).probabilities.argmax()
        mask = at_size(datasets.mask("galaxies", index), tiny.HEIGHT, tiny.WIDTH)
        assert measured.area[at] == pytest.approx(mask.mean()) and measured.chance[at] >= measured.area[at]
        asked = ExplanationSpec(network, picture, "logit", int(measured.answer[at]), "saliency")
        found = explain.attribution_map(asked)
        assert measured.share[row, at] == pytest.approx(found.values[mask].sum() / found.values.sum(), rel=1e-5)
    assert measured.sample.tolist() == [0, 4, 9] and measured.deletion.shape == (len(METHODS), 3, len(measured.shares))
    np.testing.assert_allclose(
        measured.insertion[:, 1, -1],
        answers.predict(network, f"sample:galaxies:{measured.index[4]}").probabilities.max(),
        atol=1e-5,
    )


def test_the_summary_counts_all_or_only_the_right_answers(measured):
    everything, right = measured.pointing("all"), measured.pointing("right")
    assert list(everything)[-2:] == ["centre", "even"] and everything["saliency"].n == 10
    assert right["saliency"].n == int((measured.label == measured.answer).sum()) < 10
    assert everything["saliency"].value == pytest.approx(measured.hit[1].mean())
    shares = measured.shares_inside("all")
    assert shares["even"].value == pytest.approx(measured.area.mean(), rel=1e-5)
    areas = measured.areas("deletion")
    assert list(areas) == [*METHODS, "random"] and areas["random"].n == 3
    expected = deletion.area(measured.deletion[0], measured.shares).mean()
    assert areas["occlusion"].value == pytest.approx(expected)
    gains = measured.gains("insertion")["saliency"]
    pairs = deletion.area(measured.insertion[1], measured.shares)
    pairs = pairs - deletion.area(measured.random_insertion, measured.shares)
    assert gains.value == pytest.approx(pairs.mean()) and gains.n == 3
    assert measured.gains("deletion")["occlusion"].value == pytest.approx(areas["random"].value - expected)
    with pytest.raises(InputError, match="all, right"):
        measured.chosen("wrong")


def test_without_masks_only_the_curves_are_measured():
    model = classifier.attach(tiny.backbone(), training_spec.HeadSpec(), 8, seed=3)
    run = runs.create("training", TrainingSpec(dataset="textures").to_json(), owner="somebody", title="Textures")
    model.save(run.path("classifier.keras"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust, "SAMPLE", 3)
        found = trust.measure(TrustSpec(f"run:{run.id}"))
    assert not found.has_truth and len(found.index) == 3 and found.deletion.shape[:2] == (len(METHODS), 3)
    assert np.isnan(found.shares_inside("all")["saliency"].value)


def test_the_bar_of_the_job_is_not_that_of_one_of_its_maps(network):
    class Listener:
        shares = ()

        def event(self, *, share, note):
            self.shares += (share,)
            if len(self.shares) == 3:
                raise Cancelled

        def check(self):
            pass

    heard = Listener()
    with pytest.raises(Cancelled):
        trust.measure(TrustSpec(network), heard)
    assert heard.shares == (0, 1 / 300, 2 / 300)


def test_a_cancel_in_the_middle_is_heard(network):
    class Impatient:
        told = 0

        def event(self, **_):
            self.told += 1
            if self.told == 2:
                raise Cancelled

        def check(self):
            pass

    with pytest.raises(Cancelled):
        trust.measure(TrustSpec(network), Impatient())
    with pytest.raises(InputError, match="bare backbone"):
        trust.measure(TrustSpec("backbone:frame8:64"))


def test_what_is_shipped_belongs_to_the_shipped_weights_and_to_every_method():
    [question], [other] = TRUST.examples(), RANDOMISED.examples()
    found = TRUST.shipped(question)
    assert found is not None and len(found.index) == 300 and found.has_truth and found.methods == tuple(METHODS)
    assert other.class_index == int(found.answer[found.index.tolist().index(571)])
    followed = RANDOMISED.shipped(other)
    assert followed is not None and followed.levels[1] == "head" and "guided" in followed.unchanged()
    assert followed.methods == tuple(TESTED)
    assert TRUST.shipped(TrustSpec("run:" + "0" * 32)) is None
    assert RANDOMISED.shipped(RandomisedSpec(question.network, "sample:galaxies:7", other.class_index)) is None
