"""What runs in the browser for the film player. Fixed text: everything that varies arrives as data."""

from pathlib import Path
from typing import Final

_FOLDER = Path(__file__).with_name("film_player")
_PARTS = ("film", "layouts", "lattice", "net", "curves", "player")  # one module; each part knows those before it

HTML: Final = (_FOLDER / "player.html").read_text("utf-8")
STYLE: Final = (_FOLDER / "player.css").read_text("utf-8")
SCRIPT: Final = "\n".join((_FOLDER / f"{part}.js").read_text("utf-8") for part in _PARTS)
