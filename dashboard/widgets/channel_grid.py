"""The grid of channel maps: crisp tiles that can be clicked, or walked through with the arrow keys."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict

import streamlit as st

from dashboard.figures.activations import Grid

_HTML = """<div class="grid" role="listbox"></div>
<div class="legends"></div>"""
_CSS = """
.grid { display: grid; grid-template-columns: repeat(var(--columns), minmax(0, 1fr)); gap: 2px 4px; width: 100%; }
button { all: unset; cursor: pointer; box-sizing: border-box; border-radius: 4px; padding: 1px 1px 0;
  min-width: 0; border: 2px solid transparent; text-align: center; font: 11px/13px var(--st-font);
  color: var(--st-text-color); }
button:hover { border-color: var(--st-border-color); }
button:focus-visible { border-color: var(--st-link-color); }
button[aria-selected="true"] { border-color: var(--st-text-color); font-weight: 700; }
.tile { position: relative; display: flex; gap: 2px; width: 100%; }
canvas { display: block; flex: 1 1 0; min-width: 0; aspect-ratio: var(--shape); image-rendering: pixelated;
  border-radius: 2px; }
.several canvas { outline: 1px solid var(--st-border-color); outline-offset: -1px; }
.dead canvas { filter: grayscale(1) opacity(0.35); }
.dead .tile::after { content: ""; position: absolute; inset: 0; border-radius: 2px; background:
  repeating-linear-gradient(45deg, transparent 0 5px, var(--st-text-color) 5px 6px); opacity: 0.45; }
.legends { display: flex; flex-wrap: wrap; gap: 4px 20px; margin-top: 8px; font: 12px/16px var(--st-font);
  color: var(--st-text-color); }
.legend { display: flex; flex-wrap: wrap; gap: 2px 8px; align-items: center; }
.bar { width: 140px; height: 8px; border-radius: 4px; }
.note { opacity: 0.8; }
.note:empty { display: none; }
@media (max-width: 640px) { .grid { grid-template-columns: repeat(auto-fill, minmax(var(--narrow), 1fr)); } }
"""
_JS = """
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const grid = parentElement.querySelector(".grid");
  grid.setAttribute("aria-label", data.alt);
  grid.style.setProperty("--columns", data.columns);
  grid.style.setProperty("--shape", data.width + " / " + data.height);
  grid.classList.toggle("several", data.parts > 1);
  grid.style.setProperty("--narrow", data.parts === 1 ? "56px" : data.width > 16 ? "150px" : "100px");
  while (grid.children.length > data.channels.length) grid.lastChild.remove();
  while (grid.children.length < data.channels.length) {
    const button = document.createElement("button"), tile = document.createElement("div");
    tile.className = "tile";
    for (let part = 0; part < data.parts; part++) tile.append(document.createElement("canvas"));
    button.setAttribute("role", "option");
    button.append(tile, document.createElement("span"));
    grid.append(button);
  }
  const chosen = Math.max(data.channels.indexOf(data.selected), 0);
  [...grid.children].forEach((button, number) => {
    const channel = data.channels[number];
    button.className = data.dead[number] ? "dead" : "";
    button.title = data.labels[number];
    button.setAttribute("aria-label", data.labels[number]);
    button.setAttribute("aria-selected", channel === data.selected);
    button.tabIndex = number === chosen ? 0 : -1;
    button.lastChild.textContent = data.captions[number];
    button.onclick = () => setTriggerValue("channel", channel);
    button.onkeydown = event => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: data.columns, ArrowUp: -data.columns }[event.key];
      if (event.key === "Enter" || event.key === " ") button.click();
      else if (step && grid.children[number + step]) grid.children[number + step].focus();
      else return;
      event.preventDefault();
    };
  });
  parentElement.querySelector(".legends").replaceChildren(...data.legends.map(legend => {
    const line = document.createElement("div");
    line.className = "legend";
    for (const name of ["low", "bar", "high", "note"]) {
      const span = line.appendChild(document.createElement("span"));
      span.className = name;
      if (name !== "bar") span.textContent = legend[name];
      else span.style.background = "linear-gradient(to right, " + legend.gradient.join(", ") + ")";
    }
    return line;
  }));
  if (grid.dataset.sprite === data.sprite) return;
  grid.dataset.sprite = data.sprite;
  const sprite = new Image();
  sprite.onload = () => {
    if (grid.dataset.sprite !== data.sprite) return;
    [...grid.querySelectorAll("canvas")].forEach((canvas, number) => {
      canvas.width = data.width;
      canvas.height = data.height;
      const inRow = data.columns * data.parts;
      const left = number % inRow * data.width, top = Math.floor(number / inRow) * data.height;
      canvas.getContext("2d").drawImage(sprite, left, top, data.width, data.height, 0, 0, data.width, data.height);
    });
  };
  sprite.src = data.sprite;
}
"""
_grid = st.components.v2.component("freezeframe_channel_grid", html=_HTML, css=_CSS, js=_JS)


def channel_grid(grid: Grid, selected: int, *, key: str, alt: str, on_choose: Callable[[int], None]) -> None:
    """Draw the tiles, enlarged by nearest neighbour, its caption under each, and the colour scales below.

    Args:
        grid: What to draw.
        selected: The channel that is framed.
        key: Of the component.
        alt: What the grid shows, for screen readers.
        on_choose: Called with the channel that was clicked, before the page runs again.
    """

    def choose() -> None:
        if (channel := st.session_state[key]["channel"]) in grid.channels:  # a browser may send anything
            on_choose(int(channel))

    fields = {name: value for name, value in asdict(grid).items() if name != "sprite"}
    sprite = "data:image/png;base64," + base64.b64encode(grid.sprite).decode()
    _grid(
        key=key,
        data={**fields, "sprite": sprite, "selected": selected, "alt": alt},
        on_channel_change=choose,
    )
