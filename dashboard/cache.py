"""Every cache of the page process; keys are ids, digests and numbers, never arrays.

A wrapper of an interactive task looks like this, and its arguments are the whole of what decides the answer:

    @st.cache_data(max_entries=64, show_spinner=False)
    def activation_maps(network: str, layer: str, picture: str) -> ActivationMaps:
        return engine.call("activation_maps", network=network, layer=layer, picture=picture)
"""

from __future__ import annotations

import base64

import numpy as np
import streamlit as st

from models import datasets, images

THUMBNAIL_SIDE = 64  # pixels of a thumbnail before the browser enlarges it


@st.cache_data(max_entries=512, show_spinner=False)
def enlarged_png(picture: str, target: int) -> bytes:
    """Return a picture as a PNG whose longest side is near `target` pixels, every pixel repeated, so that it stays crisp."""
    return images.png(images.enlarge(images.load_picture(picture), target))


@st.cache_data(max_entries=128, show_spinner=False)
def sprite(pictures: tuple[str, ...], outlined: bool) -> str:
    """Return the thumbnails of some pictures side by side as one data URL; `outlined` shows the object of each."""
    tiles = []
    for picture in pictures:
        image, (kind, *place) = images.load_picture(picture), picture.split(":")
        if outlined and kind == "sample" and datasets.get(place[0]).has_masks:
            image = images.outlined(image, datasets.mask(place[0], int(place[1])))
        tiles.append(images.thumbnail(image, THUMBNAIL_SIDE))
    row = images.webp(images.tile(np.stack(tiles), len(tiles), gap=0))
    return f"data:image/webp;base64,{base64.b64encode(row).decode()}"
