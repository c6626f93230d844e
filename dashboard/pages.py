"""The pages, in the order in which they are listed: navigation, tiles of Home, tour and links read this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

HOME: Final = "home"


@dataclass(frozen=True, slots=True)
class Page:
    """One page.

    Attributes:
        name: Of its script, in the address and at the beginning of its widgets' keys.
        title: In the navigation and in links.
        icon: Of both.
        group: The heading it stands under in the navigation.
        sentence: What it is for, when the navigation is pointed at.
        station: What it is for, when its tile on Home is pointed at; "" has no tile.
        picture: What the picture on its tile shows.
        without_bar: Its views that the experiment bar does not change; "" is the view without a name in the address.
        starts_jobs: Whether a visitor may start a job there at once, so that the worker should be warm.
    """

    name: str
    title: str
    icon: str
    group: str
    sentence: str
    station: str = ""
    picture: str = ""
    without_bar: tuple[str, ...] = ()
    starts_jobs: bool = False

    @property
    def script(self) -> str:
        """What `st.Page` and `st.page_link` call it."""
        return f"app_pages/{self.name}.py"


_TRANSFER, _INSIDE, _UNDERSTAND = "Transfer", "See inside", "Understand"
_ALL = (
    Page(HOME, "Home", ":material/home:", _TRANSFER, "What this is, and where you stand"),
    Page(
        "data",
        "Data",
        ":material/photo_library:",
        _TRANSFER,
        "The pictures, their classes and their split",
        station="Pictures with classes, split in three.",
        picture="Galaxies of five classes",
    ),
    Page(
        "backbone",
        "Backbone",
        ":material/layers:",
        _TRANSFER,
        "The pretrained network, layer by layer",
        station="What was learnt before.",
        picture="The blocks of the shipped network",
    ),
    Page(
        "train",
        "Train",
        ":material/model_training:",
        _TRANSFER,
        "Freeze some layers, train the rest",
        station="Freeze, train, prove it.",
        picture="Frozen blocks and a new head",
        starts_jobs=True,
    ),
    Page(
        "evaluate",
        "Evaluate",
        ":material/grid_on:",
        _TRANSFER,
        "What the classifier gets right and wrong",
        station="Right, wrong, and how sure.",
        picture="Confusion matrix",
    ),
    Page(
        "sweeps",
        "Sweeps",
        ":material/stacked_line_chart:",
        _TRANSFER,
        "One choice, several values, several seeds",
        station="One choice, many trainings.",
        picture="Accuracy by how much is frozen",
        starts_jobs=True,
    ),
    Page(
        "compare",
        "Compare",
        ":material/compare_arrows:",
        _TRANSFER,
        "Trainings side by side: recipe, curves, accuracy, layers",
        station="Trainings side by side.",
        picture="Two accuracies with their intervals",
    ),
    Page(
        "traps",
        "What goes wrong",
        ":material/warning:",
        _TRANSFER,
        "Trainings that go wrong on purpose, and their cures",
        station="Mistakes beside their cures.",
        picture="Learning curves of a training gone wrong",
        without_bar=("",),
        starts_jobs=True,
    ),
    Page(
        "activations",
        "Activations",
        ":material/blur_on:",
        _INSIDE,
        "What every channel of a layer answers to a picture",
        station="What each channel answers to.",
        picture="Activation maps",
    ),
    Page(
        "features",
        "Features",
        ":material/travel_explore:",
        _INSIDE,
        "What a channel looks for, in pictures",
        station="What a channel looks for.",
        picture="Patches that excite a channel",
    ),
    Page(
        "occlusion",
        "Occlusion",
        ":material/select_all:",
        _INSIDE,
        "Hide a patch and watch the score fall",
        station="Hide a part, watch the score.",
        picture="Occlusion map of a galaxy",
    ),
    Page(
        "general",
        "General or specific?",
        ":material/timeline:",
        _UNDERSTAND,
        "Which layers serve another task, measured",
        station="Which layers serve another task.",
        picture="Measured curves",
        without_bar=("", "The experiment", "Live on digits"),
    ),
    Page(
        "som",
        "Self-organising map",
        ":material/apps:",
        _UNDERSTAND,
        "Watch a map organise itself",
        station="Watch a map find its order, step by step.",
        picture="A map of colours",
        without_bar=("Read the map", "One step", "Worked example", "When it goes wrong"),
    ),
)
PAGES: Final[dict[str, Page]] = {page.name: page for page in _ALL}
GROUPS: Final[dict[str, tuple[Page, ...]]] = {
    group: tuple(page for page in _ALL if page.group == group) for group in (_TRANSFER, _INSIDE, _UNDERSTAND)
}
