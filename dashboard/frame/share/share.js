// The address of what is seen, copied or as a QR code; and the view for a hall, with the keys that begin and end it.

const TARGETS = ".js-plotly-plot, img, [data-testid='stBidiComponentIsolated']";
const LEAST = 1.5, USUAL = 1.7, MOST = 2; // how much larger than on a desk
const LITTLE = 10_000; // px²: an icon
const NARROWEST = 800; // px: as wide a page is left to its columns
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
    [this.asked, this.sent] = ["", 0];
    this.timer = setInterval(() => this.look(), 500);
  }

  receive({ data, setTriggerValue }) {
    this.data = data;
    if (!data.presenting) seen = "";
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
  }
}

// The first large picture of the page is made about as tall as the screen, and scrolled to once.
let seen = "", before = null;
function fit() {
  const main = document.querySelector("[data-testid='stMain']");
  const size = one => one.getBoundingClientRect().width * one.getBoundingClientRect().height;
  const large = [...main.querySelectorAll(TARGETS)].filter(one => !one.closest(".st-key-share") && size(one) > LITTLE);
  const largest = Math.max(...large.map(size));
  const picture = large.find(one => size(one) > 0.4 * largest); // what a page draws first is what it is about
  document.documentElement.dataset.hall = picture ? "picture" : "words";
  const columns = new Set(); // a figure comes first in its row and takes all of it; tiles would grow beyond the screen
  for (let at = picture; at && at !== main && picture.matches(".js-plotly-plot"); at = at.parentElement) {
    if (at.dataset.testid === "stColumn") columns.add(at);
  }
  main.querySelectorAll("[data-hall-picture]").forEach(one => columns.has(one) || delete one.dataset.hallPicture);
  columns.forEach(one => { one.dataset.hallPicture = ""; });
  const style = document.documentElement.style, now = Number(style.getPropertyValue("--hall")) || USUAL;
  const free = innerHeight - (document.querySelector(".st-key-page_header")?.getBoundingClientRect().height || 0);
  const most = Math.max(LEAST, Math.min(MOST, innerWidth / NARROWEST));
  let wanted = Math.min(USUAL, most);
  if (picture?.matches(".js-plotly-plot")) { // as tall as its figure says, however wide
    wanted = Math.min(Math.max((free - 16) / (picture.getBoundingClientRect().height / now), LEAST), most);
  }
  const steady = Math.abs(wanted - now) <= 0.08;
  const drawn = picture === before && document.querySelector("[data-test-script-state='notRunning']");
  before = picture;
  const view = [...new URL(location.href).searchParams].find(([name]) => name.endsWith("_view"))?.[1] || "";
  if (!steady) style.setProperty("--hall", String(wanted));
  else if (picture && drawn && seen !== location.pathname + view) {
    seen = location.pathname + view;
    const box = picture.getBoundingClientRect();
    if (box.bottom > free) main.scrollBy(0, box.top - 8);
  }
}

export default function(component) {
  const root = component.parentElement;
  if (!known.has(root)) known.set(root, new Share(root));
  const share = known.get(root);
  share.receive(component);
  return () => { share.stop(); known.delete(root); };
}
