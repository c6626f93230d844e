// The button of the search. What marks and explains words and what searches is fetched once, when somebody moves, types or
// touches, or a while after the page was opened: a first visit is drawn without it.

const LATER = 5000; // ms
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart", "focusin"];
let module = null, somebody = null;

function here() {
  somebody ??= new Promise(go => {
    setTimeout(go, LATER);
    SIGNS.forEach(sign => document.addEventListener(sign, go, { once: true, passive: true, capture: true }));
  });
  return somebody;
}

function fetched(source) {
  module ??= import(new URL(source, location.href).href).catch(error => { module = null; throw error; });
  return module;
}

let open = null; // what the keys open before the rest is there
document.addEventListener("keydown", event => {
  if (module || !open || !(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "k") return;
  event.preventDefault();
  open();
}, true);

export default function(component) {
  const { parentElement: root, data } = component;
  const failed = () => { root.querySelector(".search").title = "The search could not be loaded: reload the page"; };
  let drawn = true;
  here().then(() => fetched(data.source)).then(words => drawn && words.receive(component)).catch(failed);
  open = root.querySelector(".search").onclick = () => fetched(data.source).then(words => {
    words.receive(component);
    words.search();
  }).catch(failed);
  return () => { drawn = false; module?.then(words => words.leave(root)).catch(() => {}); };
}
