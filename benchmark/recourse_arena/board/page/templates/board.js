"use strict";
(() => {
// All that is shown is in the page already: here it is filtered, sorted and unfolded for paper.
const root = document.documentElement;
const boxes = [...document.querySelectorAll("#pools input")];
const search = document.getElementById("search");
const parts = [...document.querySelectorAll("[data-pool]")];
const columns = [...document.querySelectorAll(".duels thead [data-name]")];
const duels = [...document.querySelectorAll(".duels tbody tr")];
const number = (text) => (text === undefined || text === "" ? NaN : parseFloat(text));

function shown() {
  const pools = new Set(boxes.filter((box) => box.checked).map((box) => box.value));
  const words = search.value.trim().toLowerCase();
  const gone = (part) => !pools.has(part.dataset.pool) || !part.dataset.name.toLowerCase().includes(words);
  for (const part of parts) part.classList.toggle("gone", gone(part));
  columns.forEach((head, at) => {
    const hide = gone(head);
    for (const row of duels) row.cells[at + 1].classList.toggle("gone", hide);
  });
  const left = document.querySelectorAll(".all tbody tr:not(.gone)").length;
  document.getElementById("counted").textContent = `${left} solvers shown`;
  document.getElementById("nothing").hidden = left > 0;
}

function sort(table, at, head) {
  const down = head.getAttribute("aria-sort") === "ascending" ? true
    : head.getAttribute("aria-sort") === "descending" ? false : head.dataset.better === "higher";
  const key = (row) => (head.dataset.sort === "name" ? row.dataset.name : number(row.cells[at]?.dataset.value));
  const sign = down ? -1 : 1;
  const rows = [...table.tBodies[0].rows].map((row) => [key(row), row]);
  rows.sort(([a], [b]) => {
    if (typeof a === "string") return sign * a.localeCompare(b);
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
    return sign * (a - b);
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
}

for (const table of document.querySelectorAll("table.sorted")) {
  [...table.tHead.rows[0].cells].forEach((head, at) => {
    if (!head.dataset.sort) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.textContent = head.textContent;
    const words = document.createElement("span");
    words.className = "head";
    words.append(button);
    head.replaceChildren(words);
    button.addEventListener("click", () => sort(table, at, head));
  });
}
for (const box of boxes) box.addEventListener("change", shown);
search.addEventListener("input", shown);

let unfolded = null;
addEventListener("beforeprint", () => {
  if (unfolded) return;
  unfolded = [...document.querySelectorAll("details:not([open])")];
  for (const part of unfolded) part.open = true;
});
addEventListener("afterprint", () => {
  for (const part of unfolded ?? []) part.open = false;
  unfolded = null;
});
root.classList.add("scripted");
document.getElementById("choice").hidden = false;
shown();
})();
