"""How sure each number of a leaderboard is, and which solvers can be told apart."""

from __future__ import annotations

__all__ = ["CELLS", "METHOD", "PAIRS", "Standing", "Standings", "standings"]

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from recourse_arena.interfaces.metric import Average
from recourse_arena.reporting.results.people_by_cell import PeopleByCell
from recourse_arena.statistics.bootstrap import Array, Means
from recourse_arena.statistics.intervals import median_interval
from recourse_arena.statistics.ranks import FEWEST_IN_COMMON, adjusted_p_values, ranks

CELLS = ["dataset", "scenario", "solver", "metric", "low", "high", "counted", "rank", "last", "of"]
PAIRS = ["dataset", "scenario", "metric", "first", "second", "common", "difference", "low", "high", "p_value", "better"]
_SURE = 0.05

METHOD = (
    "Intervals are 95 %: Wilson's for shares, bootstrap-t over people for means (in 1,000 random blocks of "
    "people where a seed has more than 2,000), order statistics for medians. Ranks: "
    "from 1 + the number of solvers that are better beyond doubt to the last before those that are worse beyond doubt, "
    "on the same people, by a paired bootstrap-t of 1,000 resamples, corrected for all pairs of the same dataset, "
    "scenario and metric (step-down maximum, 5 %). Bold, or marked * in plain text: nobody is better beyond doubt, or "
    f"the value reads the same as the best one. Costs are compared on people for whom both solvers have a valid "
    f"recommendation, if they are {FEWEST_IN_COMMON} or more."
)
"""What a reader should know about intervals and ranks."""


class Standing(NamedTuple):
    """How a solver stands in one metric; numbers are nan where there are none."""

    low: float
    high: float
    counted: int
    rank: float
    last: float
    of: int

    @property
    def place(self) -> str:
        """The ranks that it may have, in words; empty if there are none.

        Example:
            >>> Standing(0.1, 0.2, 50, 1.0, 2.0, 7).place, Standing(0.1, 0.2, 50, 3.0, 3.0, 7).place
            ('1-2 of 7', '3 of 7')
        """
        if np.isnan(self.rank):
            return ""
        return f"{self.rank:.0f}{f'-{self.last:.0f}' if self.last > self.rank else ''} of {self.of}"


@dataclass(frozen=True)
class Standings:
    """Intervals, ranks and pairwise comparisons.

    Arguments:
        cells: A row per dataset, scenario, solver and metric (:data:`CELLS`): the 95 % interval, how many people
            count, the first and the last rank that it may have, and how many are ranked.
        pairs: A row per dataset, scenario, metric and pair of solvers (:data:`PAIRS`): the difference between the
            first and the second on people in common (relative for optimality gaps) with its 95 % interval, the p-value
            corrected for all pairs of the scenario, and the better one beyond doubt.
    """

    cells: pd.DataFrame
    pairs: pd.DataFrame

    def by_cell(self) -> dict[tuple[str, str, str], dict[str, Standing]]:
        """Return how each dataset, scenario and solver stands in each metric."""
        found: dict[tuple[str, str, str], dict[str, Standing]] = {}
        columns = (self.cells[name].tolist() for name in CELLS)
        for dataset, scenario, solver, metric, low, high, counted, *ranks_, of in zip(*columns, strict=True):
            rank, last = (float("nan") if place is None else float(place) for place in ranks_)
            found.setdefault((dataset, scenario, solver), {})[metric] = Standing(low, high, counted, rank, last, of)
        return found

    def wide(self) -> pd.DataFrame:
        """Return a row per dataset, scenario and solver: `METRIC_low`, `_high`, `_rank`, `_rank_last`."""
        keys = ["dataset", "scenario", "solver"]
        cells = self.cells.rename(columns={"last": "rank_last"})
        parts = ["low", "high", "rank", "rank_last"]
        table = cells.pivot_table(index=keys, columns="metric", values=parts, sort=False, dropna=False, observed=True)
        table.columns = table.columns.map(lambda pair: f"{pair[1]}_{pair[0]}")
        return table.dropna(axis=1, how="all").reset_index()


def standings(
    panels: Mapping[str, PeopleByCell],
    metrics: Iterable[Mapping[str, Any]],
    *,
    unranked: Collection[tuple[str, str, str]] = (),
) -> Standings:
    """Return how the solvers of each dataset and scenario stand.

    Arguments:
        panels: The people of each dataset.
        metrics: Declarations of the metrics; those that are no mean over people get no interval and no rank.
        unranked: Datasets, scenarios and solvers that get no rank: a crash must not look better than a poor result.
    """
    cells: list[list[Any]] = []
    pairs: list[list[Any]] = []
    for panel in panels.values():
        for metric in metrics:
            if metric["name"] in panel.averages:
                _stand(panel, metric["name"], metric["direction"], cells, pairs, unranked)
    return Standings(pd.DataFrame(cells, columns=CELLS), pd.DataFrame(pairs, columns=PAIRS))


def _stand(
    panel: PeopleByCell,
    metric: str,
    direction: str,
    cells: list[list[Any]],
    pairs: list[list[Any]],
    unranked: Collection[tuple[str, str, str]],
) -> None:
    average, values = panel.averages[metric], panel.values(metric)
    counted = np.isfinite(values).sum(0)
    if not counted.any():
        return
    low, high = intervals(panel, average, values).T
    scenarios: dict[str, list[int]] = {}
    for i, (scenario, _) in enumerate(panel.cells):
        scenarios.setdefault(scenario, []).append(i)
    compared = np.log(values) if average.ratio else values
    for scenario, columns in scenarios.items():
        present = [i for i in columns if counted[i]]
        competing = [i for i in present if (panel.dataset, scenario, panel.cells[i][1]) not in unranked]
        found = _pairs(panel, compared, competing, direction, relative=average.ratio)
        wins = [(row["better"], _other(row)) for row in found if row["better"]]
        place = ranks([panel.cells[i][1] for i in competing], wins) if direction != "none" else {}
        for i in present:
            solver = panel.cells[i][1]
            of_solver = place.get(solver, (None, None))
            cells.append([panel.dataset, scenario, solver, metric, low[i], high[i], counted[i], *of_solver, len(place)])
        pairs += [[panel.dataset, scenario, metric, *row.values()] for row in found]


def intervals(panel: PeopleByCell, average: Average, values: Array) -> Array:
    """Return the 95 % interval of an average in each cell as `(cells, 2)`; nan where there is none."""
    if not average.ratio:
        means = panel.resamples.means(values)
        if average.share:
            return means.share_intervals()
        if average.conversation:  # counts, of which 1 may be the least there is
            return _finite(means.intervals())
        alike = ((values == 0) | (values == 1) | ~np.isfinite(values)).all(0)  # as true and false are, and a share is
        return np.where(alike[:, None], means.share_intervals(), means.intervals())
    if len(np.unique(panel.seeds)) > 1:  # the leaderboard shows the mean of several medians or geometric means
        return np.full((values.shape[1], 2), np.nan)
    if not average.median_excess:
        return np.asarray(np.exp(_finite(panel.resamples.means(np.log(values)).intervals())))
    found = np.full((values.shape[1], 2), np.nan)
    for i, column in enumerate(values.T):
        excess = column[np.isfinite(column)] - 1
        low, high = median_interval(excess, confidence=0.95)
        found[i] = low, high
        if len(excess) and np.isfinite(low) and np.median(excess) >= 0:
            found[i, 0] = max(low, 0.0)  # below 0 by rounding alone
    return found


def _finite(found: Array) -> Array:
    """Return intervals, none where an end is infinite: too few people differ from the rest to tell how far it is."""
    return np.where(np.isfinite(found).all(1, keepdims=True), found, np.nan)


def _pairs(
    panel: PeopleByCell, values: Array, columns: list[int], direction: str, *, relative: bool
) -> list[dict[str, Any]]:
    chosen = list(combinations(columns, 2))
    if not chosen:
        return []
    means: Means = panel.resamples.paired(values, [a for a, _ in chosen], [b for _, b in chosen])
    arms, p_values = means.intervals(symmetric=True), adjusted_p_values(means)
    rows = []
    for i, (a, b) in enumerate(chosen):
        names = panel.cells[a][1], panel.cells[b][1]
        numbers = np.array([means.value[i], *arms[i]])
        numbers = np.expm1(numbers) if relative else numbers
        ahead = 0 if (means.value[i] > 0) == (direction == "higher") else 1
        sure = direction != "none" and p_values[i] < _SURE
        rows.append(
            {
                "first": names[0],
                "second": names[1],
                "common": int(means.people[i]),
                **dict(zip(("difference", "low", "high"), numbers.tolist(), strict=True)),
                "p_value": float(p_values[i]),
                "better": names[ahead] if sure else "",
            }
        )
    return rows


def _other(row: Mapping[str, Any]) -> str:
    return str(row["second"] if row["better"] == row["first"] else row["first"])
