// Maps of one picture side by side: a pointer or the arrow keys read the same place in all of them.

const views = new WeakMap();

// How opaque a value is, 0..1: not at all at zero, so that the picture stays as it is where nothing depends on it.
function strength(value, scale, fade) {
  return Math.min(1, Math.abs(value) / Math.max(scale.high, -scale.low)) ** fade;
}

class LinkedMaps {
  constructor(root) {
    [this.root, this.said, this.cursor, this.panels] = [root, null, null, []];
    this.where = root.querySelector(".where");
    root.onkeydown = event => this.key(event);
    this.watch = new ResizeObserver(() => this.paint(false));
    this.watch.observe(root);
  }

  receive(component) {
    const said = parse(component.data), before = this.said;
    said.values = said.maps.map((_, i) => floats(said.bytes["map" + i]));
    this.said = said;
    const shape = one => [one.maps.length, one.height, one.width].join();
    if (!before || shape(before) !== shape(said)) this.build();
    this.label();
    bitmap(said.bytes.picture).then(image => {
      if (said !== this.said) return;
      this.image = image;
      this.paint(true);
    }).catch(() => { this.where.textContent = "This browser cannot show the picture."; });
    this.paint(true);
  }

  build() {
    const {maps, height, width} = this.said, list = this.root.querySelector(".panels");
    list.replaceChildren();
    this.cursor = null;
    this.panels = maps.map((_, i) => {
      const item = element("div", list, "item"), heading = element("h3", item);
      const [name, value] = ["name", "value"].map(part => element("span", heading, part));
      const panel = new Panel(element("div", item, "panel"), height, width);
      panel.mark.onpointermove = panel.mark.onpointerdown = event => this.read(panel.at(event).map(Math.floor));
      panel.mark.onpointerleave = () => this.read(null);
      if (i === 0) this.handle = panel.mark;
      return Object.assign(panel, {name, value, title: heading});
    });
    this.handle.removeAttribute("aria-hidden");
    this.handle.tabIndex = 0;
    this.handle.setAttribute("role", "application");
    this.handle.setAttribute("aria-roledescription", "map");
    this.handle.onblur = () => this.read(null);
  }

  label() {
    const {said, root} = this, list = root.querySelector(".scales");
    root.setAttribute("aria-label", said.alt);
    root.classList.toggle("one", said.maps.length === 1);
    root.classList.toggle("many", said.maps.length > 1);
    root.style.setProperty("--columns", Math.min(3, said.maps.length === 4 ? 2 : said.maps.length));
    this.panels.forEach((panel, i) => {
      panel.name.textContent = said.maps[i].title;
      panel.title.title = said.maps[i].title;
      panel.title.hidden = said.maps.length === 1;
      panel.base.setAttribute("aria-label", said.maps[i].title);
    });
    this.handle.setAttribute("aria-label", said.alt + " Read it with the arrow keys.");
    if (!this.bars || this.bars.length !== said.scales.length) {
      list.replaceChildren();
      this.bars = said.scales.map(() => new ScaleBar(element("div", list, "scale")));
    }
    const painted = said.maps.filter(map => !map.quiet).map(map => map.scale);
    this.bars.forEach((bar, i) => { bar.bar.parentElement.style.display = painted.includes(i) ? "" : "none"; });
    said.scales.forEach((scale, i) => this.bars[i].set(scale.low, scale.high, scale.stops, value => significant(value), scale.title));
  }

  paint(always) {
    if (!this.said || !this.root.clientWidth) return;
    const changed = this.panels.map(panel => panel.fit()).some(Boolean);
    if (!always && !changed) return;
    this.panels.forEach((panel, i) => this.paintMap(panel, i));
    this.show();
  }

  paintMap(panel, i) {
    const {said, image} = this, scale = said.scales[said.maps[i].scale], values = said.values[i];
    const g = panel.drawing, sheet = document.createElement("canvas");
    [sheet.width, sheet.height] = [said.width, said.height];
    const pixels = new ImageData(said.width, said.height);
    for (let at = 0; at < values.length; at++) {
      if (Number.isNaN(values[at])) continue; // no square that covers this pixel is computed yet
      pixels.data.set(colourOf(scale.stops, (values[at] - scale.low) / (scale.high - scale.low)), 4 * at);
      pixels.data[4 * at + 3] = 255 * strength(values[at], scale, said.fade);
    }
    sheet.getContext("2d").putImageData(pixels, 0, 0);
    if (image) panel.picture(g, image);
    if (!said.maps[i].quiet) {
      g.globalAlpha = said.opacity;
      panel.picture(g, sheet);
      g.globalAlpha = 1;
    }
    this.outline(panel, g);
    if (said.square && i === 0) this.square(panel, g);
  }

  outline(panel, g) {
    const dots = window.devicePixelRatio || 1, thin = this.panels.length > 1 ? 1 : 1.5;
    for (const [colour, width] of [["rgb(0, 0, 0)", thin + 2], ["rgb(255, 255, 255)", thin]]) {
      g.strokeStyle = colour;
      g.lineWidth = width * dots;
      g.beginPath();
      for (const [left, top, right, bottom] of this.said.outline) {
        g.moveTo(panel.x(left), panel.y(top));
        g.lineTo(panel.x(right), panel.y(bottom));
      }
      g.stroke();
    }
  }

  // The square that the words beside the map are about.
  square(panel, g) {
    const dots = window.devicePixelRatio || 1, [top, left, side] = this.said.square, half = 1.5 * dots;
    const from = [Math.max(half, panel.x(left)), Math.max(half, panel.y(top))];
    const to = [Math.min(panel.base.width - half, panel.x(left + side)),
      Math.min(panel.base.height - half, panel.y(top + side))];
    for (const [colour, dash] of [["rgb(0, 0, 0)", []], ["rgb(255, 255, 255)", [6 * dots, 5 * dots]]]) {
      g.strokeStyle = colour;
      g.lineWidth = 2 * dots;
      g.setLineDash(dash);
      g.strokeRect(from[0], from[1], to[0] - from[0], to[1] - from[1]);
    }
    g.setLineDash([]);
  }

  read(place) {
    this.cursor = place;
    this.show();
  }

  show() {
    const {said, cursor} = this;
    const texts = this.panels.map((panel, i) => {
      panel.clear();
      const value = cursor === null ? NaN : said.values[i][cursor[0] * said.width + cursor[1]];
      if (cursor !== null) panel.frame(cursor[0], cursor[1], cursor[0] + 1, cursor[1] + 1, 1.5);
      panel.value.textContent = Number.isNaN(value) ? "" : significant(value);
      return Number.isNaN(value) ? "not computed yet" : said.scales[said.maps[i].scale].hover + " " + significant(value);
    });
    this.bars.forEach((bar, number) => {
      const alone = said.maps.map(map => map.scale).indexOf(number);
      const single = said.maps.filter(map => map.scale === number).length === 1 && cursor !== null;
      bar.put(bar.pointer, single ? said.values[alone][cursor[0] * said.width + cursor[1]] : NaN);
    });
    const place = cursor === null ? "" : "row " + cursor[0] + ", col " + cursor[1];
    const one = this.panels.length === 1;
    this.where.textContent = cursor === null ? said.hint : one ? place + ": " + texts[0] : place;
    this.handle.setAttribute("aria-description", cursor === null ? "" : place + ": " +
      texts.map((text, i) => (one ? "" : said.maps[i].title + " ") + text).join("; "));
  }

  key(event) {
    const step = {ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0]}[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
    const {height, width} = this.said, far = event.shiftKey ? 8 : 1;
    const [row, col] = this.cursor || [Math.floor(height / 2), Math.floor(width / 2)];
    const inside = (value, end) => Math.min(end - 1, Math.max(0, value));
    this.read([inside(row + far * step[0], height), inside(col + far * step[1], width)]);
    event.preventDefault();
  }

  stop() { this.watch.disconnect(); }
}

export default function(component) {
  const root = component.parentElement.querySelector(".maps");
  if (!views.has(root)) views.set(root, new LinkedMaps(root));
  const view = views.get(root);
  view.receive(component);
  return () => { view.stop(); views.delete(root); };
}
