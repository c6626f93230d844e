"""One kernel of the first layer: large, beside its Gabor function and what is left, with all numbers."""

from __future__ import annotations

from typing import NoReturn

import streamlit as st

from dashboard import state
from dashboard.figures import gabor
from dashboard.widgets.unit_picker import open_unit, prepare_unit
from models.features import gabor as features_gabor
from models.features.gabor import COLOUR, KINDS, ORIENTED, SMOOTH, GaborFits
from models.pictures.images import enlarge
from models.wording import fixed, significant, tex, whole_percent

KERNEL = "features_kernel"
_PURE = 0.05  # share of colour below which a kernel looks grey
_SIDE = 104  # px of a picture, three beside each other on a phone; sent twice as large for fine screens


def chosen_kernel(count: int, best: int) -> int:
    """Return the kernel shown: the one that the address names, else `best`."""
    text = str(state.bound(KERNEL))
    number = int(text) if text.isdecimal() and len(text) < 9 and int(text) < count else best
    state.put(KERNEL, number)
    return number


def draw(fits: GaborFits, number: int, well: float, linked: str) -> None:
    """Draw one kernel.

    Args:
        fits: Of its layer.
        number: Which.
        well: From what R2 a kernel is well fitted.
        linked: The network whose unit the buttons lead to; "" for no buttons.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.number_input("Kernel", 0, len(fits) - 1, step=1, key=KERNEL, bind="query-params", width=120)
        _links(fits.layer, number, linked)
    names = ("Kernel", "Its fit", "What is left")
    with st.container(horizontal=True, gap="small"):
        for name, picture in zip(names, gabor.pictures(fits)[number], strict=True):
            st.image(
                enlarge(picture, 2 * _SIDE), caption=name, width=_SIDE, alt=f"{name}: kernel {number} of {fits.layer}"
            )
    st.markdown(
        f"The fit explains **{whole_percent(float(fits.r2[number]))}** of this kernel. "
        f"{_colour(features_gabor.look(fits.kernels[..., [number]]).colour[0])}",
        help=f"R² = {fixed(fits.share[number], 2)} (in one colour) × {fixed(fits.within[number], 2)} (a Gabor "
        "function) "
        f"= {fixed(fits.r2[number], 2)}",
    )
    _kind(fits, number, well)
    _formula(fits, number)


def first_layer() -> NoReturn:
    """Go to the view of the first layer."""
    state.put("features_view", "First layer")
    state.go("features", {"features_view": "First layer"})


def _links(layer: str, number: int, linked: str) -> None:
    """Draw the ways to the unit that this kernel makes."""
    if not linked:
        return

    def patches() -> None:
        state.put("features_view", "Strongest patches")
        prepare_unit("features", linked, (layer, number))

    st.button("What excites it", key="features_kernel_patches", icon=":material/apps:", on_click=patches)
    if st.button("On your picture", key="features_kernel_maps", icon=":material/blur_on:"):
        open_unit("activations", linked, (layer, number))


def _kind(fits: GaborFits, number: int, well: float) -> None:
    """Say what kind the kernel is, and by which numbers."""
    kind, seen = features_gabor.kinds(fits, well)[number], features_gabor.look(fits.kernels[..., [number]])
    st.caption(
        f"**{KINDS[kind]}.** Orientation index: {fixed(seen.orientation[0], 2)}. Cycles over its side: "
        f"{fixed(seen.cycles[0], 2)}.",
        help=f"Colour blob: colour ≥ {significant(COLOUR, 6)}, orientation < {significant(ORIENTED, 6)}, cycles ≤ "
        f"{significant(SMOOTH, 6)}. Edge or grating: "
        f"R² ≥ {fixed(well, 2)} and orientation ≥ {significant(ORIENTED, 6)}, which none of 1,000 kernels of noise "
        "reaches; coloured from "
        f"colour ≥ {significant(COLOUR, 6)}. The orientation index is the length of the mean direction of the power "
        "spectrum, angles doubled: 0 for none, 1 for stripes.",
    )


def _colour(share: float) -> str:
    """Return how much of a kernel is colour and not grey, 0..1, in a sentence."""
    if share < _PURE:
        return "It is almost pure grey."
    return f"{whole_percent(share)} of it is colour, the rest is grey."


def _formula(fits: GaborFits, number: int) -> None:
    """Typeset the fitted function with this kernel's numbers."""
    amplitude, offset, across, along, wavelength, phase, angle, row, col = (
        float(getattr(fits, name)[number])
        for name in ("amplitude", "offset", "across", "along", "wavelength", "phase", "angle", "row", "col")
    )
    at_limit = r"\text{ (limit)}" if fits.endless[number] else ""
    down, right, turn = _shift("r", row), _shift("c", col), rf"{fixed(angle, 0)}^\circ"
    st.latex(
        rf"\begin{{aligned}} g &= {tex(fixed(amplitude, 2))}\,e^{{-\frac{{u^2}}{{2\cdot {fixed(across, 2)}^2}}-"
        rf"\frac{{v^2}}{{2\cdot {fixed(along, 2)}^2}}}}\cos\!\left(\tfrac{{2\pi u}}{{{fixed(wavelength, 2)}{at_limit}}}"
        rf"{_term(phase, 0)}^\circ\right){_term(offset, 2)} \\ "
        rf"u &= {right}\sin {turn}+{down}\cos {turn} \\ v &= {right}\cos {turn}-{down}\sin {turn} \end{{aligned}}"
    )
    red, green, blue = fits.colour[number]
    st.caption(
        f"r and c are row and column in px; stripes at 0° lie flat, at 90° stand upright. The kernel is g, in units of "
        f"the weights, times the colour ({fixed(red, 2, signed=True)} red, {fixed(green, 2, signed=True)} green, "
        f"{fixed(blue, 2, signed=True)} blue), plus its mean colour."
    )


def _term(value: float, places: int) -> str:
    """Return a number as a further term of a formula: with its sign, a plus for zero."""
    text = fixed(value, places, signed=True)
    return tex(text if text[0] in "+−" else f"+{text}")


def _shift(name: str, by: float) -> str:
    return rf"({name}{_term(-by, 1)})"
