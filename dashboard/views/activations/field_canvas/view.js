// Activation maps beside the picture: the cell under the pointer, or the one chosen by a click or with the arrow keys,
// is framed in every map, and the pixels that it can depend on are boxed on the picture. All of it without a rerun.

const MARGIN = 0.07; // of the picture's side, left around it so that a box which is cut there can be seen to go on

function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

function coloured(map, rows, cols) {
  const picture = new ImageData(cols, rows), colours = bytes(map.palette), span = map.high - map.low;
  map.cells.forEach((value, place) => {
    const share = ((Number.isNaN(value) ? 0 : value) - map.low) / span;
    const entry = 3 * Math.round(Math.min(Math.max(share, 0), 1) * 256);
    for (let part = 0; part < 3; part++) picture.data[4 * place + part] = colours[entry + part];
    picture.data[4 * place + 3] = 255;
  });
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [cols, rows];
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return { canvas, pixels: picture.data };
}

function sized(canvas, ratio) {
  const dots = window.devicePixelRatio || 1, width = canvas.clientWidth || 150;
  canvas.style.aspectRatio = String(ratio);
  [canvas.width, canvas.height] = [Math.round(width * dots), Math.round(width * dots / ratio)];
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  return [context, dots];
}

function framed(context, left, top, width, height, dots) {
  for (const [ink, thick] of [["black", 4], ["white", 2]]) {
    context.strokeStyle = ink;
    context.lineWidth = thick * dots;
    context.strokeRect(left, top, width, height);
  }
}

function drawMap(view, map, at) {
  const { rows, cols } = view.data, [context, dots] = sized(map.shown, cols / rows);
  const { width, height } = map.shown, wide = width / cols, high = height / rows;
  context.drawImage(map.coloured.canvas, 0, 0, width, height);
  if (view.data.numbers && wide >= 20 * dots) {
    context.font = 9 * dots + "px " + getComputedStyle(map.shown).fontFamily;
    [context.textAlign, context.textBaseline] = ["center", "middle"];
    map.cells.forEach((value, place) => {
      const [red, green, blue] = map.coloured.pixels.subarray(4 * place);
      context.fillStyle = 0.299 * red + 0.587 * green + 0.114 * blue > 140 ? "black" : "white";
      context.fillText(significant(value, 2), (place % cols + 0.5) * wide, (Math.floor(place / cols) + 0.5) * high);
    });
  }
  framed(context, at[1] * wide, at[0] * high, wide, high, dots);
}

// What the cell can depend on, [first row, first col, last row, last col]; null for everything.
function windowOf(data, at) {
  if (!data.rowWindows) return null;
  const [top, bottom] = data.rowWindows[at[0]], [left, right] = data.colWindows[at[1]];
  return [top, left, bottom, right];
}

function drawPicture(view, at) {
  const { data, picture } = view, [context, dots] = sized(view.shown, 1);
  if (!picture.complete || !picture.naturalWidth) return;
  const edge = MARGIN * view.shown.width, scale = (view.shown.width - 2 * edge) / data.side;
  const place = pixel => edge + pixel * scale;
  context.clearRect(0, 0, view.shown.width, view.shown.height);
  context.drawImage(picture, edge, edge, data.side * scale, data.side * scale);
  const seen = windowOf(data, at) || [0, 0, data.side - 1, data.side - 1];
  const inside = seen.map((pixel, end) => end < 2 ? Math.max(pixel, 0) : Math.min(pixel, data.side - 1));
  const [top, left, bottom, right] = inside.map((pixel, end) => place(end < 2 ? pixel : pixel + 1));
  context.fillStyle = "rgb(0 0 0 / 55%)";
  context.beginPath();
  context.rect(edge, edge, data.side * scale, data.side * scale);
  context.rect(left, top, right - left, bottom - top);
  context.fill("evenodd");
  const limits = [[left, top, right, top], [left, top, left, bottom], [left, bottom, right, bottom],
    [right, top, right, bottom]]; // in the order of `seen`
  limits.forEach((line, end) => {
    const cut = inside[end] !== seen[end];
    for (const [ink, thick] of [["black", 4], ["white", 2]]) {
      context.strokeStyle = ink;
      context.lineWidth = thick * dots;
      context.setLineDash(cut ? [4 * dots, 4 * dots] : []);
      context.beginPath();
      context.moveTo(line[0], line[1]);
      context.lineTo(line[2], line[3]);
      context.stroke();
    }
  });
  if (inside.every((pixel, end) => pixel === seen[end])) return;
  context.setLineDash([2 * dots, 3 * dots]); // beyond the border the box goes on, where there is no picture
  context.strokeStyle = getComputedStyle(view.shown).color;
  context.lineWidth = dots;
  const reach = seen.map((pixel, end) => place(end < 2 ? pixel : pixel + 1));
  context.strokeRect(Math.max(reach[1], 2), Math.max(reach[0], 2),
    Math.min(reach[3], view.shown.width - 2) - Math.max(reach[1], 2),
    Math.min(reach[2], view.shown.height - 2) - Math.max(reach[0], 2));
  context.setLineDash([]);
}

function words(view, at) {
  const { data } = view, values = view.maps.map(map => {
    const value = significant(map.cells[at[0] * data.cols + at[1]], 4);
    return map.title ? map.title + " " + value : "value " + value;
  });
  view.root.querySelector(".value").textContent = "row " + at[0] + ", col " + at[1] + ": " + values.join(" · ");
  view.root.querySelector(".sees").textContent = sees(data, windowOf(data, at));
}

function sees(data, seen) {
  const all = "all " + data.side + "\u00a0×\u00a0" + data.side + "\u00a0px";
  if (!seen) return "Depends on " + all + " of the picture.";
  const [top, left, bottom, right] = seen, last = data.side - 1;
  const size = (bottom - top + 1) + "\u00a0×\u00a0" + (right - left + 1) + "\u00a0px";
  if (top <= 0 && left <= 0 && bottom >= last && right >= last)
    return "Can depend on " + size + ", more than the picture's " + data.side + "\u00a0×\u00a0" + data.side + ": on everything.";
  const range = (name, first, end) => name + " " + Math.max(first, 0) + "–" + Math.min(end, last);
  const outside = [[-top, "above"], [bottom - last, "below"], [-left, "left of"], [right - last, "right of"]]
    .filter(([count]) => count > 0).map(([count, where]) => count + "\u00a0px " + where + " it");
  return "Can depend on " + range("rows", top, bottom) + ", " + range("cols", left, right) + " (" + size +
    (outside.length ? "). It goes on beyond the picture, where there is only padding: " + outside.join(", ") + "." : ").");
}

function draw(view) {
  const at = view.pointed || view.chosen;
  view.maps.forEach(map => drawMap(view, map, at));
  drawPicture(view, at);
  words(view, at);
}

// The cell of a map at the pointer, and the one whose window lies around a pixel of the picture.
function cellAt(view, canvas, event) {
  const box = canvas.getBoundingClientRect(), { rows, cols } = view.data;
  const clip = (share, count) => Math.min(Math.max(Math.floor(share * count), 0), count - 1);
  return [clip((event.clientY - box.top) / box.height, rows), clip((event.clientX - box.left) / box.width, cols)];
}

function cellAround(view, event) {
  const box = view.shown.getBoundingClientRect(), { rowWindows, colWindows, side } = view.data;
  if (!rowWindows) return view.chosen;
  const pixel = share => (share - MARGIN) / (1 - 2 * MARGIN) * side - 0.5;
  const nearest = (windows, wanted) => windows.reduce((best, [first, last], number) =>
    Math.abs((first + last) / 2 - wanted) < Math.abs((windows[best][0] + windows[best][1]) / 2 - wanted) ? number : best, 0);
  return [nearest(rowWindows, pixel((event.clientY - box.top) / box.height)),
    nearest(colWindows, pixel((event.clientX - box.left) / box.width))];
}

function listen(view) {
  const choose = cell => {
    [view.chosen, view.pointed, view.own] = [cell, null, true];
    draw(view);
  };
  const follow = (canvas, cellOf) => {
    canvas.onpointermove = event => {
      view.pointed = cellOf(event);
      draw(view);
    };
    canvas.onpointerleave = () => {
      view.pointed = null;
      draw(view);
    };
    canvas.onclick = event => choose(cellOf(event));
  };
  view.maps.forEach(map => follow(map.shown, event => cellAt(view, map.shown, event)));
  follow(view.shown, event => cellAround(view, event));
  view.root.querySelector(".maps").onkeydown = event => {
    const { rows, cols, strongest } = view.data, [row, col] = view.chosen;
    const step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (event.key === "Home") choose(strongest);
    else if (step) choose([Math.min(Math.max(row + step[0], 0), rows - 1), Math.min(Math.max(col + step[1], 0), cols - 1)]);
    else return;
    event.preventDefault();
  };
}

function figureOf(map) {
  const figure = document.createElement("figure"), scale = document.createElement("div");
  figure.append(document.createElement("figcaption"), document.createElement("canvas"), scale);
  figure.firstChild.textContent = map.title;
  const colours = bytes(map.palette), stops = [0, 64, 128, 192, 256].map(entry =>
    "rgb(" + colours.slice(3 * entry, 3 * entry + 3).join(",") + ")");
  scale.className = "scale";
  const beyond = map.cells.some(value => value > map.high) ? "+" : "";
  scale.append(significant(map.low), document.createElement("i"), significant(map.high) + beyond);
  scale.children[0].style.background = "linear-gradient(to right, " + stops.join(",") + ")";
  return figure;
}

export default function(component) {
  const { data, parentElement } = component, root = parentElement.querySelector(".view");
  const before = root.view, maps = root.querySelector(".maps");
  maps.style.setProperty("--widest", data.maps.length > 1 ? "420px" : "236px");
  maps.setAttribute("aria-label", data.alt);
  const filled = data.maps.map(map => ({ ...map, cells: new Float32Array(bytes(map.values).buffer) }));
  maps.replaceChildren(...filled.map(figureOf));
  const stays = before && before.own && before.data.identity === data.identity;
  const view = root.view = { root, data, shown: root.querySelector(".picture"), pointed: null,
    own: Boolean(stays), chosen: stays ? before.chosen : data.strongest };
  view.shown.setAttribute("aria-label", data.pictureAlt);
  view.maps = filled.map((map, number) => ({ ...map, coloured: coloured(map, data.rows, data.cols),
    shown: maps.children[number].querySelector("canvas") }));
  view.picture = new Image();
  view.picture.onload = () => draw(view);
  view.picture.src = data.picture;
  listen(view);
  draw(view);
  if (root.watcher) root.watcher.disconnect();
  root.watcher = new ResizeObserver(() => root.view === view && draw(view));
  root.watcher.observe(root);
  return () => root.watcher.disconnect();
}
