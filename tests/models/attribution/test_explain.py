"""Maps by name, the job for large networks, and what all maps are worth over test pictures: on a tiny trained run."""

import numpy as np
import pytest

from models.attribution import deletion, pointing
from models.attribution import trust as attribution_trust
from models.attribution.deletion import Curves
from models.attribution.maps import CURVES, FEW_STEPS, METHODS, Attribution, ExplanationSpec
from models.attribution.trust import TrustSpec
from models.attribution.worker import explain, trust
from models.errors import Cancelled, InputError
from models.jobs import execute
from models.pictures import datasets
from models.pictures.datasets import Split
from models.storage import files, progress, runs
from models.training import spec as training_spec
from models.training.spec import TrainingSpec
from models.training.worker import classifier
from tests.models import tiny

PICTURE = "sample:galaxies:571"
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def network():
    """The id of a finished run whose network is small and takes 12 x 16 pictures."""
    model = classifier.attach(tiny.backbone(), training_spec.HeadSpec(), 5, seed=3)
    run = runs.create("training", TrainingSpec().to_json(), owner="somebody", title="A run")
    model.save(run.path("classifier.keras"))
    return f"run:{run.id}"


def spec(network, **changes):
    return ExplanationSpec(network, PICTURE, "logit", 1, **changes)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_answers_by_its_name(network, method):
    found = execute.attribution_map(spec(network, method=method).to_json())
    assert (found.method, found.values.shape) == (method, (tiny.HEIGHT, tiny.WIDTH))
    assert found.score == pytest.approx(execute.predict(network, PICTURE).logits[1], abs=1e-4)
    again = files.decode(files.encode(found), type(found))
    np.testing.assert_array_equal(again.values, found.values)
    assert np.isnan(again.total) == (method != "integrated")


def test_what_is_unknown_is_refused(network):
    for changes, message in (
        ({"method": "magic"}, "Expected a method out of occlusion, saliency"),
        ({"method": "gradcam", "layer": "head_output"}, "maps that have positions"),
        ({"method": "integrated", "baseline": "white"}, "Expected the baseline"),
    ):
        with pytest.raises(InputError, match=message):
            execute.attribution_map(spec(network, **changes).to_json())
    with pytest.raises(InputError, match="class number from 0 to 4"):
        execute.deletion_curves(ExplanationSpec(network, PICTURE, "logit", 9).to_json())
    with pytest.raises(InputError, match="bare backbone"):
        execute.attribution_map(ExplanationSpec("backbone:frame8:64:random", PICTURE, "logit", 0, "saliency").to_json())
    with pytest.raises(InputError, match="Expected fields among"):
        execute.attribution_map({"network": network, "colour": "red"})


def test_a_job_writes_one_map_after_the_other_and_can_be_cancelled(network, tmp_path):
    asked = spec(network, method="saliency,gradcam").to_json()
    explain.run_job(tmp_path, asked, progress.SILENT)
    for method in ("saliency", "gradcam"):
        written = files.decode((tmp_path / f"{method}.npz").read_bytes(), Attribution)
        same = explain.attribution_map(spec(network, method=method))
        assert isinstance(written, Attribution)
        np.testing.assert_array_equal(written.values, same.values)

    class Impatient:
        def event(self, **_):
            pass

        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        explain.run_job(tmp_path, spec(network, method="integrated").to_json(), Impatient())
    assert not (tmp_path / "integrated.npz").exists()


def test_the_curves_of_all_methods_come_of_their_own_maps(network, tmp_path):
    found = execute.deletion_curves(spec(network, cell=2, steps=FEW_STEPS).to_json())
    assert found.methods == tuple(METHODS) and found.cell == 2 and found.score == "logit"
    base = execute.predict(network, PICTURE).logits[1]
    np.testing.assert_allclose(found.deletion[:, 0], base, atol=1e-4)
    np.testing.assert_allclose(found.insertion[:, -1], base, atol=1e-4)
    explain.run_job(tmp_path, spec(network, cell=2, steps=FEW_STEPS).to_json(), progress.SILENT)
    np.testing.assert_array_equal(files.decode((tmp_path / CURVES).read_bytes(), Curves).insertion, found.insertion)


@pytest.fixture(scope="module")
def measured(network):
    """What the maps are worth over six test pictures."""
    few = Split(np.arange(3), np.arange(3, 6), np.array([7, 100, 333, 571, 800, 1201]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(datasets, "split", lambda *_: few)
        patch.setattr(trust, "SAMPLE", 3)
        return trust.measure(TrustSpec(network))


def test_every_test_picture_is_held_against_its_object(network, measured):
    assert measured.index.tolist() == [7, 100, 333, 571, 800, 1201] and measured.methods == tuple(METHODS)
    assert measured.label.tolist() == [2, 0, 3, 1, 0, 1] and measured.has_truth
    said = execute.predict(network, "sample:galaxies:571")
    assert measured.answer[3] == said.probabilities.argmax()
    found = explain.attribution_map(
        ExplanationSpec(network, "sample:galaxies:571", "logit", int(measured.answer[3]), "saliency")
    )
    mask = pointing.mask_of("sample:galaxies:571", tiny.HEIGHT, tiny.WIDTH)
    row = measured.methods.index("saliency")
    assert measured.share[row, 3] == pytest.approx(found.values[mask].sum() / found.values.sum(), rel=1e-5)
    assert measured.area[3] == pytest.approx(mask.mean()) and measured.chance[3] >= measured.area[3]
    assert measured.sample.tolist() == [0, 2, 5] and measured.deletion.shape == (5, 3, len(measured.shares))
    np.testing.assert_allclose(
        measured.insertion[:, 1, -1], execute.predict(network, "sample:galaxies:333").probabilities.max(), atol=1e-5
    )


def test_the_summary_counts_all_or_only_the_right_answers(measured):
    everything, right = measured.pointing("all"), measured.pointing("right")
    assert list(everything)[-2:] == ["centre", "even"] and everything["saliency"].n == 6
    assert right["saliency"].n == int((measured.label == measured.answer).sum()) < 6
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


def test_without_masks_only_the_curves_are_measured(tmp_path):
    model = classifier.attach(tiny.backbone(), training_spec.HeadSpec(), 8, seed=3)
    run = runs.create("training", TrainingSpec(dataset="textures").to_json(), owner="somebody", title="Textures")
    model.save(run.path("classifier.keras"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trust, "SAMPLE", 3)
        trust.run_job(tmp_path, TrustSpec(f"run:{run.id}").to_json(), progress.SILENT)
    found = attribution_trust.load(runs.Run("x", tmp_path))
    assert not found.has_truth and len(found.index) == 3 and found.deletion.shape[:2] == (5, 3)
    assert np.isnan(found.shares_inside("all")["saliency"].value)
    (tmp_path / attribution_trust.RESULT).write_bytes(b"PK torn")
    assert attribution_trust.load(runs.Run("x", tmp_path)) is None


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


def test_what_is_shipped_belongs_to_the_shipped_weights():
    from models.attribution import trust as attribution_trust
    from models.attribution.randomised import RandomisedSpec

    found = attribution_trust.truth(attribution_trust.TRUTH)
    assert found is not None and len(found.index) == 300 and found.has_truth
    answer = int(found.answer[found.index.tolist().index(571)])
    followed = attribution_trust.randomised(
        RandomisedSpec(attribution_trust.TRUTH.network, attribution_trust.COVER, answer)
    )
    assert followed is not None and followed.levels[1] == "head" and "guided" in followed.unchanged()
    assert attribution_trust.truth(TrustSpec("run:" + "0" * 32)) is None
    other = RandomisedSpec(attribution_trust.TRUTH.network, "sample:galaxies:7", answer)
    assert attribution_trust.randomised(other) is None
