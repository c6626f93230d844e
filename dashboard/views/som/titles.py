"""What maps and their data are called."""

from __future__ import annotations

from models.backbones.registry import BACKBONES
from models.pictures import datasets
from models.som.data import SHAPES, SomTask

SOURCE_TITLES = {
    "colours": "Random colours",
    "named": "Named colours",
    "points": "Points in a plane",
    "points3d": "Points in space",
    "digits": "Digits",
    "pictures": "Pictures of the data",
    "features": "Features of the network",
    "table": "Your table (CSV)",
}


def title(task: SomTask) -> str:
    """Return the name a map goes by."""
    som = task.som
    kind = [som.lattice] * (som.lattice != "rectangular") + ["toroid"] * som.toroid
    if som.distance == "weights":
        kind.append("distances between weights")
    lattice = ", ".join([f"{som.rows} × {som.columns}", *kind, som.method])
    return f"{_data_title(task)}, {lattice}"


def _data_title(task: SomTask) -> str:
    if task.source in SHAPES:
        return task.shape.capitalize()
    if task.source == "table":
        return f"Your table, {len(task.columns)} column" + "s" * (len(task.columns) != 1)
    if task.source == "pictures":
        return datasets.get(task.dataset).title + (" in any rotation" if task.rotations else " as pixels")
    if task.source != "features":
        return SOURCE_TITLES[task.source]
    backbone = task.network.split(":")[1]
    network = BACKBONES[backbone].title if backbone in BACKBONES else "the trained run"
    if task.network.endswith(":random"):
        network += " with random weights"
    return f"{datasets.get(task.dataset).title} as {task.layer} of {network} sees them"
