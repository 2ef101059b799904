"""The leaderboard: a table per dataset, a row per scenario and solver."""

from __future__ import annotations

__all__ = ["FORMATS", "Leaderboard"]

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from tabulate import tabulate

from recourse_arena.problem.errors import ArenaError
from recourse_arena.reporting.alarms import alarm_text
from recourse_arena.reporting.incomparable import refuse_incomparable
from recourse_arena.reporting.result import Result

FORMATS = ("table", "md", "html", "csv", "json")

_COLUMNS = (
    "coverage",
    "validity",
    "plausibility",
    "attainability",
    "cost_mean",
    "cost_sd",
    "optimality_gap",
    "optimality_people",
    "hap",
    "violations",
    "actions_mean",
    "fit_seconds",
)
_CERTIFIED = ("optimality_gap", "optimality_people")
"""Columns shown where an optimum was certified."""


@dataclass(frozen=True)
class Leaderboard:
    """Rows of one or several runs, averaged over seeds.

    Arguments:
        rows: A row per dataset, scenario and solver: `seeds`, `people`, every metric, `ms_per_person`, `note`.
        metrics: Declaration of each metric.
        solvers: What each solver declares.
        runs: The records of the runs.
    """

    rows: pd.DataFrame
    metrics: list[dict[str, str]]
    solvers: dict[str, dict[str, Any]]
    runs: list[dict[str, Any]]

    @classmethod
    def of(cls, results: Sequence[Result], *, mix: bool = False) -> Leaderboard:
        """Return the leaderboard of runs; `mix` also takes runs that are not comparable.

        Raises:
            ArenaError: If the runs cannot be compared, with the reason.
        """
        if not results:
            raise ArenaError("a leaderboard needs at least one run folder")
        if not mix:
            refuse_incomparable(results)
        summary = pd.concat([_noted(result) for result in results], ignore_index=True)
        keys = ["dataset", "scenario", "solver"]
        twice = summary[summary.duplicated([*keys, "seed"])]
        if len(twice):
            row = twice.iloc[0]
            raise ArenaError(
                f"two runs hold {row['solver']} under {row['scenario']} on {row['dataset']}, seed {row['seed']}"
            )
        metrics = {metric["name"]: metric for result in results for metric in result.info["metrics"]}
        values = [name for name in metrics if name in summary]
        groups = summary.groupby(keys, sort=False)
        rows = groups[values].mean()
        rows["people"] = groups["people"].sum()
        rows["seeds"] = groups.size()
        if "optimality_people" in rows:
            rows["optimality_people"] = groups["optimality_people"].sum(min_count=1)
        rows["ms_per_person"] = 1000 * groups["solve_seconds"].sum() / rows["people"].where(rows["people"] > 0)
        rows["note"] = groups["note"].agg(lambda notes: "; ".join(dict.fromkeys(note for note in notes if note)))
        solvers = {name: solver for result in results for name, solver in result.info["solvers"].items()}
        return cls(_ordered(rows.reset_index()), list(metrics.values()), solvers, [r.info for r in results])

    def render(self, form: str) -> str:
        """Return it in one of :data:`FORMATS`."""
        return {
            "table": self.text,
            "md": self.markdown,
            "html": self.page,
            "csv": self.csv,
            "json": self.json,
        }[form]()

    def text(self) -> str:
        """Return it for a terminal."""
        parts = [f"{title}\n{table}" for title, table in self._tables("simple", once=True)]
        return "\n\n".join(part for part in [*parts, self._notes(), *self.alarms(), self._legend()] if part)

    def markdown(self) -> str:
        """Return it in Markdown."""
        parts = [f"### {title}\n\n{table}" for title, table in self._tables("github")]
        return "\n\n".join(part for part in [*parts, self._notes(), *self.alarms(), self._legend()] if part) + "\n"

    def fragment(self) -> str:
        """Return it as HTML tables, names escaped, for a notebook."""
        from html import escape

        parts = [f"<h3>{escape(title)}</h3>\n{table}" for title, table in self._tables("html")]
        alarms = [f"<p><strong>{escape(alarm)}</strong></p>" for alarm in self.alarms()]
        return "\n".join([*parts, *alarms])

    def page(self) -> str:
        """Return it as one self-contained HTML page."""
        from recourse_arena.reporting.page import page

        return page(self)

    def csv(self) -> str:
        """Return its rows as CSV."""
        return self.rows.to_csv(index=False, float_format="%.6g")

    def json(self) -> str:
        """Return rows and metric declarations as JSON."""
        rows = json.loads(self.rows.to_json(orient="records", double_precision=6))
        alarms = [alarm for run in self.runs for alarm in run.get("alarms", [])]
        return json.dumps({"metrics": self.metrics, "solvers": self.solvers, "alarms": alarms, "rows": rows}, indent=1)

    def alarms(self) -> list[str]:
        """Return what contradicts a proof of an exact solver, a line each."""
        return [alarm_text(alarm) for run in self.runs for alarm in run.get("alarms", [])]

    def headings(self) -> dict[str, str]:
        """Return the table's columns and their headings; an arrow says which way is better."""
        arrows = {"higher": " ↑", "lower": " ↓", "none": ""}
        found = {m["name"]: m["title"] + arrows[m["direction"]] for m in self.metrics}
        certified = "optimality_gap" in self.rows and bool(self.rows["optimality_gap"].notna().any())
        shown = {name: found[name] for name in _COLUMNS if name in found and (certified or name not in _CERTIFIED)}
        extra = {} if "ms_per_person" not in self.rows else {"ms_per_person": "ms each ↓"}
        return {"scenario": "scenario", "solver": "solver", "people": "people", **shown, **extra}

    def cells(self, rows: pd.DataFrame, *, once: bool = False) -> list[list[str]]:
        """Return the values of some rows as words; undefined ones are a dash.

        With `once`, a scenario is named in its first row only.
        """
        words = [[_word(name, row[name]) for name in self.headings()] for _, row in rows.iterrows()]
        named = [row[0] for row in words]
        for row, before in zip(words[1:], named, strict=False):
            if once and row[0] == before:
                row[0] = ""
        return words

    def datasets(self) -> list[tuple[str, pd.DataFrame]]:
        """Return each dataset's title and rows."""
        found = []
        for name, rows in self.rows.groupby("dataset", sort=False):
            seeds = int(rows["seeds"].max())
            found.append((f"{name} ({seeds} seed{'s' if seeds > 1 else ''})", rows))
        return found

    def _tables(self, form: str, *, once: bool = False) -> list[tuple[str, str]]:
        headings = self.headings()
        align = ["left", "left", *["right"] * (len(headings) - 2)]
        return [
            (
                title,
                tabulate(
                    self.cells(rows, once=once), list(headings.values()), form, disable_numparse=True, colalign=align
                ),
            )
            for title, rows in self.datasets()
        ]

    def _notes(self) -> str:
        noted = self.rows[self.rows["note"] != ""]
        lines: dict[tuple[str, str], list[str]] = {}
        for _, row in noted.iterrows():
            lines.setdefault((row["dataset"], row["note"]), []).append(row["solver"])
        return "\n".join(
            f"{dataset}: {', '.join(dict.fromkeys(solvers))}: {note}" for (dataset, note), solvers in lines.items()
        )

    def _legend(self) -> str:
        knows = [f"{name}: {', '.join(s['knows']) or 'decisions only'}" for name, s in self.solvers.items()]
        return "What solvers may know: " + "; ".join(knows) + "."


def _noted(result: Result) -> pd.DataFrame:
    """Return a run's summary with the reason of cells that failed or were skipped."""
    reasons = {
        (
            cell["dataset"],
            cell["scenario"],
            cell["solver"],
            cell["seed"],
        ): f"{cell['outcome']}: {cell['reason']}"
        for cell in result.info["cells"]
        if cell.get("reason")
    }
    summary = result.summary.copy()
    keys = summary[["dataset", "scenario", "solver", "seed"]].itertuples(index=False, name=None)
    summary["note"] = [reasons.get(key, "") for key in keys]
    return summary


def _ordered(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep datasets and scenarios as planned; within one, most attainable first."""
    place = {key: i for i, key in enumerate(dict.fromkeys(zip(rows["dataset"], rows["scenario"], strict=True)))}
    rows["_place"] = [place[key] for key in zip(rows["dataset"], rows["scenario"], strict=True)]
    by = ["_place", *(["attainability"] if "attainability" in rows else [])]
    rows = rows.sort_values(by, ascending=[True, False][: len(by)], kind="stable", na_position="last")
    return rows.drop(columns="_place").reset_index(drop=True)


def _word(name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if pd.isna(value):
        return "-"
    if name in ("people", "seeds", "optimality_people"):
        return str(int(value))
    if name == "ms_per_person":
        return f"{value:.3g}"
    return f"{value:.1f}" if name in ("fit_seconds", "solve_seconds") else f"{value:.3f}"
