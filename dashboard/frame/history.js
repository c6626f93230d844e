// One entry in the browser's history for each gesture, whatever it changes in the address, the page included.
//
// A gesture is a click, a key or a drag. What it changes first makes an entry; all that follows from it is written into
// that entry. What nobody's gesture caused (the first visit completes its address, a job ends) makes none, and neither
// does what follows from going back. The arrows of a slider, one after the other, are one gesture: its entry is made
// when the first of them is pressed, and holds where the slider comes to rest.
if (!window.freezeframeHistory) {
  window.freezeframeHistory = true;
  const REST = 1000; // ms without a change, after which a slider is at rest
  const WHILE = 10_000; // ms in which a gesture has changed something, if it changes anything
  const MOVES = "[role='slider'], [data-testid='stSlider'] *, input[type='number'], [data-testid='stNumberInput'] *";
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  let fresh = -Infinity; // when the gesture was made that has changed nothing yet
  let moved = null, changed = 0; // what was moved last, and when that last changed the address

  function begin(event) {
    const target = event.composedPath()[0];
    const mover = target instanceof Element && target.matches(MOVES) ? widget(target) : null;
    const goesOn = mover !== null && mover === moved && performance.now() - changed < REST;
    if (!goesOn) fresh = performance.now();
    moved = mover;
  }

  function widget(target) {
    return target.closest("[data-testid='stSlider'], [data-testid='stNumberInput']") || target;
  }

  function write(data, unused, url) {
    const same = url === undefined || url === null || new URL(url, location.href).href === location.href;
    if (same || performance.now() - fresh > WHILE) replace(data, unused, url);
    else push(data, unused, url);
    if (!same) [fresh, changed] = [-Infinity, performance.now()];
  }

  history.pushState = write;
  history.replaceState = write;
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, begin, true);
  window.addEventListener("popstate", () => { [fresh, moved] = [-Infinity, null]; });
}
