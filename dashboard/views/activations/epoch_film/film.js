// A layer's channels at every kept epoch, as a film: all channels at one epoch, one channel at all epochs, and two
// curves, moving together. Everything arrives once; playing and stepping need no rerun.

const FRAME_MS = 420;

function bytes(text) {
  return Uint8Array.from(atob(text), letter => letter.charCodeAt(0));
}

function paint(film, canvas, frame, channel) {
  const { width, height } = film.data, size = width * height;
  const cells = film.cells.subarray((frame * film.channels + channel) * size).subarray(0, size);
  const picture = new ImageData(width, height);
  cells.forEach((cell, place) => {
    for (let part = 0; part < 3; part++) picture.data[4 * place + part] = film.palette[3 * cell + part];
    picture.data[4 * place + 3] = 255;
  });
  [canvas.width, canvas.height] = [width, height];
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

function tile(text, label) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "tile";
  button.setAttribute("role", "option");
  button.setAttribute("aria-label", label);
  button.title = label;
  button.append(document.createElement("canvas"), document.createElement("span"));
  button.lastChild.textContent = text;
  return button;
}

function curve(film, name, title, points, say) {
  const box = film.root.querySelector("." + name), last = film.data.epochs.at(-1) || 1;
  const values = points.map(point => point[1]), low = Math.min(...values), span = Math.max(...values) - low || 1;
  const x = epoch => 100 * epoch / last, y = value => 40 - 36 * (value - low) / span;
  box.innerHTML = "<div><span></span><b></b></div><svg viewBox='0 0 100 42' preserveAspectRatio='none' role='img'>" +
    "<polyline/><line y1='0' y2='42'/></svg>";
  const svg = box.querySelector("svg");
  svg.setAttribute("aria-label", title + " by epoch");
  box.querySelector("span").textContent = title;
  box.querySelector("polyline").setAttribute("points", points.map(([at, value]) => x(at) + "," + y(value)).join(" "));
  svg.onpointerdown = svg.onpointermove = event => {
    if (event.type === "pointermove" && !event.buttons) return;
    const area = svg.getBoundingClientRect(), wanted = (event.clientX - area.left) / area.width * last;
    stop(film);
    show(film, film.data.epochs.reduce((best, epoch, number, all) =>
      Math.abs(epoch - wanted) < Math.abs(all[best] - wanted) ? number : best, 0));
  };
  return frame => {
    const epoch = film.data.epochs[frame];
    for (const end of ["x1", "x2"]) svg.querySelector("line").setAttribute(end, x(epoch));
    box.querySelector("b").textContent = say(points.find(point => point[0] === epoch));
  };
}

function show(film, frame) {
  const { data, root } = film, epoch = data.epochs[frame];
  film.frame = frame;
  root.querySelector("input").value = frame;
  root.querySelector("input").setAttribute("aria-valuetext", "epoch " + epoch);
  root.querySelector(".where").textContent = epoch === 0 ? "before the first epoch"
    : "after epoch " + epoch + " of " + data.epochs.at(-1) + (epoch === data.best ? ", the best" : "");
  film.tiles.forEach((button, channel) => paint(film, button.firstChild, frame, channel));
  film.shots.forEach((button, number) => button.setAttribute("aria-selected", number === frame));
  paint(film, root.querySelector(".large"), frame, film.channel);
  film.curves.forEach(move => move(frame));
}

// Show another channel: its strip, its large map and its curve.
function turn(film, channel) {
  const { data } = film;
  film.channel = channel;
  film.tiles.forEach((button, number) => {
    button.setAttribute("aria-selected", number === channel);
    button.tabIndex = number === channel ? 0 : -1;
  });
  film.shots.forEach((button, number) => paint(film, button.firstChild, number, channel));
  const name = "channel " + data.channels[channel];
  film.root.querySelector(".large").setAttribute("aria-label", "Activation map of " + name);
  const strongest = data.epochs.map((epoch, number) => [epoch, data.strongest[number][channel]]);
  const accuracy = film.data.accuracy;
  film.curves = [
    curve(film, "strongest", "Strongest of " + name, strongest, point => significant(point[1])),
    curve(film, "accuracy", "Validation accuracy", accuracy,
      point => point ? percent(point[1]) : "not measured"),
  ];
  show(film, film.frame);
}

function stop(film) {
  clearInterval(film.timer);
  film.timer = null;
  film.root.classList.remove("playing");
  film.root.querySelector(".play").setAttribute("aria-label", "Play");
}

function play(film) {
  if (film.timer) return stop(film);
  const last = film.data.epochs.length - 1;
  if (film.frame === last) show(film, 0);
  film.root.classList.add("playing");
  film.root.querySelector(".play").setAttribute("aria-label", "Pause");
  film.timer = setInterval(() => {
    if (!film.root.isConnected || film.frame === last) return stop(film);
    show(film, film.frame + 1);
  }, FRAME_MS);
}

function listen(film, setTriggerValue) {
  const { root, data } = film, strip = root.querySelector(".strip"), last = data.epochs.length - 1;
  root.querySelector(".play").onclick = () => play(film);
  root.querySelector("input").oninput = event => {
    stop(film);
    show(film, Number(event.target.value));
  };
  strip.onkeydown = event => {
    const to = { ArrowRight: film.frame + 1, ArrowLeft: film.frame - 1, Home: 0, End: last }[event.key];
    if (event.key === " ") play(film);
    else if (to === undefined) return;
    else {
      stop(film);
      show(film, Math.min(Math.max(to, 0), last));
    }
    event.preventDefault();
  };
  film.shots.forEach((button, number) => {
    button.tabIndex = -1;
    button.onclick = () => {
      stop(film);
      show(film, number);
    };
  });
  film.tiles.forEach((button, number) => {
    button.onclick = () => {
      turn(film, number);
      setTriggerValue("channel", data.channels[number]);
    };
    button.onkeydown = event => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 5, ArrowUp: -5 }[event.key];
      if (step && film.tiles[number + step]) film.tiles[number + step].focus();
      else if (step === undefined) return;
      event.preventDefault();
    };
  });
}

export default function(component) {
  const { data, parentElement, setTriggerValue } = component, root = parentElement.querySelector(".film");
  const before = root.film;
  if (before) stop(before);
  const stays = before && before.data.identity === data.identity;
  const film = root.film = { root, data, cells: bytes(data.frames), palette: bytes(data.palette),
    channels: data.channels.length, timer: null, frame: stays ? before.frame : data.first };
  root.querySelector("input").max = data.epochs.length - 1;
  film.tiles = data.channels.map((channel, number) => tile(String(channel), data.labels[number]));
  film.shots = data.epochs.map(epoch => tile(String(epoch), epoch ? "after epoch " + epoch : "epoch 0, before the first"));
  root.querySelector(".grid").replaceChildren(...film.tiles);
  root.querySelector(".grid").setAttribute("aria-label", data.alt);
  root.querySelector(".strip").replaceChildren(...film.shots);
  root.querySelector(".strip").setAttribute("aria-label", "The chosen channel at every kept epoch. Arrow keys step, space plays.");
  root.querySelector(".low").textContent = data.low;
  root.querySelector(".high").textContent = data.high;
  root.querySelector(".legend i").style.background = "linear-gradient(to right, " + data.gradient.join(", ") + ")";
  listen(film, setTriggerValue);
  turn(film, Math.max(data.channels.indexOf(data.selected), 0));
  return () => stop(film);
}
