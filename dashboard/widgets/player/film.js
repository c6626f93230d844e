// The message from Python, taken apart, and its frames made ready to be drawn.

function parse(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0, true);
  const film = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  let at = 4 + length;
  const take = size => bytes.subarray(at, at += size);
  film.atlasBytes = take(film.atlas);
  film.points = floats(take(film.cloud));
  film.pointTypes = take(film.cloudTypes);
  film.frameBytes = film.sizes.map(take);
  film.shareBytes = take(film.shares);
  film.units = film.rows * film.columns;
  return film;
}

// A copy, because a view of numbers has to begin at a multiple of four bytes.
function floats(bytes) { return new Float32Array(bytes.slice().buffer); }

function fromPixels(bytes, columns, rows) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const pixels = new ImageData(columns, rows);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    pixels.data.set(bytes.subarray(from, from + 3), to);
    pixels.data[to + 3] = 255;
  }
  canvas.getContext("2d").putImageData(pixels, 0, 0);
  return canvas;
}

// The frames of one film. Those already decoded stay when the film grows.
class Frames {
  constructor(changed, failed) {
    [this.changed, this.failed] = [changed, failed];
    this.clear();
  }

  get length() { return this.decoded.length; }

  clear() {
    for (const frame of this.decoded || []) if (frame && frame.close) frame.close();
    if (this.atlas) this.atlas.close();
    [this.decoded, this.atlas, this.film] = [[], null, null];
  }

  receive(film) {
    const first = this.decoded.length;
    this.film = film;
    if (film.kind === "nearest" && first === 0) this.later(film.atlasBytes, bitmap => { this.atlas = bitmap; });
    for (let i = first; i < film.sizes.length; i++) {
      const bytes = film.frameBytes[i];
      this.decoded[i] = null;
      if (film.kind === "colours") this.decoded[i] = fromPixels(bytes, film.columns, film.rows);
      else if (film.kind === "pictures") this.later(bytes, bitmap => { this.decoded[i] = bitmap; });
      else if (film.kind === "net") this.decoded[i] = floats(bytes);
      else this.decoded[i] = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
  }

  later(bytes, keep) {
    const identity = this.film.identity;
    createImageBitmap(new Blob([bytes])).then(bitmap => {
      if (!this.film || this.film.identity !== identity) return bitmap.close();
      keep(bitmap);
      this.changed();
    }).catch(this.failed);
  }

  // Weights of all units as points: of a net as they are, of colours between 0 and 1.
  positions(at) {
    return this.film.kind === "net" ? this.decoded[at] : Float32Array.from(this.film.frameBytes[at], value => value / 255);
  }

  share(at, unit) {
    const {units, shareBytes} = this.film;
    if (!shareBytes.length) return null;
    const place = 2 * (at * units + unit);
    return {type: shareBytes[place], part: shareBytes[place + 1] / 255};
  }
}
