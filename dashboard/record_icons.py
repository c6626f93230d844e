"""The icons of the app as a font of their own: a twentieth of the one that Streamlit would send.

    pip install fonttools brotli && python -m dashboard.record_icons

Writes `assets/icons`, replacing what is there: a font under the name of Streamlit's, and the names of its icons. Run it
after a new icon in the dashboard, and after a new Streamlit (a test fails then).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import streamlit

from dashboard.frame.icons import FOLDER

STREAMLIT: Final = Path(streamlit.__file__).parent
NAMES: Final = FOLDER / "names.txt"
_DASHBOARD: Final = Path(__file__).parent
_NAMED = re.compile(r":material/(\w+):")


def font() -> Path:
    """Return Streamlit's own font of icons, whose name changes with its content."""
    [found] = (STREAMLIT / "static" / "static" / "media").glob("MaterialSymbols-Rounded.*.woff2")
    return found


def used() -> set[str]:
    """Return the icons that the dashboard names, and those that Streamlit's own code and scripts do."""
    scripts = [*_DASHBOARD.rglob("*.py"), *STREAMLIT.rglob("*.py"), *STREAMLIT.rglob("static/**/*.js")]
    return {name for path in scripts for name in _NAMED.findall(path.read_text("utf-8"))}


def _ligatures(opened: Any) -> Iterator[tuple[str, str]]:
    """Yield what is written for an icon, and the glyph that is drawn for it."""
    letters = {glyph: chr(code) for code, glyph in opened.getBestCmap().items()}
    for lookup in opened["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            rules = getattr(table, "ExtSubTable", table)
            for first, ligatures in getattr(rules, "ligatures", {}).items():
                for one in ligatures:
                    yield "".join(letters.get(glyph, "") for glyph in (first, *one.Component)), one.LigGlyph


def main() -> None:
    """Cut the font down."""
    fonts, subset = (importlib.import_module(f"fontTools.{name}") for name in ("ttLib", "subset"))
    opened = fonts.TTFont(font())
    offered = dict(_ligatures(opened))
    kept = sorted(used() & offered.keys())
    options = subset.Options(flavor="woff2", layout_closure=False, layout_features=["*"], glyph_names=False)
    cutter = subset.Subsetter(options)
    cutter.populate(glyphs=[offered[name] for name in kept], text="".join(kept))
    cutter.subset(opened)
    opened.flavor = "woff2"
    for old in FOLDER.glob("*.woff2"):
        old.unlink()
    opened.save(FOLDER / font().name)
    NAMES.write_text("\n".join(kept) + "\n")


if __name__ == "__main__":
    main()
