"""The download of a backbone's weights, which starts at once: Keras is loaded only where no hash is known."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from models.backbones.registry import BackboneSpec
from models.backbones.registry import backbone as find
from models.backbones.weights import WeightsSpec, fetch
from models.storage.progress import Progress


def download(spec: WeightsSpec, progress: Progress, _folder: Path) -> None:
    """Fetch the weights of a backbone; without a known hash they have to load before they count."""
    backbone = find(spec.backbone)
    fetch(backbone.id, progress, partial(_check, backbone))


def _check(spec: BackboneSpec, file: Path) -> None:
    # TensorFlow takes a worker seconds to load; who has no network would wait for it before hearing so.
    from models.backbones.worker.build import check_weights

    check_weights(spec, file)
