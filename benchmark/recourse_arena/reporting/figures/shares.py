"""Shares of people with their 95 % intervals."""

from __future__ import annotations

__all__ = ["caption", "shares"]

import pandas as pd

from recourse_arena.reporting.figures.figure_data import FigureData, NoData
from recourse_arena.reporting.results.averages import built_in
from recourse_arena.statistics.intervals import share_interval
from recourse_arena.storage.people_table import RECORDED

_MORE = {
    "attainability_truth": ("plausible_scm",),
    "attainability_heldout": ("plausible_heldout",),
    "accepted": ("accepted",),
}
"""Columns of people that a metric rests on, beside those that all have."""


def shares(run: FigureData, dataset: str, metric: str) -> pd.DataFrame:
    """Return a metric per scenario and solver, indexed by both: `value, below, above`.

    Arguments:
        run: The run.
        dataset: Its dataset.
        metric: `validity`, `plausibility`, `attainability` (also `attainability_truth` and `attainability_heldout`) or
            `hap`; `accepted`, where policies had to find out what people want.

    `value` is the mean over seeds of what `summary.csv` says; `below` and `above` are the lengths of the 95 % Wilson
    interval (Wilson 1927) of the people of all seeds on either side of it, missing where the run has no people.

    Raises:
        NoData: If `summary.csv` has no such metric.
    """
    keys = ["scenario", "solver"]
    cells = run.summary(dataset, metric).dropna(subset=[metric])
    table = cells.groupby(keys, sort=False)[metric].mean().to_frame("value")
    try:
        people = run.people(dataset, *RECORDED, *_MORE.get(metric, ()))
    except NoData:
        return table.assign(below=float("nan"), above=float("nan"))
    counted = people[keys].astype(str).assign(hit=built_in()[metric].values(people)).dropna()
    hits = counted.groupby(keys, sort=False)["hit"].agg(["sum", "count"])
    bounds = {pair: share_interval(int(row["sum"]), int(row["count"])) for pair, row in hits.iterrows()}
    none = (float("nan"), float("nan"))
    low, high = (pd.Series([bounds.get(pair, none)[i] for pair in table.index], table.index) for i in (0, 1))
    return table.assign(below=(table["value"] - low).clip(lower=0), above=(high - table["value"]).clip(lower=0))


def caption(run: FigureData) -> str:
    """Return what a figure with such shares says of their intervals."""
    seeds = run.cells["seed"].unique()
    of = f"mean over {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"
    try:
        for dataset in run.datasets:
            run.people(dataset, *RECORDED)
    except NoData as lacking:
        return f"{of}; no intervals: {lacking}"
    return f"{of}; bars are 95 % Wilson intervals over people"
