"""The ids of networks and pictures: small types that read and write the texts which stand in links and specs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Self, get_args

from models.errors import InputError, PictureError

Frame = Literal["squeeze", "crop", "pad"]
FRAMES: Final[tuple[Frame, ...]] = get_args(Frame)  # squeezed is what the ids of uploads without a word mean

_NETWORK = re.compile(
    r"run:(?P<run>example|fine-tuned|[0-9a-f]{32})(?P<start>:start)?(?::epoch:(?P<epoch>\d{1,6}))?"
    r"|backbone:(?P<backbone>[\w-]+):(?P<side>\d{1,5})(?::(?P<weights>random|top))?",
    re.ASCII,
)
_PICTURE = re.compile(
    r"sample:(?P<dataset>[a-z0-9_-]{1,40}):(?P<index>\d{1,7})"
    r"|(?:upload:(?P<upload>[0-9a-f]{32})|photo:(?P<photo>[a-z]{1,20}))(?::(?P<frame>crop|pad))?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class NetworkId:
    """A network: the classifier of a run at some moment of its training, or a bare backbone.

    As text: `run:<id>`, `run:<id>:start` before the first epoch, `run:<id>:epoch:<n>` after one that the run kept,
    `backbone:<id>:<side>`, `backbone:<id>:<side>:random`, or `backbone:<id>:<side>:top` with the classifier that the
    backbone was pretrained with.

    Attributes:
        run: Id of the training; "" for a bare backbone.
        start: Whether it is the run's network before its first epoch.
        epoch: After which kept epoch; None for the best one, at the end.
        backbone: Id of a bare backbone; "" for a run.
        side: In pixels, of the pictures that a bare backbone takes; 0 for a run.
        weights: Of a bare backbone; "top" has its classifier too.
    """

    run: str = ""
    start: bool = False
    epoch: int | None = None
    backbone: str = ""
    side: int = 0
    weights: Literal["pretrained", "random", "top"] = "pretrained"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that a text stands for.

        Raises:
            InputError: The text is no network's id.
        """
        match = _NETWORK.fullmatch(text)
        if match is None or (match["start"] and match["epoch"]):
            raise InputError(
                "Expected a network such as run:<id>, backbone:frame8:64 or backbone:frame8:64:random. "
                f"Received {text[:60]!r}."
            )
        if match["run"]:
            return cls(match["run"], bool(match["start"]), None if match["epoch"] is None else int(match["epoch"]))
        weights: Literal["pretrained", "random", "top"] = "pretrained"
        if match["weights"]:
            weights = "random" if match["weights"] == "random" else "top"
        return cls(backbone=match["backbone"], side=int(match["side"]), weights=weights)

    def __str__(self) -> str:
        if self.run:
            return (
                f"run:{self.run}{':start' if self.start else ''}{'' if self.epoch is None else f':epoch:{self.epoch}'}"
            )
        return f"backbone:{self.backbone}:{self.side}{'' if self.weights == 'pretrained' else f':{self.weights}'}"


@dataclass(frozen=True, slots=True)
class PictureId:
    """A picture: one of a data set, one that a visitor uploaded, or a photograph that comes with the app.

    As text: `sample:<data set>:<index>`, `upload:<32 hexadecimal digits>` or `photo:<name>`, the latter two also with
    `:crop` or `:pad`.

    Attributes:
        dataset: Id of the data set; "" for others.
        index: Number in the data set, from 0; 0 for others.
        upload: The secret id of an upload; "" for others.
        frame: How a picture of no data set becomes square: squeezed, its middle cut out, or with borders added.
        photo: Name of a photograph; "" for others.
    """

    dataset: str = ""
    index: int = 0
    upload: str = ""
    frame: Frame = "squeeze"
    photo: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the id that a text stands for.

        Raises:
            PictureError: The text is no picture's id.
        """
        match = _PICTURE.fullmatch(text)
        if match is None:
            raise PictureError("Expected the id of a picture. Received something else; the link may be cut short.")
        if match["dataset"]:
            return cls(match["dataset"], int(match["index"]))
        frame: Frame = "squeeze"
        if match["frame"]:
            frame = "crop" if match["frame"] == "crop" else "pad"
        return cls(upload=match["upload"] or "", photo=match["photo"] or "", frame=frame)

    def __str__(self) -> str:
        if self.dataset:
            return f"sample:{self.dataset}:{self.index}"
        name = f"upload:{self.upload}" if self.upload else f"photo:{self.photo}"
        return f"{name}{'' if self.frame == 'squeeze' else f':{self.frame}'}"
