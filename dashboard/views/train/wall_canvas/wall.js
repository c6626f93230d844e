// A training to be watched: the pictures, the matrix and the curves at one epoch, led by one slider.

const walls = new WeakMap();
const left = new Map(); // where a wall was left, by its identity: a page that is drawn anew goes on there
const PLAYED_MS = 9000; // a whole training
const [SHORTEST_MS, LONGEST_MS, GLIDE_MS] = [130, 700, 420]; // of one epoch; of the way to it
const SETTLED_MS = 700; // after which the address follows
const WAYS = [["occlusion", "Occlusion"], ["activations", "Activations"], ["evaluate", "Evaluate"]];

class Wall {
  constructor(root) {
    this.root = root;
    const find = this.find = selector => root.querySelector(selector);
    [this.canvas, this.slider, this.card] = [find(".pictures"), find("input"), find(".card")];
    this.floor = new Floor(this.canvas);
    this.matrix = new Matrix(find(".table"));
    this.forgotten = new Forgotten(find(".forgotten"), this);
    const goTo = wanted => this.goTo(this.nearest(wanted));
    this.curves = [new Curve(find(".accuracy"), "Accuracy", ["accuracy", "val_accuracy"], percent, goTo),
      new Curve(find(".loss"), "Loss", ["loss", "val_loss"], significant, goTo)];
    Object.assign(this, {said: null, at: 0, playing: false, timer: 0, settling: 0, open: -1});
    find(".play").onclick = () => this.toggle();
    find(".back").onclick = () => this.goTo(this.at - 1);
    find(".next").onclick = () => this.goTo(this.at + 1);
    this.slider.oninput = () => this.goTo(Number(this.slider.value));
    this.canvas.onpointermove = event => { if (event.pointerType === "mouse") this.point(this.floor.under(event)); };
    this.canvas.onpointerleave = () => { if (this.open < 0) this.point(-1); };
    this.canvas.onclick = event => this.pick(this.floor.under(event));
    this.canvas.onblur = () => { if (this.open < 0) this.point(-1); };
    root.onkeydown = event => this.key(event);
    this.watch = new ResizeObserver(() => this.draw(0));
    this.watch.observe(this.canvas);
  }

  get still() { return matchMedia("(prefers-reduced-motion: reduce)").matches; }

  receive({data, setTriggerValue}) {
    this.send = setTriggerValue;
    const said = parse(data), before = this.said, anew = !before || before.identity !== said.identity;
    const atEnd = before && this.at === before.epochs.length - 1;
    this.said = said;
    said.confidences = new Uint16Array(said.bytes.confidences.slice().buffer);
    said.matrices = new Uint16Array(said.bytes.matrices.slice().buffer);
    if (anew || !this.floor.sprite) this.load(said, anew);
    this.floor.receive(said, this.gutter());
    this.matrix.receive(said);
    this.curves.forEach(curve => curve.receive(said));
    this.slider.max = said.epochs.length - 1;
    for (const control of [this.slider, ...this.root.querySelectorAll(".controls button")]) {
      control.disabled = said.epochs.length < 2;
    }
    this.canvas.setAttribute("aria-label", said.alt);
    this.root.querySelectorAll(".legend span").forEach((text, number) => { text.textContent = said.legend[number]; });
    this.find(".key .training").style.setProperty("--line", said.lines[0]);
    this.find(".key .validation").style.setProperty("--line", said.lines[1]);
    const tuned = said.history.find(row => row.phase > 1), tuning = this.find(".key .tuning");
    tuning.hidden = !tuned;
    if (tuned) tuning.textContent = "fine-tuning from epoch " + tuned.epoch;
    tuning.style.setProperty("--line", said.learns);
    if (anew) this.begin();
    else this.grow(before, atEnd);
  }

  // The width of the matrix's row names: the columns of pictures begin where its cells do.
  gutter() {
    return parseFloat(getComputedStyle(this.find(".table")).gridTemplateColumns) || 0;
  }

  load(said, anew) {
    if (anew && this.floor.sprite) [this.floor.sprite] = [null, this.floor.sprite.close()];
    if (!said.bytes.sprite.length) return;
    createImageBitmap(new Blob([said.bytes.sprite], {type: "image/webp"})).then(sprite => {
      if (said.identity !== this.said.identity) return sprite.close();
      this.floor.sprite = sprite;
      this.draw(0);
    }).catch(() => {}); // without pictures there are squares in the colours of their classes
  }

  begin() {
    const {said} = this, place = left.get(said.identity), end = said.epochs.length - 1;
    this.close();
    this.playing = false;
    if (place && !said.linked) {
      this.draw(0, place.newest && this.still ? end : Math.min(place.at, end));
      if (place.playing) this.run();
    } else if (said.play && !this.still) {
      this.draw(0, 0);
      this.run();
    } else this.draw(0, said.live ? end : Math.max(0, said.epochs.indexOf(said.first)));
  }

  grow(before, atEnd) {
    const more = this.said.epochs.length > before.epochs.length;
    this.draw(0, Math.min(this.at, this.said.epochs.length - 1));
    if (more && atEnd && before.live) {
      if (this.still) this.draw(0, this.said.epochs.length - 1);
      else this.run();
    } else if (this.playing) this.run();
  }

  nearest(wanted) {
    const {epochs} = this.said;
    return epochs.reduce((best, epoch, at) => Math.abs(epoch - wanted) < Math.abs(epochs[best] - wanted) ? at : best, 0);
  }

  goTo(at) {
    this.rest();
    this.draw(this.still ? 0 : GLIDE_MS, Math.min(Math.max(at, 0), this.said.epochs.length - 1));
    this.settle();
  }

  settle() {
    clearTimeout(this.settling);
    if (!this.said.live) {
      this.settling = setTimeout(() => this.send("epoch", this.said.epochs[this.at]), SETTLED_MS);
    }
  }

  rest() {
    clearTimeout(this.timer);
    this.playing = false;
    this.label();
  }

  label() {
    this.root.classList.toggle("playing", this.playing);
    this.find(".play").setAttribute("aria-label", this.playing ? "Pause" : "Play");
    const {said, at, playing} = this, newest = said?.live && at === said.epochs.length - 1;
    if (said) left.set(said.identity, {at, playing, newest});
  }

  toggle() {
    if (this.playing) {
      this.rest();
      return this.settle();
    }
    if (this.at === this.said.epochs.length - 1) this.draw(this.still ? 0 : GLIDE_MS, 0);
    this.run();
  }

  run() {
    clearTimeout(this.timer);
    this.playing = true;
    this.label();
    const each = Math.min(LONGEST_MS, Math.max(SHORTEST_MS, PLAYED_MS / this.said.epochs.length));
    this.timer = setTimeout(() => {
      if (!this.root.isConnected) return this.rest();
      if (this.at < this.said.epochs.length - 1) {
        this.draw(this.still ? 0 : Math.min(GLIDE_MS, 0.9 * each), this.at + 1);
        return this.run();
      }
      this.rest();
      this.settle();
    }, each);
  }

  draw(duration, at = this.at) {
    const {said} = this;
    if (!said) return;
    const lively = duration > 0;
    this.at = at;
    this.slider.value = at;
    this.slider.setAttribute("aria-valuetext", said.sentences[at]);
    this.find(".headline").textContent = said.sentences[at];
    this.floor.receive(said, this.gutter());
    this.floor.show(at, duration);
    this.matrix.show(said, at, lively);
    this.forgotten.show(said, at);
    this.curves.forEach(curve => curve.show(said.epochs[at]));
    this.label();
    this.describe();
  }

  // -- one picture ---------------------------------------------------------------------------------------------------

  point(picture) {
    if (this.open >= 0 || picture === this.floor.cursor) return;
    this.floor.cursor = picture;
    this.floor.draw();
    this.describe();
  }

  pick(picture) {
    this.open = -1;
    this.point(picture);
    this.open = this.floor.cursor = picture;
    if (picture >= 0) this.rest();
    this.floor.draw();
    this.describe();
  }

  // Opens a picture where it lies, from elsewhere.
  showOnWall(picture) {
    this.pick(picture);
    this.card.scrollIntoView({block: "nearest"});
    this.card.querySelector("button").focus({preventScroll: true});
  }

  close() {
    this.open = this.floor.cursor = -1;
    this.describe();
  }

  describe() {
    const {card, floor, said, at} = this, picture = floor.cursor;
    card.hidden = picture < 0 || !floor.places;
    if (card.hidden) return;
    card.classList.toggle("open", this.open >= 0);
    const truth = said.classes[said.bytes.labels[picture]][0], answer = said.classes[floor.answer(at, picture)][0];
    const sure = percent(said.confidences[at * said.count + picture] / 1000);
    if (card.shown !== picture) this.makeCard(picture);
    card.querySelector(".truth").textContent = "Truth: " + truth;
    card.querySelector(".said").textContent = "Answer: " + answer + ", " + sure + (answer === truth ? "" : ": wrong");
    card.querySelector(".then").textContent = this.story(picture);
    const [x, y] = [floor.places[2 * picture], floor.places[2 * picture + 1]], gap = floor.side + 6;
    const [wide, high] = [card.offsetWidth, card.offsetHeight];
    card.style.left = Math.max(0, x + gap + wide < floor.width ? x + gap : x - wide - 6) + "px";
    card.style.top = Math.max(-40, Math.min(y, floor.height - high)) + "px";
  }

  // What the answers to a picture were before.
  story(picture) {
    const {said, floor, at} = this, lost = said.forgotten[at].find(([place]) => place === picture), parts = [];
    if (floor.changed(at, picture)) {
      parts.push("Answer before this step: " + said.classes[floor.answer(at - 1, picture)][0] + ".");
    }
    if (lost) parts.push("Forgotten: last right after epoch " + lost[1] + ".");
    return parts.join(" ");
  }

  // Draws a picture alone.
  stamp(canvas, picture) {
    const {tile, columns} = this.said.sheet, {sprite} = this.floor;
    canvas.width = canvas.height = tile;
    if (!sprite) return;
    canvas.getContext("2d").drawImage(sprite, tile * (picture % columns), tile * Math.floor(picture / columns),
      tile, tile, 0, 0, tile, tile);
  }

  makeCard(picture) {
    const {card, said} = this;
    card.replaceChildren();
    card.shown = picture;
    card.setAttribute("aria-live", "polite");
    this.stamp(element("canvas", card), picture);
    const text = element("div", card);
    element("p", text, "", "Picture " + grouped(String(said.pictures[picture])));
    element("p", text, "truth");
    element("p", text, "said");
    element("p", text, "then");
    const ways = element("div", text, "ways");
    for (const [page, title] of WAYS) {
      const button = element("button", ways, "", title);
      button.type = "button";
      button.onclick = () => this.send("open", {picture: said.pictures[picture], page, epoch: this.said.epochs[this.at]});
    }
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape" && this.open >= 0) {
      this.close();
      this.floor.draw();
      this.canvas.focus();
    } else if (event.key === " " && event.target.tagName !== "BUTTON") this.toggle();
    else if (event.target !== this.canvas) return;
    else if (event.key.startsWith("Arrow")) {
      const target = this.floor.towards(event.key);
      this.open = -1;
      this.point(target);
    } else if (event.key === "Enter" && this.floor.cursor >= 0) {
      this.pick(this.floor.cursor);
      this.card.querySelector("button").focus();
    } else return;
    event.preventDefault();
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.settling);
    cancelAnimationFrame(this.floor.frame);
    this.watch.disconnect();
  }
}

export default function(component) {
  const root = component.parentElement.querySelector(".wall");
  if (!walls.has(root)) walls.set(root, new Wall(root));
  const wall = walls.get(root);
  wall.receive(component);
  return () => {
    wall.stop();
    walls.delete(root);
  };
}
