"""Photographs that come with a package: what a network pretrained on ImageNet was made for.

Both lie in scikit-learn, which is installed anyway, and are under the Creative Commons licence CC BY 2.0: who shows one
names its author.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from models.errors import PictureError
from models.pictures import uploads

_PACKAGE: Final = "sklearn"  # only looked for: importing it takes a second


@dataclass(frozen=True, slots=True)
class Photograph:
    """A photograph.

    Attributes:
        title: What it is of.
        author: Who took it, as on Flickr.
        file: Its name in the package.
        source: Its page.
    """

    title: str
    author: str
    file: str
    source: str

    @property
    def credit(self) -> str:
        """The line that stands below it, with links in Markdown."""
        licence = "[CC BY 2.0](https://creativecommons.org/licenses/by/2.0/)"
        return f"{self.title.capitalize()}: [{self.author}]({self.source}), {licence}."


PHOTOGRAPHS: Final[dict[str, Photograph]] = {
    "china": Photograph(
        "palace by a lake", "danielbuechele", "china.jpg", "https://www.flickr.com/photos/danielbuechele/6061409035/"
    ),
    "flower": Photograph("dahlia", "vultilion", "flower.jpg", "https://www.flickr.com/photos/vultilion/6056698931/"),
}


@lru_cache(maxsize=len(PHOTOGRAPHS))
def load(name: str) -> NDArray[np.uint8]:
    """Return a photograph, (H, W, 3); the array is shared, and cannot be written.

    Raises:
        PictureError: There is none of that name, or the package came without it.
    """
    if name not in PHOTOGRAPHS:
        raise PictureError(f"Expected a photograph out of {', '.join(PHOTOGRAPHS)}. Received {name!r}.")
    found = importlib.util.find_spec(_PACKAGE)
    folders = (found.submodule_search_locations or []) if found else []
    files = [Path(folder) / "datasets" / "images" / PHOTOGRAPHS[name].file for folder in folders]
    try:
        picture = uploads.decode(files[0].read_bytes())
    except (IndexError, OSError) as error:
        raise PictureError("This photograph comes with scikit-learn, whose installation here is without it.") from error
    picture.flags.writeable = False
    return picture
