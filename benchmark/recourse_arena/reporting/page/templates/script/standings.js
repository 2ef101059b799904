// The table of standings: it is in the page without a script; here it is sorted, ranked and filtered.
const standing = byId("table");
const bodies = [...standing.tBodies];
const LESS_FIRST = new Set(["lower", "rank", "solver", "run"]);

function prepareHeads() {
  for (const head of standing.tHead.rows[0].cells) {
    const key = head.dataset.sort;
    const words = head.querySelector(".head");
    const sort = make("button", { type: "button", class: "sort" }, words.textContent);
    sort.addEventListener("click", () => change(key === choice.by && key !== "rank" ? { way: flipped() } : { by: key, way: "" }));
    words.replaceChildren(sort);
    if (metrics.has(key)) {
      const what = make("button", { type: "button", class: "what", "aria-label": `What ${heading(key)} means` }, "?");
      what.addEventListener("click", () => define(metrics.get(key)));
      words.append(what);
    }
  }
  byId("all-metrics").addEventListener("change", (event) => standing.classList.toggle("all-metrics", event.target.checked));
}

function define(metric) {
  byId("definition-title").textContent = metric.title === metric.name ? metric.name : `${metric.title} (${metric.name})`;
  byId("definition-text").textContent = metric.definition;
  const better = metric.direction === "none" ? "" : `; ${metric.direction} is better`;
  byId("definition-more").textContent = `Over ${metric.population}; unit: ${metric.unit}${better}.`;
  byId("definition").showModal();
}

const naturalWay = (key) => {
  const direction = metrics.get(key)?.direction ?? standing.querySelector(`[data-sort="${CSS.escape(key)}"]`)?.dataset.direction;
  return LESS_FIRST.has(key) || LESS_FIRST.has(direction) ? "ascending" : "descending";
};
const way = () => choice.way || naturalWay(choice.by);
const flipped = () => (way() === "ascending" ? "descending" : "ascending");
const ranking = () => (bodies.some((body) => body.querySelector(`[data-metric="${CSS.escape(choice.by)}"][data-rank]`)) ? choice.by : "attainability");
const cellOf = (row, metric) => row.querySelector(`[data-metric="${CSS.escape(metric)}"]`);

function sortValue(row, key) {
  if (key === "solver") return row.dataset.solver;
  if (key === "run") return row.querySelector(".run")?.textContent ?? "";
  if (key === "rank") return parseInt(cellOf(row, ranking())?.dataset.rank ?? "", 10);
  return parseFloat(cellOf(row, key)?.dataset.value ?? "");
}

function before(a, b) {
  const sign = way() === "ascending" ? 1 : -1;
  const [left, right] = [sortValue(a, choice.by), sortValue(b, choice.by)];
  if (typeof left === "string") return sign * left.localeCompare(right);
  if (Number.isNaN(left) || Number.isNaN(right)) return Number.isNaN(left) - Number.isNaN(right);
  return sign * (left - right);
}

function showStandings() {
  let shown = 0;
  for (const body of bodies) {
    body.hidden = body.dataset.dataset !== choice.dataset || body.dataset.scenario !== choice.scenario;
    if (body.hidden) continue;
    const rows = [...body.rows].filter((row) => "solver" in row.dataset);
    body.append(...rows.sort(before));
    for (const row of rows) {
      row.hidden = !visible(row.dataset.solver);
      shown += !row.hidden;
      row.querySelector("td.rank").textContent = cellOf(row, ranking())?.dataset.rank ?? "–";
    }
  }
  byId("nothing").hidden = shown > 0;
  for (const head of standing.tHead.rows[0].cells) {
    if (head.dataset.sort === choice.by) head.setAttribute("aria-sort", way());
    else head.removeAttribute("aria-sort");
  }
  byId("standings-title").textContent = `Standings: ${choice.scenario ?? ""} on ${choice.dataset ?? ""}`;
  byId("sorted").textContent = `${shown} solvers, sorted by ${heading(choice.by)}, ${way()}; ranked by ${heading(ranking())}`;
}

function showPairs() {
  const by = ranking();
  byId("pairs-by").textContent = heading(by);
  const found = pairs.filter((pair) => pair.dataset === choice.dataset && pair.scenario === choice.scenario &&
    pair.metric === by && visible(pair.first) && visible(pair.second));
  const lower = metrics.get(by)?.direction === "lower";
  const verdict = ({ difference, p_value: p, first, second }) =>
    p >= 0.05 ? "cannot be told apart" : `${(difference > 0) !== lower ? first : second} is better`;
  const rows = found.map((pair) => [
    make("span", {}, named(pair.first, choice.dataset), " against ", named(pair.second, choice.dataset)),
    `${pair.common}`, signed(pair.difference), through(pair.low, pair.high, signed), pair.p_value < 0.001 ? "< 0.001" : number(pair.p_value),
    [verdict(pair), { class: "name" }]]);
  byId("pairs-table").replaceChildren(rows.length
    ? table(["pair", "people in common", "difference", "95 %", "p", "verdict"], rows)
    : make("p", { class: "soft" }, "Nothing to compare: the runs keep no people, or fewer than two solvers have results."));
}
