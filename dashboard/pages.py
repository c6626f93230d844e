"""The pages, in the order in which they are listed: navigation, tour and links read this table."""

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
        without_bar: Its views that the experiment bar does not change; "" is the view without a name in the address.
        starts_jobs: Whether a visitor may start a job there at once, so that the worker should be warm.
        views: Its views, the one that opens first at the beginning; () for a page without views.
    """

    name: str
    title: str
    icon: str
    group: str
    sentence: str
    without_bar: tuple[str, ...] = ()
    starts_jobs: bool = False
    views: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        """What `st.Page` and `st.page_link` call it."""
        return f"app_pages/{self.name}.py"


_TRANSFER, _INSIDE, _UNDERSTAND = "Transfer", "See inside", "Understand"
_ALL = (
    Page(HOME, "Home", ":material/home:", _TRANSFER, "A picture on its way through a frozen network", starts_jobs=True),
    Page(
        "data",
        "Data",
        ":material/photo_library:",
        _TRANSFER,
        "The pictures, their classes and their split",
    ),
    Page(
        "backbone",
        "Backbone",
        ":material/layers:",
        _TRANSFER,
        "The pretrained network, layer by layer",
        views=("Its layers", "How it was pretrained", "Its own classes", "Compared"),
    ),
    Page(
        "train",
        "Train",
        ":material/model_training:",
        _TRANSFER,
        "Freeze some layers, train the rest",
        starts_jobs=True,
    ),
    Page(
        "evaluate",
        "Evaluate",
        ":material/grid_on:",
        _TRANSFER,
        "What the classifier gets right and wrong",
    ),
    Page(
        "sweeps",
        "Sweeps",
        ":material/stacked_line_chart:",
        _TRANSFER,
        "One choice, several values, several seeds",
        starts_jobs=True,
    ),
    Page(
        "compare",
        "Compare",
        ":material/compare_arrows:",
        _TRANSFER,
        "Trainings side by side: recipe, curves, accuracy, layers",
    ),
    Page(
        "traps",
        "What goes wrong",
        ":material/warning:",
        _TRANSFER,
        "Trainings that go wrong on purpose, and their cures",
        without_bar=("",),
        starts_jobs=True,
    ),
    Page(
        "activations",
        "Activations",
        ":material/blur_on:",
        _INSIDE,
        "What every channel of a layer answers to a picture",
        views=("Maps", "Before and after", "Through the epochs"),
    ),
    Page(
        "features",
        "Features",
        ":material/travel_explore:",
        _INSIDE,
        "What a channel looks for, in pictures",
        views=("Strongest patches", "What it looks for", "First layer"),
    ),
    Page(
        "occlusion",
        "Occlusion",
        ":material/select_all:",
        _INSIDE,
        "Hide a patch and watch the score fall",
        views=("Map", "The whole figure", "Other methods", "Can I trust it?"),
    ),
    Page(
        "general",
        "General or specific?",
        ":material/timeline:",
        _UNDERSTAND,
        "Which layers serve another task, measured",
        without_bar=("", "The experiment", "Live on digits"),
        views=("The experiment", "Live on digits", "Probe each layer"),
    ),
    Page(
        "som",
        "Self-organising map",
        ":material/apps:",
        _UNDERSTAND,
        "Watch a map organise itself",
        without_bar=("Read the map", "One step", "Worked example", "When it goes wrong"),
        views=("Watch", "Read the map", "One step", "Worked example", "Depth", "Rotation", "When it goes wrong"),
    ),
)
PAGES: Final[dict[str, Page]] = {page.name: page for page in _ALL}
GROUPS: Final[dict[str, tuple[Page, ...]]] = {
    group: tuple(page for page in _ALL if page.group == group) for group in (_TRANSFER, _INSIDE, _UNDERSTAND)
}
