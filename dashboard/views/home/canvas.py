"""The canvas of Home: a picture that flows through the blocks, and what travels to the browser for it.

Everything about one picture travels once, as bytes; dragging the square asks the server nothing.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from dashboard.figures import theme
from dashboard.figures.activations import palette
from dashboard.widgets.panels import component, pack
from models.networks.layers import LayerChoice
from models.occlusion import occlusion
from models.occlusion.flow import FILL, LEVELS, Flow
from models.pictures import images
from models.wording import grouped, percent

THUMBNAIL: Final = 48  # pixels
demo: Final = component("freezeframe_home_demo", Path(__file__).with_name("canvas"), "demo")


def message(
    flow: Flow,
    picture: tuple[str, str],
    offered: Sequence[tuple[str, str]],
    shown: Sequence[LayerChoice],
    frozen: Collection[str],
    note: str,
) -> bytes:
    """Return what the browser gets of one picture.

    Args:
        flow: What the network answers.
        picture: Its id and title.
        offered: Ids and titles of all pictures to choose from.
        shown: The layers of `flow`.
        frozen: Names of the blocks that did not learn.
        note: A sentence below the class bars.
    """
    image = images.resize(images.load_picture(picture[0]), flow.height, flow.width)
    first = int(flow.probabilities[0].argmax())
    answer = f"{flow.classes[first]}, {percent(float(flow.probabilities[0, first]))}"
    header: dict[str, Any] = {
        "identity": f"{picture[0]} {len(flow.rows)}",
        "picture": picture[0],
        "pictures": offered,
        "height": flow.height,
        "width": flow.width,
        "patch": flow.patch,
        "rows": flow.rows.tolist(),
        "cols": flow.cols.tolist(),
        "start": start(flow),
        "classes": list(zip(flow.classes, itertools.cycle(theme.CLASS_COLOURS), strict=False)),
        "blocks": _blocks(flow, shown, frozen),
        "headCut": flow.blocks[-1],
        "headWords": "The head is new: it alone learns from these pictures. Click to train one.",
        "colours": [theme.FROZEN, theme.TRAINABLE],
        "before": f"The network's answer: {answer}.",
        "note": note,
        "alt": f"{picture[1].capitalize()}, on its way through the blocks of the network to its answer: {answer}",
    }
    return pack(header, {**_pictures(image, flow, [name for name, _ in offered]), **tiles(flow)})


def start(flow: Flow) -> int:
    """Return the position whose square takes most from the answer for the whole picture."""
    return int(flow.probabilities[1:, flow.probabilities[0].argmax()].argmin())


def tiles(flow: Flow) -> dict[str, bytes]:
    """Return the tiles of the whole picture, and deflated the differences of all others from them, modulo 256.

    The differences go value by value, each at all positions: so they take a seventh less than position by position.
    """
    changes = (flow.tiles[1:] - flow.tiles[0]).T  # uint8 wraps around
    levels = palette(False)[np.rint(np.linspace(0, 256, LEVELS)).astype(int)]
    return {
        "whole": flow.tiles[0].tobytes(),
        "changes": zlib.compress(changes.tobytes(), 9),
        "palette": np.ascontiguousarray(levels).tobytes(),
    }


def _pictures(image: np.ndarray, flow: Flow, offered: Sequence[str]) -> dict[str, bytes]:
    small = np.stack([images.thumbnail(images.load_picture(name), THUMBNAIL) for name in offered])
    return {
        "picture": images.png(image),
        "hidden": images.png(occlusion.filling(image, FILL, flow.patch)),
        "sprite": images.webp(images.tile(small, len(small), gap=0)),
        "probabilities": flow.probabilities.astype("<f4").tobytes(),
    }


def _blocks(flow: Flow, shown: Sequence[LayerChoice], frozen: Collection[str]) -> list[dict[str, Any]]:
    blocks = []
    for number, layer in enumerate(shown):
        height, width, count = layer.shape
        still = layer.block in frozen
        words = (
            f"{layer.block} is frozen: it keeps what it learnt before. Click to let it and all blocks after it learn."
            if still
            else f"{layer.block} learns. Click to freeze it and all blocks before it."
        )
        below = shown[number - 1].block if number else "nothing"
        blocks.append(
            {
                "name": layer.block,
                "layer": layer.name,
                "channels": flow.channels[number].tolist(),
                "count": grouped(count),
                "size": f"{len(flow.channels[number])} of {grouped(count)}, {height} × {width}",
                "height": height,
                "width": width,
                "frozen": still,
                "words": words,
                "cut": below if still else layer.block,
            }
        )
    return blocks
