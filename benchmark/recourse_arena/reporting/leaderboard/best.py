"""Which values of a leaderboard are bold: the same ones in every form."""

from __future__ import annotations

__all__ = ["Key", "best", "shown_number"]

from collections.abc import Iterable, Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

Key = tuple[str, str, str, str]
"""Dataset, scenario, solver and metric."""


def shown_number(value: float) -> str:
    """Return a value to the three decimals that every form shows.

    Example:
        >>> shown_number(0.12349), shown_number(-0.0001)
        ('0.123', '0.000')
    """
    return f"{round(float(value), 3) + 0.0:.3f}"


def best(rows: pd.DataFrame, cells: pd.DataFrame, metrics: Iterable[Mapping[str, Any]]) -> frozenset[Key]:
    """Return the values that nobody beats beyond doubt, and those that read the same as the best one.

    Where nobody can be told apart all are; a solver that has nobody to be compared with never is.

    Arguments:
        rows: Those of the leaderboard.
        cells: How each dataset, scenario, solver and metric stands, as in `Standings.cells`.
        metrics: Declarations of the metrics.
    """
    ways = {str(metric["name"]): 1 if metric["direction"] == "higher" else -1 for metric in metrics}
    values = {(row["dataset"], row["scenario"], row["solver"]): row for row in rows.to_dict("records")}
    found: set[Key] = set()
    ranked = cells[cells["rank"].notna()]
    for keys, group in ranked.groupby(["dataset", "scenario", "metric"], sort=False):
        dataset, scenario, metric = map(str, cast("tuple[str, str, str]", keys))
        if len(group) < 2:
            continue
        of = {name: float(values[dataset, scenario, name][metric]) for name in group["solver"]}
        top = max((value for value in of.values() if not np.isnan(value)), key=lambda v: ways[metric] * v, default=0.0)
        first = {name for name, value in of.items() if shown_number(value) == shown_number(top)}
        first |= set(group["solver"][group["rank"] == 1])
        found |= {(dataset, scenario, solver, metric) for solver in first}
    return frozenset(found)
