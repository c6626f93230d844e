"""What runs in the browser for the film player. Fixed text: everything that varies arrives as data."""

from typing import Final

HTML: Final = """
<div class="player" role="group" aria-label="Film of the map">
  <div class="stage">
    <canvas role="img" tabindex="0" aria-describedby="hint"></canvas>
    <div class="controls">
      <button type="button" class="back" aria-label="One frame back" title="One frame back (left arrow)">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M6 5h2v14H6zM19 5v14l-9-7z"/></svg></button>
      <button type="button" class="play" aria-label="Play" title="Play or pause (space)">
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path class="start" d="M7 4v16l13-8z"/><path class="pause" d="M6 4h4v16H6zM14 4h4v16h-4z"/></svg></button>
      <button type="button" class="next" aria-label="One frame on" title="One frame on (right arrow)">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M16 5h2v14h-2zM5 5v14l9-7z"/></svg></button>
      <input type="range" min="0" max="0" value="0" aria-label="Frame">
      <select aria-label="Speed" title="Speed, frames a second">
        <option value="5">5/s</option><option value="10">10/s</option><option value="20" selected>20/s</option>
        <option value="40">40/s</option><option value="60">60/s</option>
      </select>
    </div>
    <p class="where" aria-live="polite"></p>
    <p id="hint" class="hidden">Space plays and pauses, left and right arrows step. Shift and arrows move over the
      units, Enter opens the marked one.</p>
  </div>
  <div class="numbers"><p class="caption"></p><div class="series"></div><div class="classes"></div></div>
</div>
"""

STYLE: Final = """
.player { display: flex; flex-wrap: wrap; gap: 1.25rem; font-family: var(--st-font); color: var(--st-text-color);
  font-size: 0.875rem; line-height: 1.35; }
.stage { flex: 0 0 auto; max-width: 100%; }
canvas { display: block; image-rendering: pixelated; border-radius: 2px; cursor: pointer; }
p { margin: 0; }
:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
.controls { display: flex; align-items: center; gap: 0.25rem; margin-top: 0.5rem; }
button { width: 2rem; height: 2rem; padding: 0.3rem; border: 1px solid var(--st-border-color); cursor: pointer;
  border-radius: var(--st-button-radius); background: var(--st-background-color); color: inherit; flex: none; }
button:hover, select:hover { background: var(--st-secondary-background-color); }
button svg { width: 100%; height: 100%; fill: currentColor; display: block; }
.play .pause, .playing .play .start { display: none; }
.playing .play .pause { display: inline; }
input { flex: 1 1 4rem; min-width: 3rem; accent-color: var(--st-primary-color); margin: 0 0.4rem; }
select { font: inherit; color: inherit; background: var(--st-background-color); height: 2rem; flex: none;
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
.where { min-height: 1.35em; margin-top: 0.35rem; opacity: 0.85; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.numbers { flex: 1 1 12rem; min-width: 11rem; max-width: 24rem; }
.caption { font-weight: 600; margin-bottom: 0.6rem; font-variant-numeric: tabular-nums; }
.row { display: flex; justify-content: space-between; gap: 0.5rem; font-variant-numeric: tabular-nums; }
.series svg { width: 100%; height: 3.2rem; display: block; margin: 0.15rem 0 0.65rem; cursor: crosshair;
  border-bottom: 1px solid var(--st-border-color); overflow: visible; touch-action: none; }
.series polyline { fill: none; stroke: currentColor; stroke-width: 1.5; vector-effect: non-scaling-stroke; }
.series line { stroke: currentColor; stroke-width: 1; opacity: 0.55; vector-effect: non-scaling-stroke; }
.series circle { fill: currentColor; }
.classes { display: flex; flex-wrap: wrap; gap: 0.15rem 0.8rem; }
.classes span { display: inline-flex; align-items: center; gap: 0.35rem; }
.classes i { width: 0.8rem; height: 0.8rem; border-radius: 2px; flex: none; }
"""

SCRIPT: Final = """
const SVG = "http://www.w3.org/2000/svg";
const players = new WeakMap();

function parse(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const film = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const take = size => bytes.subarray(at, at += size);
  film.atlasBytes = take(film.atlas);
  film.frameBytes = film.sizes.map(take);
  film.shareBytes = take(film.shares);
  return film;
}

function fromPixels(bytes, columns, rows) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const pixels = new ImageData(columns, rows);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    pixels.data.set(bytes.subarray(from, from + 3), to);
    pixels.data[to + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

class Player {
  constructor(root) {
    this.root = root;
    const find = selector => root.querySelector(selector);
    [this.canvas, this.slider, this.speed] = [find("canvas"), find("input"), find("select")];
    [this.where, this.caption, this.list, this.legend] =
      [find(".where"), find(".caption"), find(".series"), find(".classes")];
    this.playButton = find(".play");
    this.film = null;
    this.frames = [];
    this.at = 0;
    this.playing = false;
    this.cursor = null;
    this.timer = 0;
    this.curves = [];
    this.playButton.onclick = () => this.toggle();
    find(".back").onclick = () => this.goTo(this.at - 1);
    find(".next").onclick = () => this.goTo(this.at + 1);
    this.slider.oninput = () => this.goTo(Number(this.slider.value));
    this.canvas.onclick = event => this.pick(this.unitAt(event));
    this.canvas.onpointermove = event => this.describe(this.unitAt(event));
    this.canvas.onpointerleave = () => this.describe(this.cursor);
    root.onkeydown = event => this.key(event);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(root);
  }

  receive(component) {
    this.report = component.setTriggerValue;
    const film = parse(component.data);
    const fresh = !this.film || this.film.identity !== film.identity;
    if (fresh) this.reset();
    const had = fresh ? 0 : this.frames.length;
    const grown = film.sizes.length > had;
    this.film = film;
    if (fresh || film.picked) this.cursor = film.picked;
    this.canvas.setAttribute("aria-label", film.alt);
    this.slider.max = film.sizes.length - 1;
    this.slider.disabled = film.sizes.length < 2;
    if (grown) this.decode(had);
    this.drawCurves();
    this.drawLegend();
    if (fresh) this.open();
    this.resize(true);
    this.describe(this.cursor);
    if (this.playing) this.run();
  }

  reset() {
    for (const frame of this.frames) if (frame && frame.close) frame.close();
    if (this.tiles) this.tiles.close();
    this.frames = [];
    this.tiles = null;
  }

  open() {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.at = still ? this.frames.length - 1 : 0;
    this.playing = !still;
  }

  decode(first) {
    const film = this.film;
    const later = (bytes, keep) => createImageBitmap(new Blob([bytes])).then(bitmap => {
      if (this.stopped || this.film.identity !== film.identity) return bitmap.close();
      keep(bitmap);
      this.draw();
    }).catch(() => { this.where.textContent = "This browser cannot show the pictures of this map."; });
    if (film.kind === "nearest" && first === 0) later(film.atlasBytes, bitmap => { this.tiles = bitmap; });
    for (let i = first; i < film.sizes.length; i++) {
      const bytes = film.frameBytes[i];
      this.frames[i] = null;
      if (film.kind === "colours") this.frames[i] = fromPixels(bytes, film.columns, film.rows);
      else if (film.kind === "pictures") later(bytes, bitmap => { this.frames[i] = bitmap; });
      else this.frames[i] = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  }

  resize(always) {
    if (!this.film) return;
    const {rows, columns, height} = this.film;
    const dots = window.devicePixelRatio || 1;
    const whole = this.root.clientWidth;
    const width = whole > 620 ? whole - 230 : whole;
    const cell = Math.max(1, Math.floor(Math.min(width / columns, height / rows) * dots));
    if (cell !== this.cell || always) {
      this.cell = cell;
      this.canvas.width = cell * columns;
      this.canvas.height = cell * rows;
      this.canvas.style.width = this.canvas.width / dots + "px";
      this.canvas.style.height = this.canvas.height / dots + "px";
      this.root.querySelector(".stage").style.width = Math.max(this.canvas.width / dots, Math.min(300, whole)) + "px";
    }
    this.draw();
  }

  share(unit) {
    const {rows, columns, shareBytes} = this.film;
    if (!shareBytes.length) return null;
    const at = 2 * (this.at * rows * columns + unit);
    return {type: shareBytes[at], part: shareBytes[at + 1] / 255};
  }

  draw() {
    const film = this.film, g = this.canvas.getContext("2d");
    const {width, height} = this.canvas;
    g.clearRect(0, 0, width, height);
    const frame = this.frames[this.at];
    if (frame && film.kind === "nearest") this.drawTiles(g, frame);
    else if (frame) {
      g.imageSmoothingEnabled = false;
      g.drawImage(frame, 0, 0, width, height);
    }
    if (film.kind !== "colours") this.drawGrid(g);
    if (this.cursor) this.drawCursor(g);
    this.showNumbers();
  }

  drawTiles(g, numbers) {
    const {rows, columns, tile, atlasColumns} = this.film, cell = this.cell;
    if (!this.tiles) return;
    g.imageSmoothingEnabled = true;
    for (let unit = 0; unit < rows * columns; unit++) {
      const number = numbers.getUint16(2 * unit, true);
      const share = this.share(unit);
      g.globalAlpha = share && share.part === 0 ? 0.3 : 1;
      g.drawImage(this.tiles, number % atlasColumns * tile, Math.floor(number / atlasColumns) * tile, tile, tile,
        unit % columns * cell, Math.floor(unit / columns) * cell, cell, cell);
    }
    g.globalAlpha = 1;
  }

  drawGrid(g) {
    const {rows, columns, classes} = this.film, cell = this.cell;
    const bar = Math.max(2, Math.round(cell / 8));
    for (let unit = 0; unit < rows * columns; unit++) {
      const share = this.share(unit);
      if (!share || share.part === 0) continue;
      g.fillStyle = classes[share.type][1];
      g.fillRect(unit % columns * cell, Math.floor(unit / columns + 1) * cell - bar, Math.ceil(share.part * cell), bar);
    }
    g.fillStyle = this.ink("--st-background-color");
    for (let column = 1; column < columns; column++) g.fillRect(column * cell, 0, 1, rows * cell);
    for (let row = 1; row < rows; row++) g.fillRect(0, row * cell, columns * cell, 1);
  }

  drawCursor(g) {
    const [row, column] = this.cursor, cell = this.cell;
    for (const [inset, colour] of [[1, "--st-background-color"], [2.5, "--st-text-color"]]) {
      g.strokeStyle = this.ink(colour);
      g.lineWidth = 2;
      g.strokeRect(column * cell + inset, row * cell + inset, cell - 2 * inset, cell - 2 * inset);
    }
  }

  ink(name) { return getComputedStyle(this.canvas).getPropertyValue(name) || "grey"; }

  drawCurves() {
    const series = this.film.series;
    if (this.curves.length !== series.length) {
      this.list.replaceChildren();
      this.curves = series.map(() => this.newCurve());
    }
    series.forEach((one, i) => {
      const curve = this.curves[i];
      curve.name.textContent = one.name;
      curve.top = Math.max(...one.values) || 1;
      curve.line.setAttribute("points", one.values.map((value, frame) =>
        this.across(frame) + "," + (100 - 100 * value / curve.top)).join(" "));
    });
  }

  newCurve() {
    const element = (kind, parent) => parent.appendChild(document.createElementNS(SVG, kind));
    const row = this.list.appendChild(document.createElement("div"));
    row.className = "row";
    const name = row.appendChild(document.createElement("span"));
    const value = row.appendChild(document.createElement("span"));
    const svg = element("svg", this.list);
    svg.setAttribute("viewBox", "0 0 100 100");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const [line, marker] = [element("polyline", svg), element("line", svg)];
    marker.setAttribute("y1", 0);
    marker.setAttribute("y2", 100);
    const scrub = event => {
      const box = svg.getBoundingClientRect();
      this.goTo(Math.round((event.clientX - box.left) / box.width * (this.frames.length - 1)));
    };
    svg.onpointerdown = event => { svg.setPointerCapture(event.pointerId); scrub(event); };
    svg.onpointermove = event => { if (event.buttons) scrub(event); };
    return {name, value, line, marker, top: 1};
  }

  across(frame) { return 100 * frame / Math.max(1, this.film.sizes.length - 1); }

  drawLegend() {
    this.legend.replaceChildren(...this.film.classes.map(([name, colour]) => {
      const entry = document.createElement("span");
      entry.appendChild(document.createElement("i")).style.background = colour;
      entry.append(name);
      return entry;
    }));
  }

  showNumbers() {
    const caption = this.film.captions[this.at];
    this.caption.textContent = caption;
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", caption);
    this.root.classList.toggle("playing", this.playing);
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.film.series.forEach((one, i) => {
      const value = one.values[this.at], curve = this.curves[i];
      curve.value.textContent = one.percent ? (100 * value).toFixed(1) + "%" : Number(value.toPrecision(3)).toString();
      for (const side of ["x1", "x2"]) curve.marker.setAttribute(side, this.across(this.at));
    });
  }

  describe(unit) {
    if (!unit) { this.where.textContent = ""; return; }
    const [row, column] = unit, at = row * this.film.columns + column;
    const parts = ["Unit in row " + row + ", column " + column];
    if (this.film.kind === "colours") {
      parts.push("rgb(" + this.film.frameBytes[this.at].subarray(3 * at, 3 * at + 3).join(", ") + ")");
    }
    const share = this.share(at);
    if (share) {
      parts.push(share.part === 0 ? "no samples"
        : "class " + this.film.classes[share.type][0] + ": " + Math.round(100 * share.part) + " % of its samples");
    }
    this.where.textContent = parts.join(" · ");
  }

  unitAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const {rows, columns} = this.film;
    const place = (share, count) => Math.min(count - 1, Math.max(0, Math.floor(share * count)));
    return [place((event.clientY - box.top) / box.height, rows),
      place((event.clientX - box.left) / box.width, columns)];
  }

  pick(unit) {
    this.playing = false;
    this.cursor = unit;
    this.draw();
    this.describe(unit);
    this.report("pick", [...unit, this.at]);
  }

  move(rows, columns) {
    const [row, column] = this.cursor || [0, 0];
    const inside = (value, count) => Math.min(count - 1, Math.max(0, value));
    this.cursor = [inside(row + rows, this.film.rows), inside(column + columns, this.film.columns)];
    this.draw();
    this.describe(this.cursor);
  }

  key(event) {
    const on = event.target.tagName;
    if (on === "SELECT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const moves = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
    const steps = {ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.frames.length - 1};
    if (event.key === " " && on !== "BUTTON") this.toggle();
    else if (event.shiftKey && event.key in moves) this.move(...moves[event.key]);
    else if (event.key === "Enter" && on === "CANVAS" && this.cursor) this.pick(this.cursor);
    else if (event.key in steps && on !== "INPUT") this.goTo(steps[event.key]);
    else return;
    event.preventDefault();
  }

  goTo(frame) {
    this.playing = false;
    this.at = Math.min(this.frames.length - 1, Math.max(0, frame));
    this.draw();
    if (this.cursor) this.describe(this.cursor);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.at >= this.frames.length - 1 && !this.film.live) this.at = 0;
    this.draw();
    if (this.playing) this.run();
  }

  run() {
    if (this.timer || this.stopped) return;
    let last = performance.now();
    const tick = now => {
      this.timer = 0;
      if (!this.playing || this.stopped) return;
      const pause = 1000 / Number(this.speed.value);
      const due = Math.floor((now - last) / pause + 0.05);
      if (due > 0) {
        last = Math.max(last + due * pause, now - pause);
        const end = this.frames.length - 1;
        const before = this.at;
        this.at = Math.min(end, this.at + due);
        if (this.at === end && !this.film.live) this.playing = false;
        if (this.at !== before || !this.playing) this.draw();
        if (this.at === end) return;
      }
      this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
  }

  stop() {
    this.stopped = true;
    cancelAnimationFrame(this.timer);
    this.watch.disconnect();
    this.reset();
  }
}

export default function(component) {
  const root = component.parentElement.querySelector(".player");
  if (!players.has(root)) players.set(root, new Player(root));
  const player = players.get(root);
  player.receive(component);
  return () => { player.stop(); players.delete(root); };
}
"""
