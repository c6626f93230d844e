// Where units sit on the canvas, in cells: x to the right, y down. A layout knows the box and the outline of every unit,
// and which unit is at a place. Units are numbered row * columns + column.

const ROW = Math.sqrt(3) / 2; // between the rows of hexagons whose width is 1
const TIP = 1 / Math.sqrt(3); // from the centre of such a hexagon to its upper and lower corner

class Grid {
  constructor(rows, columns, stretch = [1, 1]) {
    Object.assign(this, {rows, columns, stretch, whole: true, width: columns * stretch[0], height: rows * stretch[1]});
  }

  box(unit) {
    const [across, down] = this.stretch;
    return [unit % this.columns * across, Math.floor(unit / this.columns) * down, across, down];
  }

  unitAt(x, y) {
    const column = Math.floor(x / this.stretch[0]), row = Math.floor(y / this.stretch[1]);
    return column < 0 || row < 0 || column >= this.columns || row >= this.rows ? null : row * this.columns + column;
  }

  outline(g, unit, cell, inset) {
    const [x, y, width, height] = this.box(unit);
    g.rect(x * cell + inset, y * cell + inset, width * cell - 2 * inset, height * cell - 2 * inset);
  }

  bar(unit) {
    const [x, y, width, height] = this.box(unit);
    return [x, y + height * 0.875, width, height * 0.125];
  }
}

// Odd rows stand half a place to the right; all six neighbours are 1 away.
class Hexagons {
  constructor(rows, columns) {
    Object.assign(this, {rows, columns, width: columns + (rows > 1 ? 0.5 : 0), height: (rows - 1) * ROW + 2 * TIP});
  }

  centre(unit) {
    const row = Math.floor(unit / this.columns);
    return [unit % this.columns + 0.5 + row % 2 / 2, TIP + row * ROW];
  }

  box(unit) {
    const [x, y] = this.centre(unit);
    return [x - 0.5, y - TIP, 1, 2 * TIP];
  }

  // The centre next to a place is that of the hexagon around it, and lies in one of the two rows next to the place.
  unitAt(x, y) {
    const above = Math.floor((y - TIP) / ROW);
    let [best, least] = [null, 1];
    for (const row of [above, above + 1]) {
      if (row < 0 || row >= this.rows) continue;
      const column = Math.floor(x - row % 2 / 2);
      if (column < 0 || column >= this.columns) continue;
      const unit = row * this.columns + column, [across, down] = this.centre(unit);
      const away = Math.hypot(x - across, y - down);
      const inside = Math.abs(x - across) / 2 + Math.abs(y - down) * ROW <= 0.5 + 1e-9;
      if (inside && away < least) [best, least] = [unit, away];
    }
    return best;
  }

  outline(g, unit, cell, inset) {
    const [x, y] = this.centre(unit), scale = Math.max(0, cell - 2 * inset);
    [[0, -TIP], [0.5, -TIP / 2], [0.5, TIP / 2], [0, TIP], [-0.5, TIP / 2], [-0.5, -TIP / 2]].forEach(([dx, dy], i) =>
      g[i ? "lineTo" : "moveTo"](x * cell + dx * scale, y * cell + dy * scale));
    g.closePath();
  }

  bar(unit) {
    const [x, y] = this.centre(unit);
    return [x - 0.35, y + 0.24, 0.7, 0.12];
  }
}

// A line of units, broken like a line of text.
class Lines extends Grid {
  constructor(units, most) {
    super(Math.ceil(units / most), Math.min(units, most), [1, 1]);
    this.units = units;
    this.gap = 0.3;
    this.height = this.rows * (1 + this.gap) - this.gap;
  }

  box(unit) { return [unit % this.columns, Math.floor(unit / this.columns) * (1 + this.gap), 1, 1]; }

  unitAt(x, y) {
    const row = Math.floor(y / (1 + this.gap));
    const unit = super.unitAt(x, y - row * this.gap);
    return y - row * (1 + this.gap) < 1 && unit !== null && unit < this.units ? unit : null;
  }
}

const LINE_PX = 96; // thickness of a line of colours
const UNIT_PX = 44; // side of a picture in a line

// The layout of a film's lattice for a room of width x height px.
function layoutOf(film, width, height) {
  const {rows, columns, units} = film;
  const line = rows === 1 || columns === 1;
  if (film.lattice === "hexagonal" && !line) return new Hexagons(rows, columns);
  if (!line || units === 1) return new Grid(rows, columns);
  if (film.kind !== "colours") return new Lines(units, Math.max(1, Math.min(units, Math.floor(width / UNIT_PX))));
  const thick = Math.max(1, LINE_PX / Math.min(LINE_PX, (rows === 1 ? width : height) / units));
  return new Grid(rows, columns, rows === 1 ? [1, thick] : [thick, 1]);
}
