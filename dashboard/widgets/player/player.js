// The player: one film, one view of it, and the controls. Every part of the page below .player belongs to it.

const players = new WeakMap();
const TURN = Math.PI / 12; // of a net in space, at a press of a key
const DRAG = 4; // px a pointer moves before a click becomes a drag

class Player {
  constructor(root) {
    this.root = root;
    const find = this.find = selector => root.querySelector(selector);
    [this.canvas, this.slider, this.speed] = [find("canvas"), find(".controls input"), find("select")];
    [this.where, this.caption, this.playButton] = [find(".where"), find(".caption"), find(".play")];
    this.frames = new Frames(() => this.draw(), () => {
      this.where.textContent = "This browser cannot show the pictures of this map.";
    });
    this.views = {lattice: new LatticeView(this.canvas, this.frames), net: new NetView(this.canvas, this.frames)};
    this.curves = new Curves(find(".series"), frame => this.goTo(frame));
    Object.assign(this, {film: null, at: 0, playing: false, cursor: null, timer: 0, asNet: false});
    this.listen(find);
    this.watch = new ResizeObserver(() => this.resize());
    this.watch.observe(root);
  }

  listen(find) {
    this.playButton.onclick = () => this.toggle();
    find(".back").onclick = () => this.goTo(this.at - 1);
    find(".next").onclick = () => this.goTo(this.at + 1);
    this.slider.oninput = () => this.goTo(Number(this.slider.value));
    find(".turn").onclick = () => this.turn(TURN, 0);
    find(".space").onclick = () => { this.asNet = !this.asNet; this.resize(true); };
    this.canvas.onpointerdown = event => { this.grip = {x: event.clientX, y: event.clientY, moved: false}; };
    this.canvas.onpointermove = event => this.point(event);
    this.canvas.onpointerleave = () => this.describe(this.cursor);
    this.canvas.onclick = event => {
      const unit = this.unitAt(event);
      if (!(this.grip && this.grip.moved) && unit !== null) this.pick(unit);
    };
    this.root.onkeydown = event => this.key(event);
  }

  get view() { return this.film.kind === "net" || this.asNet ? this.views.net : this.views.lattice; }

  receive(component) {
    this.report = component.setTriggerValue;
    const film = parse(component.data), before = this.film;
    const fresh = !before || before.identity !== film.identity;
    if (fresh) this.frames.clear();
    this.film = film;
    this.frames.receive(film);
    if (fresh || film.picked) this.cursor = film.picked ? film.picked[0] * film.columns + film.picked[1] : null;
    if (fresh) this.open();
    else if (this.still && before.live && this.at === before.sizes.length - 1) this.at = film.sizes.length - 1;
    this.label(film);
    this.curves.receive(film);
    this.resize(true);
    this.describe(this.cursor);
    if (this.playing) this.run();
  }

  // Who has asked for no motion sees the newest frame.
  get still() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }

  open() {
    this.at = this.still ? this.film.sizes.length - 1 : 0;
    this.playing = !this.still;
    this.asNet = false;
    this.speed.value = this.film.rate;
  }

  label(film) {
    this.canvas.setAttribute("aria-label", film.alt);
    this.slider.max = film.sizes.length - 1;
    this.slider.disabled = film.sizes.length < 2;
    this.find(".note").textContent = film.note;
    this.find(".classes").replaceChildren(...film.classes.map(([name, colour]) => {
      const entry = document.createElement("span");
      entry.appendChild(document.createElement("i")).style.background = colour;
      entry.append(name);
      return entry;
    }));
  }

  resize(always) {
    if (!this.film || !this.root.clientWidth) return;
    const dots = window.devicePixelRatio || 1, edges = this.film.toroid && this.view === this.views.lattice;
    const whole = this.root.clientWidth - (edges ? 10 : 0); // the dashed frame
    const room = whole > 620 ? whole - 230 : whole;
    const size = this.view.fit(this.film, room, this.film.height, dots);
    if (always || size.join() !== this.size) {
      this.size = size.join();
      [this.canvas.width, this.canvas.height] = size;
      const [width, height] = size.map(length => length / dots);
      [this.canvas.style.width, this.canvas.style.height] = [width + "px", height + "px"];
      this.find(".stage").style.width = Math.max(width, Math.min(320, whole)) + "px";
    }
    const inSpace = this.view === this.views.net && this.film.depth === 3;
    this.find(".frame").classList.toggle("toroid", edges);
    this.root.classList.toggle("turns", inSpace);
    this.find(".turn").hidden = !inSpace;
    this.find(".space").hidden = this.film.kind === "net" || !this.film.points.length;
    this.find(".space").setAttribute("aria-pressed", this.asNet);
    this.draw();
  }

  draw() {
    if (!this.film || !this.size) return;
    const g = this.canvas.getContext("2d");
    g.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const style = getComputedStyle(this.canvas);
    this.view.draw(g, this.film, this.at, this.cursor, name => style.getPropertyValue(name) || "grey");
    const caption = this.film.captions[this.at];
    this.caption.textContent = caption;
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", caption);
    this.root.classList.toggle("playing", this.playing);
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
    this.curves.show(this.film, this.at);
  }

  describe(unit) {
    if (unit === null) { this.where.textContent = ""; return; }
    const {columns, kind, depth} = this.film;
    const place = "Unit in row " + Math.floor(unit / columns) + ", column " + unit % columns;
    const parts = [this.film.unit ? this.film.unit + " " + unit : place];
    if (kind === "colours" && this.film.points.length) {
      parts.push("rgb(" + this.film.frameBytes[this.at].subarray(3 * unit, 3 * unit + 3).join(", ") + ")");
    } else if (kind === "net") {
      const weights = Array.from(this.frames.decoded[this.at].subarray(depth * unit, depth * unit + depth));
      parts.push("W = (" + weights.map(value => significant(value)).join(", ") + ")");
    }
    const share = this.frames.share(this.at, unit);
    if (share) {
      parts.push(share.part === 0 ? "no samples"
        : "class " + this.film.classes[share.type][0] + ": " + percent(share.part) + " of its samples");
    }
    this.where.textContent = parts.join(" · ");
  }

  unitAt(event) {
    const box = this.canvas.getBoundingClientRect();
    return this.view.unitAt((event.clientX - box.left) / box.width * this.canvas.width,
      (event.clientY - box.top) / box.height * this.canvas.height);
  }

  // A pointer over the picture describes the unit below it; dragging turns a net in space.
  point(event) {
    const grip = event.buttons ? this.grip : null;
    if (grip && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) > DRAG) grip.moved = true;
    if (grip && grip.moved && this.root.classList.contains("turns")) {
      if (event.isTrusted && this.canvas.setPointerCapture) this.canvas.setPointerCapture(event.pointerId);
      this.turn((event.clientX - grip.x) / 120, (event.clientY - grip.y) / 120);
      [grip.x, grip.y] = [event.clientX, event.clientY];
    } else {
      const unit = this.unitAt(event);
      this.describe(unit === null ? this.cursor : unit);
    }
  }

  turn(right, up) {
    this.view.turn(right, up);
    this.draw();
  }

  pick(unit) {
    this.playing = false;
    this.cursor = unit;
    this.draw();
    this.describe(unit);
    this.report("pick", [Math.floor(unit / this.film.columns), unit % this.film.columns, this.at]);
  }

  // The marked unit moves by rows and columns; on a toroid it comes back at the other side.
  move(down, across) {
    const {rows, columns, toroid} = this.film, unit = this.cursor === null ? 0 : this.cursor;
    const inside = (value, count) => toroid ? (value + count) % count : Math.min(count - 1, Math.max(0, value));
    this.cursor = inside(Math.floor(unit / columns) + down, rows) * columns + inside(unit % columns + across, columns);
    this.draw();
    this.describe(this.cursor);
  }

  key(event) {
    const target = event.composedPath()[0], on = target.tagName;
    if (on === "SELECT" || event.ctrlKey || event.altKey || event.metaKey) return;
    const arrows = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]};
    const steps = {ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.frames.length - 1};
    const arrow = arrows[event.key];
    if (event.key === " " && on !== "BUTTON") this.toggle();
    else if (arrow && target.classList.contains("turn")) this.turn(-TURN * arrow[1], -TURN * arrow[0]);
    else if (arrow && event.shiftKey) this.move(...arrow);
    else if (event.key === "Enter" && on === "CANVAS" && this.cursor !== null) this.pick(this.cursor);
    else if (event.key in steps && on !== "INPUT") this.goTo(steps[event.key]);
    else return;
    event.preventDefault();
  }

  goTo(frame) {
    this.playing = false;
    this.at = Math.min(this.frames.length - 1, Math.max(0, frame));
    this.draw();
    this.describe(this.cursor);
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.at >= this.frames.length - 1 && !this.film.live) this.at = 0;
    this.draw();
    if (this.playing) this.run();
  }

  // Frames that are due by the clock are drawn; at the end of a film that grows, the player waits for the next.
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
    this.frames.clear();
  }
}

export default function(component) {
  const root = component.parentElement.querySelector(".player");
  if (!players.has(root)) players.set(root, new Player(root));
  const player = players.get(root);
  player.receive(component);
  return () => { player.stop(); players.delete(root); };
}
