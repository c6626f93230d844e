// The view of a film as a net: units are points of the data's own space, joined to their neighbours on the lattice.

const NEAR = 14; // px around a unit that count as the unit
const BOX = [0, 1, 0, 2, 0, 4, 1, 3, 1, 5, 2, 3, 2, 6, 3, 7, 4, 5, 4, 6, 5, 7, 6, 7]; // the edges between its corners
const TILT = 1.4; // radians: never quite from above or below

// Pairs of units at distance 1 on the lattice: those inside it, and those round the edges of a toroid.
function edgesOf(film) {
  const {rows, columns, toroid} = film, hexagonal = film.lattice === "hexagonal";
  const inner = [], round = [];
  for (let unit = 0; unit < rows * columns; unit++) {
    const row = Math.floor(unit / columns), column = unit % columns;
    const next = [[row, column + 1], [row + 1, column]];
    if (hexagonal) next.push([row + 1, column + (row % 2 ? 1 : -1)]);
    for (const [down, across] of next) {
      const beside = across < 0 || across >= columns, inside = down < rows && !beside;
      if (inside) inner.push(unit, down * columns + across);
      else if (toroid && !(beside && columns < 3) && !(down >= rows && rows < 3)) {
        round.push(unit, down % rows * columns + (across + columns) % columns);
      }
    }
  }
  return {inner, round};
}

class NetView {
  constructor(canvas, frames) {
    [this.canvas, this.frames] = [canvas, frames];
    [this.yaw, this.pitch] = [0.6, 0.4];
    this.behind = document.createElement("canvas");
  }

  fit(film, width, height, dots) {
    this.depth = film.depth;
    if (this.identity !== film.identity) {
      this.identity = film.identity;
      this.edges = edgesOf(film);
      this.measure(film.points);
    }
    const flat = this.depth === 2 ? Math.min(2, Math.max(0.5, this.span[0] / this.span[1])) : 1;
    const high = Math.min(height, width / flat);
    this.dots = dots;
    this.drawn = "";
    return [Math.round(high * flat * dots), Math.round(high * dots)];
  }

  // The box around the data, and for three dimensions its eight corners.
  measure(points) {
    const low = Array(this.depth).fill(Infinity), high = Array(this.depth).fill(-Infinity);
    points.forEach((value, i) => {
      low[i % this.depth] = Math.min(low[i % this.depth], value);
      high[i % this.depth] = Math.max(high[i % this.depth], value);
    });
    this.middle = low.map((value, i) => (value + high[i]) / 2);
    this.span = low.map((value, i) => high[i] - value || 1);
    this.corners = [0, 1, 2, 3, 4, 5, 6, 7].flatMap(corner => [0, 1, 2].map(i => (corner >> i & 1 ? high : low)[i]));
  }

  // Places on the canvas as x, y, depth (-1 far to 1 near), for points one after the other.
  project(points) {
    const {width, height} = this.canvas, {depth, middle, span} = this;
    const places = new Float32Array(points.length / depth * 3);
    const [cosYaw, sinYaw, cosPitch, sinPitch] =
      [Math.cos(this.yaw), Math.sin(this.yaw), Math.cos(this.pitch), Math.sin(this.pitch)];
    const scale = depth === 2 ? 0.86 * Math.min(width / span[0], height / span[1]) : 1.1 * width / Math.hypot(...span);
    for (let from = 0, to = 0; from < points.length; from += depth, to += 3) {
      let x = points[from] - middle[0], y = points[from + 1] - middle[1], near = 0;
      if (depth === 3) {
        const z = points[from + 2] - middle[2], away = x * sinYaw + y * cosYaw;
        [x, y, near] = [x * cosYaw - y * sinYaw, z * cosPitch + away * sinPitch, z * sinPitch - away * cosPitch];
      }
      places[to] = width / 2 + x * scale;
      places[to + 1] = height / 2 - y * scale;
      places[to + 2] = near * 2 * scale / width;
    }
    return places;
  }

  draw(g, film, at, cursor, ink) {
    this.cloud(film, ink);
    g.drawImage(this.behind, 0, 0);
    const {dots} = this, places = this.places = this.project(this.frames.positions(at));
    const colour = ink("--st-text-color");
    const crowd = film.units > 1500 ? 0.5 : 1;
    g.lineWidth = dots * crowd;
    g.strokeStyle = colour;
    this.lines(g, places, this.edges.round, () => 0.2);
    this.lines(g, places, this.edges.inner, near => this.depth === 3 ? 0.45 + 0.4 * near : 0.75);
    const bytes = film.kind === "colours" ? film.frameBytes[at] : null;
    const size = dots * Math.max(1, Math.min(bytes ? 4 : 2.6, 45 / Math.sqrt(film.units)));
    g.fillStyle = colour;
    for (let unit = 0; unit < film.units; unit++) {
      const near = places[3 * unit + 2];
      if (bytes) g.fillStyle = "rgb(" + bytes.subarray(3 * unit, 3 * unit + 3).join() + ")";
      g.globalAlpha = bytes || this.depth === 2 ? 1 : 0.6 + 0.4 * near;
      this.dot(g, places, unit, size * (1 + near / 3));
    }
    g.globalAlpha = 1;
    if (cursor === null) return;
    for (const [radius, name] of [[7, "--st-background-color"], [5, "--st-primary-color"]]) {
      g.fillStyle = ink(name);
      this.dot(g, places, cursor, radius * dots);
    }
  }

  dot(g, places, point, radius) {
    g.beginPath();
    g.arc(places[3 * point], places[3 * point + 1], radius, 0, 2 * Math.PI);
    g.fill();
  }

  // Lines between pairs of points, far ones first; `alpha` tells how dark at a depth. Ten strokes, however many lines.
  lines(g, places, pairs, alpha) {
    const levels = Array.from({length: 10}, () => []);
    for (let i = 0; i < pairs.length; i += 2) {
      const near = (places[3 * pairs[i] + 2] + places[3 * pairs[i + 1] + 2]) / 2;
      levels[Math.max(0, Math.min(9, Math.floor(5 + 5 * near)))].push(pairs[i], pairs[i + 1]);
    }
    levels.forEach((some, level) => {
      g.globalAlpha = alpha((level - 4.5) / 4.5);
      g.beginPath();
      for (let i = 0; i < some.length; i += 2) {
        g.moveTo(places[3 * some[i]], places[3 * some[i] + 1]);
        g.lineTo(places[3 * some[i + 1]], places[3 * some[i + 1] + 1]);
      }
      g.stroke();
    });
    g.globalAlpha = 1;
  }

  // Points and box change only with the size, the angle and the theme: they are drawn once, on a canvas of their own.
  cloud(film, ink) {
    const {width, height} = this.canvas, {dots} = this;
    const grey = ink("--st-text-color");
    const state = [width, height, this.yaw, this.pitch, grey, film.identity].join();
    if (state === this.drawn) return;
    this.drawn = state;
    [this.behind.width, this.behind.height] = [width, height];
    const g = this.behind.getContext("2d");
    if (this.depth === 3) {
      g.strokeStyle = "rgb(127, 139, 147)";
      g.lineWidth = dots;
      this.lines(g, this.project(this.corners), BOX, near => 0.75 + 0.25 * near);
    }
    const places = this.project(film.points);
    for (let point = 0; point < places.length / 3; point++) {
      const near = places[3 * point + 2];
      const rgb = film.kind === "colours" && film.points.subarray(3 * point, 3 * point + 3);
      const type = film.pointTypes.length ? film.classes[film.pointTypes[point]][1] : grey;
      g.fillStyle = rgb ? "rgb(" + Array.from(rgb, value => Math.round(255 * value)).join() + ")" : type;
      g.globalAlpha = (film.pointTypes.length || rgb ? 0.6 : 0.4) * (1 + near / 2);
      this.dot(g, places, point, dots * (1.5 + near / 2));
    }
  }

  unitAt(x, y) {
    let [best, least] = [null, NEAR * this.dots];
    for (let unit = 0; this.places && 3 * unit < this.places.length; unit++) {
      const away = Math.hypot(this.places[3 * unit] - x, this.places[3 * unit + 1] - y);
      if (away < least) [best, least] = [unit, away];
    }
    return best;
  }

  turn(right, up) {
    this.yaw += right;
    this.pitch = Math.max(-TILT, Math.min(TILT, this.pitch + up));
  }
}
