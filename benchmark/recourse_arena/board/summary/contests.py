"""One contest per dataset and scenario: who answered, who is better beyond doubt, and which ranks each may have.

Two solvers are compared where both answered the same question: the same people, seed by seed, under the same models and
the same protocol. Where it is known for whom each of them attained what was asked, they are compared person by person
(McNemar's statistic); where only averages are known, as two independent groups, which tells less. What differs between
seeds beyond that is added, as in :mod:`recourse_arena.statistics.bootstrap`. All pairs of a contest are corrected
together (Holm, 5 %), and ranks are those of :func:`recourse_arena.statistics.ranks.ranks`.

References:
    McNemar, Note on the sampling error of the difference between correlated proportions, Psychometrika 12 (1947).

    Agresti and Min, Improved confidence intervals for comparing matched proportions, Statistics in Medicine 24 (2005):
    one more person who differs keeps rare differences from looking sure.
"""

from __future__ import annotations

__all__ = ["Contest", "contests"]

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from recourse_arena.board.summary.pareto import on_frontier
from recourse_arena.board.summary.rows import METRICS
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.leaderboard.ranking import Rankings, rankings
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.statistics.ranks import FEWEST_IN_COMMON, holm, ranks

Array = NDArray[np.float64]

_SURE = 0.05


@dataclass(frozen=True)
class Contest:
    """A dataset and a scenario.

    Arguments:
        dataset: Its name.
        scenario: Its name.
        metric: What ranks there; empty if nothing does.
        table: A row per solver, by the name shown: `entry`, `pool`, `seeds` (cells), `solved`, `failed`, `skipped`,
            `reason`, `people`, metrics averaged over seeds, `ms`, and the ranks that it may have: `first` to `last` of
            `of`, and in its pool `pool_first` to `pool_last` of `pool_of`; nan where it has no rank. `frontier`:
            whether nobody whom it met beats it in attainability, cost and time at once, missing where it lacks one.
        wins: Pairs of a better one and a worse one, beyond doubt.
        met: Pairs that were compared, in alphabetical order.
        together: Which rows of the table answered any question in common, `(rows, rows)`.
    """

    dataset: str
    scenario: str
    metric: str
    table: pd.DataFrame
    wins: frozenset[tuple[str, str]]
    met: frozenset[tuple[str, str]]
    together: NDArray[np.bool_] = field(repr=False)

    @property
    def key(self) -> tuple[str, str]:
        """Dataset and scenario."""
        return self.dataset, self.scenario


def contests(rows: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]] | None = None) -> list[Contest]:
    """Return the contests of a board, by dataset and scenario; validation people are in none.

    A solver has a rank where it answered every seed that it was asked, and somebody else answered one of them, too: a
    crash must not look better than a poor result.

    Arguments:
        rows: The board's table, as :func:`~recourse_arena.board.summary.rows.board_rows` returns it.
        runs: The entries' own records, by digest, which say what people of a scenario were asked for.
    """
    rows = rows[~rows["scenario"].map(asks_validation).astype(bool)] if len(rows) else rows
    if rows.empty:
        return []
    averaged, keys = _averaged(rows), ["dataset", "scenario"]
    ranked = _ranked(averaged, runs or {})
    parts = dict(iter(rows.groupby(keys, sort=True)))
    tables = dict(iter(averaged.groupby(keys, sort=True)))
    found = []
    for key, part in parts.items():
        where = cast("tuple[str, str]", key)
        table = tables[key].drop(columns=keys).set_index("name")
        found.append(_contest(where, next(iter(ranked.get(where, ())), ""), table, part))
    return found


def _averaged(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a row per dataset, scenario and solver, averaged over the seeds that it solved."""
    solved = rows["outcome"] == Outcome.SOLVED
    rows = rows.assign(
        seeds=1,
        solved=solved.astype(int),
        skipped=(rows["outcome"] == Outcome.SKIPPED).astype(int),
        people=rows["people"].where(solved, 0),
        seconds=rows["solve_seconds"].where(solved),
        **{name: rows[name].where(solved) for name in METRICS},
    )
    groups = rows.groupby(["dataset", "scenario", "name"], sort=True)
    counts = ["seeds", "solved", "skipped", "people"]
    table = groups[["entry", "pool", "solver", "digest"]].first().join(groups[counts].sum())
    table["failed"] = table["seeds"] - table["solved"] - table["skipped"]
    reasons = rows[rows["reason"] != ""].groupby(["dataset", "scenario", "name"])["reason"]
    table["reason"] = reasons.agg(lambda words: "; ".join(dict.fromkeys(words))).reindex(table.index).fillna("")
    table = table.join(groups[list(METRICS)].mean())
    table["ms"] = 1000 * groups["seconds"].sum(min_count=1) / table["people"].where(table["people"] > 0)
    return table.reset_index()


def _ranked(averaged: pd.DataFrame, runs: Mapping[str, Mapping[str, Any]]) -> Rankings:
    """Return what ranks in each contest: the same that ranks on the leaderboards of runs."""
    known = {}
    for digest, record in runs.items():
        kept = {name: record.get(name) for name in ("suite", "asked_plausibility")}
        known[digest] = {name: part for name, part in kept.items() if isinstance(part, Mapping)}
    return rankings(averaged.assign(run=averaged["digest"]), known)


def _contest(where: tuple[str, str], metric: str, table: pd.DataFrame, rows: pd.DataFrame) -> Contest:
    together = _together(table.index, rows[rows["outcome"] == Outcome.SOLVED])
    whole = table.index[(table["solved"] > 0) & (table["failed"] == 0)]
    rows = rows[rows["name"].isin(whole) & (rows["outcome"] == Outcome.SOLVED)]
    rows = rows[rows[metric].notna()] if metric else rows[:0]
    names = sorted(rows["name"].unique())
    pairs, p_values, ahead = _compared(names, metric, rows)
    first, second = pairs
    sure = p_values < _SURE
    winner, loser = np.where(ahead, first, second)[sure], np.where(ahead, second, first)[sure]
    wins = frozenset((names[i], names[j]) for i, j in zip(winner, loser, strict=True))
    met = frozenset((names[i], names[j]) for i, j in zip(first, second, strict=True))
    places = {"": _places(names, wins, met)}
    pools = table["pool"].to_dict()
    places["pool_"] = {}
    for pool in sorted({pools[name] for name in names}):
        places["pool_"] |= _places([name for name in names if pools[name] == pool], wins, met)
    for prefix, found in places.items():
        columns = np.array([found.get(name, (np.nan,) * 3) for name in table.index], dtype=float).reshape(-1, 3)
        table = table.assign(**{f"{prefix}{end}": columns[:, k] for k, end in enumerate(("first", "last", "of"))})
    table = table.assign(frontier=on_frontier(table, together))
    return Contest(*where, metric, table, wins, met, together)


def _together(names: pd.Index, solved: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which solvers answered a question in common."""
    codes, questions = pd.factorize(solved["question"])
    answered = np.zeros((len(names), len(questions)))
    answered[names.get_indexer(pd.Index(solved["name"])), codes] = 1
    return answered @ answered.T > 0


def _places(
    names: list[str], wins: frozenset[tuple[str, str]], met: frozenset[tuple[str, str]]
) -> dict[str, tuple[int, int, int]]:
    """Return the ranks that some solvers may have among themselves, and of how many: none for who meets nobody."""
    members = set(names)
    opponents = {name for pair in met if members.issuperset(pair) for name in pair}
    names = [name for name in names if name in opponents]
    found = ranks(names, [pair for pair in wins if opponents.issuperset(pair)])
    return {name: (*place, len(names)) for name, place in found.items()}


def _compared(names: list[str], metric: str, rows: pd.DataFrame) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Return the pairs that met (two rows of places), the p-value of each, and whether the first one is ahead.

    Costs are quadratic in solvers, and a matrix product a seed.
    """
    size = len(names)
    place = {name: i for i, name in enumerate(names)}
    total, variance, squares, seeds, people = np.zeros((5, size, size))
    for _, asked in rows.groupby("question", sort=True):
        at = np.array([place[name] for name in asked["name"]])
        grid = np.ix_(at, at)
        difference, noise = _question(asked, metric)
        total[grid] += difference
        squares[grid] += difference**2
        variance[grid] += noise
        seeds[grid] += 1
        people[grid] += asked["people"].iloc[0]
    pairs = np.argwhere(np.triu(seeds > 0, 1)).T
    total, variance, squares, seeds, people = (part[tuple(pairs)] for part in (total, variance, squares, seeds, people))
    freedom = np.maximum(seeds - 1, 1)
    between = np.where(seeds > 1, (squares - total**2 / np.maximum(seeds, 1)) / freedom * seeds, 0.0)
    wider = special.stdtrit(freedom, 0.975) / special.ndtri(0.975)
    variance = variance + np.maximum(between - variance, 0) * wider**2
    scores = np.abs(total) / np.sqrt(np.where(variance > 0, variance, 1.0))
    p_values = np.where((people >= FEWEST_IN_COMMON) & (total != 0), 2 * special.ndtr(-scores), 1.0)
    return pairs, holm(p_values), total > 0


def _question(asked: pd.DataFrame, metric: str) -> tuple[Array, Array]:
    """Return differences between shares of the same people, and their variances if there were no difference."""
    share, people = asked[metric].to_numpy(dtype=float), int(asked["people"].iloc[0])
    middle = (share[:, None] + share[None, :]) / 2
    difference, variance = share[:, None] - share[None, :], 2 * middle * (1 - middle) / people
    known = [i for i, met in enumerate(asked["met"]) if metric in met and len(met[metric]) == people]
    if known:
        met = np.stack([asked["met"].iloc[i][metric] for i in known]).astype(float)
        alone = met @ (1 - met).T
        grid = np.ix_(known, known)
        difference[grid] = (alone - alone.T) / people
        variance[grid] = (alone + alone.T + 1) / people**2
    return difference, variance
