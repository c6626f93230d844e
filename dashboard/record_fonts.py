"""The fonts of the app, cut out of Streamlit's: its icons, and the letters of its text.

    pip install fonttools brotli && python -m dashboard.record_fonts

Writes `assets/fonts`, replacing what is there: two fonts under the names of Streamlit's, the names of the icons and all
letters. Run it after a new icon or sign in the dashboard, and after a new Streamlit (a test fails then).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import streamlit

from dashboard.frame.fonts import FOLDER

STREAMLIT: Final = Path(streamlit.__file__).parent
NAMES: Final = FOLDER / "names.txt"
LETTERS: Final = FOLDER / "letters.txt"
_DASHBOARD: Final = Path(__file__).parent
_NAMED = re.compile(r":material/(\w+):")
# Latin letters with all their accents, Greek ones, and signs: of numbers, money, arrows, mathematics, shapes.
_RANGES: Final = (
    (0x20, 0x7E), (0xA0, 0x17F), (0x2B0, 0x2FF), (0x391, 0x3C9), (0x2000, 0x209F), (0x20AC, 0x20AC), (0x2190, 0x22FF),
    (0x25A0, 0x25FF), (0xFB00, 0xFB04),
)  # fmt: skip
# Of the text: what CSS may ask for (figures of one width), and what letters need beside each other.
_FEATURES: Final = ["calt", "ccmp", "kern", "liga", "locl", "mark", "mkmk", "tnum"]
_KEPT_NAMES: Final = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # of a font's name table, with its copyright and its licence
_RESERVED_NAMES: Final = (1, 3, 4, 6)  # no changed font may be called Source


def font(name: str) -> Path:
    """Return one of Streamlit's own fonts, whose name changes with its content."""
    [found] = (STREAMLIT / "static" / "static" / "media").glob(f"{name}.*.woff2")
    return found


def icons() -> Path:
    """Return Streamlit's font of icons."""
    return font("MaterialSymbols-Rounded")


def text() -> Path:
    """Return Streamlit's font of text."""
    return font("SourceSansVF-Upright.ttf")


def used() -> set[str]:
    """Return the icons that the dashboard names, and those that Streamlit's own code and scripts do."""
    scripts = [*_DASHBOARD.rglob("*.py"), *STREAMLIT.rglob("*.py"), *STREAMLIT.rglob("static/**/*.js")]
    return {name for path in scripts for name in _NAMED.findall(path.read_text("utf-8"))}


def written() -> set[str]:
    """Return every sign that stands in the app's own code, and so may stand on a page."""
    folders = (_DASHBOARD, _DASHBOARD.parent / "models")
    paths = [path for folder in folders for kind in ("py", "js", "html", "css") for path in folder.rglob(f"*.{kind}")]
    return {letter for path in paths for letter in path.read_text("utf-8") if letter.isprintable()}


def _ligatures(opened: Any) -> Iterator[tuple[str, str]]:
    """Yield what is written for an icon, and the glyph that is drawn for it."""
    letters = {glyph: chr(code) for code, glyph in opened.getBestCmap().items()}
    for lookup in opened["GSUB"].table.LookupList.Lookup:
        for table in lookup.SubTable:
            rules = getattr(table, "ExtSubTable", table)
            for first, ligatures in getattr(rules, "ligatures", {}).items():
                for one in ligatures:
                    yield "".join(letters.get(glyph, "") for glyph in (first, *one.Component)), one.LigGlyph


def _cut_icons(open_font: Any, subset: Any) -> None:
    opened = open_font(icons())
    offered = dict(_ligatures(opened))
    kept = sorted(used() & offered.keys())
    cutter = subset.Subsetter(subset.Options(layout_closure=False, layout_features=["*"], glyph_names=False))
    cutter.populate(glyphs=[offered[name] for name in kept], text="".join(kept))
    cutter.subset(opened)
    opened.flavor = "woff2"
    opened.save(FOLDER / icons().name)
    NAMES.write_text("\n".join(kept) + "\n")


def _cut_text(open_font: Any, subset: Any) -> None:
    opened = open_font(text())
    kept = sorted(written() | {chr(code) for first, last in _RANGES for code in range(first, last + 1)})
    cutter = subset.Subsetter(subset.Options(layout_features=_FEATURES, hinting=False, name_IDs=_KEPT_NAMES))
    cutter.populate(text="".join(kept))
    cutter.subset(opened)
    for number in _RESERVED_NAMES:
        for entry in [entry for entry in opened["name"].names if entry.nameID == number]:
            entry.string = "FreezeframeText"
    opened.flavor = "woff2"
    opened.save(FOLDER / text().name)
    LETTERS.write_text("".join(kept) + "\n", "utf-8")


def main() -> None:
    """Cut the fonts down."""
    fonts, subset = (importlib.import_module(f"fontTools.{name}") for name in ("ttLib", "subset"))
    for old in FOLDER.glob("*.woff2"):
        old.unlink()
    _cut_icons(fonts.TTFont, subset)
    _cut_text(fonts.TTFont, subset)


if __name__ == "__main__":
    main()
