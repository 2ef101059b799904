"""What the metrics of a run average: those of the suite from its records, others from columns of their own."""

from __future__ import annotations

__all__ = ["OPTIONAL", "Averages", "averages", "built_in"]

from collections.abc import Iterable, Mapping
from functools import cache, partial
from typing import Any

import pandas as pd

from recourse_arena.interfaces.metric import Average
from recourse_arena.judging.metrics import recourse_metrics
from recourse_arena.storage.people_table import metric_column

Averages = Mapping[str, Average]

OPTIONAL = (
    "plausible_scm",
    "plausible_heldout",
    "redrawn",
    "l2",
    "actions",
    "neighbour_distance",
    "optimality_gap",
    "accepted",
    "possible",
    "rounds",
    "questions",
    "regret",
)
"""Columns that they read where a run has them."""


@cache
def built_in() -> Averages:
    """Return what each metric of the suite averages, by its name; without those that are no averages."""
    return {metric.name: metric.average for metric in recourse_metrics() if metric.average is not None}


def averages(metrics: Iterable[Mapping[str, Any]]) -> Averages:
    """Return what metrics average, by name, in their order.

    Arguments:
        metrics: Their declarations, as `run.json` holds them. One that is not of the suite and declares `average` has
            the values of people in a column of its own, so that its plugin need not be here.
    """
    found: dict[str, Average] = {}
    for metric in metrics:
        name, how = str(metric["name"]), metric.get("average")
        if name in built_in():
            found[name] = built_in()[name]
        elif how in ("share", "mean", "geometric mean"):
            found[name] = Average(partial(_recorded, metric_column(name)), how)
    return found


def _recorded(column: str, people: pd.DataFrame) -> pd.Series:
    return people[column] if column in people else pd.Series(pd.NA, index=people.index, dtype="Float64")
