"""What workers run: thin, named functions whose arguments are ids and numbers.

Interactive tasks are the public functions of this module; they return a frozen dataclass in well under a second.
Jobs are long: `JOBS` names the function of each kind, which gets the run's folder, its spec and a `Progress`, and may
be killed and started again at any moment. Keras is imported inside functions only: the page imports this module too.
"""

from __future__ import annotations

import fcntl
import importlib
import logging
from pathlib import Path
from typing import Any, get_type_hints

import numpy as np

from models.activations.maps import (
    ActivationMaps,
    ChannelStatistics,
    ClassSelectivity,
    EpochMaps,
    LayerChanges,
    MapPair,
    NetworkScale,
)
from models.attribution.deletion import Curves
from models.attribution.maps import Attribution, ExplanationSpec
from models.catalogue import JOBS
from models.errors import Cancelled, FreezeframeError, StorageUnavailable
from models.features import gabor
from models.features.gabor import GaborFits, Kernels
from models.features.patches import BackwardViews, Projections
from models.networks.answers import Answers, Prediction
from models.occlusion.scores import PatchScores
from models.storage import files, runs
from models.training.results import ArchiveFile, ClassifierFile
from models.training.spec import AugmentationSpec, AugmentedPictures


def classifier_file(run: str) -> ClassifierFile:
    """Return the `.keras` file of the shipped example, whose classifier is not stored whole."""
    import tempfile

    from models.networks.worker import opened

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "classifier.keras")
        opened.load(f"run:{run}").model.save(path)
        return ClassifierFile(np.frombuffer(path.read_bytes(), np.uint8))


def training_archive(run: str) -> ArchiveFile:
    """Return a training as a ZIP: a plain Keras script with the pictures and the backbone it reads."""
    from models.training.worker import archive

    return ArchiveFile(np.frombuffer(archive.archive(runs.get(run)), np.uint8))


def execute(run_id: str) -> str:
    """Run one job to its end and return the final state; called by the engine, never by a page.

    One process at a time works on a run: the kernel frees the lock when that process dies.
    """
    run = runs.get(run_id)
    with open(run.path("lock"), "a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return "busy"
        if not run.status.active:
            return run.status.state
        return _execute(run, runs.RunProgress(run))


def _execute(run: runs.Run, progress: runs.RunProgress) -> str:
    module, function = JOBS[run.kind].split(":")
    try:
        progress.check()
        getattr(importlib.import_module(module), function)(run.folder, run.spec, progress)
    except Cancelled:
        progress.finish("cancelled")
    except FreezeframeError as error:
        progress.finish("failed", str(error))
    except MemoryError:
        progress.finish("failed", "The machine ran out of memory. Choose a smaller batch or less data.")
    except Exception as error:
        if isinstance(error, OSError) and error.errno in files.UNWRITABLE:
            logging.getLogger(__name__).warning("a job of kind %s could not save: %s", run.kind, error)
            progress.finish("failed", files.cannot_save(error))
        else:
            logging.getLogger(__name__).exception("a job of kind %s failed", run.kind)
            progress.finish("failed", "Something went wrong inside this job; its settings are kept. Start it again.")
    else:
        progress.finish("done")
    return run.status.state


def answer_type(name: str) -> type[Any]:
    """Return the class of what the task called `name` answers."""
    kind: type[Any] = get_type_hints(globals()[name])["return"]
    return kind


def interactive(name: str, arguments: dict[str, Any]) -> Any:
    """Return what the task called `name` answers, or its refusal; called by the engine.

    A refusal is returned, not raised: Dask would write a traceback for what is an ordinary answer.
    """
    try:
        return globals()[name](**arguments)
    except FreezeframeError as refusal:
        return refusal
    except OSError as error:
        if error.errno not in files.UNWRITABLE:
            raise
        return StorageUnavailable(files.cannot_save(error))


def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
    """Return what the channels of a layer answer to a picture."""
    from models.activations.worker import maps

    return maps.activation_maps(network, layer, picture)


def channel_statistics(network: str, layer: str, dataset: str) -> ChannelStatistics:
    """Return what is usual for the channels of a layer, and which of them are dead."""
    from models.activations.worker import maps

    return maps.channel_statistics(network, layer, dataset)


def class_selectivity(network: str, layer: str, dataset: str) -> ClassSelectivity:
    """Return how well each channel of a layer tells the classes of a data set apart."""
    from models.activations.worker import maps

    return maps.class_selectivity(network, layer, dataset)


def network_scale(network: str, dataset: str) -> NetworkScale:
    """Return how large the answers of all layers with maps become."""
    from models.activations.worker import maps

    return maps.network_scale(network, dataset)


def layer_changes(run: str, dataset: str) -> LayerChanges:
    """Return how far training moved the answer of every layer."""
    from models.activations.worker import maps

    return maps.layer_changes(run, dataset)


def map_pair(run: str, layer: str, picture: str) -> MapPair:
    """Return a layer's answers to a picture before and after training."""
    from models.activations.worker import maps

    return maps.map_pair(run, layer, picture)


def epoch_maps(run: str, layer: str, picture: str, most: int, channel: int) -> EpochMaps:
    """Return a layer's answers to a picture at every kept epoch, for the channels that move most."""
    from models.activations.worker import maps

    return maps.epoch_maps(run, layer, picture, most, channel)


def augmented_pictures(
    picture: str, side: int, augmentation: dict[str, Any], seed: int, first: int, count: int
) -> AugmentedPictures:
    """Return what epochs of a training, from `first` (0 is the first) on, would make of a picture."""
    from models.training.worker import augment

    spec = AugmentationSpec.from_json(augmentation)
    return augment.preview(spec, picture, side=side, seed=seed, epochs=range(first, first + count))


def predict(network: str, picture: str) -> Prediction:
    """Return what a classifier says about a picture."""
    from models.networks.worker import answers as networks_answers

    return networks_answers.predict(network, picture)


def answers(network: str, dataset: str) -> Answers:
    """Return what a classifier says about the test pictures of a data set."""
    from models.networks.worker import answers as networks_answers

    return networks_answers.answers(network, dataset)


def patch_scores(
    network: str, picture: str, patch: int, stride: int, fill: str, layer: str, channel: int
) -> PatchScores:
    """Return every class's score and one map's activity with parts of a picture hidden; for a few seconds at most."""
    from models.occlusion.worker import hide

    return hide.hide(network, picture, patch=patch, stride=stride, fill=fill, layer=layer, channel=channel)


def projections(
    network: str, layer: str, channel: int, dataset: str, places: tuple[tuple[int, int, int], ...], rule: str
) -> Projections:
    """Return what of some pictures reaches one channel's value at one (picture, row, col) of each."""
    from models.features.worker import patch_search

    return patch_search.projections(network, layer, channel, dataset, places, rule)


def attribution_map(spec: dict[str, Any]) -> Attribution:
    """Return the map that `spec`, the JSON of an ExplanationSpec, asks for; of a second or two at most."""
    from models.attribution.worker import explain

    return explain.attribution_map(ExplanationSpec.from_json(spec))


def deletion_curves(spec: dict[str, Any]) -> Curves:
    """Return the deletion and insertion curves of all methods for the picture of an ExplanationSpec."""
    from models.attribution.worker import explain

    return explain.deletion_curves(ExplanationSpec.from_json(spec))


def first_kernels(network: str) -> Kernels:
    """Return the kernels of a network's first convolution."""
    from models.networks.worker import opened

    return gabor.first_kernels(opened.load(network).model.layers)


def gabor_fits(network: str) -> GaborFits:
    """Return the Gabor functions that fit the kernels of a network's first convolution; about a second."""
    from models.features import gabor_fit

    found = first_kernels(network)
    return gabor_fit.fit(found.values, found.layer)


def backward_views(network: str, layer: str, channel: int, picture: str) -> BackwardViews:
    """Return a channel's strongest value for a picture, carried back to the pixels by three rules."""
    from models.features.worker import backward

    return backward.backward_views(network, layer, channel, picture)
