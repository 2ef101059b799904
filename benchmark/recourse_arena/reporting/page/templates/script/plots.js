// Plots with Vega-Lite: specifications from the data, drawn when they come into view.
const drawn = new Map();
const dark = matchMedia("(prefers-color-scheme: dark)");
const wanted = new IntersectionObserver((entries) => {
  for (const entry of entries) if (entry.isIntersecting) draw(entry.target);
}, { rootMargin: "300px" });

function theme() {
  const style = getComputedStyle(document.documentElement);
  const [ink, soft, line] = ["--ink", "--soft", "--line"].map((name) => style.getPropertyValue(name).trim());
  const font = getComputedStyle(document.body).fontFamily;
  return { background: "transparent", font, view: { stroke: null },
    axis: { labelColor: soft, titleColor: soft, titleFontWeight: 500, gridColor: line, domainColor: line, tickColor: line, labelFontSize: 11, titleFontSize: 11, titlePadding: 8 },
    legend: { labelColor: soft, titleColor: soft, titleFontWeight: 500, orient: "bottom", labelFontSize: 11, titleFontSize: 11 }, rule: { color: ink } };
}

const colours = () => data.palette[dark.matches ? "dark" : "light"];
const SHAPES = ["circle", "triangle-up", "square", "diamond", "triangle-down", "cross", "M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z", "triangle-left", "triangle-right"];

// Colour and shape of each solver; names are data, never part of an expression.
function encodings(names) {
  const places = names.map((name) => look(name, choice.dataset));
  return {
    color: { field: "solver", type: "nominal", legend: null, scale: { domain: names, range: places.map((i) => colours()[i % colours().length]) } },
    shape: { field: "solver", type: "nominal", legend: null, scale: { domain: names, range: places.map((i) => SHAPES[i % SHAPES.length]) } },
  };
}

async function draw(box) {
  const spec = drawn.get(box);
  if (!spec || box.dataset.drawn) return;
  box.dataset.drawn = "yes";
  const full = { width: "container", autosize: { type: "fit", contains: "padding" }, ...spec, config: theme() };
  await window.vegaEmbed(box, full, { mode: "vega-lite", renderer: "svg", actions: false, ast: true, tooltip: { theme: dark.matches ? "dark" : "light" } });
  box.dataset.drawn = "done";
}

// A figure with its plot, and its values as a table for those who cannot see or hover.
function figure(title, note, spec, heads, rows) {
  const box = make("div", { class: "plot" });
  drawn.set(box, spec);
  wanted.observe(box);
  const caption = make("figcaption", {}, title, note && make("span", { class: "soft" }, note));
  const values = make("details", { class: "values" }, make("summary", {}, "Values"));
  values.addEventListener("toggle", () => {
    if (values.open && values.children.length < 2) values.append(make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Values" }, table(heads, rows)));
  });
  return make("figure", {}, caption, box, values);
}

function place(id, ...figures) {
  for (const old of byId(id).querySelectorAll(".plot")) drawn.delete(old);
  byId(id).replaceChildren(...figures);
}

const words = (value, low, high) => `${number(value)}${span(low, high) && ` (${span(low, high)})`}`;

// A record for plots: the value, the ends of its interval and its words, for some metrics.
function point(row, names) {
  const found = { solver: row.solver, scenario: row.scenario };
  for (const name of names) {
    const [value, low, high] = row.values[name] ?? [];
    Object.assign(found, { [name]: value ?? null, [`${name}_low`]: low ?? value ?? null, [`${name}_high`]: high ?? value ?? null, [`${name}_words`]: words(value, low, high) });
  }
  return found;
}

const PART = ["validity", "plausibility", "attainability", "cost_mean", "coverage"];
const tooltip = (names) => [{ field: "solver", title: "solver" }, { field: "scenario", title: "scenario" }, ...names.map((name) => ({ field: `${name}_words`, title: heading(name) }))];
const axis = (name, scale = { zero: true, nice: true }, share = metrics.get(name)?.share) => ({ field: name, type: "quantitative", title: name.replaceAll("_", " "),
  scale: share ? { domain: [0, 1] } : scale, axis: { tickCount: 5, ...(share ? { format: ".0%" } : {}) } });

function scatter(x, y, every, size) {
  const all = every.filter((row) => row[x] !== null && row[y] !== null);
  if (!all.length) return undefined;
  const along = (name) => axis(name, { domain: [0, Math.max(...all.map((row) => Math.max(row[name], row[`${name}_high`]))) || 1], nice: true });
  const now = all.filter((row) => row.scenario === choice.scenario);
  const rest = all.filter((row) => row.scenario !== choice.scenario);
  const look = encodings([...new Set(all.map((row) => row.solver))]);
  const bar = (a, b) => ({ data: { values: now }, mark: { type: "rule", strokeWidth: 1.2, opacity: 0.8 },
    encoding: { [a]: { ...along(a === "x" ? x : y), field: `${a === "x" ? x : y}_low` }, [`${a}2`]: { field: `${a === "x" ? x : y}_high` }, [b]: along(b === "x" ? x : y), color: look.color } });
  const most = Math.max(0, ...all.map((row) => row.cost_mean ?? 0));
  return { height: 300, description: `${y} against ${x} of each solver; the values are in the table below the plot.`, layer: [
    { data: { values: rest }, mark: { type: "point", filled: true, size: 26, opacity: dark.matches ? 0.4 : 0.22 }, encoding: { x: along(x), y: along(y), ...look, tooltip: tooltip(PART) } },
    bar("x", "y"), bar("y", "x"),
    { data: { values: now }, mark: { type: "point", filled: true, opacity: 0.95, ...(size ? {} : { size: 110 }) }, encoding: { x: along(x), y: along(y), ...look, tooltip: tooltip(PART),
      ...(size ? { size: { field: "cost_mean", type: "quantitative", title: "mean cost", scale: { domain: [0, most || 1], range: [40, 420] }, legend: { values: [most / 4, most / 2, most].map((v) => Number(v.toPrecision(1))), symbolFillColor: "gray", symbolStrokeColor: "gray" } } } : {}) } },
  ] };
}

function showTradeOff() {
  const all = rowsOf(() => true).map((row) => point(row, PART));
  const table = all.filter((row) => row.scenario === choice.scenario).map((row) => [row.solver, ...PART.map((name) => row[`${name}_words`])]);
  const heads = ["solver", ...PART.map(heading)];
  const plots = [["Validity and plausibility", scatter("validity", "plausibility", all, true)], ["What attaining costs", scatter("cost_mean", "attainability", all, false)]];
  place("trade-off-plots", ...plots.filter(([, spec]) => spec).map(([title, spec]) => figure(title, choice.scenario, spec, heads, table)));
}

function showFeatures() {
  const families = dataset()?.families ?? [];
  byId("no-features").hidden = families.length > 0;
  options(byId("family"), families.map((family, i) => [String(i), family.title]), String(choice.family));
  const family = families[choice.family];
  if (!family) return place("features-plots");
  const counts = new Map(family.scenarios.map(({ name, count }) => [name, count]));
  const panels = ["attainability", "validity", "plausibility", "coverage", "cost_mean", "hap"].map((metric) => {
    const found = rowsOf((row) => counts.has(row.scenario) && metric in row.values).map((row) => ({ ...point(row, [metric]), count: counts.get(row.scenario) }));
    if (!found.length) return undefined;
    const look = encodings([...new Set(found.map((row) => row.solver))]);
    const x = { field: "count", type: "ordinal", sort: [...counts.values()], title: "actionable features", axis: { labelAngle: 0, grid: false }, scale: { domain: [...counts.values()] } };
    const offset = { xOffset: { field: "solver", type: "nominal" } };
    const y = axis(metric);
    const spec = { height: 190, description: `${metric} by the number of actionable features; the values are in the table below the plot.`, data: { values: found }, layer: [
      { transform: [{ filter: { field: "count", oneOf: [...counts.values()].filter((count) => count !== "random") } }], mark: { type: "line", strokeWidth: 1.2, opacity: 0.35 }, encoding: { x, ...offset, y, color: look.color } },
      { mark: { type: "rule", strokeWidth: 1.4, opacity: 0.7 }, encoding: { x, ...offset, y: { ...y, field: `${metric}_low` }, y2: { field: `${metric}_high` }, color: look.color } },
      { mark: { type: "point", filled: true, size: 55, opacity: 1 }, encoding: { x, ...offset, y, ...look, tooltip: tooltip([metric]) } },
    ] };
    return figure(metric.replaceAll("_", " "), "", spec, ["solver", "actionable features", heading(metric)], found.map((row) => [row.solver, row.count, row[`${metric}_words`]]));
  });
  place("features-plots", ...panels.filter(Boolean));
}

function showDensity() {
  const sample = data.density.find((found) => found.dataset === choice.dataset);
  const cells = (sample?.cells ?? []).filter((cell) => cell.scenario === choice.scenario && visible(cell.solver) && cell.people);
  byId("no-density").hidden = cells.length > 0;
  const figures = cells.map((cell) => {
    const [low, high] = sample.ends;
    const inside = (value) => Math.min(Math.max(value, low), high);
    const values = cell.after.map((after, i) => ({ person: sample.persons[i][1], before: sample.before[i], after, judged: cell.valid[i] === "1" ? "valid" : "not valid" })).filter((row) => row.after !== null)
      .map((row) => ({ ...row, x: inside(row.before), y: inside(row.after) }));
    const scale = { domain: [low, high], nice: false, zero: false };
    const own = colours()[look(cell.solver, choice.dataset) % colours().length];
    const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
    const spec = { height: 210, description: `Log-density of people before and after following ${cell.solver}.`, layer: [
      { data: { values: [{ x: low, y: low }, { x: high, y: high }] }, mark: { type: "line", strokeWidth: 1, color: "gray" }, encoding: { x: { field: "x", type: "quantitative", scale }, y: { field: "y", type: "quantitative", scale } } },
      { data: { values }, mark: { type: "point", filled: true, size: 16, opacity: 0.55 }, encoding: {
        x: { field: "x", type: "quantitative", title: "before", scale, axis: { tickCount: 4 } }, y: { field: "y", type: "quantitative", title: "after", scale, axis: { tickCount: 4 } },
        color: { field: "judged", type: "nominal", legend: null, scale: { domain: ["valid", "not valid"], range: [own, ink] } },
        shape: { field: "judged", type: "nominal", legend: null, scale: { domain: ["valid", "not valid"], range: ["circle", SHAPES[6]] } },
        tooltip: [{ field: "person" }, { field: "before" }, { field: "after" }, { field: "judged" }] } }] };
    return figure(named(cell.solver, choice.dataset), `${Math.round(100 * cell.above)} % at least as likely, n = ${cell.people}`, spec,
      ["person", "before", "after", "judged"], values.map((row) => [`${row.person}`, number(row.before), number(row.after), row.judged]));
  });
  place("density-plots", ...figures);
}

function drawGroups(rows) {
  if (!window.vegaEmbed || !rows.length) return;
  const look = encodings([...new Set(rows.map((row) => row.solver))]);
  const values = rows.map((row) => ({ ...row, low: row.low ?? row.value, high: row.high ?? row.value, words: words(row.value, row.low, row.high), away: words(row.difference, row.difference_low, row.difference_high) }));
  const y = { field: "group", type: "nominal", title: null, axis: { labelFontSize: 12, labelLimit: 140 } };
  const offset = { yOffset: { field: "solver", type: "nominal" } };
  const x = { ...axis(choice.group), field: "value" };
  const count = new Set(rows.map((row) => row.group)).size;
  const spec = { height: 40 + count * (12 + 15 * new Set(rows.map((row) => row.solver)).size), data: { values }, description: `${choice.group} by ${choice.attribute}; the values are in the table below the plot.`, layer: [
    { mark: { type: "rule", strokeWidth: 1.6 }, encoding: { y, ...offset, x: { ...x, field: "low" }, x2: { field: "high" }, color: look.color } },
    { mark: { type: "point", filled: true, size: 60, opacity: 1 }, encoding: { y, ...offset, x, ...look, tooltip: [{ field: "group" }, { field: "solver" }, { field: "words", title: heading(choice.group) }, { field: "counted", title: "people who count" }, { field: "away", title: "from everybody else" }] } }] };
  const made = figure(`${choice.group.replaceAll("_", " ")} by ${choice.attribute}`, choice.scenario, spec, [], []);
  made.querySelector(".values").remove();
  place("groups-plot", made);
}

function showTime() {
  const found = inScenario().map((row) => ({ solver: row.solver, each: row.ms, fit: row.values.fit_seconds?.[0] ?? null }));
  const plot = (field, title, unit) => {
    const values = found.filter((row) => row[field] > 0).map((row) => ({ ...row, words: `${Number(row[field].toPrecision(3))} ${unit}` }));
    const look = encodings([...new Set(values.map((row) => row.solver))]);
    const spec = { height: 50 + 26 * values.length, data: { values }, description: `${title} of each solver.`, mark: { type: "point", filled: true, size: 90, opacity: 1 }, encoding: {
      y: { field: "solver", type: "nominal", title: null, sort: null, axis: { labelLimit: 150, grid: true } }, ...look,
      x: { field, type: "quantitative", title: `${unit}, logarithmic`, scale: { type: "log", nice: true }, axis: { tickCount: 3, format: "~g", grid: false } }, tooltip: [{ field: "solver" }, { field: "words", title }] } };
    return values.length ? figure(title, choice.scenario, spec, ["solver", title], values.map((row) => [row.solver, row.words])) : undefined;
  };
  place("time-plots", ...[plot("each", "Time per person", "ms"), plot("fit", "Time to fit", "s")].filter(Boolean));
}

function showPlots() {
  if (!window.vegaEmbed) return;
  showTradeOff(); showFeatures(); showDensity(); showTime(); showLasting(); showMenus();
}
