"""Trust in maps: those of all methods are held against the truth, over the test pictures.

Started again after a kill, it begins anew and comes to the same result.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.attribution import deletion, pointing
from models.attribution.maps import ExplanationSpec
from models.attribution.trust import SAMPLE, TrustResult, TrustSpec
from models.attribution.worker import explain
from models.ids import PictureId
from models.networks import layers
from models.networks.worker import answers, opened
from models.occlusion.occlusion import share_inside
from models.pictures import datasets, images
from models.storage.progress import SILENT, Progress


def measure(spec: TrustSpec, progress: Progress = SILENT) -> TrustResult:
    """Return what the maps of a classifier are worth on its test pictures.

    Raises:
        InputError: The network is a bare backbone.
        RunNotFound: The run has no classifier.
        Cancelled: By `progress`.

    Cost: about 480 forward passes a picture, and 300 more for each of the sample.
    """
    network = opened.load(spec.network)
    dataset = datasets.get(spec.dataset)
    test = layers.test_pictures(spec.network, spec.dataset)
    sample = np.unique(np.linspace(0, len(test) - 1, min(SAMPLE, len(test))).round().astype(np.int64))
    if not dataset.has_masks:
        test, sample = test[sample], np.arange(len(sample))
    rows, drawn = [], []
    for number, index in enumerate(test.tolist()):
        progress.event(share=number / len(test), note=f"Picture {number + 1} of {len(test)}")
        picture = images.resize(datasets.picture(spec.dataset, index), network.height, network.width)
        answer = int(opened.forward(network, picture[None])[0].argmax())
        explained = ExplanationSpec(spec.network, str(PictureId(spec.dataset, index)), "logit", answer).with_few()
        maps = explain.maps_of(network, picture, explained, progress)
        rows.append((answer, _against(maps, explained.picture, picture.shape[:2])))
        if number in sample:
            scorer = answers.score_function(network, "probability", answer)
            cell = max(min(picture.shape[:2]) // 16, 1)
            drawn.append(deletion.curves(scorer, picture, maps, cell=cell, progress=progress))
    truth = {name: np.stack([row[name] for _, row in rows], axis=-1) for name in rows[0][1]}
    return TrustResult(
        dataset=spec.dataset,
        methods=tuple(maps),
        index=test.astype(np.int64),
        label=np.asarray(datasets.labels(spec.dataset)[test], np.int64),
        answer=np.array([answer for answer, _ in rows], np.int64),
        within=pointing.tolerance(network.height, network.width),
        sample=sample,
        shares=drawn[0].shares,
        deletion=np.stack([curves.deletion for curves in drawn], axis=1),
        insertion=np.stack([curves.insertion for curves in drawn], axis=1),
        random_deletion=np.stack([curves.random_deletion.mean(axis=0) for curves in drawn]),
        random_insertion=np.stack([curves.random_insertion.mean(axis=0) for curves in drawn]),
        **truth,
    )


def _against(maps: dict[str, NDArray[np.float32]], picture_id: str, size: tuple[int, int]) -> dict[str, Any]:
    """Return the fields of `TrustResult` that hold one picture's maps against its object."""
    mask = pointing.mask_of(picture_id, *size)
    if mask is None:
        unknown = dict.fromkeys(("area", "chance", "centre_share"), np.float32(np.nan))
        none = {"share": np.full(len(maps), np.nan, np.float32), "hit": np.zeros(len(maps), bool)}
        return unknown | none | {"centre_hit": np.bool_(False)}
    within, centre = pointing.tolerance(*size), pointing.centre_map(*size)

    def share(values: NDArray[np.float32]) -> float:
        found = share_inside(values, mask)
        return np.nan if found is None else found

    return {
        "share": np.array([share(values) for values in maps.values()], np.float32),
        "hit": np.array([pointing.hits(values, mask, within) for values in maps.values()]),
        "area": np.float32(mask.mean()),
        "chance": np.float32(pointing.reach(mask, within).mean()),
        "centre_share": np.float32(share(centre)),
        "centre_hit": np.bool_(pointing.hits(centre, mask, within)),
    }
