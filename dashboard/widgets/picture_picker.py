"""The picture picker: test pictures of the data set, photographs, a visitor's own, or what the camera sees."""

from __future__ import annotations

import numpy as np
import streamlit as st

from dashboard import state
from dashboard.labels import safe_label
from dashboard.widgets import cache
from dashboard.widgets.own_picture import frame_picker
from dashboard.widgets.tiles import Row, thumbnails
from models.errors import PictureError, StorageUnavailable
from models.ids import PictureId
from models.pictures import datasets, images, uploads
from models.pictures.photographs import PHOTOGRAPHS

ALL, PHOTOS = "All classes", "Photographs"
_WINDOW = 24  # thumbnails in the strip
_SIDE = 52  # px
_PROBLEM = "picker_problem"  # why an upload was refused, and which picture was chosen then
_PAGES = "picker_several_pages"  # the upload whose file had more pages than the one that is shown
BESIDE_PX = 192  # the chosen picture beside its maps


def picture_picker(page: str) -> str:
    """Draw the strip of pictures with its class filter, "Next" and "Your own", and return the chosen picture id.

    Args:
        page: The page's name; begins the keys of the widgets.
    """
    chosen = state.selection()
    spec = datasets.DATASETS[chosen.dataset]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.selectbox(
            "Class of the test pictures",
            [ALL, *spec.classes, PHOTOS],
            key=_filter_key(page, spec.id),
            label_visibility="collapsed",
            persist_state="session",
            width=150,
        )
        st.button("Next", key=f"{page}_next_picture", help="The next picture", on_click=_next, args=(page,))
        own_picture(page)
    if photo := PictureId.parse(chosen.picture).photo:
        st.caption(PHOTOGRAPHS[photo].credit)
    if (pages := state.get(_PAGES)) and PictureId.parse(pages).upload == PictureId.parse(chosen.picture).upload:
        st.caption("Your file has several pages: this is the first.")
    shown = _strip(chosen.picture, _candidates(page, spec.id))
    titles = tuple(picture_title(picture) for picture in shown)
    thumbnails(
        [Row("", "transparent", shown, titles)],
        selected=chosen.picture,
        key=f"{page}_pictures",
        side=_SIDE,
        scroll=True,
        alt=f"Test pictures of {spec.title}; the chosen one is {picture_title(chosen.picture)}",
    )
    frame_picker(page, chosen.picture)
    return chosen.picture


def own_picture(page: str) -> None:
    """Draw the button under which a visitor brings a picture: a file, or what the camera sees.

    Args:
        page: The page's name; begins the keys of the widgets.
    """
    # A new key closes the popover once your picture is there, and leaves it open where something is to be read.
    with st.popover("Your own", key=f"{page}_own_{state.get('picker_upload', '')[-8:]}"):
        _bring_a_picture(page)


def picture_title(picture: str) -> str:
    """Return what a picture is called: "spiral, picture 571", "dahlia", or "your picture"."""
    found = PictureId.parse(picture)
    if found.upload:
        return "your picture"
    if found.photo:
        return PHOTOGRAPHS[found.photo].title
    name = datasets.DATASETS[found.dataset].classes[datasets.label(found.dataset, found.index)]
    return f"{name}, picture {found.index}"


def picture_beside(picture: str, side: int) -> None:
    """Draw the chosen picture, small; one that is not square as the network sees it, squeezed to `side` px."""
    image = images.load_picture(picture)
    alt, square = f"The picture: {picture_title(picture)}", image.shape[0] == image.shape[1]
    if square:
        st.image(cache.enlarged_png(picture, BESIDE_PX), width=BESIDE_PX, alt=alt)
    else:
        st.image(images.enlarge(images.resize(image, side, side), BESIDE_PX), width=BESIDE_PX, alt=alt)
        st.caption(f"Squeezed to {side} × {side} px: this is what the network sees.")


def _filter_key(page: str, dataset: str) -> str:
    return f"{page}_picture_class_{dataset}"


def _candidates(page: str, dataset: str) -> list[str]:
    """Return the ids of the test pictures that pass the class filter, or of the photographs."""
    test = datasets.split(dataset, state.selection().split_seed).test
    wanted = state.get(_filter_key(page, dataset), ALL)
    if wanted == PHOTOS:
        return [str(PictureId(photo=name)) for name in PHOTOGRAPHS]
    if wanted != ALL:
        number = datasets.DATASETS[dataset].classes.index(wanted)
        test = test[datasets.labels(dataset)[test] == number]
    return [str(PictureId(dataset, index)) for index in np.asarray(test).tolist()]


def _strip(current: str, candidates: list[str]) -> tuple[str, ...]:
    """Return what the strip shows: your picture, the chosen one, and a window of the others, moved in whole steps."""
    start = candidates.index(current) // _WINDOW * _WINDOW if current in candidates else 0
    mine = state.get("picker_upload")
    known = PictureId.parse(current)
    same = mine is not None and bool(known.upload) and known.upload == PictureId.parse(mine).upload
    photographs = [str(PictureId(photo=name)) for name in PHOTOGRAPHS if known.photo and name != known.photo]
    first = [current if same else mine, None if current in candidates else current, *photographs]
    return tuple(dict.fromkeys([*filter(None, first), *candidates[start : start + _WINDOW]]))


def _next(page: str) -> None:
    """Choose the picture after the chosen one, the first after the last."""
    chosen = state.selection()
    candidates = _candidates(page, chosen.dataset)
    place = candidates.index(chosen.picture) + 1 if chosen.picture in candidates else 0
    state.put(_PROBLEM, None)
    state.choose(picture=candidates[place % len(candidates)])


def _bring_a_picture(page: str) -> None:
    """Draw the upload and, where a visitor turns it on, the camera."""
    problem, then = state.get(_PROBLEM) or ("", "")
    if problem and then == state.selection().picture:  # it goes when another picture comes, from wherever
        st.error(f"{safe_label(problem, 400)} The picture you had is still chosen.", icon=":material/broken_image:")
    turn = state.get(f"{page}_own_turn", 0)  # a new key empties the widget, so that nothing large stays in memory
    upload, camera = f"{page}_upload_{turn}", f"{page}_camera_{turn}"
    st.file_uploader(
        "Upload a picture",
        type=list(uploads.ENDINGS),
        key=upload,
        on_change=_take,
        args=(page, upload),
        help="At most 20 megapixels. Of an animation the first frame counts, of several pages the first; transparent "
        "parts become white.",
    )
    if st.toggle("Use the camera", key=f"{page}_use_camera"):
        st.camera_input("Take a picture", key=camera, on_change=_take, args=(page, camera), width=320)
    st.caption("It is kept on this server, shrunk to 512 pixels, and found only by the links that you share.")


def _take(page: str, key: str) -> None:
    """Keep an uploaded picture and choose it, or remember why it cannot be used."""
    file = st.session_state.get(key)
    if file is None:
        return
    state.put(f"{page}_own_turn", state.get(f"{page}_own_turn", 0) + 1)
    data = file.getvalue()
    try:
        picture = images.store_upload(uploads.decode(data), state.selection().owner)
    except (PictureError, StorageUnavailable) as error:
        state.put(_PROBLEM, (str(error), state.selection().picture))
        return
    state.put(_PROBLEM, None)
    state.put("picker_upload", picture)
    state.put(_PAGES, picture if uploads.has_pages(data) else None)
    state.choose(picture=picture)
