// What all widgets of tiles share: as many elements as there are tiles, a choice by click or keys, a sprite cut up.

function made(kind, name, ...children) {
  const element = document.createElement(kind);
  if (name) element.className = name;
  element.append(...children);
  return element;
}

// Gives a parent `count` children and returns them; those that are there stay, so that the focus stays, too.
function fit(parent, count, make) {
  while (parent.children.length > count) parent.lastChild.remove();
  while (parent.children.length < count) parent.append(make());
  return [...parent.children];
}

// Makes a tile one that is chosen by a click, Enter or Space. An arrow key goes to the tile that `next(down, right)`
// returns; where there is none, the key keeps its usual meaning.
function choosable(tile, { label, selected, focusable, choose, next }) {
  tile.title = label;
  tile.tabIndex = focusable ? 0 : -1;
  tile.setAttribute("role", "option");
  const words = tile.textContent.trim(); // what is read on a tile is part of its name, so that it can be called by it
  tile.setAttribute("aria-label", label.includes(words) ? label : `${label}, ${words}`);
  tile.setAttribute("aria-selected", selected);
  tile.onclick = choose;
  tile.onkeydown = event => {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    const target = step && next(...step);
    if (event.key === "Enter" || event.key === " ") tile.click();
    else if (target) target.focus();
    else return;
    event.preventDefault();
  };
}

// Calls `draw` with the picture of all tiles, unless `root` shows it already.
function withSprite(root, source, draw) {
  if (root.dataset.sprite === source) return;
  root.dataset.sprite = source;
  const sprite = new Image();
  sprite.onload = () => { if (root.dataset.sprite === source) draw(sprite); };
  sprite.src = source;
}

// Draws the part of a sprite at (left, top) into a canvas, pixel by pixel.
function cut(canvas, sprite, left, top, width, height) {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d").drawImage(sprite, left, top, width, height, 0, 0, width, height);
}
