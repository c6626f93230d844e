"""Nine patches beside their nine projections: crisp tiles to choose from, by a click or with the arrow keys."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import streamlit as st

from dashboard.figures.patches import Pairs

COLUMNS = 3
_HTML = """<div class="both"><section><h4></h4><div class="grid patches" role="listbox"></div></section>
<section><h4></h4><div class="grid signals" aria-hidden="true"></div></section></div>"""
_CSS = """
.both { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 20px; }
h4 { font: 600 13px/18px var(--st-font); color: var(--st-text-color); margin: 0 0 6px; }
.grid { display: grid; grid-template-columns: repeat(3, minmax(0, 1fr)); gap: 6px; }
.cell { all: unset; cursor: pointer; box-sizing: border-box; min-width: 0; border-radius: 5px; outline-offset: 1px;
  font: 11px/14px var(--st-font); color: var(--st-text-color); text-align: center; }
.tile { position: relative; aspect-ratio: var(--shape); border: 3px solid var(--colour); border-radius: 5px;
  overflow: hidden; }
.words { display: block; height: 15px; overflow: hidden; white-space: nowrap; text-overflow: ellipsis; }
.cell.pointed .tile, .cell:hover .tile { filter: brightness(1.15); }
.cell[aria-selected="true"], .cell.selected { outline: 2px solid var(--st-text-color); }
.cell:focus-visible { outline: 2px solid var(--st-link-color); }
canvas { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.mark { position: absolute; width: 12px; height: 12px; margin: -8px; border: 2px solid #fff; border-radius: 50%;
  box-shadow: 0 0 0 1px #000, inset 0 0 0 1px #000; }
.silent { position: absolute; inset: 0; display: grid; place-items: center; color: #fff; text-shadow: 0 0 3px #000; }
@media (max-width: 640px) { .both { grid-template-columns: 1fr; } }
"""
_JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const [patches, signals] = parentElement.querySelectorAll(".grid");
  const titles = parentElement.querySelectorAll("h4");
  titles[0].textContent = data.titles[0];
  titles[1].textContent = data.titles[1];
  patches.setAttribute("aria-label", data.alt);
  const count = data.words.length;
  [patches, signals].forEach((grid, side) => {
    grid.style.setProperty("--shape", data.width + " / " + data.height);
    while (grid.children.length > count) grid.lastChild.remove();
    while (grid.children.length < count) {
      const cell = document.createElement(side ? "div" : "button");
      const tile = document.createElement("div"), words = document.createElement("span");
      cell.className = "cell"; tile.className = "tile"; words.className = "words";
      if (!side) cell.setAttribute("role", "option");
      tile.append(document.createElement("canvas"));
      cell.append(tile, words);
      grid.append(cell);
    }
    [...grid.children].forEach((cell, number) => {
      const chosen = number === data.selected, pair = (side ? patches : signals).children;
      cell.style.setProperty("--colour", data.colours[number]);
      cell.title = data.labels[number];
      cell.onclick = () => setTriggerValue("patch", number);
      cell.onpointerenter = () => pair[number]?.classList.add("pointed");
      cell.onpointerleave = () => pair[number]?.classList.remove("pointed");
      cell.lastChild.textContent = side ? "" : data.words[number];
      cell.querySelectorAll(".mark, .silent").forEach(element => element.remove());
      if (data.marks[number].length) {
        const mark = document.createElement("div");
        mark.className = "mark";
        mark.style.left = 100 * data.marks[number][0] + "%";
        mark.style.top = 100 * data.marks[number][1] + "%";
        cell.firstChild.append(mark);
      }
      if (side) {
        cell.classList.toggle("selected", chosen);
        if (data.silent[number]) {
          const silent = document.createElement("div");
          silent.className = "silent";
          silent.textContent = "no signal";
          cell.firstChild.append(silent);
        }
        return;
      }
      cell.setAttribute("aria-label", data.labels[number]);
      cell.setAttribute("aria-selected", chosen);
      cell.tabIndex = chosen ? 0 : -1;
      cell.onkeydown = event => {
        const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 3, ArrowUp: -3 }[event.key];
        if (event.key === "Enter" || event.key === " ") cell.click();
        else if (step && grid.children[number + step]) grid.children[number + step].focus();
        else return;
        event.preventDefault();
      };
    });
    const url = data.sprites[side];
    if (grid.dataset.sprite === url) return;
    grid.dataset.sprite = url;
    const sprite = new Image();
    sprite.onload = () => {
      if (grid.dataset.sprite !== url) return;
      grid.querySelectorAll("canvas").forEach((canvas, number) => {
        canvas.width = data.width;
        canvas.height = data.height;
        const left = number * data.width;
        canvas.getContext("2d").drawImage(sprite, left, 0, data.width, data.height, 0, 0, data.width, data.height);
      });
    };
    sprite.src = url;
  });
}
"""
_pairs = st.components.v2.component("freezeframe_patch_pairs", html=_HTML, css=_CSS, js=_JS)


@dataclass(frozen=True, slots=True)
class Patch:
    """What is written about one patch: under it, on hover and for screen readers; and the colour of its frame."""

    words: str
    label: str
    colour: str


def patch_pairs(
    pairs: Pairs,
    patches: Sequence[Patch],
    titles: tuple[str, str],
    selected: int,
    *,
    key: str,
    alt: str,
    on_choose: Callable[[int], None],
) -> None:
    """Draw two blocks of three columns: patch and projection of the same picture in the same place.

    Args:
        pairs: What to draw.
        patches: Their words.
        titles: Above the two blocks.
        selected: The patch that is framed.
        key: Of the component.
        alt: What both show.
        on_choose: Called with the number of the patch that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (number := st.session_state[key]["patch"]) in range(len(patches)):  # a browser may send anything
            on_choose(int(number))

    kinds = ["png" if file.startswith(b"\x89PNG") else "webp" for file in (pairs.patches, pairs.signals)]
    files = [base64.b64encode(file).decode() for file in (pairs.patches, pairs.signals)]
    _pairs(
        key=key,
        data={
            "sprites": [f"data:image/{kind};base64,{file}" for kind, file in zip(kinds, files, strict=True)],
            "width": pairs.width,
            "height": pairs.height,
            "marks": pairs.marks,
            "silent": pairs.silent,
            "words": [patch.words for patch in patches],
            "labels": [patch.label for patch in patches],
            "colours": [patch.colour for patch in patches],
            "titles": list(titles),
            "selected": selected,
            "alt": alt,
        },
        on_patch_change=choose,
    )
