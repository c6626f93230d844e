"""Scores of a hidden square, made by hand: pictures are not square, and nothing asks a network."""

import numpy as np

from models.occlusion.occlusion import patch_origins
from models.occlusion.scores import PatchScores

HEIGHT, WIDTH, PATCH, STRIDE = 7, 11, 3, 2
CLASSES = ("ring", "spiral", "edge-on")


def scores(**changes):
    """Three classes on a grid of 3 x 5 positions; the middle one wins where the square is not in the first row."""
    rows, cols = patch_origins(HEIGHT, PATCH, STRIDE), patch_origins(WIDTH, PATCH, STRIDE)
    logits = np.zeros((len(rows), len(cols), 3), np.float32)
    logits[1:, :, 1] = 2
    logits[0, :, 2] = np.arange(len(cols)) + 1
    fields = {
        "rows": rows,
        "cols": cols,
        "logits": logits,
        "base_logits": np.array([0, 3, 0], np.float32),
        "activity": np.arange(logits[..., 0].size, dtype=np.float32).reshape(len(rows), len(cols)),
        "base_activity": 20.0,
        "layer": "conv2",
        "channel": 5,
        "patch": PATCH,
        "stride": STRIDE,
        "fill": "grey",
        "height": HEIGHT,
        "width": WIDTH,
        "classes": CLASSES,
        "way": "incremental",
        "reason": "",
        "macs_full": 4e6,
        "macs_done": 1e6,
        "layer_names": ("conv1", "conv2", "head_output"),
        "layer_macs_full": np.array([1e6, 2e6, 1e6], np.float32),
        "layer_macs_done": np.array([2e5, 7e5, 1e5], np.float32),
        "layer_maps": np.array([[7, 11], [4, 5], [1, 1]]),
        "layer_windows": np.array([[5, 5], [4, 5], [1, 1]], np.float32),
    }
    return PatchScores(**{**fields, **changes})
