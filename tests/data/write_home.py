"""Writes `home_0_4`: a home folder as version 0.4 left it, which every later version must open.

It was run once, at version 0.4 (commit 08c3fc5), and is kept to show how the folder came about:

    FREEZEFRAME_HOME=tests/data/home_0_4 FREEZEFRAME_SWEEP_PROCESSES=1 .venv/bin/python -m tests.data.write_home

Do not run it again: a folder written by newer code would prove nothing. `tests/models/test_older_home.py` opens it. The
jobs are the real ones, made small by their specs and, where these do not allow it, by patched constants. The file of
weights is a few bytes. The trained classifiers are gone; of the training's the head stays, as of the shipped example's.
"""

import itertools
import secrets
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import numpy as np

from models import (
    calibration,
    datasets,
    example,
    images,
    maximisation_job,
    network_layers,
    probe,
    randomised,
    randomised_job,
    run_networks,
    runs,
    som_depth,
    som_table_store,
    som_tables,
    tasks,
    weights,
)
from models.attribution_maps import ExplanationSpec
from models.augmentation_spec import GENTLE
from models.errors import WeightsUnavailable
from models.likeness import LikenessSpec
from models.maximisation_spec import MaximisationSpec
from models.probe import ProbeSpec
from models.randomised import RandomisedSpec
from models.som import SomSpec
from models.som_data import SomTask
from models.sweeps import SweepSpec
from models.top_patches import PatchSpec
from models.training_specs import TrainingSpec
from models.transferability_slice import SliceSpec
from models.trust import TrustSpec

OWNER = "0123456789abcdef" * 2
FRAME8, EXAMPLE, GALAXY = "backbone:frame8:64", "run:example", "sample:galaxies:571"
NUMBERS = itertools.count(1)  # of runs and tables: their ids
_random = secrets.token_hex


def numbered(n_bytes: int) -> str:
    """Give runs and tables the ids 1, 2, 3, … instead of random ones."""
    return f"{next(NUMBERS):032x}" if n_bytes == 16 else _random(n_bytes)


def made(kind: str, spec: dict, title: str, state: str = "done") -> runs.Run:
    """Queue a job and carry it out as a worker does."""
    run = runs.create(kind, spec, owner=OWNER, title=title)
    assert tasks.execute(run.id) == state, (kind, run.status.message)
    print(run.id[-2:], kind, state, sum(path.stat().st_size for path in run.folder.rglob("*")))
    return run


def kept_beside_the_runs() -> tuple[str, str]:
    """Write a picture, a table, some drawn pictures and the rates; return the ids of picture and table."""
    ramp = np.add.outer(np.arange(20), np.arange(30))[..., None] * np.array([5, 3, 1])
    picture = images.store_upload(ramp.astype(np.uint8), OWNER)
    csv = b"length,width,kind\n1,2.5,a\n2,3.5,b\n4,,a\n3,1.5,b\n5,0.5,a\n"
    table = som_table_store.store(som_tables.parse(csv, "flowers.csv"), OWNER)
    few = replace(datasets.get("textures"), per_class=(1,) * 8)
    with patch.dict(datasets.DATASETS, textures=few):
        datasets.load("textures")
    with patch.object(calibration, "_processor", lambda: "A processor"):
        calibration.write(calibration.Rates(51e9, 7e9, 19e9, 2e9, 390e6, 26.0, "2026-11-25"))
    return picture, table


def trainings() -> str:
    """Write a training and a sweep, and one that was cancelled before it began; return the training's network id."""
    spec = TrainingSpec(dataset="digits", shots=3, epochs=2, batch=10, learning_rate=0.01)
    run = made("training", replace(spec, keep_epochs=True, label_noise=0.2).to_json(), "A training")
    made("sweep", SweepSpec("shots", ("1", "2"), base=spec, seeds=1).to_json(), "A sweep")
    waiting = runs.create("training", replace(spec, augmentation=GENTLE).to_json(), owner=OWNER, title="Not begun")
    waiting.cancel()
    waiting.set_status(replace(waiting.status, state="cancelled", finished=waiting.created + 5))
    return f"run:{run.id}"


def downloads() -> None:
    """Write a download that came to its end and one that failed."""

    def arrives(url: str, target: Path, *_: object, **__: object) -> None:
        target.write_bytes(b"a few bytes in place of weights")

    def fails(*_: object, what: str, **__: object) -> None:
        raise WeightsUnavailable(f"The weights of {what} could not be downloaded: nothing can be reached from here.")

    for download, backbone, state in ((arrives, "mobilenetv3small", "done"), (fails, "vgg16", "failed")):
        with patch.object(weights, "download_file", download):
            made("weights", {"backbone": backbone}, f"Weights of {backbone}", state)


def maps(table: str) -> None:
    """Write self-organising maps and what they measure."""
    som = SomSpec(2, 3, epochs=2, radius0=1.0, snapshots=3)
    made("som", SomTask("named", som).to_json(), "A map of colours")
    hexagonal = replace(som, lattice="hexagonal")
    of_table = SomTask("table", hexagonal, table=table, columns=("length", "width"), label="kind")
    made("som", of_table.to_json(), "A map of a table")
    spec = {"dataset": "digits", "rows": 1, "columns": 2, "epochs": 2, "turns": 4, "mirror": True, "seeds": 1}
    made("rotation", spec, "Rotations")


def looks_into(network: str) -> None:
    """Write what is measured of a whole network, the training's."""
    with patch.object(som_depth, "SEEDS", 2):
        made("depth", {"network": network, "dataset": "digits"}, "Purity by depth")
    with patch.object(probe, "splits", lambda dataset, seed=0: {20: datasets.split(dataset, seed, 20)}):
        made("probe", ProbeSpec(network, "digits").to_json(), "A probe")
    made("likeness", LikenessSpec(FRAME8, network, "digits").to_json(), "Likeness")
    everything = network_layers.layers(network)
    some = tuple(layer for layer in everything if layer.name in ("conv1_relu", "head_output"))
    with patch.object(network_layers, "layers", lambda _: some):
        made("patches", PatchSpec(network, "digits").to_json(), "Strongest answers")
    made("transferability", SliceSpec(seeds=1, shots=20, epochs=1).to_json(), "A slice")


def explanations(picture: str) -> None:
    """Write what is asked about single pictures, and about maps of the example's classifier."""
    question = {"network_id": EXAMPLE, "picture_id": GALAXY, "patch": 32, "stride": 16, "fill": "mean"}
    made("occlusion", {**question, "layer": "conv5_relu", "channel": -1}, "Occlusion map")
    asked = ExplanationSpec(EXAMPLE, picture, "logit", 1, "saliency,gradcam")
    made("explanation", asked.to_json(), "Two maps")
    made("explanation", replace(asked, method="", samples=2, steps=8).to_json(), "Curves")
    whole = maximisation_job.maximise
    with patch.object(maximisation_job, "maximise", lambda *args, **more: whole(*args, **more, frames=2)):
        made("maximisation", MaximisationSpec(FRAME8, "conv1_relu", 7, steps=64).to_json(), "A film")
    split = datasets.split
    with patch.object(datasets, "split", lambda *args: replace(split(*args), test=split(*args).test[:2])):
        made("trust", TrustSpec(EXAMPLE).to_json(), "Held against the truth")
    every = randomised_job.maps_of
    with (
        patch.object(randomised, "MOST_LEVELS", 2),
        patch.object(randomised_job, "PICTURES", 2),
        patch.object(randomised_job, "maps_of", lambda *args: {m: every(*args)[m] for m in ("saliency", "gradcam")}),
    ):
        made("randomised", RandomisedSpec(EXAMPLE, GALAXY, 1).to_json(), "Random from the head down")


def main() -> None:
    """Write everything into the home folder."""
    with patch.object(secrets, "token_hex", numbered):
        picture, table = kept_beside_the_runs()
        network = trainings()
        downloads()
        maps(table)
        looks_into(network)
        explanations(picture)
    run = runs.get(network.removeprefix("run:"))
    runs.write_atomically(run.path("head.npz"), example._head(run_networks.ended(run)))
    for classifier in runs.home().rglob("classifier.keras"):
        classifier.unlink()


if __name__ == "__main__":
    main()
