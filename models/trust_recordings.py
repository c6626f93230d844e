"""What the example run's maps are worth, shipped with the app so that a first visit sees it, and the script for it.

    python -m models.trust_recordings

Run it (ten minutes of one core) after `python -m models.example` or new weights of Frame8: the files are named after
both, and old ones are not shown.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from models import answers, datasets
from models.randomised import RandomisedResult, RandomisedSpec
from models.runs import ASSETS, EXAMPLE, write_atomically
from models.trust import TrustResult, TrustSpec

FOLDER = ASSETS / "trust"
TRUTH = TrustSpec(f"run:{EXAMPLE}")
COVER = f"sample:galaxies:{datasets.DATASETS['galaxies'].cover}"
_WEIGHTS = (ASSETS / "frame8" / "frame8.npz", ASSETS / EXAMPLE / "head.npz")


def truth(spec: TrustSpec) -> TrustResult | None:
    """Return what is shipped for this question, if it was made with the weights that are shipped."""
    return answers.read(_path("truth"), TrustResult) if spec == TRUTH else None


def randomised(spec: RandomisedSpec) -> RandomisedResult | None:
    """Return what is shipped for this question, if it was made with the weights that are shipped."""
    path = _path(f"randomised-{spec.class_index}")
    asked = (spec.network, spec.picture, spec.seed) == (TRUTH.network, COVER, 1)
    return answers.read(path, RandomisedResult) if asked else None


def _path(name: str) -> Path:
    digest = hashlib.sha256(b"".join(path.read_bytes() for path in _WEIGHTS)).hexdigest()
    return FOLDER / f"{name}-{digest[:12]}.npz"


def main() -> None:
    """Compute and write both; replaces older ones."""
    from models import networks, randomised_job, scores, trust_job

    networks.prepare_tensorflow()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.npz"):
        old.unlink()
    answer = int(scores.predict(TRUTH.network, COVER).probabilities.argmax())
    spec = RandomisedSpec(TRUTH.network, COVER, answer)
    write_atomically(_path(f"randomised-{answer}"), answers.encode(randomised_job.measure(spec)))
    write_atomically(_path("truth"), answers.encode(trust_job.measure(TRUTH)))


if __name__ == "__main__":
    main()
