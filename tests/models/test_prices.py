"""What a job says it takes: the parts of its price, added up by hand from a pass whose seconds are known."""

import pytest

from models import catalogue
from models.attribution.maps import ExplanationSpec
from models.attribution.randomised import RandomisedSpec
from models.attribution.trust import TrustSpec
from models.features.maximisation import MaximisationSpec
from models.features.patches import PatchSpec
from models.jobs.job import PricedSpec
from models.networks import layers
from models.representations.architectures import ArchitecturesSpec
from models.representations.cka import CkaSpec
from models.representations.probe import ProbeSpec
from models.som.data import SomTask
from models.som.depth import DepthTask
from models.som.rotation import RotationTask
from models.som.spec import SomSpec

FRAME8, WIDER, RANDOM, EXAMPLE = "backbone:frame8:64", "backbone:frame8:128", "backbone:frame8:64:random", "run:example"
LITE0 = "backbone:lite0:128"
PASS = {FRAME8: 0.01, RANDOM: 0.01, WIDER: 0.07, EXAMPLE: 0.02, LITE0: 0.03}  # seconds of a forward pass of one picture
GALAXIES, DIGITS = 1500, 1797  # pictures
MAPS = 170 + 2 * 2.5 + 2.5  # passes of occlusion, saliency and Grad-CAM; the other two hang on their settings

PRICES = [
    (CkaSpec(FRAME8, WIDER), 3 + 256 * 0.01 + 256 * 0.07),
    (CkaSpec(WIDER, WIDER), 3 + 256 * 0.07),
    # At five depths and the pixels; the random network alone is one network.
    (ProbeSpec(FRAME8, "galaxies"), 4 + 2 * (GALAXIES * 0.01 + 5 * 1.0) + 1.0),
    (ProbeSpec(RANDOM, "digits"), 4 + DIGITS * 0.01 + 5 * 1.0 + 1.0),
    # Every picture once, nine more for the time of one, and 3.5 s a backbone to build it and for its regressions.
    (ArchitecturesSpec(), 4 + (GALAXIES + 9) * (0.01 + 0.03) + 2 * (1.5 + 2.0)),
    (ArchitecturesSpec(dataset="digits", side=128), 4 + (DIGITS + 9) * (0.07 + 0.03) + 2 * (1.5 + 2.0)),
    (ExplanationSpec(EXAMPLE, "galaxies:3", "logit", 0, "saliency"), 5 * 0.02),
    (ExplanationSpec(EXAMPLE, "galaxies:3", "logit", 0, "smoothgrad,gradcam", samples=10), (11 + 1) * 2.5 * 0.02),
    (ExplanationSpec(EXAMPLE, "galaxies:3", "logit", 0), (MAPS + 26 * 2.5 + 161 * 2.5 + 300) * 0.02),
    # 300 test pictures with objects, whose maps are held against them, and the curves of 60.
    (TrustSpec(EXAMPLE), (300 * (MAPS + 26 * 2.5 + 65 * 2.5 + 75) + 60 * 300) * 0.02),
    # 8 pictures, with guided backpropagation; the trained network, and six levels.
    (RandomisedSpec(EXAMPLE, "galaxies:3", 0), 8 * (MAPS + 11 * 2.5 + 33 * 2.5 + 2.5) * (1 + 6) * 0.02),
    # Five maps of each of the layers that end a step.
    (DepthTask(EXAMPLE, "galaxies"), 2 * GALAXIES * 0.02 + 0.2 * 5 * 8),
    (DepthTask(RANDOM, "digits"), DIGITS * 0.01 + 0.2 * 5 * 7),
    # A plain map and one of 16 poses, mirrored too; 24 x 24 numbers a picture, and the search of the end.
    (RotationTask(rows=7, columns=9, epochs=20, seeds=3), 3 * 21 * GALAXIES * 63 * (1 + 32) * 24**2 * 1.3e-10),
    (RotationTask(turns=4, mirror=False), 5 * 31 * GALAXIES * 100 * (1 + 4) * 24**2 * 1.3e-10),
    (PatchSpec(FRAME8, "galaxies"), 3 + 17 * 0.035 + 1.6 * GALAXIES * 0.01),
    (MaximisationSpec(FRAME8, "conv3_relu", 5, steps=64), 2 + 3.5 * 64 * 0.01),
    (
        SomTask("colours", SomSpec(6, 9, epochs=11)),
        11 * (1e-3 + 1000 * 54 * (3 * 1.3e-10 + 2e-9)),
    ),
    (
        SomTask("digits", SomSpec(6, 9, "online", epochs=2)),
        2 * DIGITS * (5e-5 + 54 * (64 * 3e-9 + 3e-8)),
    ),
    (
        SomTask("features", SomSpec(6, 9, epochs=11), network=WIDER, layer="conv5_relu", dataset="digits"),
        DIGITS * 0.07 + 11 * (1e-3 + DIGITS * 54 * (256 * 1.3e-10 + 2e-9)),
    ),
]  # fmt: skip
ELSEWHERE = {"occlusion", "sweep", "transferability"}  # in the tests of their own wings


@pytest.mark.parametrize(("spec", "seconds"), PRICES, ids=lambda value: type(value).__name__)
def test_a_price_is_the_sum_of_its_parts(monkeypatch, spec, seconds):
    monkeypatch.setattr(layers, "seconds", lambda network, passes: passes * PASS[network])
    assert spec.seconds == pytest.approx(seconds, rel=1e-9)


def test_every_price_is_checked():
    priced = {job.kind for job in catalogue.JOBS if issubclass(job.spec, PricedSpec)}
    assert {job.kind for job in catalogue.JOBS if job.spec in {type(spec) for spec, _ in PRICES}} == priced - ELSEWHERE
