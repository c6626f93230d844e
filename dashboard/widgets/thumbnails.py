"""Rows of small, crisp pictures to choose from, by a click or with the arrow keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard import state
from dashboard.widgets import cache

_HTML = '<div class="rows" role="listbox"></div>'
_CSS = """
.row { display: flex; gap: 10px; align-items: center; margin-bottom: 4px; }
.title { flex: 0 0 84px; font: 13px/1.25 var(--st-font); color: var(--st-text-color); padding-left: 8px;
  border-left: 4px solid; overflow-wrap: anywhere; box-sizing: border-box; }
.tiles { display: flex; gap: 4px; padding: 2px; flex: 1; min-width: 0; }
.clipped .tiles { flex-wrap: wrap; overflow: clip; height: calc(var(--side) * 1px + 4px); box-sizing: border-box; }
.scrolled .tiles { overflow-x: auto; scrollbar-width: thin; }
button { all: unset; cursor: pointer; flex: none; width: calc(var(--side) * 1px); height: calc(var(--side) * 1px);
  border-radius: 3px; }
button:hover { outline: 2px solid var(--st-border-color); }
button[aria-selected="true"] { outline: 2px solid var(--st-text-color); box-shadow: inset 0 0 0 2px #fff; }
button:focus-visible { outline: 2px solid var(--st-link-color); }
canvas { display: block; width: 100%; height: 100%; border-radius: 3px; }
"""
_JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".rows");
  root.className = "rows " + (data.scroll ? "scrolled" : "clipped");
  root.setAttribute("aria-label", data.alt);
  root.style.setProperty("--side", data.side);
  const fit = (parent, count, make) => {
    while (parent.children.length > count) parent.lastChild.remove();
    while (parent.children.length < count) parent.append(make());
    return [...parent.children];
  };
  const makeRow = () => {
    const [row, title, tiles] = [0, 1, 2].map(() => document.createElement("div"));
    row.className = "row"; title.className = "title"; tiles.className = "tiles";
    row.append(title, tiles);
    return row;
  };
  const makeTile = () => {
    const button = document.createElement("button");
    button.setAttribute("role", "option");
    button.append(document.createElement("canvas"));
    return button;
  };
  const seen = button => button.offsetTop === button.parentElement.firstChild.offsetTop; // not wrapped out of sight
  const buttons = [];
  fit(root, data.rows.length, makeRow).forEach((row, number) => {
    const { title, colour, pictures, titles } = data.rows[number];
    row.firstChild.hidden = !title;
    row.firstChild.style.display = title ? "" : "none";
    row.firstChild.textContent = title;
    row.firstChild.style.borderColor = colour;
    fit(row.lastChild, pictures.length, makeTile).forEach((button, place) => {
      button.title = titles[place];
      button.setAttribute("aria-label", titles[place]);
      button.setAttribute("aria-selected", pictures[place] === data.selected);
      button.onclick = () => setTriggerValue("picture", pictures[place]);
      button.onkeydown = event => {
        const to = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
        const target = to && root.children[number + to[0]]?.lastChild.children[place + to[1]];
        if (event.key === "Enter" || event.key === " ") button.click();
        else if (target && seen(target)) target.focus();
        else return;
        event.preventDefault();
      };
      buttons.push(button);
    });
  });
  const chosen = buttons.find(button => button.getAttribute("aria-selected") === "true");
  const first = chosen && seen(chosen) ? chosen : buttons[0];
  buttons.forEach(button => { button.tabIndex = button === first ? 0 : -1; });
  if (data.scroll && first) {
    const strip = first.parentElement;
    if (first.offsetLeft < strip.scrollLeft || first.offsetLeft + data.side > strip.scrollLeft + strip.clientWidth)
      strip.scrollLeft = first.offsetLeft - data.side;
  }
  if (root.dataset.sprite === data.sprite) return;
  root.dataset.sprite = data.sprite;
  const sprite = new Image();
  sprite.onload = () => {
    if (root.dataset.sprite !== data.sprite) return;
    const source = sprite.height, sharp = source * Math.max(1, Math.round(2 * data.side / source));
    buttons.forEach((button, number) => {
      const canvas = button.firstChild, pen = (canvas.width = canvas.height = sharp, canvas.getContext("2d"));
      pen.imageSmoothingEnabled = false;
      pen.drawImage(sprite, number * source, 0, source, source, 0, 0, sharp, sharp);
    });
  };
  sprite.src = data.sprite;
}
"""
_rows = st.components.v2.component("freezeframe_thumbnails", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a title with its colour (an empty title takes no room), picture ids, and a text for each of them."""

    title: str
    colour: str
    pictures: tuple[str, ...]
    titles: tuple[str, ...]


def thumbnails(
    rows: Sequence[Row], *, selected: str, key: str, side: int, alt: str, scroll: bool = False, outlined: bool = False
) -> None:
    """Draw rows of pictures; a click chooses that picture everywhere.

    Args:
        rows: What to show; a row that is wider than its place is cut after a whole picture, or can be scrolled.
        selected: The picture id that is marked.
        key: The widget key.
        side: Width and height of every picture on the page in px.
        alt: What the rows show, for those who cannot see them.
        scroll: Scroll a long row sideways instead of cutting it.
        outlined: Draw the outline of the object into pictures whose data set has masks.
    """

    def choose() -> None:
        if (picture := st.session_state[key].picture) in pictures:  # a browser may send anything
            state.choose(picture=picture)

    pictures = tuple(picture for row in rows for picture in row.pictures)
    data = {
        "rows": [{"title": r.title, "colour": r.colour, "pictures": r.pictures, "titles": r.titles} for r in rows],
        "sprite": cache.sprite(pictures, outlined),
        "selected": selected,
        "side": side,
        "alt": alt,
        "scroll": scroll,
    }
    _rows(key=key, data=data, on_picture_change=choose)
