"""All that a board says of its solvers, side by side: nothing is added up to one score."""

from __future__ import annotations

__all__ = ["Summary", "summarise"]

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.board.summary.common_ground import overall_frontier
from recourse_arena.board.summary.contests import Contest, contests
from recourse_arena.board.summary.pools import POOLS
from recourse_arena.board.summary.unseen import mean_interval, prediction, stretched
from recourse_arena.problem.outcome import Outcome


@dataclass(frozen=True)
class Summary:
    """What a board says.

    Arguments:
        rows: The board's table.
        contests: What there is of each dataset and scenario.
        solvers: A row per solver, by the name shown: `entry`, `solver`, `version`, `pool`, `knows`, `suite`,
            `protocol`; how many cells it has and how they ended (`cells`, `solved`, `failed`, `skipped`); `contests`
            (those in which it has a rank); its mean rank with an interval and the ranks predicted in an unseen
            scenario (`mean`, `mean_low`, `mean_high`, `next_low`, `next_high`, of `of`; the same among its pool with
            `pool_` before it); over all contests `frontier`, `beaten_by`, `attainability`, `cost_mean`, `ms`,
            `common`, and on how many `on_frontier`; `wins`, `losses` and `ties` over contests and opponents; and by
            badge the share of what it solved.
        duels: A row per pair that met: `first`, `second`, `wins` (contests in which the first is better beyond doubt),
            `losses`, `ties`.
    """

    rows: pd.DataFrame
    contests: Sequence[Contest]
    solvers: pd.DataFrame
    duels: pd.DataFrame


def summarise(rows: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]] | None = None) -> Summary:
    """Return what a board says; the same for the same rows, whatever was on the board before.

    Arguments:
        rows: The board's table, as :func:`~recourse_arena.board.summary.rows.board_rows` returns it.
        runs: The entries' own records, by digest.
    """
    found = contests(rows, runs)
    solvers = _who(rows)
    duels = _duels(found)
    for prefix in ("", "pool_"):
        solvers = solvers.join(_rank_table(solvers, found, prefix))
    solvers = solvers.join(overall_frontier(list(solvers.index), found))
    counts = Counter(name for contest in found for name in contest.table.index[contest.table["frontier"].fillna(False)])
    solvers["on_frontier"] = [counts[name] for name in solvers.index]
    for name, first, second in (("wins", "wins", "losses"), ("losses", "losses", "wins"), ("ties", "ties", "ties")):
        given = duels.groupby("first")[first].sum().add(duels.groupby("second")[second].sum(), fill_value=0)
        solvers[name] = given.reindex(solvers.index).fillna(0).astype(int)
    order = solvers.assign(_pool=[POOLS.index(pool) for pool in solvers["pool"]], _name=solvers.index)
    order = order.sort_values(["mean", "_pool", "_name"], kind="stable", na_position="last")
    return Summary(rows, found, order.drop(columns=["_pool", "_name"]), duels)


def _who(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows.assign(
        solved=(rows["outcome"] == Outcome.SOLVED).astype(int), skipped=(rows["outcome"] == Outcome.SKIPPED).astype(int)
    )
    groups = rows.groupby("name", sort=True)
    facts = ["entry", "digest", "solver", "version", "pool", "knows", "suite", "protocol"]
    table = groups[facts].first()
    table["cells"] = groups.size()
    table[["solved", "skipped"]] = groups[["solved", "skipped"]].sum()
    table["failed"] = table["cells"] - table["solved"] - table["skipped"]
    shown = rows[rows["solved"] == 1].groupby("name")[["rejudged", "rerun", "proved"]].mean()
    table[["rejudged", "rerun", "proved"]] = shown.reindex(table.index).fillna(0.0)
    return table


def _rank_table(solvers: pd.DataFrame, contests: Sequence[Contest], prefix: str) -> pd.DataFrame:
    names = ["contests", "of", "mean", "mean_low", "mean_high", "next_low", "next_high"]
    among = {
        name: len(solvers) if not prefix else int((solvers["pool"] == pool).sum())
        for name, pool in solvers["pool"].items()
    }
    placed: dict[str, list[tuple[str, float, float, float]]] = {}
    for contest in contests:
        columns = (contest.table[f"{prefix}{end}"] for end in ("first", "last", "of"))
        for name, *ends in zip(contest.table.index, *columns, strict=True):
            if ends[0] == ends[0]:
                placed.setdefault(str(name), []).append((contest.dataset, *ends))
    rows = {}
    for name, some in placed.items():
        datasets, *ends = zip(*some, strict=True)
        first, last, of = (np.array(end, dtype=float) for end in ends)
        first, last = (stretched(end, of, among[name]) for end in (first, last))
        middle = (first + last) / 2
        interval = mean_interval(middle, datasets)
        rows[name] = [len(some), among[name], middle.mean(), *interval, *prediction(first, last, among[name])]
    found = pd.DataFrame.from_dict(rows, orient="index", columns=names, dtype=float).reindex(solvers.index)
    found["contests"] = found["contests"].fillna(0).astype(int)
    found["of"] = pd.Series(among, dtype=float)
    return found.add_prefix(prefix)


def _duels(contests: Sequence[Contest]) -> pd.DataFrame:
    columns = ["first", "second", "wins", "losses", "ties"]
    counts: dict[tuple[str, str], np.ndarray] = {}
    for contest in contests:
        for first, second in contest.met:
            ahead, behind = (first, second) in contest.wins, (second, first) in contest.wins
            counts.setdefault((first, second), np.zeros(3, int))[0 if ahead else 1 if behind else 2] += 1
    rows = [[*pair, *map(int, count)] for pair, count in sorted(counts.items())]
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(columns[2:], int))
