// Printing: every plot is drawn and every table fits the paper, whoever asks for it and however soon.
const PAPER = 680; // what the margins of an A4 page leave, in CSS pixels
let unfolded = null;

// Plots are drawn when they come into view, and the others while nothing else is to be done.
function drawRest() {
  const next = [...drawn.keys()].find((box) => box.isConnected && !box.dataset.drawn);
  if (next) draw(next).then(() => idle(drawRest));
}
const idle = (work) => (window.requestIdleCallback ? requestIdleCallback(work, { timeout: 500 }) : setTimeout(work, 50));

function beforePrint() {
  if (unfolded) return;
  unfolded = [...document.querySelectorAll("details:not([open], .values)")];
  for (const folded of unfolded) folded.open = true;
  document.documentElement.classList.add("printing");
  for (const box of drawn.keys()) draw(box);
  for (const table of document.querySelectorAll("table")) {
    if (table.offsetWidth > PAPER) table.style.zoom = Math.floor((1000 * PAPER) / table.offsetWidth) / 1000;
  }
}

function afterPrint() {
  for (const folded of unfolded ?? []) folded.open = false;
  for (const table of document.querySelectorAll("table")) table.style.zoom = "";
  document.documentElement.classList.remove("printing");
  unfolded = null;
}

addEventListener("beforeprint", beforePrint);
addEventListener("afterprint", afterPrint);
matchMedia("print").addEventListener("change", (media) => (media.matches ? beforePrint() : afterPrint()));
