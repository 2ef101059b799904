// Menus: what they cost against how many actions there are, and whom they help at which cost, by group.
function showMenus() {
  if (!byId("menu-plots")) return;
  const here = (curve) => curve.dataset === choice.dataset;
  const sharing = data.menus.sharing.filter(here);
  const families = [...new Set(sharing.map((curve) => curve.scenario))];
  const shown = data.menus.curves.filter((curve) => here(curve) && curve.scenario === choice.scenario);
  const figures = [...families.map((name) => sharingCurve(name, sharing.filter((curve) => curve.scenario === name))), ...shown.map(groupCurve)];
  byId("menu-curves").hidden = !figures.length;
  place("menu-plots", ...figures);
}

function sharingCurve(scenario, curves) {
  const values = curves.flatMap((curve) => curve.points.filter((row) => row.cost !== null).map((row) =>
    ({ ...row, solver: curve.solver, words: words(row.cost, row.low, row.high), low: row.low ?? row.cost, high: row.high ?? row.cost })));
  const alone = [...new Set(curves.map((curve) => curve.alone).filter((cost) => cost !== null))].map((cost) => ({ cost }));
  const names = [...new Set(values.map((row) => row.solver))];
  const look = encodings(names), legend = names.length > 1 ? { columns: 2, labelLimit: 220 } : null;
  const [color, shape] = [look.color, look.shape].map((channel) => ({ ...channel, title: null, legend }));
  const x = { field: "actions", type: "quantitative", title: "shared actions", scale: { zero: true, nice: true }, axis: { tickMinStep: 1, format: "d" } };
  const y = { field: "cost", type: "quantitative", title: "mean weighted cost", scale: { zero: true, nice: true }, axis: { tickCount: 5 } };
  const spec = { height: 250, data: { values }, description: "Mean cost by number of shared actions; the values are in the table below the plot.", layer: [
    { mark: { type: "line", strokeWidth: 1.4 }, encoding: { x, y, color } },
    { mark: { type: "rule", strokeWidth: 1.4, opacity: 0.7 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } },
    { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x, y, color, shape, tooltip: [{ field: "solver" }, { field: "actions" }, { field: "words", title: "mean cost" }, { field: "sr", title: "SR" }] } },
    { data: { values: alone }, mark: { type: "rule", strokeDash: [5, 3], strokeWidth: 1.2 }, encoding: { y } }] };
  return figure("The price of sharing", `${choice.dataset}, ${scenario}`, spec, ["solver", "shared actions", "mean cost", "SR"],
    [...values.map((row) => [row.solver, `${row.actions}`, row.words, number(row.sr)]), ...alone.map((row) => ["everybody's own", "–", number(row.cost), "–"])]);
}

function groupCurve(curve) {
  const names = Object.keys(curve.groups);
  const values = names.flatMap((group) => curve.cost.map((cost, i) => ({ group, cost, share: curve.groups[group][i] })));
  const range = names.map((_, i) => colours()[i % colours().length]);
  const dashes = names.map((_, i) => [[1, 0], [6, 3], [2, 2], [8, 3, 2, 3]][i % 4]);
  const legend = { columns: 2, labelLimit: 220 };
  const spec = { height: 250, data: { values }, description: "Share of each group helped by cost; the values are in the table below the plot.",
    mark: { type: "line", strokeWidth: 1.8, interpolate: "step-after" }, encoding: {
      x: { field: "cost", type: "quantitative", title: "cost of at most", axis: { tickCount: 5 } },
      y: { field: "share", type: "quantitative", title: "share helped", scale: { domain: [0, 1] }, axis: { tickCount: 5, format: ".0%" } },
      color: { field: "group", type: "nominal", title: null, scale: { domain: names, range }, legend },
      strokeDash: { field: "group", type: "nominal", title: null, scale: { domain: names, range: dashes }, legend },
      tooltip: [{ field: "group" }, { field: "cost" }, { field: "share" }] } };
  return figure(named(curve.solver, curve.dataset), `${curve.scenario}, by ${curve.by}`, spec, ["group", "cost of at most", "share helped"],
    values.map((row) => [row.group, number(row.cost, 4), number(row.share)]));
}
