"""Whom nobody beats over all contests: each pair is compared where both have numbers, and nowhere else."""

from __future__ import annotations

__all__ = ["overall_frontier", "relative"]

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.board.summary.contests import Contest
from recourse_arena.board.summary.pareto import AXES

Array = NDArray[np.float64]

_ROUNDING = 1e-9
_LEAST = 1e-9
"""Share of a median that costs and times are read as where they are 0."""


def relative(contest: Contest) -> pd.DataFrame:
    """Return costs and times as shares of the contest's medians, so that those of several contests can be averaged."""
    table = contest.table[list(AXES)].copy()
    for name in ("cost_mean", "ms"):
        middle = table[name].median()
        table[name] = table[name] / middle if middle > 0 else np.nan
    return table


def overall_frontier(names: Sequence[str], contests: Sequence[Contest]) -> pd.DataFrame:
    """Return for each solver who beats it over all contests that both have numbers in, and its averages.

    One beats another if, there, the mean of its attainability is no lower, the geometric means of its costs and times
    are no higher, and one of the three is better. Each pair has its own common ground, contests in which both answered
    the same questions, so that partial entries are compared where they compete and nowhere else; attainability counts
    there also where one of them helped nobody, so that it has no cost.

    Returns:
        By name: `frontier` (missing where one of the three is known nowhere), `beaten_by` (names), `attainability`
        (mean), `cost_mean` and `ms` (geometric means of shares of each contest's median), and `common`, the number of
        contests with an attainability.
    """
    losses = np.full((len(names), len(contests), len(AXES)), np.nan)
    ahead, shared = np.zeros((2, len(names), len(names), len(AXES)))
    places = {name: place for place, name in enumerate(names)}
    for number, contest in enumerate(contests):
        at = np.array([places[name] for name in contest.table.index])
        losses[at, number] = _signed(relative(contest))
        lost = losses[at, number]
        difference = lost[:, None, :] - lost[None, :, :]
        counted = np.isfinite(difference) & contest.together[:, :, None]
        ahead[np.ix_(at, at)] += np.where(counted, difference, 0.0)
        shared[np.ix_(at, at)] += counted
    known = np.isfinite(losses)
    filled = np.where(known, losses, 0.0)
    close = _ROUNDING * np.maximum(shared, 1)
    beats = np.asarray((shared > 0).all(2) & (ahead <= close).all(2) & (ahead < -close).any(2))
    count = known.sum(1)
    beaten = [tuple(name for name, by in zip(names, column, strict=True) if by) for column in beats.T.tolist()]
    means = filled.sum(1) / np.where(count > 0, count, np.nan)
    frontier = [not by if all(counts) else None for counts, by in zip(count.tolist(), beaten, strict=True)]
    return pd.DataFrame(
        {
            "frontier": pd.array(frontier, "boolean"),
            "beaten_by": beaten,
            "attainability": -means[:, 0],
            "cost_mean": np.exp(means[:, 1]),
            "ms": np.exp(means[:, 2]),
            "common": count[:, 0],
        },
        index=pd.Index(names, name="name"),
    )


def _signed(table: pd.DataFrame) -> Array:
    """Return what is less the better: attainability with its sign turned, logarithms of costs and times."""
    logs = np.log(table[["cost_mean", "ms"]].to_numpy(dtype=float).clip(min=_LEAST))
    return np.column_stack([-table["attainability"].to_numpy(dtype=float), logs])
