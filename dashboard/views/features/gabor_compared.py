"""First layers compared: how well Gabor functions fit several networks, angles of one, how its kernels formed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import gabor, theme
from dashboard.figures.theme import interval
from dashboard.views.features import cache as features_cache
from dashboard.widgets.gabor_kernel import KERNEL
from dashboard.widgets.player.player import Film, Series, player
from models.backbones.registry import BACKBONES, DEFAULT, BackboneSpec
from models.features import gabor as features_gabor
from models.features.gabor import KINDS, GaborFits
from models.features.gabor_stages import Noise, Stages
from models.intervals import wilson
from models.pictures import images
from models.wording import fixed, grouped, percent

_COLUMNS = 12
_TILE = 42  # px of a kernel in a frame
_PLAYER = "features_film"
_SEEN = "features_film_seen"


def draw(every: dict[str, GaborFits], noise: Noise | None, which: str, number: int, well: float, frozen: bool) -> None:
    """Draw R2 of all networks side by side, their shares, and the angles of the chosen one."""
    left, right = st.columns([10, 7], gap="medium")
    with left:
        st.markdown("## How well Gabor functions fit")
        st.markdown(_headline(every, well))
        rows = {name: fits.r2 for name, fits in every.items()} | ({gabor.NOISE: noise.r2} if noise else {})
        st.plotly_chart(
            gabor.strips(rows, noise.limit if noise else None, well),
            key="features_strips",
            config=theme.CONFIG,
            alt="R² of every kernel, one row for each network; medians "
            + ", ".join(f"{name} {fixed(np.median(r2), 2)}" for name, r2 in rows.items()),
        )
        if frozen:
            st.caption(
                ":material/ac_unit: Your run kept the first layer frozen: its kernels are the pretrained ones, number "
                "for number."
            )
    with right:
        _angles(every[which], number, well)
    st.dataframe(
        [_row(name, fits, noise, well) for name, fits in every.items()],
        hide_index=True,
        alt="Shares of well-fitted kernels with their intervals, and how many are of each kind",
    )
    yardstick = (
        f"{grouped(len(noise.r2))} kernels of noise, of the same size and fitted in the same way" if noise else ""
    )
    st.caption(
        "Shares with their 95% Wilson intervals; n is the number of kernels. "
        + (
            f"A Gabor function can follow a part of anything: the dotted line is what 95% of {yardstick}, stay below."
            if noise
            else ""
        )
    )


def _headline(every: dict[str, GaborFits], well: float) -> str:
    parts = []
    for name, fits in every.items():
        good = int((fits.r2 >= well).sum())
        parts.append(f"{name}: **{good} of {len(fits)}** kernels well fitted, {interval(wilson(good, len(fits)))}")
    return ". ".join(parts) + "."


def _row(name: str, fits: GaborFits, noise: Noise | None, well: float) -> dict[str, object]:
    found, count = features_gabor.kinds(fits, well), len(fits)
    row: dict[str, object] = {
        "Weights": name,
        "Median R²": fixed(np.median(fits.r2), 2),
        "Well fitted": interval(wilson(int((fits.r2 >= well).sum()), count)),
    }
    if noise:
        row["Above 95% of noise"] = interval(wilson(int((fits.r2 > noise.limit).sum()), count))
    return row | {title: found.count(kind) for kind, title in KINDS.items()}


def _angles(fits: GaborFits, number: int, well: float) -> None:
    found = features_gabor.kinds(fits, well)
    gratings = [n for n, kind in enumerate(found) if kind in ("grey", "coloured")]
    st.markdown("## Where the stripes point")
    if not gratings:
        st.info("No kernel is an edge or a grating by these rules.", icon=":material/casino:")
        return
    sectors = np.bincount(np.rint(fits.angle[gratings] / 45).astype(int) % 4, minlength=4).tolist()
    text = ", ".join(
        f"{count} {name}" for count, name in zip(sectors, ("flat", "rising", "upright", "falling"), strict=True)
    )
    st.plotly_chart(
        gabor.compass(fits, found, number),
        key="features_compass",
        config=theme.CONFIG,
        alt=f"Angle and wavelength of {len(gratings)} edges and gratings: {text}",
    )
    st.caption(
        f"{len(gratings)} edges and gratings, to the nearest 45°: {text}. Outwards: the wavelength. At the rim it is "
        "at its limit: an edge, of which no second stripe is seen. 0° and 180° are one direction."
    )


def film(spec: BackboneSpec, well: float) -> None:
    """Draw the film of Frame8; of other backbones, say that nobody kept theirs."""
    st.markdown("## How the kernels formed")
    stages = features_cache.gabor_stages() if spec.id == DEFAULT else None
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
        f"edges and blobs of colour; well fitted: {percent(shares[0])} before, {percent(shares[-1])} after",
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
    blobs = [features_gabor.kinds(fits, well).count("blob") / count for fits in stages.fits]
    return Film(
        identity=f"conv1 {well}",
        rows=rows,
        columns=_COLUMNS,
        kind="pictures",
        frames=tuple(_frame(gabor.pictures(fits)[:, 0], rows) for fits in stages.fits),
        captions=tuple(
            "Before training" if epoch == 0 else f"After {epoch} of {last} epochs" for epoch in stages.epochs
        ),
        series=(
            Series(
                f"Well fitted (R² ≥ {fixed(well, 2)})", tuple(float((f.r2 >= well).mean()) for f in stages.fits), True
            ),
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
