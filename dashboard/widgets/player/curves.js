// The numbers of every frame as small curves, with a marker at the frame shown; a click or a drag on one scrubs.

const SVG = "http://www.w3.org/2000/svg";

class Curves {
  constructor(list, goTo) { [this.list, this.goTo, this.rows] = [list, goTo, []]; }

  receive(film) {
    const series = film.series, last = Math.max(1, film.sizes.length - 1);
    this.across = frame => 100 * frame / last;
    this.last = film.sizes.length - 1;
    if (this.rows.length !== series.length) {
      this.list.replaceChildren();
      this.rows = series.map(() => this.newRow());
    }
    series.forEach((one, i) => {
      const row = this.rows[i], top = Math.max(...one.values) || 1;
      row.name.textContent = one.name;
      row.line.setAttribute("points", one.values.map((value, frame) =>
        this.across(frame) + "," + (100 - 100 * value / top)).join(" "));
    });
  }

  newRow() {
    const element = (kind, parent) => parent.appendChild(document.createElementNS(SVG, kind));
    const row = this.list.appendChild(document.createElement("div"));
    row.className = "row";
    const name = row.appendChild(document.createElement("span"));
    const value = row.appendChild(document.createElement("span"));
    const svg = element("svg", this.list);
    svg.setAttribute("viewBox", "0 0 100 100");
    svg.setAttribute("preserveAspectRatio", "none");
    svg.setAttribute("aria-hidden", "true");
    const [line, marker] = [element("polyline", svg), element("line", svg)];
    marker.setAttribute("y1", 0);
    marker.setAttribute("y2", 100);
    const scrub = event => {
      const box = svg.getBoundingClientRect();
      this.goTo(Math.round((event.clientX - box.left) / box.width * this.last));
    };
    svg.onpointerdown = event => { svg.setPointerCapture(event.pointerId); scrub(event); };
    svg.onpointermove = event => { if (event.buttons) scrub(event); };
    return {name, value, line, marker};
  }

  show(film, at) {
    film.series.forEach((one, i) => {
      const value = one.values[at], row = this.rows[i];
      row.value.textContent = one.percent ? percent(value) : significant(value);
      for (const side of ["x1", "x2"]) row.marker.setAttribute(side, this.across(at));
    });
  }
}
