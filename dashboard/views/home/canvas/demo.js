// A picture flows through the blocks of a network; a square is moved over it, and tiles and class bars follow at once.

const demos = new WeakMap();
const STEP_MS = 110; // from one position to the next while the square moves by itself
const ICONS = {
  frozen: ["Frozen", '<path d="M-6,-3.5L6,3.5M-6,3.5L6,-3.5M0,-7L0,7M-2.5,-6L0,-3.5L2.5,-6M-2.5,6L0,3.5L2.5,6" ' +
    'fill="none" stroke-width="1.7"/>'],
  learns: ["Learns", '<path d="M0.5,8C-1,4 -5.5,2 -5.5,-2C-5.5,-5 -3,-7 0,-7C3,-7 5.5,-5 5.5,-2C5.5,0 4.5,2 3.5,3' +
    'C3.5,1.5 3,1 2,0.5C2.5,3 2,6 0.5,8Z" stroke="none"/>'],
};

class Demo {
  constructor(root) {
    this.root = root;
    this.find = selector => root.querySelector(selector);
    Object.assign(this, {said: null, tiles: null, at: -1, timer: 0, images: {}, frame: 0});
    this.find(".head").onclick = () => this.send({cut: this.said.headCut});
    root.onkeydown = event => this.key(event);
    this.watch = new ResizeObserver(() => this.paint(false));
    this.watch.observe(root);
  }

  receive({data, setTriggerValue}) {
    this.send = value => setTriggerValue("open", value);
    const said = parse(data), before = this.said;
    said.probabilities = floats(said.bytes.probabilities);
    said.palette = said.bytes.palette.slice();
    said.count = said.rows.length * said.cols.length;
    said.size = said.blocks.reduce((sum, block) => sum + block.channels.length * block.height * block.width, 0);
    const anew = !before || before.identity !== said.identity;
    this.said = said;
    this.root.classList.remove("waiting");
    if (!anew) return this.makeStrip();
    this.rest();
    this.tiles = said.bytes.whole.slice(); // of the whole picture until the others are unpacked
    this.unpacked = false;
    this.images = {};
    this.at = -1; // no square yet
    this.build();
    this.load(said).then(() => this.begin(said)).catch(() => {
      this.find(".headline").textContent = "This browser cannot show the picture.";
    });
  }

  async load(said) {
    for (const name of ["picture", "hidden"]) this.images[name] = await bitmap(said.bytes[name]);
    if (said !== this.said) return;
    this.paint(true);
    const unpacked = await unpack(said).catch(() => null); // an old browser: the tiles stay those of the whole picture
    if (said === this.said && unpacked) [this.tiles, this.unpacked] = [unpacked, true];
  }

  // The square passes along two sides of its way to where it changes most, once; who prefers no motion sees it there.
  begin(said) {
    if (said !== this.said) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (still || this.touched) return this.moveTo(said.start);
    const across = said.cols.length, row = Math.floor(said.start / across), col = said.start % across;
    const way = [...Array(row).keys()].map(down => down * across);
    for (let step = 0; step <= col; step++) way.push(row * across + step);
    const next = () => {
      if (said !== this.said || !way.length) return;
      this.moveTo(way.shift());
      this.timer = setTimeout(next, STEP_MS);
    };
    this.timer = setTimeout(next, 160 * (said.blocks.length + 2));
  }

  rest() { clearTimeout(this.timer); }

  build() {
    const {said} = this, place = this.find(".panel"), focused = this.root.getRootNode().activeElement;
    const section = focused && ["panel", "strip"].find(name => this.find("." + name).contains(focused));
    place.replaceChildren();
    this.panel = new Panel(place, said.height, said.width);
    this.panel.base.setAttribute("aria-label", said.alt);
    this.handle(this.panel.mark);
    this.root.setAttribute("aria-label", said.alt);
    this.makeStrip();
    const heir = {panel: this.panel.mark, strip: this.find(".strip [aria-selected=true]")}[section];
    if (heir) heir.focus({preventScroll: true}); // what had the focus is no longer there
    this.makeBlocks();
    this.makeBars();
    this.find(".headline").textContent = said.before;
    this.find(".note").textContent = said.note;
    this.root.classList.remove("arrive");
    void this.root.offsetWidth; // so that it arrives anew
    this.root.classList.add("arrive");
    this.paint(true);
  }

  handle(mark) {
    mark.removeAttribute("aria-hidden");
    mark.tabIndex = 0;
    mark.setAttribute("role", "slider");
    mark.setAttribute("aria-valuenow", 0);
    mark.setAttribute("aria-label", "The hidden square: drag it, or move it with the arrow keys");
    mark.setAttribute("aria-valuemin", 0);
    mark.setAttribute("aria-valuemax", this.said.count - 1);
    const move = event => {
      this.rest();
      this.touched = true;
      this.moveTo(this.nearest(...this.panel.at(event)));
    };
    mark.onpointerdown = event => {
      if (event.isTrusted) mark.setPointerCapture(event.pointerId);
      move(event);
    };
    mark.onpointermove = event => { if (event.buttons) move(event); };
  }

  makeStrip() {
    const {said} = this, strip = this.find(".strip");
    strip.replaceChildren();
    said.pictures.forEach(([id, title], number) => {
      const button = element("button", strip), canvas = element("canvas", button);
      button.type = "button";
      button.title = title + " (key " + (number + 1) + ")";
      button.setAttribute("role", "option");
      button.setAttribute("aria-label", title);
      button.setAttribute("aria-selected", id === said.picture);
      button.onclick = () => this.choose(number);
      this.thumbnail(canvas, number);
    });
  }

  async thumbnail(canvas, number) {
    const {said} = this;
    this.sprite = this.spriteOf === said ? this.sprite : createImageBitmap(new Blob([said.bytes.sprite], {type: "image/webp"}));
    this.spriteOf = said;
    const sprite = await this.sprite, side = sprite.height;
    [canvas.width, canvas.height] = [side, side];
    canvas.getContext("2d").drawImage(sprite, number * side, 0, side, side, 0, 0, side, side);
  }

  choose(number) {
    const [id] = this.said.pictures[number];
    if (id === this.said.picture) return;
    this.rest();
    this.root.classList.add("waiting");
    [...this.find(".strip").children].forEach((button, i) => button.setAttribute("aria-selected", i === number));
    this.send({picture: id});
  }

  makeBlocks() {
    const {said} = this, blocks = this.find(".blocks");
    blocks.replaceChildren();
    this.canvases = [];
    said.blocks.forEach((block, number) => {
      const place = element("section", blocks, "block");
      place.style.setProperty("--at", number);
      element("i", element("div", place, "way"));
      const body = element("div", place, "body"), head = element("header", body);
      const name = element("button", head, "name", block.name);
      name.type = "button";
      name.title = "See all " + block.count + " channels of " + block.layer;
      name.setAttribute("aria-label", block.name + ": " + name.title);
      name.onclick = () => this.send({block: number, channel: block.channels[0]});
      this.state(element("button", head, "state"), block.frozen, block.words);
      const stack = element("div", body, "stack");
      block.channels.forEach(channel => {
        const tile = element("button", stack, "tile"), canvas = element("canvas", tile);
        tile.type = "button";
        tile.tabIndex = -1; // the name leads to the same page
        tile.title = "Channel " + channel + " of " + block.layer;
        tile.setAttribute("aria-label", tile.title);
        tile.onclick = () => this.send({block: number, channel});
        [canvas.width, canvas.height] = [block.width, block.height];
        this.canvases.push(canvas);
      });
      element("p", body, "size", block.size);
      this.find(".blocks").lastChild.querySelector(".state").onclick = () => this.send({cut: block.cut});
    });
    this.find(".answer").style.setProperty("--at", said.blocks.length);
    this.state(this.find(".head"), false, said.headWords);
  }

  state(button, frozen, words) {
    const [name, path] = ICONS[frozen ? "frozen" : "learns"], colour = this.said.colours[frozen ? 0 : 1];
    button.type = "button";
    button.innerHTML = '<svg viewBox="-11 -11 22 22" aria-hidden="true">' + path + "</svg>";
    button.firstChild.style.cssText = "stroke: " + colour + "; fill: " + colour;
    button.title = words;
    button.setAttribute("aria-label", name + ". " + words);
  }

  makeBars() {
    const {said} = this, list = this.find(".bars");
    list.replaceChildren();
    this.bars = said.classes.map(([name, colour], number) => {
      const row = element("div", list, "class");
      element("span", row, "name", name);
      const value = element("span", row, "value"), track = element("span", row, "track");
      const fill = element("span", track, "fill");
      fill.style.background = colour;
      element("span", track, "before").style.left = 100 * this.probability(-1, number) + "%";
      row.title = name + ": " + percent(this.probability(-1, number)) + " in the whole picture (the mark)";
      return {row, value, fill};
    });
  }

  // Position -1 is the whole picture.
  probability(at, number) { return this.said.probabilities[(at + 1) * this.said.classes.length + number]; }

  best(at) {
    return this.said.classes.reduce((best, _, i) => this.probability(at, i) > this.probability(at, best) ? i : best, 0);
  }

  nearest(row, col) {
    const {rows, cols, patch} = this.said;
    const closest = (origins, place) => origins.reduce((best, origin, i) =>
      Math.abs(origin + patch / 2 - place) < Math.abs(origins[best] + patch / 2 - place) ? i : best, 0);
    return closest(rows, row) * cols.length + closest(cols, col);
  }

  moveTo(at) {
    this.at = Math.min(this.said.count - 1, Math.max(0, at));
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.show());
    this.panel.mark.setAttribute("aria-valuenow", this.at);
    this.panel.mark.setAttribute("aria-valuetext", this.sentence());
  }

  key(event) {
    const across = this.said.cols.length, from = Math.max(this.at, 0);
    const steps = {ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across, ArrowDown: across};
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest(".panel")) {
      const sideways = event.key === "ArrowLeft" ? from % across > 0 : from % across < across - 1;
      let to = from + (steps[event.key] || 0);
      if (event.key === "Home") to = 0;
      else if (event.key === "End") to = this.said.count - 1;
      else if (!(event.key in steps)) to = -1;
      else if (Math.abs(steps[event.key]) === 1 && !sideways || to < 0 || to >= this.said.count) to = from;
      if (to >= 0) {
        this.rest();
        this.touched = true;
        this.moveTo(to);
        return event.preventDefault();
      }
    }
    const strip = [...this.find(".strip").children], here = strip.indexOf(event.target);
    if (here >= 0 && steps[event.key]) {
      strip[(here + Math.sign(steps[event.key]) + strip.length) % strip.length].focus();
      event.preventDefault();
    } else if (/^[1-9]$/.test(event.key) && Number(event.key) <= strip.length) {
      this.choose(Number(event.key) - 1);
      event.preventDefault();
    }
  }

  paint(always) {
    if (!this.said || !this.root.clientWidth) return;
    if (!this.panel.fit() && !always) return;
    const drawing = this.panel.drawing;
    if (this.images.picture) this.panel.picture(drawing, this.images.picture);
    this.show();
  }

  show() {
    const {said, panel, at} = this;
    if (!said || !panel.base.width) return;
    panel.clear();
    if (at >= 0) {
      const [top, left] = [said.rows[Math.floor(at / said.cols.length)], said.cols[at % said.cols.length]];
      const [bottom, right] = [top + said.patch, left + said.patch];
      if (this.images.hidden) {
        const g = panel.mark.getContext("2d");
        g.imageSmoothingEnabled = false;
        g.drawImage(this.images.hidden, left, top, said.patch, said.patch, panel.x(left), panel.y(top),
          panel.x(right) - panel.x(left), panel.y(bottom) - panel.y(top));
      }
      panel.frame(top, left, bottom, right);
      this.find(".headline").textContent = this.sentence();
    }
    this.showTiles();
    const winner = this.best(at);
    this.bars.forEach(({row, value, fill}, number) => {
      fill.style.transform = "scaleX(" + this.probability(at, number) + ")";
      value.textContent = percent(this.probability(at, number));
      row.classList.toggle("best", number === winner);
    });
  }

  showTiles() {
    const {said, canvases, tiles} = this;
    let from = this.unpacked ? (this.at + 1) * said.size : 0;
    canvases.forEach(canvas => {
      const g = canvas.getContext("2d"), drawn = g.createImageData(canvas.width, canvas.height);
      for (let i = 0; i < canvas.width * canvas.height; i++) {
        const colour = 3 * tiles[from + i];
        drawn.data[4 * i] = said.palette[colour];
        drawn.data[4 * i + 1] = said.palette[colour + 1];
        drawn.data[4 * i + 2] = said.palette[colour + 2];
        drawn.data[4 * i + 3] = 255;
      }
      g.putImageData(drawn, 0, 0);
      from += canvas.width * canvas.height;
    });
  }

  // What hiding this place does to the answer for the whole picture, in a sentence.
  sentence() {
    const {said, at} = this, first = this.best(-1), now = this.best(at);
    const [before, after] = [this.probability(-1, first), this.probability(at, first)];
    const name = said.classes[first][0], where = "Hide the " + this.place() + " and ";
    const change = after - before;
    if (percent(before) === percent(after)) return where + name + " stays at " + percent(after) + ".";
    const moved = name + (change < 0 ? " falls from " : " rises from ") + percent(before) + " to " + percent(after);
    return where + moved + (now === first ? "." : ": the answer becomes " + said.classes[now][0] + ".");
  }

  place() {
    const {said, at} = this;
    const third = (origin, side) => Math.min(2, Math.floor(3 * (origin + said.patch / 2) / side));
    const down = third(said.rows[Math.floor(at / said.cols.length)], said.height);
    const across = third(said.cols[at % said.cols.length], said.width);
    const [row, col] = [["upper", "", "lower"][down], ["left", "", "right"][across]];
    return row ? row + " " + (col || "middle") : col || "centre";
  }

  stop() {
    this.rest();
    cancelAnimationFrame(this.frame);
    this.watch.disconnect();
  }
}

// The tiles of all positions: differences from those of the whole picture, deflated, value by value.
async function unpack(said) {
  const stream = new Blob([said.bytes.changes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const changes = new Uint8Array(await new Response(stream).arrayBuffer());
  const {whole} = said.bytes, tiles = new Uint8Array(whole.length * (said.count + 1));
  tiles.set(whole);
  for (let value = 0, from = 0; value < whole.length; value++) {
    for (let at = 1; at <= said.count; at++) tiles[at * whole.length + value] = whole[value] + changes[from++];
  }
  return tiles;
}

export default function(component) {
  const root = component.parentElement.querySelector(".demo");
  if (!demos.has(root)) demos.set(root, new Demo(root));
  const demo = demos.get(root);
  demo.receive(component);
  return () => { demo.stop(); demos.delete(root); };
}
