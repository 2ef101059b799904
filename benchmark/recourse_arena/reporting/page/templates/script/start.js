// Downloads, and the first picture.
function download(name, text) {
  const link = make("a", { href: URL.createObjectURL(new Blob([text], { type: "text/csv" })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function csv(rows) {
  const cell = (value) => {
    const words = value === null || value === undefined ? "" : String(value);
    const text = typeof value === "string" && /^[=+\-@\t\r]/.test(words) ? `'${words}` : words; // no formula of a spreadsheet
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const names = Object.keys(rows[0] ?? {});
  return [names, ...rows.map((row) => names.map((name) => row[name]))].map((row) => row.map(cell).join(",")).join("\n");
}

function showAll() {
  showStandings(); showPairs(); showOverview(); showOutcomes(); showGroups(); showPlots(); idle(drawRest);
}

if (data.datasets.length) {
  document.documentElement.classList.add("scripted");
  byId("choice").hidden = false;
  readAddress();
  prepareHeads();
  listen();
  change({ scenario: choice.scenario });
  showChoice();
  showAll();
  changes.push((what) => ("by" in what || "way" in what ? (showStandings(), showPairs()) : "overview" in what ? showOverview()
    : "attribute" in what || "group" in what ? showGroups() : "family" in what ? window.vegaEmbed && showFeatures() : showAll()));
  changes.push(() => idle(drawRest));
  addEventListener("hashchange", () => { readAddress(); showChoice(); showAll(); });
  const redraw = () => { showPlots(); showGroups(); idle(drawRest); };
  addEventListener("DOMContentLoaded", redraw);
  dark.addEventListener("change", () => { redraw(); if (unfolded) for (const box of drawn.keys()) draw(box); });
  byId("download-rows").addEventListener("click", () => download("leaderboard.csv", data.csv));
  byId("download-pairs").addEventListener("click", () => download("pairs.csv", csv(pairs)));
  byId("download-groups").addEventListener("click", () => download("groups.csv", csv(groups)));
}
