// The figure of Zeiler and Fergus, alive: a square is moved over the picture and every panel follows in the browser.

const figures = new WeakMap();
const MOST_BARS = 10;

class OccluderFigure {
  constructor(root) {
    this.root = root;
    const find = this.find = selector => root.querySelector(selector);
    [this.where, this.slider, this.playButton] = [find(".where"), find("input"), find(".play")];
    this.scales = {activity: new ScaleBar(find(".activity .scale")), probability: new ScaleBar(find(".probability .scale"))};
    Object.assign(this, {said: null, at: 0, hover: null, playing: false, images: {}, bars: [], timer: 0});
    this.slider.oninput = () => this.goTo(Number(this.slider.value));
    this.playButton.onclick = () => this.toggle();
    root.onkeydown = event => this.key(event);
    this.watch = new ResizeObserver(() => this.paint(false));
    this.watch.observe(root);
  }

  receive(component) {
    const said = parse(component.data), before = this.said;
    said.probabilities = floats(said.bytes.probabilities);
    said.activity = floats(said.bytes.activity);
    said.count = said.rows.length * said.cols.length;
    this.said = said;
    if (!before || before.identity !== said.identity) {
      this.at = said.start;
      this.playing = false;
    }
    if (!before || before.explained !== said.explained || before.classes.length !== said.classes.length) {
      this.chosen = said.explained;
    }
    this.build(!before || before.height !== said.height || before.width !== said.width);
    this.describe();
    this.load().then(() => this.paint(true)).catch(() => {
      this.where.textContent = "This browser cannot show the picture.";
    });
    this.paint(true);
  }

  // Pictures are decoded once, and again when they change.
  async load() {
    const said = this.said;
    for (const name of ["picture", "hidden", "projection"]) {
      const bytes = said.bytes[name];
      this.images[name] = bytes.length ? await bitmap(bytes) : null;
      if (said !== this.said) return;
    }
  }

  build(anew) {
    if (anew) {
      this.panels = {};
      for (const name of ["picture", "activity", "projection", "probability", "winner"]) {
        const place = this.find(name === "picture" ? ".panel.picture" : "." + name + " .panel");
        place.replaceChildren();
        const panel = this.panels[name] = new Panel(place, this.said.height, this.said.width);
        this.follow(panel, name);
      }
      const handle = this.panels.picture.mark;
      handle.removeAttribute("aria-hidden");
      handle.tabIndex = 0;
      handle.setAttribute("role", "slider");
      handle.setAttribute("aria-label", "The hidden square: drag it, or move it with the arrow keys");
      handle.setAttribute("aria-valuemin", 0);
    }
    this.slider.max = this.said.count - 1;
    this.panels.picture.mark.setAttribute("aria-valuemax", this.said.count - 1);
    this.makeBars();
  }

  makeBars() {
    const {classes, probabilities, base} = this.said, width = classes.length;
    const peak = base.map((value, i) => {
      let most = value;
      for (let at = i; at < probabilities.length; at += width) most = Math.max(most, probabilities[at]);
      return most;
    });
    const shown = [...classes.keys()].sort((a, b) => peak[b] - peak[a]).slice(0, MOST_BARS).sort((a, b) => a - b);
    const list = this.find(".bars");
    list.replaceChildren();
    this.bars = shown.map(number => {
      const row = element("button", list, "class");
      row.type = "button";
      row.setAttribute("role", "radio");
      element("span", row, "name", classes[number][0]);
      const track = element("span", row, "track"), fill = element("span", track, "fill");
      fill.style.background = classes[number][1];
      element("span", track, "before").style.left = 100 * base[number] + "%";
      row.title = classes[number][0] + ": " + percent(base[number]) + " in the untouched picture (the mark)";
      row.onclick = () => this.explain(number);
      return {number, row, fill, value: element("span", row, "value")};
    });
    this.checked();
  }

  checked() {
    for (const {number, row} of this.bars) row.setAttribute("aria-checked", number === this.chosen);
  }

  explain(number) {
    this.chosen = number;
    this.checked();
    this.describe();
    this.paintProbability();
    this.show();
  }

  describe() {
    const {titles, classes, alts} = this.said, chosen = classes[this.chosen][0];
    const texts = {hero: titles.picture, activity: titles.activity, projection: titles.projection,
      probability: "Probability of " + chosen, winner: "Most probable class"};
    Object.entries(texts).forEach(([name, text], i) => {
      const heading = this.find("." + name + " h3");
      heading.replaceChildren();
      element("b", heading, "", "(" + "abcde"[i] + ")");
      heading.append(text);
      heading.title = text;
    });
    for (const [name, panel] of Object.entries(this.panels)) panel.base.setAttribute("aria-label", alts[name]);
    this.root.setAttribute("aria-label", alts.figure);
    this.find(".projection .note").textContent = this.said.note;
  }

  // A drag moves the square; a hovering pointer reads the numbers of its place.
  follow(panel, name) {
    const canvas = panel.mark;
    const move = event => {
      const [row, col] = panel.at(event);
      this.playing = false;
      this.moveTo(this.nearest(row, col));
    };
    canvas.onpointerdown = event => {
      if (event.isTrusted) canvas.setPointerCapture(event.pointerId);
      this.hover = null;
      move(event);
    };
    canvas.onpointermove = event => {
      if (event.buttons) return move(event);
      this.hover = name === "picture" || event.pointerType === "touch" ? null : this.nearest(...panel.at(event));
      this.show();
    };
    canvas.onpointerleave = () => { this.hover = null; this.show(); };
  }

  // The position whose square has its centre nearest to a place.
  nearest(row, col) {
    const {rows, cols, patch} = this.said;
    const closest = (origins, place) => origins.reduce((best, origin, i) =>
      Math.abs(origin + patch / 2 - place) < Math.abs(origins[best] + patch / 2 - place) ? i : best, 0);
    return closest(rows, row) * cols.length + closest(cols, col);
  }

  paint(always) {
    if (!this.said || !this.root.clientWidth) return;
    const changed = Object.values(this.panels).map(panel => panel.fit()).some(Boolean);
    if (!always && !changed) return;
    const {panels, said, images} = this;
    if (images.picture) panels.picture.picture(panels.picture.drawing, images.picture);
    const projection = panels.projection.drawing;
    if (images.projection) panels.projection.picture(projection, images.projection);
    this.paintActivity();
    this.paintProbability();
    this.paintWinner();
    this.show();
  }

  paintActivity() {
    const {said, panels, scales} = this;
    const known = said.activity.length > 0;
    this.find(".activity .scale").hidden = !known;
    if (known) this.paintValues(panels.activity, scales.activity, at => said.activity[at], said.baseActivity,
      value => significant(value));
  }

  paintProbability() {
    const {said, panels, scales} = this, width = said.classes.length;
    this.paintValues(panels.probability, scales.probability, at => said.probabilities[at * width + this.chosen],
      said.base[this.chosen], percent);
  }

  // Paints a panel by position on a scale from the lowest to the highest value, that of the untouched picture included.
  paintValues(panel, scale, value, base, format) {
    const {said} = this;
    let [low, high] = [base, base];
    for (let at = 0; at < said.count; at++) [low, high] = [Math.min(low, value(at)), Math.max(high, value(at))];
    const flat = !(high - low > 1e-6 * Math.max(1, Math.abs(high)));
    const g = panel.drawing, span = flat ? 1 : high - low;
    panel.cells(g, said.rowEdges, said.colEdges, at =>
      "rgb(" + colourOf(said.stops, flat ? 0.5 : (value(at) - low) / span).join() + ")");
    scale.set(low, high, said.stops, format, flat ? "never changes" : "");
    scale.put(scale.notch, flat ? NaN : base);
    scale.notch.title = "untouched: " + format(base);
  }

  paintWinner() {
    const {said, panels} = this, {classes} = said, counts = new Array(classes.length).fill(0);
    this.winner = Array.from({length: said.count}, (_, at) => {
      let best = 0;
      for (let i = 1; i < classes.length; i++) if (this.probability(at, i) > this.probability(at, best)) best = i;
      counts[best]++;
      return best;
    });
    panels.winner.cells(panels.winner.drawing, said.rowEdges, said.colEdges, at => classes[this.winner[at]][1]);
    const legend = this.find(".winner .legend"), present = [...counts.keys()].filter(i => counts[i]);
    legend.replaceChildren();
    this.legend = present.sort((a, b) => counts[b] - counts[a]).map(number => {
      const entry = element("span", legend);
      element("i", entry).style.background = classes[number][1];
      entry.append(classes[number][0] + " " + Math.round(100 * counts[number] / said.count) + "%");
      entry.title = counts[number] + " of " + said.count + " positions";
      return [number, entry];
    });
  }

  probability(at, number) { return this.said.probabilities[at * this.said.classes.length + number]; }

  // Everything that follows the square; called for every frame.
  show() {
    const {said, panels, images, at} = this;
    if (!said || !panels.picture.base.width || !this.winner) return;
    const row = Math.floor(at / said.cols.length), col = at % said.cols.length;
    const [top, left, bottom, right] = [said.rows[row], said.cols[col], said.rows[row] + said.patch, said.cols[col] + said.patch];
    for (const panel of Object.values(panels)) panel.clear();
    if (images.hidden) {
      const g = panels.picture.mark.getContext("2d"), {picture} = panels;
      g.imageSmoothingEnabled = false;
      g.drawImage(images.hidden, left, top, said.patch, said.patch, picture.x(left), picture.y(top),
        picture.x(right) - picture.x(left), picture.y(bottom) - picture.y(top));
    }
    panels.picture.frame(top, left, bottom, right);
    if (images.projection) panels.projection.frame(top, left, bottom, right);
    for (const name of ["activity", "probability", "winner"]) {
      if (name === "activity" && !said.activity.length) continue;
      if (this.hover !== null) this.frameCell(panels[name], this.hover, 1);
      this.frameCell(panels[name], at, 2);
    }
    for (const {number, fill, value} of this.bars) {
      fill.style.transform = "scaleX(" + this.probability(at, number) + ")";
      value.textContent = percent(this.probability(at, number));
    }
    this.scales.probability.put(this.scales.probability.pointer, this.probability(at, this.chosen));
    if (said.activity.length) this.scales.activity.put(this.scales.activity.pointer, said.activity[at]);
    for (const [number, entry] of this.legend) entry.classList.toggle("now", number === this.winner[at]);
    this.tell();
  }

  frameCell(panel, at, thick) {
    const {rowEdges, colEdges, cols} = this.said, row = Math.floor(at / cols.length), col = at % cols.length;
    panel.frame(rowEdges[row], colEdges[col], rowEdges[row + 1], colEdges[col + 1], thick);
  }

  tell() {
    const {said} = this, at = this.hover === null ? this.at : this.hover;
    const top = said.rows[Math.floor(at / said.cols.length)], left = said.cols[at % said.cols.length];
    const parts = [said.classes[this.chosen][0] + " " + percent(this.probability(at, this.chosen)) + " (" +
      percent(said.base[this.chosen]) + " untouched)"];
    if (said.activity.length) parts.push("activity " + significant(said.activity[at]) + " (" + significant(said.baseActivity) + ")");
    if (!said.bytes.computed[at]) parts.push("of the nearest square computed so far");
    const last = side => side + said.patch - 1;
    const text = (this.hover === null ? "Rows " : "Pointed at: rows ") + top + "–" + last(top) + ", columns " + left + "–" + last(left) + " hidden: " + parts.join(", ");
    this.where.textContent = text;
    this.slider.value = this.at;
    this.slider.setAttribute("aria-valuetext", text);
    const handle = this.panels.picture.mark;
    handle.setAttribute("aria-valuenow", this.at);
    handle.setAttribute("aria-valuetext", text);
    this.root.classList.toggle("playing", this.playing);
    this.playButton.setAttribute("aria-label", this.playing ? "Pause" : "Play");
  }

  moveTo(position) {
    this.at = Math.min(this.said.count - 1, Math.max(0, position));
    this.show();
  }

  goTo(position) {
    this.playing = false;
    this.hover = null;
    this.moveTo(position);
  }

  key(event) {
    const target = event.composedPath()[0];
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const {rows, cols, count} = this.said, row = Math.floor(this.at / cols.length), col = this.at % cols.length;
    const to = (down, across) => Math.min(rows.length - 1, Math.max(0, row + down)) * cols.length +
      Math.min(cols.length - 1, Math.max(0, col + across));
    const places = {ArrowLeft: to(0, -1), ArrowRight: to(0, 1), ArrowUp: to(-1, 0), ArrowDown: to(1, 0), Home: 0,
      End: count - 1};
    const bar = this.bars.findIndex(one => one.row === target);
    if (bar >= 0 && event.key.startsWith("Arrow")) {
      const next = this.bars[bar + (["ArrowDown", "ArrowRight"].includes(event.key) ? 1 : -1)];
      if (next) { next.row.focus(); this.explain(next.number); }
    } else if (event.key === " " && target.tagName !== "BUTTON") this.toggle();
    else if (target === this.panels.picture.mark && event.key in places) this.goTo(places[event.key]);
    else return;
    event.preventDefault();
  }

  toggle() {
    this.playing = !this.playing;
    this.hover = null;
    if (this.playing && this.at >= this.said.count - 1) this.at = 0;
    this.show();
    if (this.playing) this.run();
  }

  // The square passes over the picture in about twelve seconds, in reading order.
  run() {
    if (this.timer || this.stopped) return;
    const pause = 1000 / Math.min(60, Math.max(6, this.said.count / 12));
    let last = performance.now();
    const tick = now => {
      this.timer = 0;
      if (!this.playing || this.stopped) return;
      const due = Math.floor((now - last) / pause + 0.05);
      if (due > 0) {
        last = Math.max(last + due * pause, now - pause);
        this.at = Math.min(this.said.count - 1, this.at + due);
        if (this.at === this.said.count - 1) this.playing = false;
        this.show();
      }
      if (this.playing) this.timer = requestAnimationFrame(tick);
    };
    this.timer = requestAnimationFrame(tick);
  }

  stop() {
    this.stopped = true;
    cancelAnimationFrame(this.timer);
    this.watch.disconnect();
  }
}

export default function(component) {
  const root = component.parentElement.querySelector(".figure");
  if (!figures.has(root)) figures.set(root, new OccluderFigure(root));
  const figure = figures.get(root);
  figure.receive(component);
  return () => { figure.stop(); figures.delete(root); };
}
