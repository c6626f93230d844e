// What figures in the browser share: the message from Python taken apart, colour scales, and panels of two canvases.

function parse(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const said = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  said.bytes = {};
  for (const [name, size] of said.parts) said.bytes[name] = bytes.subarray(at, at += size);
  return said;
}

// A copy, because a view of numbers has to begin at a multiple of four bytes.
function floats(bytes) { return new Float32Array(bytes.slice().buffer); }

function bitmap(bytes) { return createImageBitmap(new Blob([bytes], {type: "image/png"})); }

function element(kind, parent, className, text) {
  const made = parent.appendChild(document.createElement(kind));
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

// The colour of a share 0..1 on a scale of evenly spaced colours [red, green, blue].
function colourOf(stops, share) {
  const at = Math.min(1, Math.max(0, share)) * (stops.length - 1), low = Math.floor(at), part = at - low;
  const above = stops[Math.min(low + 1, stops.length - 1)];
  return stops[low].map((value, i) => Math.round(value + part * (above[i] - value)));
}

function gradient(stops) {
  return "linear-gradient(to right, " + stops.map(colour => "rgb(" + colour.join() + ")").join(", ") + ")";
}

// One picture: what rarely changes on the lower canvas, the marks that follow the hand on the upper one.
class Panel {
  constructor(place, height, width) {
    [this.place, this.height, this.width] = [place, height, width];
    place.style.aspectRatio = width + " / " + height;
    [this.base, this.mark] = ["base", "mark"].map(name => element("canvas", place, name));
    this.mark.setAttribute("aria-hidden", "true");
    this.base.setAttribute("role", "img");
  }

  // Fits the canvases to the place; returns whether their size changed, which empties them.
  fit() {
    const dots = window.devicePixelRatio || 1;
    const [across, down] = [this.place.clientWidth, this.place.clientHeight].map(length => Math.round(length * dots));
    if (!across || (this.base.width === across && this.base.height === down)) return false;
    for (const canvas of [this.base, this.mark]) [canvas.width, canvas.height] = [across, down];
    return true;
  }

  get drawing() {
    const g = this.base.getContext("2d");
    g.clearRect(0, 0, this.base.width, this.base.height);
    g.imageSmoothingEnabled = false;
    return g;
  }

  // Device px of a place in pixels of the picture.
  x(col) { return Math.round(col / this.width * this.base.width); }

  y(row) { return Math.round(row / this.height * this.base.height); }

  picture(g, image) { g.drawImage(image, 0, 0, this.base.width, this.base.height); }

  // One colour per cell; `colour` returns CSS, or null for nothing.
  cells(g, rowEdges, colEdges, colour) {
    const [tops, lefts] = [rowEdges.map(edge => this.y(edge)), colEdges.map(edge => this.x(edge))];
    for (let row = 0, at = 0; row + 1 < tops.length; row++) {
      for (let col = 0; col + 1 < lefts.length; col++, at++) {
        const paint = colour(at);
        if (!paint) continue;
        g.fillStyle = paint;
        g.fillRect(lefts[col], tops[row], lefts[col + 1] - lefts[col], tops[row + 1] - tops[row]);
      }
    }
  }

  // Empties the upper canvas; further frames are white on black, so that they show on any colour.
  clear() {
    this.mark.getContext("2d").clearRect(0, 0, this.mark.width, this.mark.height);
  }

  frame(top, left, bottom, right, thick = 2) {
    const g = this.mark.getContext("2d"), dots = window.devicePixelRatio || 1;
    const inset = (thick + 2) * dots / 2; // a frame at the border stays whole
    const inside = (value, end) => Math.min(end - inset, Math.max(inset, value));
    const [x, y] = [inside(this.x(left), this.mark.width), inside(this.y(top), this.mark.height)];
    const [across, down] = [inside(this.x(right), this.mark.width) - x, inside(this.y(bottom), this.mark.height) - y];
    for (const [colour, width] of [["rgb(0, 0, 0)", thick + 2], ["rgb(255, 255, 255)", thick]]) {
      g.strokeStyle = colour;
      g.lineWidth = width * dots;
      g.strokeRect(x, y, across, down);
    }
  }

  // Where a pointer is, in pixels of the picture.
  at(event) {
    const box = this.mark.getBoundingClientRect();
    const inside = (value, end) => Math.min(end - 1e-6, Math.max(0, value * end));
    return [inside((event.clientY - box.top) / box.height, this.height),
      inside((event.clientX - box.left) / box.width, this.width)];
  }
}

// A colour bar with its ends in numbers, a notch at one value and a pointer at another.
class ScaleBar {
  constructor(place) {
    this.bar = element("div", place, "bar");
    [this.notch, this.pointer] = ["notch", "pointer"].map(name => element("i", this.bar, name));
    const ends = element("div", place, "ends");
    [this.low, this.middle, this.high] = ["", "middle", ""].map(name => element("span", ends, name));
  }

  set(low, high, stops, format, middle = "") {
    [this.from, this.to] = [low, high];
    this.bar.style.background = gradient(stops);
    [this.low.textContent, this.high.textContent, this.middle.textContent] = [format(low), format(high), middle];
  }

  put(part, value) {
    const share = (value - this.from) / (this.to - this.from);
    part.hidden = !Number.isFinite(share);
    part.style.left = 100 * Math.min(1, Math.max(0, share)) + "%";
  }
}
