// Metrics by sensitive attribute and intersection.
const groupsHere = () => groups.filter((row) => row.dataset === choice.dataset && row.scenario === choice.scenario);

function showGroups() {
  const here = groupsHere();
  byId("no-groups").hidden = here.length > 0;
  byId("groups-shown").hidden = !here.length;
  if (!here.length) return;
  const attributes = [...new Set(here.map((row) => row.attribute))];
  if (!attributes.includes(choice.attribute)) choice.attribute = attributes[attributes.length - 1];
  const known = [...new Set(here.map((row) => row.metric))];
  if (!known.includes(choice.group)) choice.group = known[0];
  options(byId("attribute"), attributes.map((name) => [name, name]), choice.attribute);
  options(byId("group-metric"), known.map((name) => [name, name.replaceAll("_", " ")]), choice.group);
  const rows = here.filter((row) => row.attribute === choice.attribute && row.metric === choice.group && visible(row.solver));
  const names = [...new Set(rows.map((row) => row.solver))];
  const at = new Map(rows.map((row) => [JSON.stringify([row.group, row.solver]), row]));
  const asked = new Map(rows.map((row) => [row.group, row.asked]));
  const body = [...asked].map(([group, people]) => [
    make("span", {}, group, make("small", { class: "soft" }, ` ${people} people${people < data.small ? ", small" : ""}`)),
    ...names.map((name) => groupCell(at.get(JSON.stringify([group, name]))))]);
  byId("groups-table").replaceChildren(table(["group", ...names.map((name) => named(name, choice.dataset))], body));
  drawGroups(rows);
}

// The value of a group, its interval, and how far it is from everybody else.
function groupCell(row) {
  if (!row) return ["–", { class: "none" }];
  const sure = row.difference_low !== null && (row.difference_low > 0 || row.difference_high < 0);
  const some = row.counted < row.asked ? `${row.counted} count${row.counted < data.small ? ", small" : ""}` : "";
  const away = make("span", { class: "difference" }, make("span", { class: sure && "sure" }, signed(row.difference)),
    row.difference_low === null ? "" : ` (${through(row.difference_low, row.difference_high, signed)})`);
  return make("span", {}, number(row.value), make("small", {}, [span(row.low, row.high), some].filter(Boolean).join(", ")), away);
}
