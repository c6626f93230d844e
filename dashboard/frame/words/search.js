// The search over pages, words and runs: a dialog with a field and a list; what is found is drawn as text.

const MOST = 60; // results of a kind
let dialog = null, field = null, list = null, options = [], active = 0, runs = [];

function prepareSearch(where) {
  dialog = where.querySelector("dialog");
  field = dialog.querySelector("input");
  list = dialog.querySelector(".list");
  field.oninput = () => find();
  field.onkeydown = event => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (step) choose(active + step);
    else if (event.key === "Enter") take(options[active]);
    else return;
    event.preventDefault();
  };
  dialog.onclick = event => event.target === dialog && closeSearch(); // beside it
  list.onmousedown = event => event.preventDefault(); // the field keeps the focus
}

export function search() {
  if (!dialog || dialog.open) return;
  hide();
  field.value = "";
  dialog.showModal();
  field.focus();
  component.setTriggerValue("runs", true);
  text();
  find();
}

function closeSearch() {
  if (dialog?.open) dialog.close();
}

function showRuns(found) {
  runs = found.map(([id, name, about]) => ({ kind: "Your runs", title: name, about, go: { run: id } }));
  if (dialog.open) find(active);
}

function plain(words) {
  return words.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "");
}

function rank(entry, asked) { // 0 is best; -1 does not fit
  const title = plain(entry.title), more = plain(`${entry.about} ${entry.forms ?? ""}`);
  if (!asked.every(word => title.includes(word) || more.includes(word))) return -1;
  const [first] = asked;
  if (!first || title.startsWith(first)) return 0;
  return title.split(/[^\p{L}\p{N}]+/u).some(word => word.startsWith(first)) ? 1 : title.includes(first) ? 2 : 3;
}

async function find(keep = 0) {
  const texts = await text(), asked = plain(field.value).split(/\s+/).filter(Boolean);
  const pages = INDEX.pages.map(([page, view, title, about]) => ({ kind: "Pages", title, about, go: { page, view } }));
  const words = INDEX.words.map(([name, forms]) => (
    { kind: "Words", title: name, about: texts[name]?.text ?? "", forms: forms.join(" "), term: name }));
  words.sort((a, b) => a.title.localeCompare(b.title, "en"));
  const groups = [pages, words, runs].map(entries => entries
    .map(entry => [rank(entry, asked), entry]).filter(([rank]) => rank >= 0)
    .sort(([a], [b]) => a - b).slice(0, MOST + 40));
  if (asked.length) groups.sort(([[a] = [9]], [[b] = [9]]) => a - b);
  options = groups.flat().map(([, entry]) => entry);
  draw();
  choose(Math.min(keep, options.length - 1));
}

function draw() {
  let heading = "";
  list.replaceChildren(...options.flatMap((entry, number) => {
    const option = document.createElement("div");
    [option.className, option.id] = ["option", `words_${number}`];
    option.setAttribute("role", "option");
    const [title, about] = [document.createElement("b"), document.createElement("span")];
    [title.textContent, about.textContent] = [entry.title, entry.about];
    option.append(title, about);
    option.onclick = () => entry.term ? choose(number) : take(entry);
    if (entry.kind === heading) return [option];
    heading = entry.kind;
    const above = document.createElement("h2");
    above.textContent = heading;
    above.setAttribute("role", "presentation");
    return [above, option];
  }));
  if (!options.length) {
    const nothing = document.createElement("p");
    nothing.className = "nothing";
    nothing.textContent = "Nothing found. Try a shorter word.";
    list.append(nothing);
  }
}

async function choose(number) {
  active = options.length ? (number + options.length) % options.length : 0;
  for (const [place, option] of [...list.querySelectorAll(".option")].entries()) {
    option.setAttribute("aria-selected", String(place === active));
    if (place === active) option.scrollIntoView({ block: "nearest" });
  }
  field.setAttribute("aria-activedescendant", options.length ? `words_${active}` : "");
  const detail = dialog.querySelector(".detail"), name = options[active]?.term;
  if (!name) return detail.replaceChildren();
  const term = (await text())[name];
  if (options[active]?.term !== name) return;
  detail.innerHTML = "<div class='picture'></div><div class='said'><strong></strong><p></p><a class='show'>Show me</a></div>";
  fill(detail, name, term);
}

function take(entry) {
  if (!entry) return;
  closeSearch();
  component.setTriggerValue("go", entry.term ? { term: entry.term } : entry.go);
}
