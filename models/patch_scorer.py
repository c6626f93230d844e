"""Hides one part of a picture after the other and asks a classifier about all its classes at once.

Imports Keras: only workers use this module.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from models import images, networks, patch_scores
from models.errors import InputError
from models.patch_scores import PatchScores
from models.patch_ways import Plan, Squares
from models.runs import SILENT, Progress

WRITE_EVERY_S = 1.0  # how often a job replaces its result
Watcher = Callable[[PatchScores], None]


@dataclass(frozen=True, slots=True)
class Question:
    """One picture (H, W, 3) uint8 and what is hidden of it; `layer` "" watches no activation map."""

    picture: np.ndarray
    patch: int
    stride: int
    fill: str
    layer: str
    channel: int


def compute(
    network: networks.Network,
    question: Question,
    *,
    progress: Progress = SILENT,
    watch: Watcher | None = None,
) -> PatchScores:
    """Return every class's score at every position, coarse positions first.

    Args:
        network: A classifier.
        question: The picture, at the size that the network takes, and what is hidden.
        progress: Told the share done after every chunk; may cancel.
        watch: Gets the partial result after the first stage and about every second.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        Cancelled: By `progress`.
    """
    squares = Squares(network, question.picture, question.patch, question.stride, question.fill)
    rows, cols, n_positions = squares.rows, squares.cols, len(squares.placed.rows)
    plan = Plan(squares, question.layer)
    step = max(question.patch // question.stride, 1) if watch else 1  # nobody looks: all at once
    stages = [plan.parts(stage) for stage in patch_scores.coarse_to_fine(len(rows), len(cols), step)]
    progress.event(share=0.0, note=f"0 of {n_positions} positions")
    way = plan.way()
    channel = _channel(question, way.base_sums)
    logits = np.full((n_positions, len(way.base_logits)), np.nan, np.float32)
    activity = np.full(n_positions, np.nan, np.float32)
    result = PatchScores(
        rows=rows,
        cols=cols,
        logits=logits.reshape(len(rows), len(cols), -1),
        base_logits=way.base_logits,
        activity=activity.reshape(len(rows), len(cols)),
        base_activity=float(way.base_sums[channel]) if question.layer else float("nan"),
        layer=question.layer,
        channel=channel,
        patch=question.patch,
        stride=question.stride,
        fill=question.fill,
        height=question.picture.shape[0],
        width=question.picture.shape[1],
        classes=network.classes or (),
        **plan.operations([part for stage in stages for part in stage]),
    )
    done, written = 0, -math.inf
    for parts in stages:
        for part in parts:
            logits[part.members], activity[part.members] = way.scores(part.members, channel)
            done += len(part.members)
            covered = parts is not stages[0] or part is parts[-1]
            if watch is not None and covered and time.monotonic() > written + WRITE_EVERY_S:
                watch(result)
                written = time.monotonic()
            progress.event(share=done / n_positions, note=f"{done} of {n_positions} positions")
    return result


def _channel(question: Question, sums: np.ndarray) -> int:
    """Return the channel to watch: the one asked for, or for -1 the one with the largest sum; -1 without a layer."""
    if not question.layer:
        return -1
    if not -1 <= question.channel < len(sums):
        raise InputError(
            f"Expected a channel from 0 to {len(sums) - 1}, or -1 for the strongest. Received {question.channel}."
        )
    return int(sums.argmax()) if question.channel == -1 else question.channel


def hide(
    network_id: str,
    picture_id: str,
    *,
    patch: int,
    stride: int,
    fill: str,
    layer: str = "",
    channel: int = -1,
    progress: Progress = SILENT,
    watch: Watcher | None = None,
) -> PatchScores:
    """Return every class's score at every position of a square, for one picture, at the size the network takes.

    Args:
        network_id, picture_id: A classifier and a picture.
        patch, stride: In pixels of the picture as the network takes it.
        fill: See `occlusion.filling`.
        layer: Its maps are summed, too; "" for none.
        channel: Which of its maps; -1 for the one with the largest sum in the untouched picture.
        progress, watch: See `compute`.

    Raises:
        InputError: A value outside what is offered, or a bare backbone.
        PictureError: The picture is gone or its id malformed.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.
    """
    network = networks.load(network_id)
    picture = images.resize(images.load_picture(picture_id), network.height, network.width)
    question = Question(picture, patch, stride, fill, layer, channel)
    return compute(network, question, progress=progress, watch=watch)


def run_job(folder: Path, spec: dict[str, Any], progress: Progress) -> None:
    """Compute what `spec` (the arguments of `hide`) asks for; the run's file grows from coarse to fine."""
    path = folder / patch_scores.RESULT
    result = hide(**spec, progress=progress, watch=lambda partial: patch_scores.save(path, partial))
    patch_scores.save(path, result)
