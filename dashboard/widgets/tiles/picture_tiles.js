// Pictures with words under them, as many in a row as fit.

export default function({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".tiles");
  root.setAttribute("aria-label", data.alt);
  root.style.setProperty("--side", data.side + "px");
  const make = () => made("button", "", made("img"), made("span"));
  const chosen = Math.max(data.selected, 0);
  fit(root, data.tiles.length, make).forEach((button, number) => {
    const { source, words, alt } = data.tiles[number];
    button.firstChild.src = source;
    button.firstChild.alt = "";
    button.lastChild.textContent = words;
    choosable(button, {
      label: alt,
      selected: number === data.selected,
      focusable: number === chosen,
      choose: () => setTriggerValue("tile", number),
      next: (down, right) => !down && root.children[number + right],
    });
  });
}
