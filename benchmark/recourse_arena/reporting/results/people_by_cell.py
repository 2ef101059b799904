"""The people of a dataset side by side: a row per person, a column per scenario and solver."""

from __future__ import annotations

__all__ = ["PeopleByCell", "panels"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.api.types import union_categoricals

from recourse_arena.interfaces.metric import Average
from recourse_arena.reporting.results.averages import OPTIONAL, Averages, averages
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.people_table import metric_column
from recourse_arena.storage.run_files import RunFiles

_DENSITIES = ("logp_factual", "logp_counterfactual")


@dataclass(frozen=True)
class PeopleByCell:
    """Everybody asked about on a dataset.

    Arguments:
        dataset: Its name.
        seeds: The seed of each person.
        persons: The number of each person within the seed.
        groups: A column of words per group that people are in, empty where it is not known.
        cells: Scenario and solver of each column.
        records: Their records, a row per person and cell.
        row: The person of each record.
        column: The cell of each record.
        averages: What each metric averages, by name.
    """

    dataset: str
    seeds: NDArray[np.int64]
    persons: NDArray[np.int64]
    groups: pd.DataFrame
    cells: tuple[tuple[str, str], ...]
    records: pd.DataFrame
    row: NDArray[np.int64]
    column: NDArray[np.int64]
    averages: Averages

    @cached_property
    def resamples(self) -> Resamples:
        """The resamples that all cells of the dataset share."""
        return Resamples.draw(self.seeds)

    def values(self, metric: str) -> Array:
        """Return the value of each person in each cell, nan where somebody does not count."""
        return self._spread(self.averages[metric].values(self.records))

    def recorded(self, column: str) -> Array:
        """Return a column of the records for each person in each cell, nan where it is missing."""
        if column not in self.records:
            return np.full((len(self.seeds), len(self.cells)), np.nan)
        return self._spread(Average(lambda people: people[column], "mean").values(self.records))

    def _spread(self, values: Array) -> Array:
        found = np.full((len(self.cells), len(self.seeds)), np.nan)  # a cell lies together: cells are gone through
        found[self.column, self.row] = np.where(np.isfinite(values), values, np.nan)
        return found.T


def panels(results: Sequence[RunFiles]) -> dict[str, PeopleByCell]:
    """Return the panel of each dataset; none where no run kept its people.

    Validation people are in none: they share numbers with test people, and are others.

    Raises:
        ArenaError: If the people of a run cannot be read.
    """
    averaged = averages(metric for result in results for metric in result.info.get("metrics", []))
    own = {metric_column(name) for name in averaged}

    def wanted(column: str) -> bool:
        return column in (*OPTIONAL, *_DENSITIES) or column in own or column.startswith("group_")

    tables = [table for result in results if (table := result.read_people(wanted, coded=True)) is not None]
    tables = [part for table in tables if len(part := _tested(table))]
    if not tables:
        return {}
    for name in ("dataset", "scenario", "solver"):
        words = union_categoricals([table[name] for table in tables]).categories
        tables = [table.assign(**{name: table[name].cat.set_categories(words)}) for table in tables]
    people = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    tables.clear()
    datasets = people["dataset"].unique()
    if len(datasets) == 1:  # the usual case, and perhaps many people: they are not copied
        return {str(datasets[0]): _panel(str(datasets[0]), people, averaged)}
    groups = people.groupby("dataset", sort=False, observed=True)
    return {str(name): _panel(str(name), rows, averaged) for name, rows in groups}


def _tested(people: pd.DataFrame) -> pd.DataFrame:
    others = [name for name in people["scenario"].cat.categories if asks_validation(name)]
    return people[~people["scenario"].isin(others)] if others else people  # perhaps many people: not copied in vain


def _panel(dataset: str, records: pd.DataFrame, averaged: Averages) -> PeopleByCell:
    scenario, solver = (records[name].cat for name in ("scenario", "solver"))
    column, cells = pd.factorize(_together(scenario.codes, solver.codes))
    known = zip(*np.divmod(cells, int(solver.codes.max()) + 1), strict=True)
    found = tuple((str(scenario.categories[i]), str(solver.categories[j])) for i, j in known)
    seeds, persons = (records[name].to_numpy(dtype=np.int64) for name in ("seed", "person"))
    row, _ = pd.factorize(_together(*(pd.factorize(part)[0] for part in (seeds, persons))))
    first = np.empty(int(row.max()) + 1, dtype=np.int64)
    first[row[::-1]] = np.arange(len(row))[::-1]
    named = [name for name in records if str(name).startswith("group_") and records[name].notna().any()]
    groups = pd.DataFrame({str(name).removeprefix("group_"): _group(records[name], row) for name in named})
    places = row.astype(np.int64), column.astype(np.int64)
    return PeopleByCell(dataset, seeds[first], persons[first], groups, found, records, *places, averaged)


def _together(first: Any, second: Any) -> NDArray[np.int64]:
    """Return one number for each pair of numbers from 0."""
    first, second = (np.asarray(part, dtype=np.int64) for part in (first, second))
    return np.asarray(first * (second.max() + 1) + second, dtype=np.int64)


def _group(labels: pd.Series, row: NDArray[np.int64]) -> NDArray[np.object_]:
    """Return the group of each person in words, as the first record that names one does; empty where none does."""
    known = np.flatnonzero(labels.notna().to_numpy())[::-1]
    codes, words = pd.factorize(labels.iloc[known])
    found = np.full(int(row.max()) + 1, -1)
    found[row[known]] = codes
    return np.array([*map(str, words), ""], dtype=object)[found]
