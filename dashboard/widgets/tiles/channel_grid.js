// Channels as tiles of one or more maps, and the colour scales below.

export default function({ data, parentElement, setTriggerValue }) {
  const grid = parentElement.querySelector(".grid");
  grid.setAttribute("aria-label", data.alt);
  grid.style.setProperty("--columns", data.columns);
  grid.style.setProperty("--shape", data.width + " / " + data.height);
  grid.style.setProperty("--narrow", data.parts === 1 ? "56px" : data.width > 16 ? "150px" : "100px");
  grid.classList.toggle("several", data.parts > 1);
  const make = () => {
    const maps = Array.from({ length: data.parts }, () => made("canvas"));
    return made("button", "", made("div", "tile", ...maps), made("span"));
  };
  const chosen = Math.max(data.channels.indexOf(data.selected), 0);
  fit(grid, data.channels.length, make).forEach((button, number) => {
    const channel = data.channels[number];
    button.className = data.dead[number] ? "dead" : "";
    button.lastChild.textContent = data.captions[number];
    choosable(button, {
      label: data.labels[number],
      selected: channel === data.selected,
      focusable: number === chosen,
      choose: () => setTriggerValue("channel", channel),
      next: (down, right) => grid.children[number + down * data.columns + right],
    });
  });
  parentElement.querySelector(".legends").replaceChildren(...data.legends.map(scale));
  withSprite(grid, data.sprite, sprite => {
    const inRow = data.columns * data.parts;
    grid.querySelectorAll("canvas").forEach((canvas, number) => {
      const left = number % inRow * data.width, top = Math.floor(number / inRow) * data.height;
      cut(canvas, sprite, left, top, data.width, data.height);
    });
  });
}

function scale(legend) {
  const [low, bar, high, note] = ["low", "bar", "high", "note"].map(name => made("span", name, legend[name] || ""));
  bar.style.background = "linear-gradient(to right, " + legend.gradient.join(", ") + ")";
  return made("div", "legend", low, bar, high, note);
}
