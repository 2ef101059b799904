// The price of lasting: a curve over margins for each solver that was asked for several.
function showLasting() {
  if (!byId("lasting-plots")) return;
  byId("lasting-curves").hidden = !data.lasting.length;
  place("lasting-plots", ...data.lasting.flatMap((curve) => [costCurve(curve), shareCurve(curve)].filter(Boolean)));
}

const ofMargin = (unit) => ({ field: "margin", type: "quantitative", title: `margin, ${unit}`, scale: { zero: true, nice: true }, axis: { tickCount: 5 } });
const whose = (curve, what) => [`${what}: ${curve.solver}`, `${curve.dataset}, ${curve.scenario}`];

function costCurve(curve) {
  const values = curve.price.filter((row) => row.ratio !== null).map((row) => ({ ...row, words: words(row.ratio, row.low, row.high), low: row.low ?? row.ratio, high: row.high ?? row.ratio }));
  if (values.length < 2) return undefined;
  const x = ofMargin(curve.unit);
  const y = { field: "ratio", type: "quantitative", title: "cost, relative to no margin", scale: { zero: false, nice: true }, axis: { tickCount: 5 } };
  const color = { value: colours()[0] };
  const spec = { height: 240, data: { values }, description: "Cost by margin; the values are in the table below the plot.", layer: [
    { mark: { type: "line", strokeWidth: 1.4 }, encoding: { x, y, color } },
    { mark: { type: "rule", strokeWidth: 1.4, opacity: 0.7 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } },
    { mark: { type: "point", filled: true, size: 70, opacity: 1 }, encoding: { x, y, color, tooltip: [{ field: "margin" }, { field: "words", title: "cost, relative" }, { field: "found", title: "found" }] } }] };
  return figure(...whose(curve, "What a margin costs"), spec, ["margin", "cost, relative", "advice found"], values.map((row) => [`${row.margin}`, row.words, number(row.found)]));
}

function shareCurve(curve) {
  const found = curve.price.map((row) => ({ margin: row.margin, line: "advice found", value: row.found, low: row.found, high: row.found }));
  const lost = curve.drops.filter((row) => row.vd !== null).map((row) => ({ margin: row.margin, line: `VD under ${row.change}`, value: row.vd, low: row.low ?? row.vd, high: row.high ?? row.vd }));
  const values = [...lost, ...found].map((row) => ({ ...row, words: words(row.value, ...(row.low === row.high ? [] : [row.low, row.high])) }));
  const lines = [...new Set(values.map((row) => row.line))];
  const ink = getComputedStyle(document.documentElement).getPropertyValue("--soft").trim();
  const range = lines.map((line, i) => (line === "advice found" ? ink : colours()[i % colours().length]));
  const x = ofMargin(curve.unit);
  const y = { field: "value", type: "quantitative", title: "share of people", scale: { domain: [0, 1] }, axis: { tickCount: 5, format: ".0%" } };
  const color = { field: "line", type: "nominal", sort: null, title: null, scale: { domain: lines, range }, legend: { columns: 2, labelLimit: 220 } };
  const shape = { field: "line", type: "nominal", title: null, scale: { domain: lines, range: lines.map((_, i) => SHAPES[i % SHAPES.length]) }, legend: { columns: 2, labelLimit: 220 } };
  const spec = { height: 260, data: { values }, description: "Advice found, and lost under each change, by margin; the values are in the table below the plot.", layer: [
    { mark: { type: "line", strokeWidth: 1.4, opacity: 0.8 }, encoding: { x, y, color } },
    { mark: { type: "rule", strokeWidth: 1.2, opacity: 0.5 }, encoding: { x, y: { ...y, field: "low" }, y2: { field: "high" }, color } },
    { mark: { type: "point", filled: true, size: 60, opacity: 1 }, encoding: { x, y, color, shape, tooltip: [{ field: "line", title: "what" }, { field: "margin" }, { field: "words", title: "share" }] } }] };
  return figure(...whose(curve, "What a margin buys"), spec, ["what", "margin", "share"], values.map((row) => [row.line, `${row.margin}`, row.words]));
}
