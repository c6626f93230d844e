"""What the built-in data sets hold: plain facts, known without making a single picture."""

from __future__ import annotations

from dataclasses import dataclass

from models import galaxies, textures


@dataclass(frozen=True, slots=True)
class DatasetSpec:
    """What one data set holds."""

    id: str
    title: str
    description: str  # how it was made
    limits: str  # what it does not show, to follow "What you do not see: "
    classes: tuple[str, ...]
    per_class: tuple[int, ...]
    height: int
    width: int
    has_masks: bool
    source: str
    cover: int  # a picture worth opening with, from the test part of split 0

    @property
    def size(self) -> int:
        """Return the number of pictures."""
        return sum(self.per_class)


DATASETS: dict[str, DatasetSpec] = {
    spec.id: spec
    for spec in (
        DatasetSpec(
            "galaxies",
            "Galaxies",
            "Drawn by a program: the light of a galaxy falls off as Sérsic's law says, then come the blur of a "
            "telescope, stars in the foreground and the noise of a camera.",
            "real galaxies. A network that is right about drawings has yet to show that it is right about the sky.",
            galaxies.CLASSES,
            (300,) * len(galaxies.CLASSES),
            galaxies.SIDE,
            galaxies.SIDE,
            True,
            "Made on this machine, always the same; law of light: Sérsic 1963.",
            571,
        ),
        DatasetSpec(
            "textures",
            "Textures",
            "Drawn by a program: eight patterns in random colours, sizes and directions, seen at a slant under "
            "uneven light, with noise.",
            "colours that belong to a class. Here they say nothing, on purpose; in real pictures they often do.",
            textures.CLASSES,
            (200,) * len(textures.CLASSES),
            textures.SIDE,
            textures.SIDE,
            False,
            "Made on this machine, always the same.",
            135,
        ),
        DatasetSpec(
            "digits",
            "Digits",
            "Real scans: handwritten digits of 13 people, reduced to 8 × 8 pixels of 17 grey levels.",
            "a hard task. Even a linear model on the pixels gets 97% right, so transfer has nothing to add.",
            tuple("0123456789"),
            (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
            8,
            8,
            False,
            "Alpaydin and Kaynak 1998, UCI repository; the test part, as scikit-learn ships it.",
            45,
        ),
    )
}
