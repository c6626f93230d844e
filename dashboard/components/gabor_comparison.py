"""How well Gabor functions fit the first layers of several networks, and where the stripes of one of them point."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard.figures import gabor as figures
from dashboard.figures import theme
from dashboard.figures.probe import interval
from models import gabor
from models.gabor import KINDS, GaborFits
from models.gabor_recordings import Noise
from models.intervals import wilson


def draw(every: dict[str, GaborFits], noise: Noise | None, which: str, number: int, well: float, frozen: bool) -> None:
    """Draw R2 of all networks side by side, their shares, and the angles of the chosen one."""
    left, right = st.columns([10, 7], gap="medium")
    with left:
        st.markdown("##### How well Gabor functions fit")
        st.markdown(_headline(every, well))
        rows = {name: fits.r2 for name, fits in every.items()} | ({figures.NOISE: noise.r2} if noise else {})
        st.plotly_chart(
            figures.strips(rows, noise.limit if noise else None, well),
            key="features_strips",
            config=theme.CONFIG,
            alt="R² of every kernel, one row for each network; medians "
            + ", ".join(f"{name} {np.median(r2):.2f}" for name, r2 in rows.items()),
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
    yardstick = f"{len(noise.r2):,} kernels of noise, of the same size and fitted in the same way" if noise else ""
    st.caption(
        "Shares with their 95 % Wilson intervals; n is the number of kernels. "
        + (
            f"A Gabor function can follow a part of anything: the dotted line is what 95 % of {yardstick}, stay below."
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
    found, count = gabor.kinds(fits, well), len(fits)
    row: dict[str, object] = {
        "Weights": name,
        "Median R²": f"{np.median(fits.r2):.2f}",
        "Well fitted": interval(wilson(int((fits.r2 >= well).sum()), count)),
    }
    if noise:
        row["Above 95 % of noise"] = interval(wilson(int((fits.r2 > noise.limit).sum()), count))
    return row | {title: found.count(kind) for kind, title in KINDS.items()}


def _angles(fits: GaborFits, number: int, well: float) -> None:
    found = gabor.kinds(fits, well)
    gratings = [n for n, kind in enumerate(found) if kind in ("grey", "coloured")]
    st.markdown("##### Where the stripes point")
    if not gratings:
        st.info("No kernel is an edge or a grating by these rules.", icon=":material/casino:")
        return
    sectors = np.bincount(np.rint(fits.angle[gratings] / 45).astype(int) % 4, minlength=4).tolist()
    text = ", ".join(
        f"{count} {name}" for count, name in zip(sectors, ("flat", "rising", "upright", "falling"), strict=True)
    )
    st.plotly_chart(
        figures.compass(fits, found, number),
        key="features_compass",
        config=theme.CONFIG,
        alt=f"Angle and wavelength of {len(gratings)} edges and gratings: {text}",
    )
    st.caption(
        f"{len(gratings)} edges and gratings, to the nearest 45°: {text}. Outwards: the wavelength. At the rim it is "
        "at its limit: an edge, of which no second stripe is seen. 0° and 180° are one direction."
    )
