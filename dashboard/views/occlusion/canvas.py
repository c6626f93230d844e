"""The two canvases of the Occlusion page: maps read at the same place, and the figure with its movable square.

Everything travels once, as bytes; pointing, dragging and playing happen in the browser without a rerun.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from dashboard.figures import theme
from dashboard.views.occlusion.figures import FADE, MapScale, PixelMap, cell_edges, nearest_done, outline, stops
from dashboard.widgets.panels import component, pack
from models.occlusion import occlusion
from models.occlusion import scores as occlusion_scores
from models.occlusion.scores import PatchScores
from models.pictures import images

_FOLDER: Final = Path(__file__).with_name("canvas")
_HINT = "Point at a place, or move over it with the arrow keys, to read it."
_maps = component("freezeframe_occlusion_maps", _FOLDER, "maps")
_figure = component("freezeframe_occlusion_figure", _FOLDER, "figure")


def linked_maps(
    image: np.ndarray,
    maps: Sequence[PixelMap],
    scales: Sequence[MapScale],
    *,
    key: str,
    alt: str,
    opacity: float = 1.0,
    mask: np.ndarray | None = None,
    square: tuple[int, int, int] | None = None,
) -> None:
    """Draw maps over a picture side by side; a pointer or the arrow keys read the same place in all of them.

    Args:
        image: (H, W, 3) uint8, the picture.
        maps: Of the same height and width.
        scales: Those that the maps name by number.
        key: Of the component.
        alt: What the maps show, for who cannot see them.
        opacity: Of the maps over the picture where they are strongest, 0..1; they are transparent at zero.
        mask: (H, W) bool, outlined in white on black; None for none.
        square: (top, left, side) of the one that the words beside are about, dashed in the first map; None for none.
    """
    x, y = ([], []) if mask is None else outline(mask)
    header = {
        "height": image.shape[0],
        "width": image.shape[1],
        "maps": [{"title": one.title, "scale": one.scale, "quiet": one.quiet} for one in maps],
        "scales": [
            {"low": one.low, "high": one.high, "title": one.title, "hover": one.reading, "stops": one.stops}
            for one in scales
        ],
        "outline": [
            [x[i] + 0.5, y[i] + 0.5, x[i + 1] + 0.5, y[i + 1] + 0.5]  # type: ignore[operator]
            for i in range(0, len(x), 3)
        ],
        "square": square,
        "opacity": opacity,
        "fade": FADE,
        "alt": alt,
        "hint": _HINT,
    }
    values = {f"map{i}": one.values.astype("<f4").tobytes() for i, one in enumerate(maps)}
    _maps(key=key, data=pack(header, {"picture": images.png(image), **values}))


@dataclass(frozen=True, slots=True)
class Projection:
    """The watched channel in pixel space: (H, W, 3) uint8, or None and a note why; what it is called ("map 7")."""

    image: np.ndarray | None
    channel: str
    note: str


def occluder_figure(
    image: np.ndarray, scores: PatchScores, projection: Projection, *, explained: int, picture: str, key: str
) -> None:
    """Draw the five panels of Zeiler and Fergus, with the square moved by hand, by arrow keys, or played.

    Args:
        image: (H, W, 3) uint8, the picture as the network takes it.
        scores: Whole or partial; of a partial one every position shows the nearest that is computed.
        projection: For panel c.
        explained: Number of the class whose probability panel d begins with.
        picture: What the picture is called.
        key: Of the component.
    """
    nearest = nearest_done(scores.done)
    classes, kept = len(scores.classes), scores.done.ravel()
    probabilities = occlusion_scores.probabilities(scores).reshape(-1, classes)[nearest]
    activity = scores.activity.ravel()[nearest] if scores.layer else np.zeros(0, np.float32)
    hidden = occlusion.filling(image, scores.fill, scores.patch)
    identity = (picture, scores.height, scores.width, scores.patch, scores.rows.tolist(), scores.cols.tolist())
    header = {
        "identity": " ".join(map(str, identity)),
        **_positions(scores),
        "classes": list(zip(scores.classes, _colours(probabilities), strict=True)),
        "explained": explained,
        "base": occlusion_scores.base_probabilities(scores).tolist(),
        "baseActivity": scores.base_activity if scores.layer else 0.0,
        "start": int(probabilities[:, explained].argmin()),
        "stops": stops(False),
        "titles": {
            "picture": "Hide a square: drag it",
            "activity": f"Activity of {projection.channel}",
            "projection": f"{projection.channel.capitalize()}, projected to pixels",
        },
        "note": projection.note,
        "alts": _alts(f"{projection.channel} of {scores.layer}", picture),
    }
    parts = {
        "picture": images.png(image),
        "hidden": images.png(hidden),
        "projection": b"" if projection.image is None else images.png(projection.image),
        "probabilities": probabilities.astype("<f4").tobytes(),
        "activity": activity.astype("<f4").tobytes(),
        "computed": kept.astype(np.uint8).tobytes(),
    }
    _figure(key=key, data=pack(header, parts))


def _colours(probabilities: np.ndarray) -> list[str]:
    """Return a colour for every class: in their order, or, where they are many, in that of their highest probability.

    Classes that share a colour are then seldom seen together.

    Args:
        probabilities: (positions, classes).
    """
    count, colours = probabilities.shape[1], theme.CLASS_COLOURS
    rank = np.arange(count) if count <= len(colours) else np.argsort(np.argsort(-probabilities.max(axis=0)))
    return [colours[place % len(colours)] for place in rank.tolist()]


def _positions(scores: PatchScores) -> dict[str, Any]:
    """Return where the square can stand, in pixels of the picture."""
    return {
        "height": scores.height,
        "width": scores.width,
        "patch": scores.patch,
        "rows": scores.rows.tolist(),
        "cols": scores.cols.tolist(),
        "rowEdges": cell_edges(scores.rows, scores.patch, scores.height),
        "colEdges": cell_edges(scores.cols, scores.patch, scores.width),
    }


def _alts(channel: str, picture: str) -> dict[str, str]:
    """Return what each panel shows, for who cannot see it."""
    return {
        "figure": f"Occlusion of {picture}: what every class and one channel answer as a square hides each part",
        "picture": f"The picture: {picture}",
        "activity": f"Activity of {channel}, by position of the square",
        "projection": f"The strongest value of {channel}, projected to the pixels",
        "probability": "Probability of the chosen class, by position of the square",
        "winner": "The most probable class, by position of the square",
    }
