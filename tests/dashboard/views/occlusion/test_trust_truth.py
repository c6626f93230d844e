"""Maps against the truth: what is said over the comparison, for hits known by hand."""

from dataclasses import dataclass

import pytest

from dashboard.views.occlusion.trust_truth import verdict
from models.intervals import wilson


@dataclass
class Measured:
    """How often, of 100 pictures, each method and the middle hit the object."""

    hits: dict
    dataset: str = "galaxies"

    @property
    def methods(self):
        return tuple(name for name in self.hits if name != "centre")

    def pointing(self, which):
        return {name: wilson(hits, 100) for name, hits in self.hits.items()}


@pytest.mark.parametrize(
    ("occlusion", "saliency", "begins"),
    [
        (95, 50, "Only Occlusion finds the galaxy clearly more often than"),
        (95, 90, "Occlusion and Saliency find the galaxy clearly more often than"),
        (55, 20, "No method finds the galaxy clearly more often than"),  # five more of 100 may be luck
    ],
)
def test_the_verdict_names_who_is_clearly_better_than_the_middle(occlusion, saliency, begins):
    found = verdict(Measured({"occlusion": occlusion, "saliency": saliency, "centre": 50}), "all")
    assert found == f"{begins} a map that always points to the middle."
