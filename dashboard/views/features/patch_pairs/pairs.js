// Patches, and beside them in the same places their projections.

export default function({ data, parentElement, setTriggerValue }) {
  const [patches, signals] = parentElement.querySelectorAll(".grid");
  parentElement.querySelectorAll("h2").forEach((title, side) => { title.textContent = data.titles[side]; });
  patches.setAttribute("aria-label", data.alt);
  [patches, signals].forEach((grid, side) => {
    grid.style.setProperty("--shape", data.width + " / " + data.height);
    const make = () => made(side ? "div" : "button", "cell", made("div", "tile", made("canvas")), made("span", "words"));
    fit(grid, data.words.length, make).forEach((cell, number) => {
      const choose = () => setTriggerValue("patch", number), chosen = number === data.selected;
      const partner = (side ? patches : signals).children;
      cell.style.setProperty("--colour", data.colours[number]);
      cell.onpointerenter = () => partner[number]?.classList.add("pointed");
      cell.onpointerleave = () => partner[number]?.classList.remove("pointed");
      cell.lastChild.textContent = side ? "" : data.words[number];
      cell.querySelectorAll(".mark, .silent").forEach(element => element.remove());
      if (data.marks[number].length) cell.firstChild.append(mark(...data.marks[number]));
      if (side && data.silent[number]) cell.firstChild.append(made("div", "silent", "no signal"));
      if (side) {
        cell.title = data.labels[number];
        cell.onclick = choose;
        cell.classList.toggle("selected", chosen);
      } else {
        const next = (down, right) => grid.children[number + 3 * down + right];
        choosable(cell, { label: data.labels[number], selected: chosen, focusable: chosen, choose, next });
      }
    });
    withSprite(grid, data.sprites[side], sprite => {
      grid.querySelectorAll("canvas").forEach((canvas, number) => {
        cut(canvas, sprite, number * data.width, 0, data.width, data.height);
      });
    });
  });
}

function mark(left, top) {
  const ring = made("div", "mark");
  ring.style.left = 100 * left + "%";
  ring.style.top = 100 * top + "%";
  return ring;
}
