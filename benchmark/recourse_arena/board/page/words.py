"""What the page and the texts of a board say of each solver and contest, in the same words."""

from __future__ import annotations

__all__ = ["Line", "contest_lines", "interval", "solver_lines", "trouble_lines"]

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from recourse_arena.board.page.badges import badges_of, times_in_words
from recourse_arena.board.summary.contests import Contest
from recourse_arena.board.summary.history import place_in_words
from recourse_arena.board.summary.summary import Summary
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.leaderboard.best import shown_number

_TO = "\N{EN DASH}"


@dataclass(frozen=True)
class Line:
    """A row of a table.

    Arguments:
        name: The solver, as the board calls it.
        pool: Its pool.
        words: What stands in each column.
        values: What each column is sorted by, none where there is nothing.
        more: Whatever else is shown of it.
    """

    name: str
    pool: str
    words: dict[str, str]
    values: dict[str, float | None]
    more: dict[str, Any]


def interval(low: float, high: float, decimals: int = 1) -> str:
    """Return an interval; nothing without ends.

    Example:
        >>> interval(1, 2.25), interval(float("nan"), 2)
        ('1.0–2.2', '')
    """
    return "" if low != low or high != high else f"{low:.{decimals}f}{_TO}{high:.{decimals}f}"


def solver_lines(summary: Summary) -> list[Line]:
    """Return a line a solver, over all contests."""
    contests = len(summary.contests)
    return [
        _solver(str(name), row, contests)
        for name, row in zip(summary.solvers.index, _records(summary.solvers), strict=True)
    ]


def _solver(name: str, row: dict[str, Any], contests: int) -> Line:
    ranked = row["mean"] == row["mean"]
    words = {
        "cells": f"{row['solved']} of {row['cells']}",
        "mean": f"{row['mean']:.1f} of {row['of']:.0f}" if ranked else "-",
        "mean_interval": interval(row["mean_low"], row["mean_high"]),
        "next": f"{row['next_low']:.0f}{_TO}{row['next_high']:.0f}" if ranked else "-",
        "pool_mean": f"{row['pool_mean']:.1f} of {row['pool_of']:.0f}" if row["pool_mean"] == row["pool_mean"] else "-",
        "pool_interval": interval(row["pool_mean_low"], row["pool_mean_high"]),
        "attainability": shown_number(row["attainability"]) if row["attainability"] == row["attainability"] else "-",
        "cost_mean": times_in_words(row["cost_mean"]),
        "ms": times_in_words(row["ms"]),
        "frontier": f"{row['on_frontier']} of {row['common']}",
        "duels": f"{row['wins']} / {row['losses']} / {row['ties']}",
    }
    numbers = ("mean", "pool_mean", "attainability", "cost_mean", "ms")
    values = {
        **{key: _known(row[key]) for key in numbers},
        "cells": float(row["solved"]),
        "next": _known(row["next_high"]),
        "frontier": float(row["on_frontier"]),
        "duels": float(row["wins"] - row["losses"]),
    }
    lost = [f"{row[key]} {key}" for key in ("failed", "skipped") if row[key]]
    partial = f"ranked on {row['contests']} of {contests} contests" if row["contests"] < contests else ""
    said = [f"version {row['version']}"] if row["version"] else []
    said += [f"entry {row['entry']}"] if row["entry"] not in name else []
    more = {
        "said": ", ".join(said),
        "badges": badges_of(row),
        "notes": [*lost, *([partial] if partial else [])],
        "unbeaten": row["frontier"] is not pd.NA and bool(row["frontier"]),
        "beaten_by": row["beaten_by"],
    }
    return Line(name, row["pool"], words, values, more)


def contest_lines(contest: Contest) -> list[Line]:
    """Return a line a solver of a contest, those with a rank first."""
    table = contest.table.assign(shown=contest.table.index)
    keys = ["first", "last", "shown"]
    table = table.sort_values(keys, kind="stable", na_position="last")
    return [_of_contest(row, contest.metric) for row in _records(table)]


def _of_contest(row: dict[str, Any], metric: str) -> Line:
    names = ("attainability", "validity", "coverage", "cost_mean")
    words = {name: shown_number(row[name]) if row[name] == row[name] else "-" for name in names}
    words["ms"] = f"{row['ms']:.3g}" if row["ms"] == row["ms"] else "-"
    words["rank"] = place_in_words(row["first"], row["last"], row["of"]).replace("none", "-")
    words["pool_rank"] = place_in_words(row["pool_first"], row["pool_last"], row["pool_of"]).replace("none", "-")
    words["seeds"] = f"{row['solved']} of {row['seeds']}"
    words["people"] = f"{row['people']:.0f}"
    by = row[metric] if metric else float("nan")
    words["by"] = shown_number(by) if by == by else "-"
    values = {name: _known(row[name]) for name in (*names, "ms", "people")}
    values |= {"rank": _known(row["first"]), "pool_rank": _known(row["pool_first"]), "seeds": float(row["solved"])}
    values["by"] = _known(by)
    ended = "" if row["solved"] else (row["reason"] or ("skipped" if row["skipped"] else "failed"))
    frontier = row["frontier"] is not pd.NA and bool(row["frontier"])
    return Line(row["shown"], row["pool"], words, values, {"frontier": frontier, "ended": ended})


def trouble_lines(summary: Summary) -> Iterator[tuple[str, str, str, list[str]]]:
    """Yield what has no people: solver, how it ended, why, and in which cells."""
    rows = summary.rows[summary.rows["outcome"] != Outcome.SOLVED] if len(summary.rows) else summary.rows
    for (name, outcome, reason), some in rows.groupby(["name", "outcome", "reason"], sort=True):
        cells = (some["dataset"] + ", " + some["scenario"] + ", seed " + some["seed"].astype(str)).tolist()
        yield str(name), str(outcome), str(reason) or "no reason given", cells


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in table.to_dict("records")]


def _known(value: Any) -> float | None:
    return None if pd.isna(value) else float(value)
