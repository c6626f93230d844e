"""Results of maps that are shipped with the app, so that a first visit sees them, and the script that makes them.

    python -m models.som_recordings

Run it (a minute) after `python -m models.example` or new weights of Frame8: the file of the purity by depth is named
after both, and an old one is not shown.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from models import answers
from models.runs import ASSETS, EXAMPLE, write_atomically
from models.som_depth import DepthResult, DepthTask
from models.som_depth import measure as measure_depth
from models.som_rotation_job import RotationResult, RotationTask, compare

FOLDER = ASSETS / "som"
DEPTH_TASK = DepthTask(f"run:{EXAMPLE}", "galaxies")
_WEIGHTS = (ASSETS / "frame8" / "frame8.npz", ASSETS / EXAMPLE / "head.npz")


def rotation() -> RotationResult | None:
    """Return the comparison of `RotationTask()`, if it is shipped."""
    return answers.read(FOLDER / "rotation.npz", RotationResult)


def depth() -> DepthResult | None:
    """Return the purity by depth of `DEPTH_TASK`, if it is shipped for the weights that are."""
    return answers.read(_depth_path(), DepthResult)


def _depth_path() -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _WEIGHTS)).hexdigest()
    return FOLDER / f"depth-{digest[:12]}.npz"


def main() -> None:
    """Compute and write both; replaces older ones."""
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("depth-*.npz"):
        old.unlink()
    with threadpool_limits(1):
        write_atomically(FOLDER / "rotation.npz", answers.encode(compare(RotationTask())))
        write_atomically(_depth_path(), answers.encode(measure_depth(DEPTH_TASK)))


if __name__ == "__main__":
    main()
