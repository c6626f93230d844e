"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call("activation_maps", network=network, layer=layer, picture=picture)
"""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, replace
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from PIL import Image

from models import answers as files
from models import (
    datasets,
    engine,
    gabor_recordings,
    images,
    kernels,
    maximisation_recordings,
    network_layers,
    pretraining_card,
    randomised,
    runs,
    som_data,
    som_failures,
    som_record,
    som_recorder,
    som_recordings,
    som_rotation_job,
    som_table_store,
    trust,
    trust_recordings,
)
from models import maximisation_film as maximisation_films
from models import patch_scores as hidden_patches
from models import som_depth as som_depth_job
from models import top_patches as patch_results
from models.answers import Result
from models.attribution_maps import Attribution, ExplanationSpec
from models.augmentation_spec import AugmentationSpec
from models.deletion import Curves
from models.gabor import GaborFits
from models.gabor_recordings import Noise, Stages
from models.kernels import Kernels
from models.map_changes import EpochMaps, LayerChanges, MapPair
from models.maximisation_film import Film, Sheet
from models.maximisation_spec import MaximisationSpec
from models.patch_scores import PatchScores
from models.pretraining_card import Card, KernelStages
from models.randomised import RandomisedResult, RandomisedSpec
from models.results import (
    ActivationMaps,
    Answers,
    AugmentedPictures,
    BackwardViews,
    ChannelStatistics,
    ClassSelectivity,
    NetworkScale,
    Prediction,
)
from models.som_data import SomData, SomTask
from models.som_depth import DepthResult
from models.som_failures import Outcome
from models.som_record import SomRecord
from models.som_rotation_job import RotationResult
from models.som_spec import SomSpec
from models.som_steps import Trace, Trained, trained
from models.som_tables import Table
from models.tasks import ArchiveFile, ClassifierFile
from models.top_patches import Projections, TopPatches
from models.training_results import load_result
from models.trust import TrustResult, TrustSpec

if TYPE_CHECKING:
    from plotly.graph_objects import Figure

    from dashboard.figures.activations import Grid
    from dashboard.figures.patches import Pairs

THUMBNAIL_SIDE = 64  # pixels of a thumbnail before the browser enlarges it


@st.cache_data(max_entries=512, max_size="32MB", show_spinner=False)
def enlarged_png(picture: str, target: int) -> bytes:
    """Return a picture as a PNG whose longest side is near `target` pixels, each pixel repeated: it stays crisp."""
    return images.png(images.enlarge(images.load_picture(picture), target))


@st.cache_data(max_entries=64, max_size="8MB", show_spinner=False)
def jpeg(path: str) -> bytes:
    """Return a shipped picture as a JPEG: of a WebP file Streamlit would make one in every rerun."""
    buffer = BytesIO()
    with Image.open(path) as picture:
        picture.convert("RGB").save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@st.cache_data(max_entries=128, max_size="16MB", show_spinner=False)
def sprite(pictures: tuple[str, ...], outlined: bool) -> str:
    """Return the thumbnails of some pictures side by side as one data URL; `outlined` shows the object of each."""
    tiles = []
    for picture in pictures:
        image, (kind, *place) = images.load_picture(picture), picture.split(":")
        if outlined and kind == "sample" and datasets.get(place[0]).has_masks:
            image = images.outlined(image, datasets.mask(place[0], int(place[1])))
        tiles.append(images.thumbnail(image, THUMBNAIL_SIDE))
    row = images.webp(images.tile(np.stack(tiles), len(tiles), gap=0))
    return f"data:image/webp;base64,{base64.b64encode(row).decode()}"


@st.cache_data(max_entries=64, max_size="64MB", show_spinner="Asking the network…")
def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
    """Return what the channels of a layer answer to a picture."""
    answer: ActivationMaps = engine.call("activation_maps", network=network, layer=layer, picture=picture)
    return answer


@st.cache_data(max_entries=256, max_size="16MB", show_spinner="Looking for dead channels…")
def channel_statistics(network: str, layer: str, dataset: str) -> ChannelStatistics:
    """Return what is usual for the channels of a layer over a sample of the data."""
    answer: ChannelStatistics = engine.call("channel_statistics", network=network, layer=layer, dataset=dataset)
    return answer


@st.cache_data(max_entries=64, max_size="16MB", show_spinner="Comparing the classes…")
def class_selectivity(network: str, layer: str, dataset: str) -> ClassSelectivity:
    """Return how well each channel of a layer tells the classes of a data set apart."""
    answer: ClassSelectivity = engine.call("class_selectivity", network=network, layer=layer, dataset=dataset)
    return answer


@st.cache_data(max_entries=64, show_spinner="Measuring all layers…")
def network_scale(network: str, dataset: str) -> NetworkScale:
    """Return how large the answers of all layers with maps become."""
    answer: NetworkScale = engine.call("network_scale", network=network, dataset=dataset)
    return answer


@st.cache_data(max_entries=256, max_size="32MB", show_spinner=False)
def channel_grid(network: str, layer: str, picture: str, dataset: str, criterion: str, scale: str, page: int) -> Grid:
    """Return one page of a layer's channels as tiles."""
    from dashboard.figures import activations as figures  # brings Plotly, which other pages need not wait for

    return figures.grid(
        activation_maps(network, layer, picture),
        channel_statistics(network, layer, dataset),
        criterion,
        scale,
        page,
        selectivity=class_selectivity(network, layer, dataset) if criterion == "selective" else None,
        network=network_scale(network, dataset) if scale == "network" else None,
    )


@st.cache_data(max_entries=32, max_size="64MB", show_spinner="Asking the network before and after training…")
def map_pair(run_id: str, layer: str, picture: str) -> MapPair:
    """Return a layer's answers to a picture before and after training."""
    answer: MapPair = engine.call("map_pair", run=run_id, layer=layer, picture=picture)
    return answer


@st.cache_data(max_entries=64, max_size="16MB", show_spinner=False)
def change_grid(run_id: str, layer: str, picture: str, criterion: str, page: int) -> Grid:
    """Return one page of a layer's channels as tiles of three: before training, after it, and the difference."""
    from dashboard.figures import map_pairs  # brings Plotly, which other pages need not wait for

    return map_pairs.grid(map_pair(run_id, layer, picture), criterion, page)


@st.cache_data(max_entries=64, show_spinner="Measuring how far every layer moved…")
def layer_changes(run_id: str, dataset: str) -> LayerChanges:
    """Return how far training moved the answer of every layer."""
    answer: LayerChanges = engine.call("layer_changes", run=run_id, dataset=dataset)
    return answer


@st.cache_data(max_entries=32, max_size="64MB", show_spinner="Asking the network at every epoch…")
def epoch_maps(run_id: str, layer: str, picture: str, most: int, channel: int) -> EpochMaps:
    """Return a layer's answers to a picture at every kept epoch, for the channels that move most."""
    answer: EpochMaps = engine.call("epoch_maps", run=run_id, layer=layer, picture=picture, most=most, channel=channel)
    return answer


@st.cache_data(max_entries=64, max_size="8MB", show_spinner="Asking the network…")
def first_kernels(network: str) -> Kernels:
    """Return the kernels of a network's first convolution; the shipped ones are read without a worker."""
    if re.fullmatch(r"backbone:frame8:\d+", network) and (shipped := kernels.shipped()):
        return shipped
    answer: Kernels = engine.call("first_kernels", network=network)
    return answer


@st.cache_data(max_entries=32, max_size="16MB", show_spinner="Fitting a Gabor function to every kernel…")
def gabor_fits(network: str) -> GaborFits:
    """Return the Gabor functions that fit a network's first kernels; the shipped ones are read without a worker."""
    if shipped := gabor_recordings.shipped(network):
        return shipped
    answer: GaborFits = engine.call("gabor_fits", network=network)
    return answer


@st.cache_resource(show_spinner=False)
def gabor_stages() -> Stages | None:
    """Return the fits through Frame8's pretraining; nobody changes them."""
    return gabor_recordings.stages()


@st.cache_resource(max_entries=8, show_spinner=False)
def gabor_noise(height: int, width: int) -> Noise | None:
    """Return what fitting kernels of noise of that size gives; nobody changes it."""
    return gabor_recordings.noise(height, width)


@st.cache_resource(max_entries=16, show_spinner=False)
def top_patches(run_id: str) -> TopPatches | None:
    """Return the strongest answers that a finished job found; read-only."""
    return patch_results.load(runs.get(run_id))


@st.cache_data(max_entries=64, max_size="32MB", show_spinner="Sending the signal back to the pixels…")
def patch_pairs(
    network: str, layer: str, channel: int, dataset: str, places: tuple[tuple[int, int, int], ...], rule: str
) -> Pairs:
    """Return patches, each around one (picture, row, col), and their projections, as they are drawn."""
    from dashboard.figures import patches as figures  # brings Plotly, which other pages need not wait for

    answer: Projections = engine.call(
        "projections", network=network, layer=layer, channel=channel, dataset=dataset, places=places, rule=rule
    )
    return figures.pairs(network_layers.layer(network, layer), dataset, places, answer)


@st.cache_data(max_entries=512, max_size="16MB", show_spinner=False)
def patch_mosaic(network: str, layer: str, dataset: str, places: tuple[tuple[int, int, int], ...]) -> bytes:
    """Return up to nine patches, each around one (picture, row, col), as one small picture."""
    from dashboard.figures import patches as figures  # brings Plotly, which other pages need not wait for

    return figures.mosaic(network_layers.layer(network, layer), dataset, places, network_layers.side(network))


@st.cache_data(max_entries=64, max_size="32MB", show_spinner=False)
def augmented_pictures(
    picture: str, side: int, augmentation: AugmentationSpec, seed: int, first: int, count: int
) -> AugmentedPictures:
    """Return what epochs of a training would make of a picture."""
    answer: AugmentedPictures = engine.call(
        "augmented_pictures",
        picture=picture, side=side, augmentation=asdict(augmentation), seed=seed, first=first, count=count,
    )  # fmt: skip
    return answer


@st.cache_data(max_entries=512, show_spinner="Asking the network…")
def prediction(network: str, picture: str) -> Prediction:
    """Return what a classifier says about a picture."""
    answer: Prediction = engine.call("predict", network=network, picture=picture)
    return answer


@st.cache_data(max_entries=32, show_spinner="Asking about every test picture…")
def answers(network: str, dataset: str) -> Answers:
    """Return what a classifier says about the test pictures of a data set."""
    answer: Answers = engine.call("answers", network=network, dataset=dataset)
    return answer


@st.cache_resource(show_spinner=False)
def frame8_card() -> tuple[Card, KernelStages]:
    """Return Frame8's model card and its first kernels on the way; nobody changes them."""
    return pretraining_card.read(), pretraining_card.read_kernels()


def classifier_file(run_id: str) -> bytes:
    """Return a run's classifier as a `.keras` file; kept nowhere, since it is megabytes and rarely asked for."""
    path = runs.get(run_id).path("classifier.keras")
    if path.exists():
        return path.read_bytes()
    answer: ClassifierFile = engine.call("classifier_file", run=run_id)
    return answer.data.tobytes()


def training_archive(run_id: str) -> bytes:
    """Return a run as a ZIP with a plain Keras script, its pictures and its backbone; kept nowhere, like the above."""
    answer: ArchiveFile = engine.call("training_archive", run=run_id)
    return answer.data.tobytes()


@st.cache_resource(max_entries=32, show_spinner="Hiding one part after the other…")
def patch_scores(
    network: str, picture: str, patch: int, stride: int, fill: str, layer: str, channel: int
) -> PatchScores:
    """Return every class's score and one map's activity with parts of a picture hidden; read-only."""
    answer: PatchScores = engine.call(
        "patch_scores",
        network=network, picture=picture, patch=patch, stride=stride, fill=fill, layer=layer, channel=channel,
    )  # fmt: skip
    return answer


@st.cache_resource(max_entries=32, show_spinner=False)
def patch_scores_result(run_id: str, version: int) -> PatchScores | None:
    """Return what a job has written at this version of its file (`patch_scores.version`); read-only."""
    return hidden_patches.load(runs.get(run_id).path(hidden_patches.RESULT)) if version else None


@st.cache_resource(max_entries=64, show_spinner="Following the gradient…")
def attribution_map(spec: ExplanationSpec) -> Attribution:
    """Return the map of one method for one class of a picture; of a second or two at most; read-only."""
    answer: Attribution = engine.call("attribution_map", spec=spec.to_json())
    return answer


@st.cache_resource(max_entries=32, show_spinner="Taking the picture apart and putting it together again…")
def deletion_curves(spec: ExplanationSpec) -> Curves:
    """Return the deletion and insertion curves of all methods for one class of a picture; read-only."""
    answer: Curves = engine.call("deletion_curves", spec=spec.to_json())
    return answer


def explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    """Return what a job for one picture has written under `name`; None where nothing can be read."""
    path = runs.get(run_id).path(name)
    found: Result | None = _explanation_result(run_id, name, kind) if path.exists() else None
    return found


@st.cache_resource(max_entries=32, show_spinner=False)
def _explanation_result(run_id: str, name: str, kind: type[Result]) -> Result | None:
    return files.read(runs.get(run_id).path(name), kind)


@st.cache_resource(max_entries=8, show_spinner=False)
def trust_result(spec: TrustSpec, run_id: str) -> TrustResult | None:
    """Return what a classifier's maps are worth over its test pictures: what a run measured, else what is shipped."""
    return trust.load(runs.get(run_id)) if run_id else trust_recordings.truth(spec)


@st.cache_resource(max_entries=8, show_spinner=False)
def randomised_result(spec: RandomisedSpec, run_id: str) -> RandomisedResult | None:
    """Return what random weights do to a classifier's maps: what a run measured, else what is shipped."""
    return randomised.load(runs.get(run_id)) if run_id else trust_recordings.randomised(spec)


@st.cache_resource(show_spinner=False)
def som_example() -> SomRecord:
    """Return the map of a first visit."""
    return som_recorder.example()


@st.cache_resource(max_entries=16, show_spinner=False)
def som_film(run_id: str, version: int) -> SomRecord | None:
    """Return the film of a run as it was at this version of its file; read-only."""
    return som_record.load(runs.get(run_id)) if version else None


def som_samples(task: SomTask, run_id: str) -> SomData:
    """Return what a map trains on; `run_id` names the run that holds the features of a network, if it needs them."""
    return _som_samples(replace(task, som=SomSpec()), run_id)


@st.cache_resource(max_entries=4, show_spinner="Getting the samples…")
def _som_samples(task: SomTask, run_id: str) -> SomData:
    return som_data.load(task, runs.get(run_id).folder if run_id else None)


@st.cache_resource(max_entries=8, show_spinner="Training up to this step…")
def som_trace(task: SomTask, run_id: str) -> Trace:
    """Return the online training of a map, to be followed step by step."""
    return Trace(som_samples(task, run_id).features, task.som)


@st.cache_data(max_entries=32, max_size="32MB", show_spinner="Training both maps…")
def som_trained(task: SomTask, run_id: str) -> Trained:
    """Return a map at the end of its training, of some thousand steps at most."""
    return trained(som_samples(task, run_id).features, task.som)


@st.cache_resource(max_entries=8, show_spinner=False)
def som_table(table: str) -> Table:
    """Return an uploaded table by its id, which nobody can guess; read-only."""
    return som_table_store.load(table)


@st.cache_resource(max_entries=16, show_spinner=False)
def som_failure(name: str, *, cured: bool) -> Outcome:
    """Return a prepared failure or its cure: about a second of arithmetic."""
    return som_failures.outcome(name, cured)


@st.cache_resource(max_entries=16, show_spinner=False)
def som_depth(run_id: str) -> DepthResult | None:
    """Return the purity by depth that a finished run measured."""
    return som_depth_job.load(runs.get(run_id))


@st.cache_resource(show_spinner=False)
def som_depth_shipped() -> DepthResult | None:
    """Return the purity by depth that comes with the app."""
    return som_recordings.depth()


@st.cache_resource(max_entries=16, show_spinner=False)
def som_rotation(run_id: str) -> RotationResult | None:
    """Return the comparison of both maps that a finished run measured."""
    return som_rotation_job.load(runs.get(run_id))


@st.cache_resource(show_spinner=False)
def som_rotation_shipped() -> RotationResult | None:
    """Return the comparison that comes with the app."""
    return som_recordings.rotation()


@st.cache_data(max_entries=64, max_size="64MB", show_spinner="Asking the network…")
def backward_views(network: str, layer: str, channel: int, picture: str) -> BackwardViews:
    """Return a channel's strongest value for a picture, carried back to the pixels by three rules."""
    answer: BackwardViews = engine.call(
        "backward_views", network=network, layer=layer, channel=channel, picture=picture
    )
    return answer


@st.cache_resource(max_entries=48, show_spinner=False)
def maximisation_film(run_id: str, version: int) -> Film | None:
    """Return the film of a run as it was at this version of its file; read-only."""
    return maximisation_films.load(runs.get(run_id).path(maximisation_films.RESULT)) if version else None


@st.cache_resource(max_entries=16, show_spinner=False)
def maximisation_shipped(spec: MaximisationSpec) -> Film | None:
    """Return the film of a spec that comes with the app, if there is one."""
    return maximisation_recordings.film(spec)


@st.cache_resource(show_spinner=False)
def maximisation_sheet() -> Sheet | None:
    """Return the maximised pictures that come with the app."""
    return maximisation_recordings.sheet()


@st.cache_resource(max_entries=32, show_spinner=False)
def training_figures(run_id: str, height: int) -> tuple[Figure, Figure]:
    """Return the learning curves and the proof of freezing of a finished run; nobody changes them."""
    from dashboard.figures import curves  # brings Plotly, which other pages need not wait for

    result = load_result(runs.get(run_id))
    return (
        curves.learning_curves(result.history, result.summary["best_epoch"], height),
        curves.weight_change(result.weight_change),
    )
