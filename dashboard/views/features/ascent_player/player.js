// Films of ascents side by side, one clock for all: the same step everywhere, with the unit's answers as curves.

const SVG = "http://www.w3.org/2000/svg";
const players = new WeakMap();
const PAUSE = 110; // ms a frame

function parse(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  for (const film of header.films) film.bytes = film.sizes.map(size => bytes.subarray(at, at += size));
  return header;
}

class AscentPlayer {
  constructor(root) {
    this.root = root;
    const find = this.find = selector => root.querySelector(selector);
    [this.slider, this.curve] = [find("input"), find(".curve")];
    Object.assign(this, {clock: [], at: 0, playing: false, timer: 0, decoded: new Map()});
    find(".play").onclick = () => this.toggle();
    find(".back").onclick = () => this.goTo(this.at - 1);
    find(".next").onclick = () => this.goTo(this.at + 1);
    this.slider.oninput = () => this.goTo(Number(this.slider.value));
    root.onkeydown = event => this.key(event);
    const scrub = event => {
      const box = this.curve.getBoundingClientRect();
      const step = (event.clientX - box.left) / box.width * this.total;
      this.goTo(this.clock.reduce((best, one, i) => Math.abs(one - step) < Math.abs(this.clock[best] - step) ? i : best, 0));
    };
    this.curve.onpointerdown = event => { this.curve.setPointerCapture(event.pointerId); scrub(event); };
    this.curve.onpointermove = event => { if (event.buttons) scrub(event); };
  }

  // Frames decoded already stay when a film grows; a film that is not shown any more is forgotten.
  receive(message) {
    const header = parse(message), before = this.films;
    const fresh = !before || before[0].identity !== header.films[0].identity
      || before[0].steps.length === 0 && header.films[0].steps.length > 0;
    const step = this.clock[this.at], atEnd = this.at >= this.clock.length - 1;
    this.films = header.films;
    this.total = header.total;
    const grew = this.live || header.live;
    this.live = header.live;
    const own = this.films[0].steps, last = this.live && own.length ? own[own.length - 1] : this.total;
    this.clock = [...new Set(this.films.flatMap(film => film.steps))].filter(step => step <= last).sort((a, b) => a - b);
    for (const identity of [...this.decoded.keys()]) {
      if (!this.films.some(film => film.identity === identity)) {
        for (const frame of this.decoded.get(identity)) if (frame) frame.close();
        this.decoded.delete(identity);
      }
    }
    this.films.forEach(film => this.decode(film));
    this.layout(header);
    if (fresh) {
      const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
      [this.at, this.playing] = [still ? this.clock.length - 1 : 0, !still];
    } else {
      this.at = grew && atEnd ? this.clock.length - 1 : this.frameAt(this.clock, step);
    }
    this.draw();
    if (this.playing) this.run();
  }

  decode(film) {
    if (!this.decoded.has(film.identity)) this.decoded.set(film.identity, []);
    const kept = this.decoded.get(film.identity);
    for (let i = kept.length; i < film.bytes.length; i++) {
      kept[i] = null;
      createImageBitmap(new Blob([film.bytes[i]])).then(bitmap => {
        if (this.decoded.get(film.identity) !== kept) return bitmap.close();
        kept[i] = bitmap;
        this.draw();
      }).catch(() => { this.find(".note").textContent = "This browser cannot show these pictures."; });
    }
  }

  frameAt(steps, step) {
    let found = 0;
    steps.forEach((one, i) => { if (one <= step) found = i; });
    return found;
  }

  layout(header) {
    const stages = this.find(".stages"), legend = this.find(".legend");
    this.root.style.setProperty("--side", header.side + "px");
    const text = (kind, parent, words) => { parent.appendChild(document.createElement(kind)).textContent = words; };
    while (stages.children.length > this.films.length) stages.lastChild.remove();
    while (stages.children.length < this.films.length) {
      const figure = stages.appendChild(document.createElement("figure"));
      const canvas = figure.appendChild(document.createElement("canvas"));
      canvas.setAttribute("role", "img");
      figure.append(document.createElement("figcaption"));
    }
    legend.replaceChildren();
    this.films.forEach((film, i) => {
      const [canvas, words] = stages.children[i].children;
      if (canvas.width !== header.width || canvas.height !== header.height) {
        [canvas.width, canvas.height] = [header.width, header.height];
      }
      canvas.setAttribute("aria-label", film.alt);
      if (i === 0) canvas.tabIndex = 0;
      words.replaceChildren();
      text("b", words, film.title);
      text("span", words, film.words);
      const row = legend.appendChild(document.createElement("div"));
      const line = row.appendChild(document.createElementNS(SVG, "svg")).appendChild(document.createElementNS(SVG, "line"));
      for (const [name, value] of [["x1", 0], ["x2", 26], ["y1", 4], ["y2", 4]]) line.setAttribute(name, value);
      if (i > 0) line.setAttribute("class", "other");
      text("span", row, film.title);
      text("span", row, "");
    });
    this.find(".note").textContent = header.note;
    this.slider.max = this.clock.length - 1;
    this.slider.disabled = this.clock.length < 2;
    this.plot();
  }

  plot() {
    const values = this.films.flatMap(film => film.values);
    const [low, high] = [Math.min(0, ...values), Math.max(0, ...values)];
    const up = value => 100 - 100 * (value - low) / (high - low || 1), across = step => 100 * step / this.total;
    const add = (kind, name, fields) => {
      const element = this.curve.appendChild(document.createElementNS(SVG, kind));
      element.setAttribute("class", name);
      for (const [field, value] of Object.entries(fields)) element.setAttribute(field, value);
      return element;
    };
    this.curve.replaceChildren();
    if (low < 0) add("line", "zero", {x1: 0, x2: 100, y1: up(0), y2: up(0)});
    this.films.forEach((film, i) => add("polyline", i ? "other" : "", {
      points: film.steps.map((step, frame) => across(step) + "," + up(film.values[frame])).join(" ")}));
    this.marker = add("line", "marker", {y1: 0, y2: 100});
    this.across = across;
  }

  draw() {
    const step = this.clock[this.at];
    this.films.forEach((film, i) => {
      const frame = this.frameAt(film.steps, step), bitmap = this.decoded.get(film.identity)[frame];
      const canvas = this.find(".stages").children[i].firstChild, made = film.steps.length > 0;
      if (bitmap) canvas.getContext("2d").drawImage(bitmap, 0, 0);
      else if (!made) canvas.getContext("2d").clearRect(0, 0, canvas.width, canvas.height);
      this.find(".legend").children[i].lastChild.textContent = made ? significant(film.values[frame]) : "";
    });
    const words = "Step " + step + " of " + this.total;
    this.find(".caption").textContent = words;
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", words);
    for (const side of ["x1", "x2"]) this.marker.setAttribute(side, this.across(step));
    this.root.classList.toggle("playing", this.playing);
    this.find(".play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  key(event) {
    const on = event.composedPath()[0].tagName;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const steps = {ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: this.clock.length - 1};
    if (event.key === " " && on !== "BUTTON") this.toggle();
    else if (event.key in steps && on !== "INPUT") this.goTo(steps[event.key]);
    else return;
    event.preventDefault();
  }

  goTo(frame) {
    this.playing = false;
    this.at = Math.min(this.clock.length - 1, Math.max(0, frame));
    this.draw();
  }

  toggle() {
    this.playing = !this.playing;
    if (this.playing && this.at >= this.clock.length - 1 && !this.live) this.at = 0;
    this.draw();
    if (this.playing) this.run();
  }

  // At the end of a film that grows, the player waits for the next frame.
  run() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (!this.playing) return;
      if (this.at < this.clock.length - 1) this.at++;
      else if (!this.live) this.playing = false;
      this.draw();
      if (this.playing && !(this.live && this.at >= this.clock.length - 1)) this.run();
    }, PAUSE);
  }

  stop() {
    clearTimeout(this.timer);
    for (const frames of this.decoded.values()) for (const frame of frames) if (frame) frame.close();
    this.decoded.clear();
  }
}

export default function(component) {
  const root = component.parentElement.querySelector(".ascent");
  if (!players.has(root)) players.set(root, new AscentPlayer(root));
  const player = players.get(root);
  player.receive(component.data);
  return () => { player.stop(); players.delete(root); };
}
