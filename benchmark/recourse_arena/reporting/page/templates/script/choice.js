// What is shown: kept in the address, so that a link shows the same.
const choice = { dataset: "", scenario: "", by: "attainability", way: "", hidden: new Set(), search: "", family: 0,
  overview: "attainability", attribute: "", group: "attainability" };
const dataset = () => data.datasets.find((found) => found.name === choice.dataset) ?? data.datasets[0];
const visible = (solver) => !choice.hidden.has(solver) && solver.toLowerCase().includes(choice.search.toLowerCase());
const rowsOf = (wanted) => data.rows.filter((row) => row.dataset === choice.dataset && wanted(row) && visible(row.solver));
const inScenario = () => rowsOf((row) => row.scenario === choice.scenario);
const changes = [];

function readAddress() {
  const words = new URLSearchParams(location.hash.slice(1));
  choice.dataset = data.datasets.some((found) => found.name === words.get("dataset")) ? words.get("dataset") : data.datasets[0]?.name;
  const known = dataset()?.scenarios ?? [];
  choice.scenario = known.includes(words.get("scenario")) ? words.get("scenario") : known[0];
  if (document.querySelector(`[data-sort="${CSS.escape(words.get("by") ?? "")}"]`)) choice.by = words.get("by");
}

function writeAddress() {
  const words = new URLSearchParams({ dataset: choice.dataset, scenario: choice.scenario, by: choice.by });
  history.replaceState(null, "", `#${words}`);
}

function change(what) {
  Object.assign(choice, what);
  if ("dataset" in what) {
    const same = data.datasets.find((found) => found.name === what.dataset).scenarios;
    if (!same.includes(choice.scenario)) choice.scenario = same[0];
    choice.family = 0;
  }
  if ("scenario" in what || "dataset" in what) {
    const at = dataset().families.findIndex((family) => family.scenarios.some((found) => found.name === choice.scenario));
    if (at >= 0) choice.family = at;
  }
  writeAddress();
  for (const follow of changes) follow(what);
}

function showChoice() {
  options(byId("dataset"), data.datasets.map(({ name, people, seeds }) =>
    [name, `${name} (${people} people${seeds > 1 ? `, ${seeds} seeds` : ""})`]), choice.dataset);
  options(byId("scenario"), dataset().scenarios.map((name) => [name, name]), choice.scenario);
  for (const option of byId("scenario").options) option.title = meaning(option.value);
  showMeaning();
  const here = [...new Set(data.rows.filter((row) => row.dataset === choice.dataset).map((row) => row.solver))];
  byId("solvers").replaceChildren(...here.map((solver) => {
    const box = make("input", { type: "checkbox", checked: !choice.hidden.has(solver) });
    box.addEventListener("change", () => {
      choice.hidden[box.checked ? "delete" : "add"](solver);
      change({ hidden: choice.hidden });
    });
    return make("label", { class: "chip" }, box, named(solver, choice.dataset));
  }));
}

// What the chosen scenario asks for, and what the chosen dataset is: in words, below the title.
function showMeaning() {
  const said = [[choice.scenario, meaning(choice.scenario)], [choice.dataset, [dataset().what, dataset().world].filter(Boolean).join("; ")]];
  said.forEach(([name, words], i) => {
    const place = byId("meant").children[i];
    place.hidden = !words;
    place.firstElementChild.textContent = name;
    place.lastElementChild.textContent = `${words}.`;
  });
  byId("meant").hidden = said.every(([, words]) => !words);
  byId("scenario").title = said[0][1];
  byId("dataset").title = said[1][1];
}

function listen() {
  const on = (id, key, read = (value) => value) =>
    byId(id)?.addEventListener(id === "search" ? "input" : "change", (event) => change({ [key]: read(event.target.value) }));
  on("dataset", "dataset"); on("scenario", "scenario"); on("search", "search"); on("family", "family", Number);
  on("overview-metric", "overview"); on("attribute", "attribute"); on("group-metric", "group");
  byId("choice").addEventListener("submit", (event) => event.preventDefault());
  changes.push((what) => { if ("dataset" in what || "scenario" in what) showChoice(); });
}
