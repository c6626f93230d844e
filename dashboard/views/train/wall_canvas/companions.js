// What stands beside the pictures and moves with them: the confusion matrix under the columns, the pictures that were
// right before, and the learning curves.

class Matrix {
  constructor(place) { this.place = place; }

  receive(said) {
    const {place} = this;
    place.replaceChildren();
    place.style.setProperty("--classes", said.classes.length);
    place.setAttribute("aria-label", "Confusion matrix of the epoch: a row for each true class, a column for each answer");
    const head = element("div", place, "row");
    head.setAttribute("role", "row");
    element("span", head, "name", "answer").setAttribute("role", "columnheader");
    for (const [name, colour] of said.classes) this.label(head, "answer", "columnheader", name, colour);
    this.cells = said.classes.map(([name, colour]) => {
      const row = element("div", place, "row");
      row.setAttribute("role", "row");
      this.label(row, "name", "rowheader", name, colour);
      return said.classes.map(() => {
        const cell = element("span", row, "cell");
        cell.setAttribute("role", "cell");
        return cell;
      });
    });
    this.before = null;
  }

  label(row, className, role, name, colour) {
    const label = element("span", row, className);
    label.setAttribute("role", role);
    label.title = name;
    element("i", label).style.background = colour;
    label.append(name);
  }

  show(said, at, lively) {
    const classes = said.classes.length, counts = said.matrices.subarray(at * classes ** 2, (at + 1) * classes ** 2);
    const whole = said.classes.map((_, truth) =>
      counts.subarray(truth * classes, (truth + 1) * classes).reduce((sum, value) => sum + value, 0));
    this.cells.forEach((row, truth) => row.forEach((cell, answer) => {
      const value = counts[truth * classes + answer], before = this.before ? this.before[truth * classes + answer] : value;
      const share = Math.sqrt(value / Math.max(1, whole[truth]));
      cell.textContent = value || "";
      cell.style.background = !value ? "" : truth === answer
        ? "color-mix(in srgb, var(--st-text-color) " + Math.round(6 + 24 * share) + "%, transparent)"
        : "color-mix(in srgb, rgb(213, 80, 30) " + Math.round(12 + 60 * share) + "%, transparent)";
      cell.title = value + " of " + whole[truth] + " " + said.classes[truth][0] + " called " + said.classes[answer][0];
      if (lively && value !== before && cell.animate) {
        cell.animate([{transform: value > before ? "scale(1.35)" : "scale(0.7)"}, {transform: "none"}], 320);
      }
    }));
    this.before = counts;
  }
}

// The pictures that are wrong at an epoch and were right at an earlier one; a click opens one on the wall.
class Forgotten {
  constructor(place, wall) {
    [this.words, this.strip] = [place.querySelector("span"), place.querySelector(".strip")];
    this.wall = wall;
  }

  show(said, at) {
    this.words.textContent = said.lost[at];
    const drawn = JSON.stringify([said.identity, at, said.forgotten[at], !!this.wall.floor.sprite]);
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    this.strip.replaceChildren();
    for (const [picture, epoch] of said.forgotten[at]) {
      const button = element("button", this.strip);
      button.type = "button";
      button.title = "Picture " + grouped(String(said.pictures[picture])) + ": right after epoch " + epoch +
        ", wrong after epoch " + said.epochs[at] + ". A click shows it on the wall.";
      this.wall.stamp(element("canvas", button), picture);
      element("span", button, "", "right at " + epoch);
      button.onclick = () => this.wall.showOnWall(picture);
    }
  }
}

// Two lines over the epochs, training and validation, with a marker at the epoch shown; dragging leads to any epoch.
class Curve {
  constructor(place, title, names, say, goTo) { Object.assign(this, {place, title, names, say, goTo}); }

  receive(said) {
    const {place, names} = this, rows = said.history;
    const values = rows.flatMap(row => names.map(name => row[name])).filter(value => value !== null);
    const low = Math.min(...values), span = Math.max(...values) - low || 1, last = Math.max(said.last, 1);
    this.rows = new Map(rows.map(row => [row.epoch, row]));
    this.x = epoch => 100 * epoch / last;
    const y = value => 96 - 92 * (value - low) / span;
    place.innerHTML = "<div><span></span><b></b></div><svg viewBox='0 0 100 100' preserveAspectRatio='none' role='img'></svg>";
    place.querySelector("span").textContent = this.title;
    const svg = place.querySelector("svg");
    svg.setAttribute("aria-label", this.title + " of the training and the validation pictures after every epoch");
    const draw = (kind, attributes) => {
      const made = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", kind));
      for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
      return made;
    };
    names.forEach((name, number) => draw("polyline", {
      class: number ? "validation" : "training", style: "stroke: " + said.lines[number],
      points: rows.filter(row => row[name] !== null).map(row => this.x(row.epoch) + "," + y(row[name])).join(" "),
    }));
    const upright = (at, more) => draw("line", {x1: this.x(at), x2: this.x(at), y1: 0, y2: 100, ...more});
    const second = rows.find(row => row.phase > 1);
    if (second) upright(second.epoch - 0.5, {style: "stroke: " + said.learns + "; opacity: 1"});
    if (said.kept) upright(said.kept, {class: "kept"});
    this.marker = upright(0, {class: "now"});
    svg.onpointerdown = svg.onpointermove = event => {
      if (event.type === "pointermove" && !event.buttons) return;
      const area = svg.getBoundingClientRect();
      this.goTo((event.clientX - area.left) / area.width * last);
    };
  }

  show(epoch) {
    for (const end of ["x1", "x2"]) this.marker.setAttribute(end, this.x(epoch));
    const row = this.rows.get(epoch), texts = row ? this.names.map(name => row[name] === null ? "–" : this.say(row[name])) : [];
    this.place.querySelector("b").textContent = texts.join(" · ");
  }
}
