// The floor: the test pictures in columns, one column for each answer; they glide from one epoch's place to the next's.

const LARGEST = 40; // CSS px of a picture
const ROOM = 1.3; // times an even share of the pictures fit into a column; more lie over each other
const WRONG_LEG = 0.4; // of a picture's side: the corner that marks a wrong answer

class Floor {
  constructor(canvas) {
    this.canvas = canvas;
    Object.assign(this, {sprite: null, said: null, at: 0, cursor: -1, frame: 0, places: null, from: null});
  }

  receive(said, gutter) { [this.said, this.gutter] = [said, gutter]; }

  // Fits the canvas to its place; returns whether there is any.
  fit() {
    const {canvas} = this, dots = window.devicePixelRatio || 1;
    [this.width, this.height] = [canvas.clientWidth, canvas.clientHeight];
    if (!this.width || !this.said) return false;
    [canvas.width, canvas.height] = [Math.round(this.width * dots), Math.round(this.height * dots)];
    this.dots = dots;
    const {count, classes} = this.said, across = (this.width - this.gutter) / classes.length - 6;
    let side = Math.max(3, Math.min(LARGEST, Math.floor(across)));
    const holds = size => Math.floor(across / size) * Math.floor(this.height / size);
    while (side > 3 && holds(side) < ROOM * count / classes.length) side--;
    [this.side, this.perRow] = [side, Math.max(1, Math.floor(across / side))];
    return true;
  }

  answer(at, picture) { return this.said.bytes.answers[at * this.said.count + picture]; }

  // Whether the answer to a picture is another than at the epoch before.
  changed(at, picture) { return at > 0 && this.answer(at - 1, picture) !== this.answer(at, picture); }

  wrong(at, picture) { return this.answer(at, picture) !== this.said.bytes.labels[picture]; }

  // Where every picture lies at one epoch: right ones below, wrong ones above them by their true class.
  layout(at) {
    const {said, side, perRow} = this, {labels} = said.bytes, places = new Float32Array(2 * said.count);
    const columns = said.classes.map(() => []);
    for (let picture = 0; picture < said.count; picture++) columns[this.answer(at, picture)].push(picture);
    const wide = (this.width - this.gutter) / said.classes.length;
    columns.forEach((members, column) => {
      const rank = picture => labels[picture] === column ? -1 : labels[picture];
      members.sort((one, other) => rank(one) - rank(other) || one - other);
      const rows = Math.ceil(members.length / perRow), left = this.gutter + column * wide;
      const pitch = rows > 1 ? Math.min(side, (this.height - side) / (rows - 1)) : side;
      const inset = (wide - Math.min(perRow, Math.max(members.length, 1)) * side) / 2;
      members.forEach((picture, number) => {
        places[2 * picture] = left + inset + side * (number % perRow);
        places[2 * picture + 1] = this.height - side - pitch * Math.floor(number / perRow);
      });
    });
    this.order = columns.flat();
    return places;
  }

  // Shows an epoch; the pictures take `duration` ms to get there.
  show(at, duration) {
    if (!this.fit()) return;
    const before = this.at, start = performance.now(), whole = this.places && duration > 0;
    const from = whole ? Float32Array.from(this.places) : null, to = this.layout(at);
    this.at = at;
    this.turned = new Set();
    for (let picture = 0; whole && picture < this.said.count; picture++) {
      if (this.answer(before, picture) !== this.answer(at, picture)) this.turned.add(picture);
    }
    cancelAnimationFrame(this.frame);
    const step = now => {
      const part = whole ? Math.min(1, Math.max(0, now - start) / duration) : 1, ease = part * part * (3 - 2 * part);
      this.places = from ? to.map((goal, i) => from[i] + ease * (goal - from[i])) : to;
      this.draw(part);
      if (part < 1) this.frame = requestAnimationFrame(step);
    };
    step(start);
  }

  draw(part = 1) {
    const {canvas, dots} = this, g = canvas.getContext("2d"), style = getComputedStyle(canvas);
    if (!this.places) return;
    this.ink = style.color;
    this.ground = style.getPropertyValue("--st-background-color").trim() || "rgb(255, 255, 255)";
    g.setTransform(dots, 0, 0, dots, 0, 0);
    g.clearRect(0, 0, this.width, this.height);
    const moving = part < 1 ? this.turned : new Set();
    for (const picture of this.order) if (!moving.has(picture)) this.picture(g, picture, 1);
    for (const picture of moving) this.picture(g, picture, 1 + 0.6 * Math.sin(Math.PI * part), true);
    if (this.cursor >= 0) this.mark(g, this.cursor);
  }

  picture(g, number, scale, flashes = false) {
    const {said, side, sprite} = this, size = side * scale, shift = (size - side) / 2;
    const [x, y] = [this.places[2 * number] - shift, this.places[2 * number + 1] - shift];
    const colour = said.classes[said.bytes.labels[number]][1];
    if (sprite) {
      const {tile, columns} = said.sheet;
      g.drawImage(sprite, tile * (number % columns), tile * Math.floor(number / columns), tile, tile, x, y, size - 1, size - 1);
    } else {
      g.fillStyle = colour;
      g.fillRect(x, y, size - 1, size - 1);
    }
    if (this.wrong(this.at, number)) this.ring(g, x, y, size - 1, colour);
    if (this.changed(this.at, number)) this.dot(g, x, y + size - 1, size);
    if (flashes) {
      g.strokeStyle = this.ink;
      g.lineWidth = 2;
      g.strokeRect(x - 1, y - 1, size + 1, size + 1);
    }
  }

  // Wrong: a frame in the colour of the true class with a filled corner, apart from the picture by a line of the ground.
  ring(g, x, y, size, colour) {
    const leg = Math.max(4, WRONG_LEG * size), thick = size < 12 ? 1.5 : 2.5;
    g.lineJoin = "miter";
    for (const [paint, width] of [[this.ground, thick + 2], [colour, thick]]) {
      [g.strokeStyle, g.lineWidth] = [paint, width];
      g.strokeRect(x + thick / 2, y + thick / 2, size - thick, size - thick);
    }
    g.beginPath();
    g.moveTo(x + size - leg, y);
    g.lineTo(x + size, y);
    g.lineTo(x + size, y + leg);
    g.closePath();
    [g.fillStyle, g.strokeStyle, g.lineWidth] = [colour, this.ground, 1];
    g.fill();
    g.stroke();
  }

  // Changed: a dot in the lower left corner.
  dot(g, x, y, size) {
    const radius = Math.max(2, 0.14 * size);
    for (const [paint, more] of [[this.ground, 1.5], [this.ink, 0]]) {
      g.beginPath();
      g.arc(x + radius + 1, y - radius - 1, radius + more, 0, 2 * Math.PI);
      g.fillStyle = paint;
      g.fill();
    }
  }

  mark(g, number) {
    const [x, y] = [this.places[2 * number], this.places[2 * number + 1]];
    for (const [paint, width] of [[this.ground, 5], [this.ink, 2.5]]) {
      [g.strokeStyle, g.lineWidth] = [paint, width];
      g.strokeRect(x - 1, y - 1, this.side + 1, this.side + 1);
    }
  }

  // The picture under a pointer, the topmost of those that lie over each other; -1 where there is none.
  under(event) {
    const box = this.canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top;
    for (const picture of this.places ? [...this.order].reverse() : []) {
      const [left, top] = [this.places[2 * picture], this.places[2 * picture + 1]];
      if (x >= left && x < left + this.side && y >= top && y < top + this.side) return picture;
    }
    return -1;
  }

  // The nearest picture in a direction, for the arrow keys.
  towards(key) {
    if (this.cursor < 0) return this.order[this.order.length - 1];
    const [dx, dy] = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[key];
    const [x, y] = [this.places[2 * this.cursor], this.places[2 * this.cursor + 1]];
    let [best, least] = [this.cursor, Infinity];
    for (const picture of this.order) {
      const [across, down] = [this.places[2 * picture] - x, this.places[2 * picture + 1] - y];
      const ahead = dx * across + dy * down, aside = Math.abs(dy * across + dx * down);
      const far = ahead + 3 * aside;
      if (ahead > 0.5 && far < least) [best, least] = [picture, far];
    }
    return best;
  }
}
