// The view of a film as a lattice of colours or pictures.

const FINE = 6; // device px of a cell below which hexagons are drawn as bricks

class LatticeView {
  constructor(canvas, frames) { [this.canvas, this.frames] = [canvas, frames]; }

  // Returns the size of the picture in device px for a room of width x height px.
  fit(film, width, height, dots) {
    this.layout = layoutOf(film, width, height);
    const cell = Math.min(width / this.layout.width, height / this.layout.height) * dots;
    this.cell = Math.max(1, this.layout.whole ? Math.floor(cell) : cell);
    return [Math.round(this.layout.width * this.cell), Math.round(this.layout.height * this.cell)];
  }

  draw(g, film, at, cursor, ink) {
    const frame = this.frames.decoded[at];
    if (frame && film.kind === "colours") this.colours(g, film, frame, at);
    else if (frame) this.pictures(g, film, frame, at);
    if (frame && film.shareBytes.length && this.cell >= 8) this.shares(g, film, at);
    if (film.kind !== "colours" && this.layout instanceof Hexagons === false) this.gaps(g, film, ink);
    if (cursor !== null) this.cursor(g, cursor, ink);
  }

  colours(g, film, frame, at) {
    const {layout, cell} = this, {rows, columns} = film;
    g.imageSmoothingEnabled = false;
    if (!(layout instanceof Hexagons)) {
      g.drawImage(frame, 0, 0, this.canvas.width, this.canvas.height);
    } else if (cell < FINE) {
      for (let row = 0; row < rows; row++) {
        g.drawImage(frame, 0, row, columns, 1, row % 2 / 2 * cell, row * ROW * cell, columns * cell, Math.ceil(ROW * cell));
      }
    } else {
      const bytes = film.frameBytes[at];
      for (let unit = 0; unit < film.units; unit++) {
        g.fillStyle = "rgb(" + bytes.subarray(3 * unit, 3 * unit + 3).join() + ")";
        g.beginPath();
        layout.outline(g, unit, cell, 0.35);
        g.fill();
      }
    }
  }

  pictures(g, film, frame, at) {
    const {layout, cell} = this;
    const nearest = film.kind === "nearest", source = nearest ? this.frames.atlas : frame;
    if (!source) return;
    const across = nearest ? film.atlasColumns : film.columns;
    const [wide, high] = nearest ? [film.tile, film.tile] : [source.width / film.columns, source.height / film.rows];
    const hexagonal = layout instanceof Hexagons && cell >= FINE;
    g.imageSmoothingEnabled = nearest;
    for (let unit = 0; unit < film.units; unit++) {
      const tile = nearest ? frame.getUint16(2 * unit, true) : unit;
      const share = this.frames.share(at, unit);
      let [x, y, width, height] = layout.box(unit).map(value => value * cell);
      g.save();
      if (nearest && share && share.part === 0) g.globalAlpha = 0.3;
      if (hexagonal) {
        g.beginPath();
        layout.outline(g, unit, cell, 0.5);
        g.clip();
        [x, width] = [x - (height - width) / 2, height]; // pictures are square, and as high as the hexagon
      }
      g.drawImage(source, tile % across * wide, Math.floor(tile / across) * high, wide, high, x, y, width, height);
      g.restore();
    }
  }

  // The most frequent class of every unit's samples: its colour, and its share as the length of a bar.
  shares(g, film, at) {
    for (let unit = 0; unit < film.units; unit++) {
      const share = this.frames.share(at, unit);
      if (share.part === 0) continue;
      const [x, y, width, height] = this.layout.bar(unit).map(value => value * this.cell);
      g.fillStyle = film.classes[share.type][1];
      g.fillRect(x, y, Math.ceil(share.part * width), Math.max(2, height));
    }
  }

  gaps(g, film, ink) {
    const {cell} = this;
    g.fillStyle = ink("--st-background-color");
    for (let unit = 0; unit < film.units; unit++) {
      const [x, y] = this.layout.box(unit);
      if (x > 0) g.fillRect(Math.round(x * cell), y * cell, 1, cell);
      if (y > 0) g.fillRect(x * cell, Math.round(y * cell), cell, 1);
    }
  }

  cursor(g, unit, ink) {
    for (const [inset, colour] of [[1, "--st-background-color"], [2.5, "--st-text-color"]]) {
      g.strokeStyle = ink(colour);
      g.lineWidth = 2;
      g.beginPath();
      this.layout.outline(g, unit, this.cell, inset);
      g.stroke();
    }
  }

  unitAt(x, y) { return this.layout.unitAt(x / this.cell, y / this.cell); }

  turn() {}
}
