"""The leaderboard: a table per dataset, a row per scenario and solver."""

from __future__ import annotations

__all__ = ["Leaderboard"]

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from typing import Any

import numpy as np
import pandas as pd
from tabulate import tabulate

from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import plain
from recourse_arena.reporting.leaderboard.alarms import alarm_text
from recourse_arena.reporting.leaderboard.best import Key, best, shown_number
from recourse_arena.reporting.leaderboard.board_rows import noted, ordered, rows_of
from recourse_arena.reporting.leaderboard.escaping import csv_safe, for_markdown
from recourse_arena.reporting.leaderboard.group_table import by_group
from recourse_arena.reporting.leaderboard.ranking import Rankings, in_words, places, rankings, ruler_warnings
from recourse_arena.reporting.leaderboard.standings import METHOD, Standing, Standings, standings
from recourse_arena.reporting.leaderboard.worlds import worlds_in_words
from recourse_arena.reporting.results.comparability import beside_each_other, refuse_incomparable
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.reporting.results.lasts import LASTS, lasts_of
from recourse_arena.reporting.results.people_by_cell import PeopleByCell, panels
from recourse_arena.storage.run_files import RunFiles

_COLUMNS = (
    "coverage",
    "validity",
    "plausibility",
    "attainability",
    "lasts",
    "attainability_truth",
    "attainability_heldout",
    "ruler_gap",
    "redrawn",
    "cost_mean",
    "cost_sd",
    "optimality_gap",
    "optimality_people",
    "hap",
    "violations",
    "actions_mean",
    "fit_seconds",
)
_FORMS: Mapping[str, tuple[Callable[[object], str], str]] = {
    "simple": (plain, "*{}"),
    "github": (for_markdown, "**{}**"),
    "unsafehtml": (lambda text: escape(str(text)), "<strong>{}</strong>"),
}
"""How words are written in each form of a table, and what is best."""
_CERTIFIED = ("optimality_gap", "optimality_people")
"""Columns shown where an optimum was certified."""
_TALKED = ("accepted", "possible", "accepted_possible", "rounds", "questions", "regret")
_WHERE_KNOWN = ("lasts", "attainability_truth", "attainability_heldout", "ruler_gap", "redrawn", *_TALKED)
"""Columns shown where somebody has a value."""


@dataclass(frozen=True)
class Leaderboard:
    """Rows of one or several runs, averaged over seeds.

    Arguments:
        rows: A row per dataset, scenario and solver: `seeds` that it solved, `seeds_failed`, `people`, every metric,
            `ms_per_person`, `note`, and `run`, which runs it comes from.
        metrics: Declaration of each metric.
        solvers: What each solver declares.
        runs: The records of the runs.
        names: A short name for each run: that of its folder, no two alike.
        results: The runs.
        validation: Rows of scenarios that ask validation people: settings are chosen by them, and they rank nobody.
        lasting: Under which changes advice lasts, where a run knows, a line each.
    """

    rows: pd.DataFrame
    metrics: list[dict[str, str]]
    solvers: dict[str, dict[str, Any]]
    runs: list[dict[str, Any]]
    names: list[str]
    results: Sequence[RunFiles] = field(repr=False)
    validation: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    lasting: Sequence[str] = ()

    @classmethod
    def of(cls, results: Sequence[RunFiles], *, mix: bool = False) -> Leaderboard:
        """Return the leaderboard of runs; `mix` also takes runs that are not comparable.

        A solver of which several runs hold a cell has a row for each of them, named by the folder of the run: before
        and after, with their ranks beside each other.

        Raises:
            ArenaError: If the runs cannot be compared, with the reason.
        """
        if not results:
            raise ArenaError("a leaderboard needs at least one run folder")
        names = _names(results)
        results = beside_each_other(results, names)
        if not mix:
            refuse_incomparable(results)
        summary = pd.concat(
            [noted(result).assign(run=name) for result, name in zip(results, names, strict=True)], ignore_index=True
        )
        metrics = {metric["name"]: metric for result in results for metric in result.info["metrics"]}
        asked = summary["scenario"].map(asks_validation).astype(bool)
        parts = [rows_of(summary[part], metrics) for part in (~asked, asked)]
        lasts = lasts_of(results)
        if lasts.shares and "lasts" not in metrics:
            metrics["lasts"] = dict(LASTS)
            parts = [part.assign(lasts=lasts.column(part)) for part in parts]
        solvers = {name: solver for result in results for name, solver in result.info["solvers"].items()}
        by_name = {name: result.info for name, result in zip(names, results, strict=True)}
        rows, validation = (ordered(part, by_name) for part in parts)
        infos = [result.info for result in results]
        return cls(rows, [*metrics.values()], solvers, infos, names, results, validation, lasts.in_words())

    @cached_property
    def panels(self) -> dict[str, PeopleByCell]:
        """The people of each dataset, where the runs kept them."""
        return panels(self.results)

    @cached_property
    def standings(self) -> Standings:
        """Intervals, ranks and pairwise comparisons."""
        failed = self.rows[self.rows["seeds_failed"] > 0]
        out = zip(failed["dataset"], failed["scenario"], failed["solver"], strict=True)
        return standings(self.panels, self.metrics, unranked=frozenset(out))

    @cached_property
    def ranked_by(self) -> Rankings:
        """Which metrics rank the solvers of each dataset and scenario."""
        return rankings(self.rows, self._by_name)

    @property
    def _by_name(self) -> dict[str, dict[str, Any]]:
        return dict(zip(self.names, self.runs, strict=True))

    @cached_property
    def best(self) -> frozenset[Key]:
        """The values that are bold."""
        return best(self.rows, self.standings.cells, self.metrics)

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """Every metric by sensitive attribute and intersection.

        Recourse anew under changed decision models is left out where recourse under today's is there: groups are
        compared under the model that decides.
        """
        said = [made for run in self.runs for made in run.get("materials", [])]
        changed = {str(made.get("dataset")) for made in said if made.get("change")}
        asked = {name: panel for name, panel in self.panels.items() if name not in changed}
        return by_group(asked or self.panels, self.metrics)

    def text(self) -> str:
        """Return it for a terminal."""
        return self._with_notes((f"{plain(t)}\n{table}" for t, table in self._tables("simple", once=True)), plain)

    def markdown(self) -> str:
        """Return it in Markdown."""
        tables = (f"### {for_markdown(title)}\n\n{table}" for title, table in self._tables("github"))
        return self._with_notes(tables, for_markdown) + "\n"

    def fragment(self) -> str:
        """Return it as HTML tables, names escaped, for a notebook."""
        parts = [f"<h3>{escape(title)}</h3>\n{table}" for title, table in self._tables("unsafehtml")]
        alarms = [f"<p><strong>{escape(line)}</strong></p>" for line in [*self.alarms(), *self.warnings()]]
        alarms += [f"<p>{escape(line)}</p>" for line in self.ranked_in_words()]
        return "\n".join([*parts, *alarms])

    def csv(self) -> str:
        """Return its rows as CSV, with intervals and ranks where there are any; validation people are not in it."""
        return csv_safe(self.table()).to_csv(index=False, float_format="%.6g")

    def json(self) -> str:
        """Return rows, pairwise comparisons and metric declarations as JSON."""
        rows, pairs = _as_json(self.table()), _as_json(self.standings.pairs)
        alarms = [alarm for run in self.runs for alarm in run.get("alarms", [])]
        head = {"metrics": self.metrics, "solvers": self.solvers, "alarms": alarms, "method": METHOD}
        head["warnings"] = self.warnings()
        beside = {"validation_rows": _as_json(self.validation)} if len(self.validation) else {}
        return json.dumps({**head, "rows": rows, "pairs": pairs, **beside}, indent=1)

    def table(self) -> pd.DataFrame:
        """Return its rows, beside them `ranked_by`, `METRIC_low`, `METRIC_high`, `METRIC_rank`, `METRIC_rank_last`."""
        wide = self.standings.wide()
        where = zip(self.rows["dataset"], self.rows["scenario"], strict=True)
        rows = self.rows.assign(ranked_by=[", ".join(self.ranked_by.get(key, ())) for key in where])
        return rows.merge(wide, "left", ["dataset", "scenario", "solver"]) if len(wide) else rows

    def ranked(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        """Return rank (`1-2 of 7`) and interval of attainability of each dataset, scenario and solver.

        Ranks are by what :attr:`ranked_by` says.
        """
        return self._ranked

    @cached_property
    def _ranked(self) -> dict[tuple[str, str, str], tuple[str, str]]:
        place, standing = places(self.standings, self.ranked_by), self.standings.by_cell()
        none = Standing(np.nan, np.nan, 0, np.nan, np.nan, 0)
        found = {key: standing[key].get("attainability", none) for key in place}
        return {key: (place[key], f"{found[key].low:.3f} to {found[key].high:.3f}") for key in place}

    def ranked_in_words(self) -> list[str]:
        """Return what ranks the solvers of each dataset, a line each."""
        titles = {metric["name"]: metric["title"] for metric in self.metrics}
        return in_words(self.ranked_by, titles, self.runs)

    def warnings(self) -> list[str]:
        """Return whose attainability is to a good part that of the ruler which solvers were handed, a line each."""
        return ruler_warnings(self.standings, self.rows, self._by_name)

    def alarms(self) -> list[str]:
        """Return what contradicts a proof of an exact solver, a line each."""
        return [alarm_text(alarm) for run in self.runs for alarm in run.get("alarms", [])]

    def headings(self) -> dict[str, str]:
        """Return the table's columns and their headings; an arrow says which way is better."""
        arrows = {"higher": " ↑", "lower": " ↓", "none": ""}
        found = {m["name"]: m["title"] + arrows[m["direction"]] for m in self.metrics}
        certified = "optimality_gap" in self.rows and bool(self.rows["optimality_gap"].notna().any())
        wanted = [*_COLUMNS, *(m["name"] for m in self.metrics if m.get("shown") and m["name"] not in _COLUMNS)]
        hidden = {name for name in _WHERE_KNOWN if name in self.rows and not self.rows[name].notna().any()}
        hidden |= set() if certified else set(_CERTIFIED)
        shown = {name: found[name] for name in wanted if name in found and name not in hidden}
        headings = {"scenario": "scenario", "rank": "rank", "solver": "solver", "people": "people"}
        for name, heading in shown.items():
            headings[name] = heading
            if name == "attainability":
                headings["interval"] = "95 %"
        if not self.ranked():
            headings = {name: heading for name, heading in headings.items() if name not in ("rank", "interval")}
        run = {"run": "run"} if len(self.runs) > 1 else {}
        return {**headings, "ms_per_person": "ms each ↓", **run}

    def cells(
        self, rows: pd.DataFrame, *, once: bool = False, form: str = "simple", headings: Mapping[str, str] | None = None
    ) -> list[list[str]]:
        """Return the values of some rows as words; undefined ones are a dash, the best ones are marked.

        With `once`, a scenario is named in its first row only. `form` is that of tabulate; `headings` are the columns,
        by default all.
        """
        ranked, words = self.ranked(), []
        headings = self.headings() if headings is None else headings
        write, mark = _FORMS[form]
        for row in rows.to_dict("records"):
            key = (row["dataset"], row["scenario"], row["solver"])
            rank, interval = ranked.get(key, ("-", "-"))
            known = {**row, "rank": rank, "interval": interval}
            said = {str(name): _word(str(name), known[name]) for name in headings}
            words.append([mark.format(w) if (*key, name) in self.best else write(w) for name, w in said.items()])
        named = [line[0] for line in words]
        for line, before in zip(words[1:], named, strict=False):
            if once and line[0] == before:
                line[0] = ""
        return words

    def datasets(self) -> list[tuple[str, pd.DataFrame]]:
        """Return each dataset's title and rows."""
        found = []
        for name, rows in self.rows.groupby("dataset", sort=False):
            seeds = int((rows["seeds"] + rows["seeds_failed"]).max())
            found.append((f"{name} ({seeds} seed{'s' if seeds > 1 else ''})", rows))
        return found

    def by_validation(self) -> list[tuple[str, pd.DataFrame]]:
        """Return title and rows of validation people for each dataset that has some."""
        groups = self.validation.groupby("dataset", sort=False) if len(self.validation) else ()
        return [(f"{name}: validation people: settings are chosen by them, and they rank nobody", rows) for name, rows
                in groups]  # fmt: skip

    def _tables(self, form: str, *, once: bool = False) -> list[tuple[str, str]]:
        beside = {name: head for name, head in self.headings().items() if name not in ("rank", "interval")}
        kinds = ((self.datasets(), self.headings()), (self.by_validation(), beside))
        return [
            (title, self._table(rows, headings, form, once=once)) for parts, headings in kinds for title, rows in parts
        ]

    def _table(self, rows: pd.DataFrame, headings: Mapping[str, str], form: str, *, once: bool) -> str:
        align = ["left" if name in ("scenario", "solver", "run") else "right" for name in headings]
        return tabulate(
            self.cells(rows, once=once, form=form, headings=headings),
            [_FORMS[form][0](heading) for heading in headings.values()],
            form,
            disable_numparse=True,
            colalign=align,
        )

    def _with_notes(self, tables: Iterable[str], write: Callable[[object], str]) -> str:
        """Return tables and what is said below them, each line of it written as the form takes text."""
        ranked = "\n".join(self.ranked_in_words()) if self.ranked() else ""
        beside = [ranked, "\n".join(self.lasting), self._worlds(), self._legend(), self._method()]
        said = [self._notes(), *self.alarms(), *self.warnings(), *beside]
        parts = [*tables, *("\n".join(map(write, part.split("\n"))) for part in said)]
        return "\n\n".join(part for part in parts if part)

    def _notes(self) -> str:
        lines: dict[tuple[str, str], list[str]] = {}
        every = [row for rows in (self.rows, self.validation) if len(rows) for _, row in rows.iterrows()]
        for row in (row for row in every if row["note"]):
            lines.setdefault((plain(row["dataset"]), plain(row["note"])), []).append(plain(row["solver"]))
        return "\n".join(
            f"{dataset}: {', '.join(dict.fromkeys(solvers))}: {note}" for (dataset, note), solvers in lines.items()
        )

    def _worlds(self) -> str:
        worlds = worlds_in_words(self.runs)
        return "\n".join(f"{name}: {worlds[name]}." for name in dict.fromkeys(self.rows["dataset"]) if name in worlds)

    def _legend(self) -> str:
        knows = [f"{name}: {', '.join(s['knows']) or 'decisions only'}" for name, s in self.solvers.items()]
        return "What solvers may know: " + "; ".join(knows) + "."

    def _method(self) -> str:
        runs = [f"{name} ({_when(run)})" for name, run in zip(self.names, self.runs, strict=True)]
        sources = f"Runs: {'; '.join(runs)}." if len(runs) > 1 else ""
        return "\n\n".join(part for part in (sources, METHOD if self.ranked() else "") if part)


def _as_json(table: pd.DataFrame) -> list[dict[str, Any]]:
    return list(json.loads(table.to_json(orient="records", double_precision=6)))


def _names(results: Sequence[RunFiles]) -> list[str]:
    """Return a short name for each run: that of its folder, no two alike."""
    names: list[str] = []
    for result in results:
        name = (result.path.resolve().name if result.path is not None else "") or str(result.info["suite"]["name"])
        tries = [name, *(f"{name} ({i})" for i in range(2, len(results) + 2))]
        names.append(next(name for name in tries if name not in names))
    return names


def _when(run: dict[str, Any]) -> str:
    """Return suite, time and machine of a run in words."""
    provenance = run["provenance"]
    parts = [f"suite {run['suite']['name']}", provenance.get("started"), provenance.get("processor")]
    return ", ".join(str(part) for part in parts if part)


def _word(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "-"
    if name in ("people", "seeds", "optimality_people"):
        return str(int(value))
    if name == "ms_per_person":
        return f"{value:.3g}"
    return f"{value:.1f}" if name in ("fit_seconds", "solve_seconds") else shown_number(value)
