// The glossary on every page: words are underlined with dots, and a card explains the one that is pointed at, tapped or
// reached by the keyboard. Words are marked by ranges and highlights, so that nothing of the page is changed or moved.
// Put together by the server: CSS, HTML and INDEX (words by page, pages) stand above, the search below.

const TEXTS = ":is([data-testid='stMain'], [data-testid='stPopoverBody']) "
  + ":is([data-testid='stMarkdownContainer'], [data-testid='stCaptionContainer'])";
const NEVER = "a, button, code, pre, summary, input, textarea, .katex, .st-key-experiment_bar, h1";
const known = new Map(); // page -> { pattern, names }
let root = null, component = null, ranges = new Map(), shown = "", all = null, timer = 0, leaving = 0;

function text() { // what terms mean: fetched when the first one is asked about
  all ??= fetch(new URL(INDEX.texts, location.href))
    .then(answer => answer.ok ? answer.json() : Promise.reject(new Error(answer.status)))
    .catch(() => { all = null; return {}; });
  return all;
}

function words(page) {
  if (!known.has(page)) {
    const names = new Map(INDEX.words.flatMap(([name, forms, pages]) =>
      pages.length && !pages.includes(page) ? [] : [name, ...forms].map(form => [form.toLowerCase(), name])));
    const forms = [...names.keys()].sort((a, b) => b.length - a.length);
    const choice = forms.map(form => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|");
    known.set(page, { names, pattern: new RegExp(`(?<![\\p{L}\\p{N}_])(?:${choice})(?![\\p{L}\\p{N}_])`, "giu") });
  }
  return known.get(page);
}

function scan() {
  if (!component) return;
  const { names, pattern } = words(component.data.page);
  const found = new Map();
  for (const part of document.querySelectorAll(TEXTS)) {
    if (part.parentElement.closest(TEXTS)) continue; // a part of one that was looked through
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
      for (const match of node.data.matchAll(pattern)) {
        const name = names.get(match[0].toLowerCase());
        if (found.has(name) || node.parentElement.closest(NEVER) || !node.parentElement.checkVisibility()) continue;
        const range = document.createRange();
        range.setStart(node, match.index);
        range.setEnd(node, match.index + match[0].length);
        found.set(name, range);
      }
    }
  }
  const before = [...ranges.keys()].join();
  ranges = found;
  CSS.highlights?.set("term", new Highlight(...found.values()));
  if (before !== [...found.keys()].join()) toolbar();
}

// One stop of the Tab key; the arrows lead from word to word.
function toolbar() {
  const bar = root.querySelector(".terms"), focused = root.activeElement?.dataset?.term;
  bar.replaceChildren(...[...ranges.keys()].map((name, number) => {
    const button = document.createElement("button");
    [button.type, button.textContent, button.dataset.term] = ["button", name, name];
    button.tabIndex = number ? -1 : 0;
    button.setAttribute("aria-describedby", "words_text");
    button.onfocus = () => {
      bar.querySelectorAll("button").forEach(other => { other.tabIndex = other === button ? 0 : -1; });
      ranges.get(name)?.startContainer.parentElement.scrollIntoView({ block: "nearest" });
      bar.style.left = document.querySelector("[data-testid='stMain']").getBoundingClientRect().left + "px";
      show(name);
    };
    button.onclick = () => follow(name);
    return button;
  }));
  [...bar.children].find(button => button.dataset.term === focused)?.focus();
}

function walk(event) {
  const buttons = [...root.querySelectorAll(".terms button")], at = buttons.indexOf(root.activeElement);
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  if (at < 0 || !step) return;
  event.preventDefault();
  buttons[(at + step + buttons.length) % buttons.length].focus();
}

function place(card, range) {
  const box = range.getClientRects()[0] ?? range.getBoundingClientRect();
  const below = box.bottom + 6 + card.offsetHeight < innerHeight;
  card.style.top = Math.max(4, below ? box.bottom + 4 : box.top - card.offsetHeight - 4) + "px";
  card.style.left = Math.max(8, Math.min(box.left, innerWidth - card.offsetWidth - 8)) + "px";
}

export function fill(where, name, term) { // also for the search, whose card has no name of its own
  where.querySelector(".picture").innerHTML = term?.picture ?? "";
  where.querySelector("strong").textContent = name;
  where.querySelector("p").textContent = term?.text ?? "The explanation could not be loaded.";
  const link = where.querySelector(".show");
  link.hidden = !term;
  link.href = term ? new URL(term.show, location.href).href : "";
  link.onclick = event => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab
    event.preventDefault();
    follow(name);
  };
}

async function show(name) {
  clearTimeout(leaving);
  if (shown === name) return;
  shown = name;
  const term = (await text())[name], range = ranges.get(name);
  if (shown !== name || !root || !range) return;
  const card = root.querySelector(".card");
  fill(card, name, term);
  card.showPopover();
  place(card, range);
  CSS.highlights?.set("term-shown", new Highlight(range));
}

function hide() {
  clearTimeout(leaving);
  shown = "";
  CSS.highlights?.delete("term-shown");
  const card = root?.querySelector(".card");
  if (card?.matches(":popover-open")) card.hidePopover();
}

function hideSoon() { // so that the pointer gets from the word to its card
  clearTimeout(leaving);
  leaving = setTimeout(() => root?.querySelector(".terms, .card").matches(":focus-within") || hide(), 250);
}

function follow(name) {
  hide();
  closeSearch();
  component.setTriggerValue("go", { term: name });
}

function nameAt(x, y, target) {
  if (!(target instanceof Element) || !target.closest(TEXTS)) return "";
  const place = document.caretPositionFromPoint?.(x, y);
  const old = place ? null : document.caretRangeFromPoint?.(x, y);
  const node = place?.offsetNode ?? old?.startContainer;
  for (const [name, range] of ranges) {
    if (range.startContainer !== node) continue;
    const inside = [...range.getClientRects()].some(box =>
      x >= box.left - 1 && x <= box.right + 1 && y >= box.top - 2 && y <= box.bottom + 2);
    if (inside) return name;
  }
  return "";
}

function onPage(event) { // not in the card or the search, which lie in the shadow of the button
  return event.composedPath()[0] === event.target;
}

let moved = null, styled = null;
function hover() {
  const event = moved;
  moved = null;
  if (!root) return;
  const own = event.composed && event.inCard;
  const name = own ? shown : nameAt(event.x, event.y, event.target);
  if (styled && styled !== event.target) styled.style.cursor = "";
  if (name && !own) [styled, event.target.style.cursor] = [event.target, "help"];
  else if (styled) styled.style.cursor = "";
  if (name) {
    clearTimeout(timer);
    if (name === shown) clearTimeout(leaving);
    else timer = setTimeout(() => show(name), 120);
  } else {
    clearTimeout(timer);
    if (shown) hideSoon();
  }
}

document.addEventListener("pointermove", event => {
  if (event.pointerType === "touch") return;
  if (!moved) requestAnimationFrame(hover);
  const inCard = event.composedPath().includes(root?.querySelector(".card"));
  moved = { x: event.clientX, y: event.clientY, target: event.target, composed: !onPage(event), inCard };
}, { passive: true });

document.addEventListener("click", event => {
  if (!root || !onPage(event) || event.target.closest("label:has(input)")) return; // which has a click of its own
  const name = nameAt(event.clientX, event.clientY, event.target);
  if (name) show(name);
  else if (shown) hide();
});

document.addEventListener("keydown", event => {
  if (!root) return;
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    search();
  } else if (event.key === "Escape" && shown) hide();
  else walk(event);
}, true);

document.addEventListener("scroll", () => shown && !root?.querySelector(".terms:focus-within") && hide(), true);

let waiting = 0;
function scanSoon() {
  waiting ||= setTimeout(() => { waiting = 0; scan(); }, 120);
}

const drawn = new MutationObserver(changes => {
  if (!changes.every(({ target }) => target.nodeType === 1 && target.closest("svg, .js-plotly-plot"))) scanSoon();
});
document.addEventListener("toggle", scanSoon, true); // what was folded is seen now
document.addEventListener("transitionend", ({ target }) => target.closest?.("details") && scanSoon(), true);

export function receive(given) {
  component = given;
  if (root !== given.parentElement) {
    root = given.parentElement;
    const sheet = document.createElement("style");
    sheet.textContent = STYLE;
    const rest = document.createElement("div");
    rest.className = "rest";
    rest.innerHTML = HTML;
    root.append(sheet, rest);
    root.querySelector(".terms").addEventListener("focusout", hideSoon);
    prepareSearch(root);
    drawn.observe(document.body, { childList: true, characterData: true, subtree: true });
  }
  if (given.data.runs) showRuns(given.data.runs);
  scan();
}

export function leave(where) {
  if (root !== where) return;
  hide();
  drawn.disconnect();
  CSS.highlights?.delete("term");
  [root, component, ranges] = [null, null, new Map()];
}
