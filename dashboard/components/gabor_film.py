"""How the first layer's kernels formed during pretraining, as a film with the share of good fits beside it."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import cache, state
from dashboard.components.gabor_kernel_panel import KERNEL
from dashboard.components.player import Film, Series, player
from dashboard.figures import gabor as figures
from models import gabor, images
from models.backbones import BACKBONES, DEFAULT, BackboneSpec
from models.gabor_recordings import Stages

_COLUMNS = 12
_TILE = 42  # px of a kernel in a frame
_PLAYER = "features_film"
_SEEN = "features_film_seen"


def draw(spec: BackboneSpec, well: float) -> None:
    """Draw the film of Frame8; of other backbones, say that nobody kept theirs."""
    st.markdown("##### How the kernels formed")
    stages = cache.gabor_stages() if spec.id == DEFAULT else None
    if stages is None:
        st.caption(
            f"No kernels from the way were kept of {spec.title}. Choose {BACKBONES[DEFAULT].title}, which was "
            "pretrained here, to see its kernels form."
        )
        return
    film = film_of(stages, well)
    shares = film.series[0].values
    picked = player(
        film,
        key=_PLAYER,
        alt=f"The {len(stages.fits[0])} kernels of conv1 at {len(stages.epochs)} moments of pretraining, from noise to "
        f"edges and blobs of colour; well fitted: {shares[0]:.0%} before, {shares[-1]:.0%} after",
        height=250,
    )
    st.caption(
        f"Place by place the same kernels, each on its own scale. Kept were {len(stages.epochs)} moments: before "
        f"training and after {', '.join(str(epoch) for epoch in stages.epochs[1:])} epochs; nothing is made up in "
        "between. You see one training from one random start. A click on a kernel shows it above."
    )
    if picked is not None and picked != state.get(_SEEN):
        state.put(_SEEN, picked)
        row, column, _ = picked
        if (number := row * _COLUMNS + column) < len(stages.fits[0]):
            state.put("features_film_chose", number)
            st.rerun()


def take_choice() -> None:
    """Show the kernel that was clicked in the film; before the widgets that show it are drawn."""
    if (number := state.get("features_film_chose")) is not None:
        state.put(KERNEL, number)
        state.put("features_film_chose", None)


def film_of(stages: Stages, well: float) -> Film:
    """Return the film; its numbers are those of `well`."""
    count, last = len(stages.fits[0]), stages.epochs[-1]
    rows = -(-count // _COLUMNS)
    blobs = [gabor.kinds(fits, well).count("blob") / count for fits in stages.fits]
    return Film(
        identity=f"conv1 {well}",
        rows=rows,
        columns=_COLUMNS,
        kind="pictures",
        frames=tuple(_frame(figures.pictures(fits)[:, 0], rows) for fits in stages.fits),
        captions=tuple(
            "Before training" if epoch == 0 else f"After {epoch} of {last} epochs" for epoch in stages.epochs
        ),
        series=(
            Series(f"Well fitted (R² ≥ {well:.2f})", tuple(float((f.r2 >= well).mean()) for f in stages.fits), True),
            Series("Median R²", tuple(float(np.median(fits.r2)) for fits in stages.fits)),
            Series("Colour blobs", tuple(blobs), True),
        ),
        note=f"Moments are drawn evenly spaced, whatever lies between them. n = {count} kernels.",
        rate=1,
        unit="Kernel",
    )


def _frame(kernels: np.ndarray, rows: int) -> bytes:
    """Return kernels (n, height, width, 3) as one picture of equal cells without gaps."""
    tiles = np.stack([images.enlarge(kernel, _TILE) for kernel in kernels])
    blank = np.zeros((rows * _COLUMNS - len(tiles), *tiles.shape[1:]), np.uint8)
    return images.png(images.tile(np.concatenate([tiles, blank]), _COLUMNS, gap=0))
