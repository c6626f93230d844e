"""A data set on its page: a row of pictures for each class, the chosen picture, and how the set is divided."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.figures import theme
from dashboard.labels import safe_label
from dashboard.views.data.figures import class_balance
from dashboard.widgets.picture_picker import picture_title
from dashboard.widgets.tiles import Row, thumbnails
from models.ids import PictureId
from models.pictures import datasets, images
from models.wording import grouped

PARTS = {"Training": "train", "Validation": "validation", "Test": "test"}
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
        shown = tuple(str(PictureId(dataset, index)) for index in (members + members)[start : start + columns])
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
    image, found = images.load_picture(picture), PictureId.parse(picture)
    if outlined and found.dataset and datasets.get(found.dataset).has_masks:
        image = images.outlined(image, datasets.mask(found.dataset, found.index))
    title = picture_title(picture)
    st.image(images.enlarge(image, 384), width=192, alt=f"The chosen picture: {title}")
    st.caption(f"{safe_label(title[:1].upper() + title[1:])}. Click another to choose it.")
    st.page_link("app_pages/activations.py", label="Its activations", icon=":material/blur_on:")
    st.page_link("app_pages/occlusion.py", label="Hide parts of it", icon=":material/select_all:")


def next_screenful() -> None:
    """Show other pictures of every class."""
    state.put("data_screenful", state.get("data_screenful", 0) + 1)


def class_sizes(dataset: str, seed: int) -> None:
    """Draw how many pictures each class has in each part."""
    spec, split, labels = datasets.get(dataset), datasets.split(dataset, seed), datasets.labels(dataset)
    counts = {
        name: np.bincount(labels[getattr(split, part)], minlength=len(spec.classes)) for name, part in PARTS.items()
    }
    alt = ", ".join(f"{name} {size}" for name, size in zip(spec.classes, spec.per_class, strict=True))
    st.markdown("**Pictures of each class:** full colour for training, paler for validation, palest for the test")
    st.plotly_chart(
        class_balance(spec.classes, counts),
        key="data_balance",
        config=theme.CONFIG,
        alt=f"Pictures of each class: {alt}",
    )


def how_divided(dataset: str, seed: int) -> None:
    """Write how many pictures are in each part, and how they were chosen."""
    split = datasets.split(dataset, seed)
    why = f"with seed {seed}, as for the chosen run" if seed else "with seed 0: everybody gets the same parts"
    st.markdown(
        f"**The split.** The network learns from {grouped(len(split.train))} pictures. "
        f"{grouped(len(split.validation))} others check it during training (validation), and "
        f"{grouped(len(split.test))} more test it at the end. "
        f"The pictures are divided at random within every class, {why}. On the Train page, under Data, another seed "
        "divides them anew."
    )
