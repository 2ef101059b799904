"""The rows of a leaderboard: cells averaged over seeds, the best first."""

from __future__ import annotations

__all__ = ["noted", "ordered", "rows_of"]

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.leaderboard.ranking import rankings
from recourse_arena.storage.run_files import RunFiles


def rows_of(summary: pd.DataFrame, metrics: Collection[str]) -> pd.DataFrame:
    """Return a row per dataset, scenario and solver: `seeds`, `seeds_failed`, `people`, metrics, times, notes, runs.

    Arguments:
        summary: A row per cell of all runs, with `note` and `run`.
        metrics: Names of the metrics.
    """
    if summary.empty:
        return summary.assign(seeds=0, seeds_failed=0, ms_per_person=0.0)
    groups = summary.groupby(["dataset", "scenario", "solver"], sort=False, dropna=False)
    rows = groups[[name for name in metrics if name in summary]].mean()
    rows["people"] = groups["people"].sum()
    tried, solved = (groups["outcome"].agg(count) for count in (_tried, _solved))
    rows["seeds"] = solved
    rows["seeds_failed"] = tried - solved
    if "optimality_people" in rows:
        rows["optimality_people"] = groups["optimality_people"].sum(min_count=1)
    rows["ms_per_person"] = 1000 * groups["solve_seconds"].sum() / rows["people"].where(rows["people"] > 0)
    for word in ("note", "run"):
        rows[word] = groups[word].agg(lambda words: "; ".join(dict.fromkeys(filter(None, words))))
    part = (rows["seeds"] > 0) & (rows["seeds_failed"] > 0)
    said = [f"solved {s} of {t} seeds, so it has no rank" for s, t in zip(solved[part], tried[part], strict=True)]
    rows.loc[part, "note"] = [f"{a}; {b}" for a, b in zip(said, rows.loc[part, "note"], strict=True)]
    return rows.reset_index()


def _tried(outcomes: pd.Series) -> int:
    """Return how many cells were not skipped."""
    return int((outcomes != Outcome.SKIPPED).sum())


def _solved(outcomes: pd.Series) -> int:
    """Return how many cells have people."""
    return int((outcomes == Outcome.SOLVED).sum())


def noted(result: RunFiles) -> pd.DataFrame:
    """Return a run's summary with why cells failed or were skipped, and what else their solvers did wrong."""
    notes = {
        (cell["dataset"], cell["scenario"], cell["solver"], cell["seed"]): _note(cell) for cell in result.info["cells"]
    }
    summary = result.summary.copy()
    keys = summary[["dataset", "scenario", "solver", "seed"]].itertuples(index=False, name=None)
    summary["note"] = [notes.get(key, "") for key in keys]
    return summary


def _note(cell: Mapping[str, Any]) -> str:
    reasons = [f"{cell['outcome']}: {cell['reason']}"] if cell.get("reason") else []
    return "; ".join([*reasons, *(str(note["text"]) for note in cell.get("notes", []))])


def ordered(rows: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Return rows with datasets and scenarios as planned; within one, the best by what ranks there first."""
    ranked = rankings(rows, runs)
    place = {key: i for i, key in enumerate(dict.fromkeys(zip(rows["dataset"], rows["scenario"], strict=True)))}
    rows["_place"] = [place[key] for key in zip(rows["dataset"], rows["scenario"], strict=True)]
    for step in range(2):
        metrics = [ranked[key][step : step + 1] for key in zip(rows["dataset"], rows["scenario"], strict=True)]
        values = [row[by[0]] if by else 0.0 for (_, row), by in zip(rows.iterrows(), metrics, strict=True)]
        rows[f"_by_{step}"] = values if step else [-value for value in values]
    rows = rows.sort_values(["_place", "_by_0", "_by_1"], kind="stable", na_position="last")
    return rows.drop(columns=["_place", "_by_0", "_by_1"]).reset_index(drop=True)
