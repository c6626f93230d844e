"""Make what is shipped with the app anew: `python -m models.ship KIND…`, or with no kind the list of them.

A kind is a job that has examples: they are computed, and their results replace what lies in `assets/shipped`. The
files are named after the question and the weights, so that results of other weights are never shown. Or it is one of
`catalogue.SHIPMENTS`, whose function writes files of its own. Begin with "example": others look into its network.
"""

from __future__ import annotations

import sys
from typing import Any

from models import catalogue
from models.jobs.job import SHIPPED, Job, function
from models.storage.files import encode, write_atomically
from models.storage.progress import SILENT


def ship(job: Job[Any, Any]) -> None:
    """Compute the results of a job's examples and put them in the place of the old ones."""
    SHIPPED.mkdir(exist_ok=True)
    made = {job.shipped_path(spec): encode(function(job.work)(spec, SILENT)) for spec in (job.examples or tuple)()}
    for old in SHIPPED.glob(f"{job.kind}-*.npz"):
        old.unlink()
    for path, data in made.items():
        write_atomically(path, data)


def main(kinds: list[str]) -> None:
    """Ship the given kinds, one after the other."""
    jobs = {job.kind: job for job in catalogue.JOBS if job.examples is not None}
    known = [*catalogue.SHIPMENTS, *jobs]
    if not kinds or set(kinds) - set(known):
        raise SystemExit(f"Expected kinds out of {', '.join(known)}. Received: {', '.join(kinds) or 'none'}")
    function("models.backbones.worker.build:prepare_tensorflow")()
    for kind in kinds:
        if kind in jobs:
            ship(jobs[kind])
        else:
            function(catalogue.SHIPMENTS[kind])()


if __name__ == "__main__":
    main(sys.argv[1:])
