// Reading the document, and making elements: text from it only ever becomes text.
const data = JSON.parse(document.getElementById("document").textContent);
const metrics = new Map(data.metrics.map((metric) => [metric.name, metric]));
const solvers = new Map(data.solvers.map((solver) => [solver.name, solver]));
const byId = (id) => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== ""));
  return element;
}

function number(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  if (Math.abs(value) >= 1000) return value.toFixed(0);
  return Math.abs(value) >= 100 ? value.toFixed(1) : value.toFixed(digits);
}

const through = (low, high, words = number) => (low === null || low === undefined ? "" : `${words(low)} to ${words(high)}`);
const signed = (value) => (value === null || value === undefined ? "–" : (value > 0 ? "+" : "") + number(value));
const span = (low, high, words = number) => (low === null || low === undefined ? "" : `${words(low)}–${words(high)}`);
const heading = (name) => (metrics.get(name) || { title: name }).title;
const meaning = (scenario) => (Object.hasOwn(data.scenarios, scenario) ? data.scenarios[scenario] : "");
const look = (solver, dataset) => (solvers.get(solver)?.looks ?? {})[dataset] ?? 0;

function named(solver, dataset) {
  const mark = make("i", { class: `mark look-${look(solver, dataset) % LOOKS}`, "aria-hidden": "true" });
  return make("span", { class: "solver" }, mark, make("span", {}, solver));
}

// A table of rows of cells; a cell is text, an element, or [text or element, attributes].
function table(heads, rows, rowAttributes = () => ({}), kind = "plain") {
  const cell = (content, i) => {
    const [inside, attributes] = Array.isArray(content) ? content : [content, {}];
    return i === 0 ? make("th", { scope: "row", class: "name", ...attributes }, inside) : make("td", attributes, inside);
  };
  const head = make("tr", {}, ...heads.map((words, i) => {
    const left = i === 0 || rows.some((row) => Array.isArray(row[i]) && row[i][1].class === "name");
    return make("th", { scope: "col", class: left && "name" }, words);
  }));
  const body = rows.map((row, i) => make("tr", rowAttributes(i), ...row.map(cell)));
  return make("table", { class: kind }, make("thead", {}, head), make("tbody", {}, ...body));
}

function options(select, values, chosen) {
  const made = values.map(([value, words]) => make("option", { value, selected: value === chosen }, words));
  select.replaceChildren(...made);
  select.disabled = values.length < 2;
}

// Columns of the document back into rows.
function* records(columns) {
  const names = Object.keys(columns);
  const first = columns[names[0]];
  const count = (first.codes ?? first).length;
  for (let i = 0; i < count; i++) {
    const record = {};
    for (const name of names) {
      const column = columns[name];
      record[name] = column.codes ? column.words[column.codes[i]] : column[i];
    }
    yield record;
  }
}
const pairs = [...records(data.pairs)];
const groups = [...records(data.groups)];
