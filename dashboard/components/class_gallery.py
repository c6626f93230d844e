"""All classes of a data set at once: a row of pictures for each, and the chosen picture beside them."""

from __future__ import annotations

import streamlit as st

from dashboard import state
from dashboard.components.picture_picker import picture_title
from dashboard.components.split_panel import PARTS
from dashboard.components.thumbnails import Row, thumbnails
from dashboard.figures import theme
from dashboard.labels import safe_label
from models import datasets, images

_HEIGHT = 580  # px for all rows together: the whole gallery is seen without scrolling
_WIDTH = 1250  # px that a wide screen has for a row
_SIDES = (96, 64, 48)  # px of a picture, the largest that fits


def tile_side(classes: int) -> int:
    """Return how large the pictures are, in px, so that all classes are seen at once."""
    return next((side for side in _SIDES if classes * (side + 8) <= _HEIGHT), _SIDES[-1])


def class_gallery(dataset: str, part: str, *, split: int, selected: str, outlined: bool) -> None:
    """Draw one row of equal pictures for every class.

    Args:
        dataset: Its id.
        part: The part of the split the pictures are from, one of PARTS.
        split: The seed of the split.
        selected: The picture id to mark.
        outlined: Draw the outlines of the objects, where the data set has masks.
    """
    spec = datasets.get(dataset)
    indices = getattr(datasets.split(dataset, split), PARTS[part])
    number = state.get("data_screenful", 0)  # past the last screenful it begins again
    of_class = datasets.labels(dataset)[indices]
    side = tile_side(len(spec.classes))
    columns = _WIDTH // (side + 4)
    rows = []
    for place, name in enumerate(spec.classes):
        members = indices[of_class == place].tolist()
        start = number * columns % len(members)
        shown = tuple(f"sample:{dataset}:{index}" for index in (members + members)[start : start + columns])
        colour = theme.CLASS_COLOURS[place % len(theme.CLASS_COLOURS)]
        rows.append(Row(name, colour, shown, tuple(picture_title(picture) for picture in shown)))
    thumbnails(
        rows,
        selected=selected,
        key="data_gallery",
        side=side,
        outlined=outlined,
        alt=f"{part} pictures of {spec.title}, one row for each of {len(spec.classes)} classes",
    )


def chosen_picture(picture: str, *, outlined: bool) -> None:
    """Draw the chosen picture large and crisp, with the ways that lead on from it."""
    image = images.load_picture(picture)
    kind, *place = picture.split(":")
    if outlined and kind == "sample" and datasets.get(place[0]).has_masks:
        image = images.outlined(image, datasets.mask(place[0], int(place[1])))
    title = picture_title(picture)
    st.image(images.enlarge(image, 384), width=192, alt=f"The chosen picture: {title}")
    st.caption(f"{safe_label(title[:1].upper() + title[1:])}. Click another to choose it.")
    st.page_link("app_pages/activations.py", label="Its activations", icon=":material/blur_on:")
    st.page_link("app_pages/occlusion.py", label="Hide parts of it", icon=":material/select_all:")


def next_screenful() -> None:
    """Show other pictures of every class."""
    state.put("data_screenful", state.get("data_screenful", 0) + 1)
