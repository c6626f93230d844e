"""Signals at the pixels as pictures: grey is zero, and each colour is that of its own channel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTILE = 0.995  # black and white stand for the size below which this share of the values lies
_GREY = 127.5


def signed(signal: NDArray[np.float32]) -> tuple[NDArray[np.uint8], float]:
    """Return a signal (H, W, 3) as a picture, uint8, and the size of value that black and white stand for.

    Grey is zero; brighter than grey is positive, darker negative, in each of red, green and blue. A signal that is
    zero everywhere is grey.
    """
    size = np.abs(signal[np.isfinite(signal)])
    scale = float(np.quantile(size, QUANTILE)) or float(size.max(initial=0.0)) if size.size else 0.0
    share = np.clip(np.nan_to_num(signal) / (scale or 1.0), -1, 1)
    return np.asarray(np.rint(_GREY + _GREY * share), np.uint8), scale
