// The address of what is seen, copied or as a QR code; and the view for a hall, with the keys that begin and end it.

const TARGETS = ".js-plotly-plot, img, [data-testid='stBidiComponentIsolated']";
const LEAST = 1.4, USUAL = 1.7, MOST = 2; // how much larger than on a desk
const LITTLE = 10_000; // px²: an icon
const NARROWEST = 800; // px: as wide a page is left to its columns
const SMALLEST = 0.45; // what would have to be drawn smaller stays as it is
const SCROLLING = ["wheel", "touchmove", "keydown", "pointerdown"];
const known = new WeakMap();

function address() {
  const url = new URL(location.href);
  url.searchParams.delete("present"); // a phone shows the page as it is
  return url.href;
}

function typing(event) {
  const target = event.composedPath()[0];
  return target instanceof Element && target.matches("input, textarea, select, [contenteditable='true']");
}

async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // without https there is no clipboard, and it may be forbidden
    const field = document.createElement("textarea");
    field.value = text;
    field.style.cssText = "position: fixed; opacity: 0";
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    return done;
  }
}

class Share {
  constructor(root) {
    this.find = selector => root.querySelector(selector);
    this.find(".copy").onclick = () => this.copy();
    this.find(".code").onclick = () => this.open();
    this.find(".present").onclick = () => this.present(true);
    this.find(".leave").onclick = () => this.present(false);
    this.onKey = event => this.key(event);
    document.addEventListener("keydown", this.onKey);
    for (const kind of SCROLLING) document.addEventListener(kind, byTheVisitor, { passive: true });
    [this.asked, this.sent] = ["", 0];
    this.timer = setInterval(() => this.look(), 500);
  }

  receive({ data, setTriggerValue }) {
    this.data = data;
    if (!data.presenting) seen = null;
    this.send = setTriggerValue;
    this.find(".share").style.display = data.presenting ? "none" : "";
    this.find(".hall").style.display = data.presenting ? "flex" : "none";
    for (const name of [".popup .qr", ".hall .qr"]) {
      this.find(name).innerHTML = data.code;
      this.find(name).dataset.address = data.address;
    }
    this.find(".address").textContent = data.address;
    this.look();
  }

  // The code follows the address: the browser knows it, the server may be behind a proxy.
  look() {
    const shown = this.data.presenting || this.find(".popup").matches(":popover-open");
    const lost = Date.now() - this.sent > 2000; // the script began anew before it answered
    if (shown && this.data.address !== address() && (lost || this.asked !== address())) {
      [this.asked, this.sent] = [address(), Date.now()];
      this.send("address", this.asked);
    }
    if (this.data.presenting) fit();
  }

  async copy() {
    const done = await copied(location.href);
    const text = done ? "Copied" : "Not copied: the browser forbids it";
    this.find(".copy span").textContent = this.find(".said").textContent = text;
    clearTimeout(this.later);
    this.later = setTimeout(() => {
      this.find(".copy span").textContent = "Copy link";
      this.find(".said").textContent = "";
    }, 3000);
  }

  open() {
    const popup = this.find(".popup"), box = this.find(".code").getBoundingClientRect();
    popup.togglePopover();
    popup.style.top = box.bottom + 6 + "px";
    popup.style.left = Math.max(8, Math.min(box.left, innerWidth - popup.offsetWidth - 8)) + "px";
    this.look();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || typing(event)) return;
    if (event.key === "p" || event.key === "P") this.present(!this.data.presenting);
    else if (event.key === "Escape" && this.data.presenting) this.present(false);
  }

  present(on) {
    this.send("present", on ? "on" : "off");
  }

  stop() {
    clearInterval(this.timer);
    document.removeEventListener("keydown", this.onKey);
    for (const kind of SCROLLING) document.removeEventListener(kind, byTheVisitor);
  }
}

// The first large picture of the page is made about as tall as the screen, and scrolled to, until the visitor scrolls.
let seen = null, before = null, scrolled = false; // scrolled: by the visitor
function fit() {
  const main = document.querySelector("[data-testid='stMain']");
  if (main.querySelector("[data-testid='stSkeleton']")) return; // the first picture may be on its way
  const picture = first(main);
  document.documentElement.dataset.hall = picture ? "picture" : "words";
  main.querySelectorAll("[data-hall-picture]").forEach(one => one.contains(picture) || delete one.dataset.hallPicture);
  for (let at = picture; at && at !== main; at = at.parentElement) { // it comes first in its row and takes all of it
    if (at.dataset.testid === "stColumn" && !beside(at, picture)) at.dataset.hallPicture = "";
  }
  const style = document.documentElement.style, now = Number(style.getPropertyValue("--hall")) || USUAL;
  const lower = document.querySelector(".st-key-page_header")?.getBoundingClientRect().height || 0;
  const free = innerHeight - lower - 16, plotted = picture?.matches(".js-plotly-plot");
  const most = Math.max(LEAST, Math.min(MOST, innerWidth / NARROWEST));
  let wanted = Math.min(USUAL, most);
  if (plotted) { // as tall as its figure says, however wide
    wanted = Math.min(Math.max(free / (picture.getBoundingClientRect().height / now), LEAST), most);
  }
  const steady = Math.abs(wanted - now) <= 0.08;
  if (!steady) style.setProperty("--hall", String(wanted));
  const shrunk = steady && !plotted && shrink(main, picture, free, now);
  const ready = document.querySelector("[data-test-script-state='notRunning']");
  if (steady && !shrunk && ready && picture && picture === before) scrollTo(main, picture, free);
  before = picture;
}

function size(one) {
  const { width, height } = one.getBoundingClientRect();
  return width * height;
}

// Whether a column has a neighbour with another picture that is about as large: the two belong beside each other.
function beside(column, picture) {
  const others = [...column.parentElement.children].filter(one => one !== column);
  return others.some(one => [...one.querySelectorAll(TARGETS)].some(other => size(other) > 0.6 * size(picture)));
}

// What a page draws first is what it is about; icons and the like are too small.
function first(main) {
  const large = [...main.querySelectorAll(TARGETS)].filter(one => !one.closest(".st-key-share") && size(one) > LITTLE);
  const largest = Math.max(...large.map(size));
  return large.find(one => size(one) > 0.4 * largest);
}

// Draws what is taller than the screen smaller, as a whole, and as wide as it was; returns whether that changed anything.
function shrink(main, picture, free, zoom) {
  const holder = picture?.closest("[data-testid='stElementContainer']"), screen = `${innerWidth}x${innerHeight}`;
  main.querySelectorAll("[data-hall-shrunk]").forEach(one => {
    if (one === holder && one.dataset.hallShrunk === screen) return;
    one.style.zoom = one.style.maxWidth = "";
    delete one.dataset.hallShrunk;
  });
  if (!holder) return false;
  const box = holder.getBoundingClientRect(), now = Number(holder.style.zoom) || 1;
  const wanted = Math.min(1, free * now / box.height);
  if (wanted < SMALLEST || Math.abs(wanted - now) < 0.03) return false;
  holder.style.maxWidth ||= box.width / zoom + "px";
  holder.style.zoom = String(wanted);
  holder.dataset.hallShrunk = screen;
  return true;
}

function byTheVisitor() {
  scrolled = true;
}

function scrollTo(main, picture, free) {
  const view = [...new URL(location.href).searchParams].find(([name]) => name.endsWith("_view"))?.[1] || "";
  const where = location.pathname + view;
  if (seen && seen.where === where && (seen.picture === picture || scrolled)) return;
  if (seen?.where !== where) scrolled = false;
  seen = { where, picture };
  const box = picture.getBoundingClientRect();
  if (box.bottom > free + 16 || box.top < 0) main.scrollBy(0, box.top - 8);
}

export default function(component) {
  const root = component.parentElement;
  if (!known.has(root)) known.set(root, new Share(root));
  const share = known.get(root);
  share.receive(component);
  return () => { share.stop(); known.delete(root); };
}
