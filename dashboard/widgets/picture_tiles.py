"""Small pictures with a line of words under each, to choose from by a click or with the arrow keys."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

_HTML = '<div class="tiles" role="listbox"></div>'
_CSS = """
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(var(--side), 1fr)); gap: 8px; padding: 2px; }
button { all: unset; cursor: pointer; min-width: 0; border-radius: 4px; padding: 2px; border: 2px solid transparent;
  font: 12px/1.3 var(--st-font); color: var(--st-text-color); box-sizing: border-box; }
button:hover { border-color: var(--st-border-color); }
button:focus-visible { border-color: var(--st-link-color); }
button[aria-selected="true"] { border-color: var(--st-text-color); font-weight: 600; }
img { display: block; width: 100%; max-width: 160px; image-rendering: pixelated; border-radius: 2px;
  margin-bottom: 3px; }
"""
_JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".tiles");
  root.setAttribute("aria-label", data.alt);
  root.style.setProperty("--side", data.side + "px");
  while (root.children.length > data.tiles.length) root.lastChild.remove();
  while (root.children.length < data.tiles.length) {
    const button = root.appendChild(document.createElement("button"));
    button.setAttribute("role", "option");
    button.append(document.createElement("img"), document.createElement("span"));
  }
  const chosen = Math.max(data.selected, 0);
  [...root.children].forEach((button, number) => {
    const { source, words, alt } = data.tiles[number];
    button.title = alt;
    button.setAttribute("aria-label", alt);
    button.setAttribute("aria-selected", number === data.selected);
    button.tabIndex = number === chosen ? 0 : -1;
    button.firstChild.src = source;
    button.firstChild.alt = "";
    button.lastChild.textContent = words;
    button.onclick = () => setTriggerValue("tile", number);
    button.onkeydown = event => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (event.key === "Enter" || event.key === " ") button.click();
      else if (step && root.children[number + step]) root.children[number + step].focus();
      else return;
      event.preventDefault();
    };
  });
}
"""
_tiles = st.components.v2.component("freezeframe_picture_tiles", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class Tile:
    """A picture as the bytes of a WebP file, the words under it, and the longer ones of its tooltip."""

    picture: bytes
    words: str
    alt: str


def picture_tiles(
    tiles: Sequence[Tile], *, selected: int | None, key: str, side: int, alt: str, on_choose: Callable[[int], None]
) -> None:
    """Draw the tiles, enlarged by nearest neighbour, as many in a row as fit.

    Args:
        tiles: What to draw.
        selected: The number of the framed one, if any.
        key: Of the component.
        side: Of a tile at least, in px.
        alt: What the tiles are, for screen readers.
        on_choose: Called with the number of the tile that was clicked, before the page runs again.
    """

    def choose() -> None:
        number = st.session_state[key]["tile"]
        if isinstance(number, int) and 0 <= number < len(tiles):  # a browser may send anything
            on_choose(number)

    drawn = [
        {
            "source": "data:image/webp;base64," + base64.b64encode(tile.picture).decode(),
            "words": tile.words,
            "alt": tile.alt,
        }
        for tile in tiles
    ]
    data = {"tiles": drawn, "selected": -1 if selected is None else selected, "side": side, "alt": alt}
    _tiles(key=key, data=data, on_tile_change=choose)
