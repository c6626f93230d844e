"""Make what is shipped with the app anew: `python -m models.ship KIND…`, or with no kind the list of them.

A kind is a job that has examples: they are computed, and their results replace what lies in `assets/shipped`. The
files are named after the question and the weights, so that results of other weights are never shown. Or it is one of
`catalogue.SHIPMENTS`, whose function makes its files itself. Begin with "features" and "example":
trainings begin with the features, and others look into the network of the example.
"""

from __future__ import annotations

import sys
from typing import Any

from models import catalogue
from models.jobs.job import Job, function
from models.storage.progress import SILENT


def ship(job: Job[Any, Any]) -> None:
    """Compute the results of a job's examples and put them in the place of the old ones."""
    job.ship({spec: function(job.work)(spec, SILENT) for spec in (job.examples or tuple)()})


def main(kinds: list[str]) -> None:
    """Ship the given kinds, one after the other."""
    jobs = {job.kind: job for job in catalogue.JOBS if job.examples is not None}
    known = list(dict.fromkeys([*catalogue.SHIPMENTS, *jobs]))
    if not kinds or set(kinds) - set(known):
        raise SystemExit(f"Expected kinds out of {', '.join(known)}. Received: {', '.join(kinds) or 'none'}")
    function("models.backbones.worker.build:prepare_tensorflow")()
    for kind in kinds:
        if kind in catalogue.SHIPMENTS:
            function(catalogue.SHIPMENTS[kind])()
        else:
            ship(jobs[kind])


if __name__ == "__main__":
    main(sys.argv[1:])
