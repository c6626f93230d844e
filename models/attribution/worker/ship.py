"""What the example run's maps are worth, shipped with the app so that a first visit sees it, and the script for it.

    python -m models.attribution.trust

Run it (ten minutes of one core) after `python -m models.training.worker.ship` or new weights of Frame8: the files are named after
both, and old ones are not shown.
"""

from __future__ import annotations

from models.attribution.randomised import RandomisedSpec
from models.attribution.trust import COVER, FOLDER, TRUTH, _path
from models.storage import files
from models.storage.files import write_atomically


def main() -> None:
    """Compute and write both; replaces older ones."""
    from models.attribution.worker import randomised, trust
    from models.backbones.worker import build
    from models.networks.worker import answers

    build.prepare_tensorflow()
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.npz"):
        old.unlink()
    answer = int(answers.predict(TRUTH.network, COVER).probabilities.argmax())
    spec = RandomisedSpec(TRUTH.network, COVER, answer)
    write_atomically(_path(f"randomised-{answer}"), files.encode(randomised.measure(spec)))
    write_atomically(_path("truth"), files.encode(trust.measure(TRUTH)))


if __name__ == "__main__":
    main()
