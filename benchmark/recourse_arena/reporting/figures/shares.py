"""Shares of people with their 95 % intervals."""

from __future__ import annotations

__all__ = ["caption", "shares"]

from collections.abc import Callable

import pandas as pd
from scipy.stats import binomtest

from recourse_arena.reporting.figures.evidence import Evidence, Lacking

_PER_PERSON: dict[str, Callable[[pd.DataFrame], pd.Series]] = {
    "validity": lambda people: people["valid"],
    "plausibility": lambda people: people["plausible"],
    "attainability": lambda people: people["valid"] & people["plausible"],
    "hap": lambda people: people["hard_action"].where(people["valid"]),
}
"""Whether the share counts a person: true, false, or missing where the person is not of its population."""
_COLUMNS = ("valid", "plausible", "hard_action")


def shares(evidence: Evidence, dataset: str, metric: str) -> pd.DataFrame:
    """Return a metric per scenario and solver, indexed by both: `value, below, above`.

    Arguments:
        evidence: The run.
        dataset: Its dataset.
        metric: `validity`, `plausibility`, `attainability` or `hap`.

    `value` is the mean over seeds of what `summary.csv` says; `below` and `above` are the lengths of the 95 % Wilson
    interval (Wilson 1927) of the people of all seeds on either side of it, missing where the run has no people.

    Raises:
        Lacking: If `summary.csv` has no such metric.
    """
    keys = ["scenario", "solver"]
    cells = evidence.summary(dataset, metric).dropna(subset=[metric])
    table = cells.groupby(keys, sort=False)[metric].mean().to_frame("value")
    try:
        people = evidence.people(dataset, *_COLUMNS)
    except Lacking:
        return table.assign(below=float("nan"), above=float("nan"))
    counted = people[keys].astype(str).assign(hit=_PER_PERSON[metric](people).astype("Float64")).dropna()
    hits = counted.groupby(keys, sort=False)["hit"].agg(["sum", "count"])
    bounds = {pair: _wilson(int(row["sum"]), int(row["count"])) for pair, row in hits.iterrows()}
    none = (float("nan"), float("nan"))
    low, high = (pd.Series([bounds.get(pair, none)[i] for pair in table.index], table.index) for i in (0, 1))
    return table.assign(below=(table["value"] - low).clip(lower=0), above=(high - table["value"]).clip(lower=0))


def caption(evidence: Evidence) -> str:
    """Return what a figure with such shares says of their intervals."""
    seeds = evidence.cells["seed"].unique()
    of = f"mean over {len(seeds)} seeds" if len(seeds) > 1 else f"seed {seeds[0]}"
    try:
        for dataset in evidence.datasets:
            evidence.people(dataset, *_COLUMNS)
    except Lacking as lacking:
        return f"{of}; no intervals: {lacking}"
    return f"{of}; bars are 95 % Wilson intervals over people"


def _wilson(hits: int, people: int) -> tuple[float, float]:
    """Return the ends of the 95 % Wilson interval of a share.

    Example:
        >>> [round(end, 4) for end in _wilson(5, 10)]
        [0.2366, 0.7634]
    """
    interval = binomtest(hits, people).proportion_ci(confidence_level=0.95, method="wilson")
    return float(interval.low), float(interval.high)
