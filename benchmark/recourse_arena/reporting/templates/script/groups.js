// Metrics by sensitive attribute and intersection.
const groupsHere = () => groups.filter((row) => row.dataset === choice.dataset && row.scenario === choice.scenario);

function showGroups() {
  const here = groupsHere();
  byId("no-groups").hidden = here.length > 0;
  for (const id of ["groups-plot", "groups-table"]) byId(id).parentElement.classList.toggle("gone-empty", !here.length);
  if (!here.length) {
    byId("groups-table").replaceChildren();
    byId("groups-plot").replaceChildren();
    return;
  }
  const attributes = [...new Set(here.map((row) => row.attribute))];
  if (!attributes.includes(choice.attribute)) choice.attribute = attributes[attributes.length - 1];
  const known = [...new Set(here.map((row) => row.metric))];
  if (!known.includes(choice.group)) choice.group = known[0];
  options(byId("attribute"), attributes.map((name) => [name, name]), choice.attribute);
  options(byId("group-metric"), known.map((name) => [name, name.replaceAll("_", " ")]), choice.group);
  const rows = here.filter((row) => row.attribute === choice.attribute && row.metric === choice.group && visible(row.solver));
  const body = rows.map((row) => {
    const sure = row.difference_low > 0 || row.difference_high < 0;
    const small = row.counted < data.small ? ` (small: ${row.counted})` : "";
    return [make("span", {}, `${row.group}${small}`), [named(row.solver, choice.dataset), { class: "name" }],
      `${row.counted} of ${row.asked}`, make("span", {}, number(row.value), make("small", {}, span(row.low, row.high))),
      make("span", { class: sure && row.difference_low !== null && "sure" }, signed(row.difference)), span(row.difference_low, row.difference_high, signed) || "–"];
  });
  byId("groups-table").replaceChildren(table(["group", "solver", "people who count", heading(choice.group), "difference from everybody else", "interval"], body));
  drawGroups(rows);
}
