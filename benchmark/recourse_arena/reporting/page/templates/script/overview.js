// Every scenario of a dataset at once, and how people fared in the chosen one.
function showOverview() {
  const numeric = data.metrics.filter((metric) => data.rows.some((row) => row.dataset === choice.dataset && metric.name in row.values));
  options(byId("overview-metric"), numeric.map((metric) => [metric.name, metric.name.replaceAll("_", " ")]), choice.overview);
  const metric = choice.overview;
  const rows = rowsOf(() => true);
  const names = [...new Set(rows.map((row) => row.solver))];
  const at = new Map(rows.map((row) => [JSON.stringify([row.scenario, row.solver]), row]));
  const most = Math.max(...rows.map((row) => row.values[metric]?.[0] ?? 0));
  const full = metrics.get(metric)?.share ? 1 : most || 1;
  const cell = (scenario, solver) => {
    const row = at.get(JSON.stringify([scenario, solver]));
    const [value, low, high, , best] = row?.values[metric] ?? [];
    if (value === undefined && !row?.people) return [row ? row.note.split(":")[0] || "nobody" : "–", { class: "none" }];
    if (value === undefined) return ["–", { class: "none" }];
    return [number(value), { class: best ? "heat best" : "heat", style: `--value:${value / full}`, title: span(low, high) && `95 %: ${span(low, high)}` }];
  };
  const scenarios = dataset()?.scenarios ?? [];
  const body = scenarios.map((scenario) => {
    const link = make("button", { type: "button", class: "link", title: meaning(scenario) || undefined }, scenario);
    link.addEventListener("click", () => { change({ scenario }); byId("standings").scrollIntoView(); });
    return [link, ...names.map((solver) => cell(scenario, solver))];
  });
  byId("overview-table").replaceChildren(table(["scenario", ...names.map((solver) => named(solver, choice.dataset))], body,
    (i) => ({ class: scenarios[i] === choice.scenario && "now" }), "plain overview"));
}

const OUTCOMES = ["solved", "not_found", "infeasible", "timed_out"];

function showOutcomes() {
  const rows = inScenario();
  const kinds = [...new Set([...OUTCOMES, ...rows.flatMap((row) => Object.keys(row.outcomes))])]
    .filter((kind) => rows.some((row) => row.outcomes[kind]));
  const body = rows.map((row) => {
    const all = Object.values(row.outcomes).reduce((sum, count) => sum + count, 0);
    const parts = kinds.filter((kind) => row.outcomes[kind]).map((kind) => make("span", { title: `${kind}: ${row.outcomes[kind]}`,
      class: OUTCOMES.includes(kind) && kind, style: `width:${(100 * row.outcomes[kind]) / all}%` }));
    const bar = all ? make("div", { class: "stack", "aria-hidden": "true" }, ...parts) : row.note || "nobody was asked";
    return [named(row.solver, choice.dataset), [bar, { class: "name" }], ...kinds.map((kind) => `${row.outcomes[kind] ?? 0}`)];
  });
  byId("outcomes-table").replaceChildren(table(["solver", "", ...kinds.map((kind) => kind.replaceAll("_", " "))], body));
}
