"""What the figures of a run rest on: its files, what each of them lacks, and shares of people with their intervals."""

from __future__ import annotations

__all__ = ["FigureData", "NoData", "caption", "shares"]

import re
from functools import cached_property

import pandas as pd

from recourse_arena.base.errors import ArenaError
from recourse_arena.judging.records import REJUDGED
from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.results.averages import built_in
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.statistics.intervals import share_interval
from recourse_arena.storage.people_table import RECORDED, read_people
from recourse_arena.storage.run_files import RunFiles

_NAMES = ["dataset", "scenario", "solver"]
_PEOPLE = (*_NAMES, "seed")
_WORDS = {"dataset": str, "feature": str}
_MARGINALS = ("low", "high", "data", "flow")
_MORE = {
    "attainability_truth": ("plausible_scm",),
    "attainability_heldout": ("plausible_heldout",),
    "accepted": ("accepted",),
}
"""Columns of people that a metric rests on, beside those that all have."""


class NoData(Exception):
    """A run lacks what a figure needs; the message says what."""


class FigureData:
    """The tables of a run, read once and only if a figure asks: of test people, for by others settings are chosen.

    Arguments:
        result: The run.
    """

    def __init__(self, result: RunFiles):
        self.result = result
        self._summary = _tested(result.summary[result.summary["outcome"] == Outcome.SOLVED])

    @property
    def datasets(self) -> list[str]:
        """The datasets on which something was run, in the order of the run."""
        return [str(name) for name in self._summary["dataset"].unique()]

    @property
    def file_names(self) -> dict[str, str]:
        """A part of a file name for each dataset: safe, and no two alike."""
        names: dict[str, str] = {}
        for dataset in self.datasets:
            safe = re.sub("[^a-z0-9]+", "-", dataset.lower()).strip("-")[:40].strip("-") or "dataset"
            tries = [safe, *(f"{safe}-{i}" for i in range(2, len(self.datasets) + 2))]
            names[dataset] = next(name for name in tries if name not in names.values())
        return names

    @property
    def cells(self) -> pd.DataFrame:
        """The dataset, scenario and solver of each solved cell and the metrics of `summary.csv`."""
        return self._summary

    def summary(self, dataset: str, *metrics: str) -> pd.DataFrame:
        """Return the solved cells of a dataset, with the columns of some metrics at least.

        Raises:
            NoData: If `summary.csv` has no such columns.
        """
        return _having(self._summary[self._summary["dataset"] == dataset], metrics, "summary.csv")

    def people(self, dataset: str, *columns: str) -> pd.DataFrame:
        """Return the people of a dataset, with some columns at least.

        Raises:
            NoData: If `people.parquet` is missing, cannot be read, or has no such columns.
        """
        if isinstance(self._people, NoData):
            raise self._people
        people = _having(self._people, (*_PEOPLE, *columns), "people.parquet")
        return people[people["dataset"] == dataset]

    def marginals(self, dataset: str) -> pd.DataFrame:
        """Return the histograms of data and flow of a dataset.

        Raises:
            NoData: If `marginals.csv` is missing, cannot be read, or has none for it.
        """
        path = self.result.table("marginals.csv")
        if path is None:
            raise NoData("the run has no marginals.csv (made by an older version)")
        try:
            table = pd.read_csv(path, dtype=_WORDS, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise NoData(f"cannot read marginals.csv: {error}") from None
        table = _having(table, ("dataset", "seed", "feature", *_MARGINALS), "marginals.csv")
        table = table[table["dataset"] == dataset]
        if table.empty:
            raise NoData("marginals.csv has no rows for this dataset")
        if not all(pd.api.types.is_numeric_dtype(table[name]) for name in _MARGINALS):
            raise NoData(f"marginals.csv: expected numbers in {', '.join(_MARGINALS)}")
        return table

    @cached_property
    def _people(self) -> pd.DataFrame | NoData:
        path = self.result.table("people.parquet")
        if path is None:
            return NoData("the run has no people.parquet")
        try:
            people = read_people(path, lambda column: not column.startswith(REJUDGED), required=())
        except ArenaError as error:
            return NoData(str(error))
        return NoData("people.parquet holds nobody") if people is None else _tested(people)


def _tested(table: pd.DataFrame) -> pd.DataFrame:
    others = [name for name in table["scenario"].unique() if asks_validation(name)] if "scenario" in table else []
    return table[~table["scenario"].isin(others)] if others else table


def _having(table: pd.DataFrame, columns: tuple[str, ...], file: str) -> pd.DataFrame:
    missing = [name for name in columns if name not in table]
    if missing:
        raise NoData(f"{file} has no column {', '.join(missing)}")
    return table


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
