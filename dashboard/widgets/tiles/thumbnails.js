// Rows of pictures; a row that is too wide is cut after a whole picture, or scrolls.

export default function({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".rows");
  root.className = "rows " + (data.scroll ? "scrolled" : "clipped");
  root.setAttribute("aria-label", data.alt);
  root.style.setProperty("--side", data.side);
  const makeRow = () => made("div", "row", made("div", "title"), made("div", "tiles"));
  const makeTile = () => made("button", "", made("canvas"));
  const seen = button => button.offsetTop === button.parentElement.firstChild.offsetTop; // not wrapped out of sight
  const buttons = [];
  fit(root, data.rows.length, makeRow).forEach((row, number) => {
    const { title, colour, pictures, titles } = data.rows[number];
    row.firstChild.hidden = !title;
    row.firstChild.style.display = title ? "" : "none";
    row.firstChild.textContent = title;
    row.firstChild.style.borderColor = colour;
    fit(row.lastChild, pictures.length, makeTile).forEach((button, place) => {
      choosable(button, {
        label: titles[place],
        selected: pictures[place] === data.selected,
        focusable: false,
        choose: () => setTriggerValue("picture", pictures[place]),
        next: (down, right) => {
          const target = root.children[number + down]?.lastChild.children[place + right];
          return target && seen(target) && target;
        },
      });
      buttons.push(button);
    });
  });
  const chosen = buttons.find(button => button.getAttribute("aria-selected") === "true");
  const first = chosen && seen(chosen) ? chosen : buttons[0];
  if (first) first.tabIndex = 0;
  if (data.scroll && first) {
    const strip = first.parentElement;
    if (first.offsetLeft < strip.scrollLeft || first.offsetLeft + data.side > strip.scrollLeft + strip.clientWidth)
      strip.scrollLeft = first.offsetLeft - data.side;
  }
  withSprite(root, data.sprite, sprite => {
    const source = sprite.height, sharp = source * Math.max(1, Math.round(2 * data.side / source));
    buttons.forEach((button, number) => {
      const canvas = button.firstChild, pen = (canvas.width = canvas.height = sharp, canvas.getContext("2d"));
      pen.imageSmoothingEnabled = false;
      pen.drawImage(sprite, number * source, 0, source, source, 0, 0, sharp, sharp);
    });
  });
}
