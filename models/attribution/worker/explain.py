"""Explanations of one picture: any map by its method's row, the maps of all methods, and their deletion curves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.attribution import deletion
from models.attribution.deletion import Curves
from models.attribution.maps import CURVES, METHODS, Attribution, ExplanationSpec, Method
from models.attribution.worker.gradients import check
from models.errors import InputError
from models.jobs.job import function
from models.networks.worker import answers, opened
from models.occlusion import scores
from models.occlusion.scores import OcclusionSpec
from models.occlusion.worker import hide
from models.pictures import images
from models.storage.files import pack, write_atomically
from models.storage.progress import SILENT, Checked, Progress

Picture = NDArray[np.uint8]


def occlusion(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return the occlusion map with the settings that the page begins with, whatever those of `spec`."""
    check(network, spec)
    squares = OcclusionSpec.first(spec.network, spec.picture, min(picture.shape[:2]))
    found = hide.compute(network, picture, squares, progress=Checked(progress.check))
    drop = scores.map_of(found, spec.class_index, spec.score)
    return Attribution("occlusion", drop.drop, drop.base_score)


def explain(
    network: opened.Network, picture: Picture, spec: ExplanationSpec, progress: Progress = SILENT
) -> Attribution:
    """Return the one map that `spec` asks for.

    Args:
        network: A classifier.
        picture: (H, W, 3) uint8 at the size the network takes.
        spec: The question; its ids are not looked at.
        progress: Asked before every batch whether to go on.

    Raises:
        InputError: A value outside what is offered, or not one method.
        Cancelled: By `progress`.
    """
    if len(spec.methods) != 1:
        raise InputError(f"Expected a method out of {', '.join(METHODS)}. Received {spec.method[:40]!r}.")
    found: Attribution = function(spec.methods[0].work)(network, picture, spec, progress)
    return found


def maps_of(
    network: opened.Network,
    picture: Picture,
    spec: ExplanationSpec,
    progress: Progress = SILENT,
    methods: Mapping[str, Method] = METHODS,
    *,
    changing: bool = False,
) -> dict[str, NDArray[np.float32]]:
    """Return the maps (H, W) of all methods by id; those that not every network has are left out where it has none.

    Args:
        network, picture, progress: See `explain`.
        spec: The settings; its method is not looked at.
        methods: Which ones.
        changing: Whether the network's weights change from call to call.
    """
    found = {}
    for name, method in methods.items():
        work = function((changing and method.work_changing) or method.work)
        try:
            found[name] = work(network, picture, spec, progress).values
        except InputError:
            if method.everywhere:
                raise
    return found


def _opened(spec: ExplanationSpec) -> tuple[opened.Network, Picture]:
    network = opened.load(spec.network)
    return network, images.resize(images.load_picture(spec.picture), network.height, network.width)


def attribution_map(spec: ExplanationSpec, progress: Progress = SILENT) -> Attribution:
    """Return the map that `spec` asks for.

    Raises:
        InputError: A value outside what is offered.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    return explain(*_opened(spec), spec, progress)


def deletion_curves(spec: ExplanationSpec, progress: Progress = SILENT) -> Curves:
    """Return the deletion and insertion curves of all methods; `fill` and `cell` of the spec say what is taken away.

    Raises as `attribution_map` does.
    """
    network, picture = _opened(spec)
    maps = maps_of(network, picture, spec, progress)
    scorer = answers.score_function(network, spec.score, spec.class_index)
    cell = spec.cell or max(min(picture.shape[:2]) // 16, 1)
    return deletion.curves(scorer, picture, maps, fill=spec.fill, cell=cell, score=spec.score, progress=progress)


def write(spec: ExplanationSpec, progress: Progress, folder: Path) -> None:
    """Write the maps that `spec` asks for into a run's folder, one file each; without methods the curves.

    For networks too large for a click. Raises as `attribution_map` does.
    """
    for number, method in enumerate(spec.methods):
        note = f"{method.title} ({number + 1} of {len(spec.methods)})"
        progress.event(share=number / len(spec.methods), note=note)
        found = attribution_map(replace(spec, method=method.id), progress)
        write_atomically(folder / f"{method.id}.npz", pack(found))
    if not spec.methods:
        progress.event(share=0.0, note="Computing all maps and their curves")
        write_atomically(folder / f"{CURVES}.npz", pack(deletion_curves(spec, progress)))
