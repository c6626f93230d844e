// The button of the search. What marks and explains words and what searches is fetched once, after the page is drawn.

let module = null;

function fetched(source) {
  module ??= new Promise(later => (window.requestIdleCallback ?? setTimeout)(later, { timeout: 1000 }))
    .then(() => import(new URL(source, location.href).href))
    .catch(error => { module = null; throw error; });
  return module;
}

export default function(component) {
  const { parentElement: root, data } = component;
  const failed = () => { root.querySelector(".search").title = "The search could not be loaded: reload the page"; };
  let here = true;
  fetched(data.source).then(words => here && words.receive(component)).catch(failed);
  root.querySelector(".search").onclick = () => fetched(data.source).then(words => words.search()).catch(failed);
  return () => { here = false; module?.then(words => words.leave(root)).catch(() => {}); };
}
