"""Answers about one picture that need several methods: any map by name, all of them, and their deletion curves.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.attribution import deletion
from models.attribution.maps import CURVES, METHODS, Attribution, ExplanationSpec
from models.attribution.worker import gradients
from models.errors import InputError
from models.networks.worker import answers, opened
from models.occlusion import scores
from models.occlusion.worker import hide
from models.pictures import images
from models.storage import files
from models.storage.files import write_atomically
from models.storage.progress import SILENT, Cancellable, Progress

Picture = NDArray[np.uint8]


def occlusion(
    network: opened.Network, picture: Picture, score: str, class_index: int, progress: Progress = SILENT
) -> Attribution:
    """Return the occlusion map with the page's first settings: patch a quarter, stride a sixteenth, mean colour."""
    gradients.check(network, score, class_index)
    side = min(picture.shape[:2])
    question = hide.Question(picture, max(side // 4, 1), max(side // 16, 1), "mean", "", -1)
    found = hide.compute(network, question, progress=Cancellable(progress))
    drop = scores.map_of(found, class_index, score)
    nothing = np.zeros((0, 0), np.float32)
    return Attribution("occlusion", drop.drop, drop.base_score, 0, np.nan, np.nan, 0, nothing, "")


def explain(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return the map of `spec.method` for `picture` (H, W, 3) uint8 at the size the network takes.

    Raises:
        InputError: A value outside what is offered, or another method.
        Cancelled: By `progress`.
    """
    asked = network, picture, spec.score, spec.class_index
    match spec.method:
        case "occlusion":
            return occlusion(*asked, progress)
        case "saliency":
            return gradients.saliency(*asked, progress=progress)
        case "smoothgrad":
            return gradients.saliency(*asked, samples=spec.samples, noise=spec.noise, progress=progress)
        case "integrated":
            return gradients.integrated_gradients(
                *asked, baseline=spec.baseline, most_steps=spec.steps, progress=progress
            )
        case "gradcam":
            return gradients.grad_cam(*asked, spec.layer)
    raise InputError(f"Expected a method out of {', '.join(METHODS)}. Received {spec.method[:40]!r}.")


def maps_of(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> dict[str, NDArray[np.float32]]:
    """Return the maps (H, W) of all methods by name; Grad-CAM is left out where it cannot be drawn."""
    found = {}
    for method in METHODS:
        try:
            found[method] = explain(network, picture, replace(spec, method=method), progress).values
        except InputError:
            if method != "gradcam":  # the last maps may have a single position
                raise
    return found


def _opened(network_id: str, picture_id: str) -> tuple[opened.Network, Picture]:
    network = opened.load(network_id)
    return network, images.resize(images.load_picture(picture_id), network.height, network.width)


def attribution_map(spec: ExplanationSpec, progress: Progress = SILENT) -> Attribution:
    """Return the map that `spec` asks for.

    Raises:
        InputError: A value outside what is offered.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network, picture = _opened(spec.network, spec.picture)
    return explain(network, picture, spec, progress)


def deletion_curves(spec: ExplanationSpec, progress: Progress = SILENT) -> deletion.Curves:
    """Return the deletion and insertion curves of all methods; `fill` and `cell` of the spec say what is taken away.

    Raises:
        InputError: A value outside what is offered.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network, picture = _opened(spec.network, spec.picture)
    maps = maps_of(network, picture, spec, progress)
    ask = answers.score_function(network, spec.score, spec.class_index)
    cell = spec.cell or max(min(picture.shape[:2]) // 16, 1)
    return deletion.curves(ask, picture, maps, fill=spec.fill, cell=cell, score=spec.score, progress=progress)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Answer an ExplanationSpec whose methods are separated by commas, one file each; or the curves, in their file.

    For networks too large for a click.
    """
    asked = ExplanationSpec.from_json(spec)
    methods = asked.method.split(",") if asked.method else []
    for number, method in enumerate(methods):
        progress.event(share=number / len(methods), note=f"{METHODS[method].title} ({number + 1} of {len(methods)})")
        found = attribution_map(replace(asked, method=method), progress)
        write_atomically(folder / f"{method}.npz", files.encode(found))
    if not methods:
        progress.event(share=0.0, note="Computing all maps and their curves")
        write_atomically(folder / CURVES, files.encode(deletion_curves(asked, progress)))
