"""The cells of one or several runs, read side by side, with the people behind them."""

from __future__ import annotations

__all__ = ["CellName", "Cells", "Term"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import special

from recourse_arena.problem.outcome import Outcome
from recourse_arena.reporting.results.averages import OPTIONAL, built_in
from recourse_arena.reporting.results.estimate import Estimate
from recourse_arena.statistics.intervals import share_interval
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles


class CellName(NamedTuple):
    """A solver under a scenario on a dataset."""

    scenario: str
    solver: str
    dataset: str = "loan"


Term = tuple[float, CellName, str]
"""A weight, a cell and a metric."""


@dataclass(frozen=True)
class Cells:
    """The cells of runs. Where two runs hold the same cell and seed, the first one counts.

    Arguments:
        people: For each cell and seed a row per person (the index) and a column per share of
            the suite's metrics; 1, 0, or missing where the person does not count.
        means: For each cell and seed its row of `summary.csv`: the same shares over everybody who counts.
        records: For each cell and seed what `run.json` says about it.
        seeds: The seed of each dataset that values are read at: the first one of the first run that holds it.
        materials: What each dataset and seed rests on; a run of an older version does not say.
    """

    people: Mapping[tuple[CellName, int], pd.DataFrame]
    means: Mapping[tuple[CellName, int], Mapping[Any, Any]]
    records: Mapping[tuple[CellName, int], dict[str, Any]]
    seeds: Mapping[str, int]
    materials: Mapping[tuple[str, int], dict[str, Any]]

    @classmethod
    def of(cls, results: Sequence[RunFiles]) -> Cells:
        """Return the cells of runs that may stand side by side.

        Raises:
            ArenaError: If the people of a run cannot be read.
        """
        people: dict[tuple[CellName, int], pd.DataFrame] = {}
        means: dict[tuple[CellName, int], Mapping[Any, Any]] = {}
        records: dict[tuple[CellName, int], dict[str, Any]] = {}
        seeds: dict[str, int] = {}
        materials: dict[tuple[str, int], dict[str, Any]] = {}
        for result in results:
            for record in result.info["cells"]:
                key = CellName(record["scenario"], record["solver"], record["dataset"]), int(record["seed"])
                if record["outcome"] != Outcome.SKIPPED:
                    seeds.setdefault(record["dataset"], key[1])
                if records.get(key, {}).get("outcome") != Outcome.SOLVED:  # a later run may hold what failed before
                    records[key] = record
            for key, frame in _shares(result).items():
                people.setdefault(key, frame)
            for row in result.summary.query("outcome == 'solved'").to_dict("records"):
                means.setdefault((CellName(row["scenario"], row["solver"], row["dataset"]), int(row["seed"])), row)
            for found in result.info.get("materials", []):
                materials.setdefault((found["dataset"], int(found["seed"])), found)
        return cls(people, means, records, seeds, materials)

    def estimate(self, cell: CellName, metric: str) -> Estimate | None:
        """Return a share with Wilson's interval over people; none if the cell is not there or it is undefined."""
        values = self._values(cell, metric)
        if values is None:
            return None
        return Estimate(float(values.mean()), *share_interval(int(values.sum()), len(values)), len(values))

    def contrast(self, terms: Sequence[Term]) -> Estimate | None:
        """Return a weighted sum of shares over the same people, e.g. a difference; none if a cell is not there.

        Only people who count in every term are in it.

        The interval is Wald's after adding two people whose values sum to 0 (half a person at 1, half at -1, one at
        0), after Agresti and Min, Simple improved confidence intervals for comparing matched proportions, Statistics
        in Medicine 24 (2005). So it has a width even where nobody differs.
        """
        together = self._together(terms)
        if together is None:
            return None
        each = together @ np.array([weight for weight, _, _ in terms])
        size = len(each) + 2
        centre = each.sum() / size
        spread = np.sqrt(((each**2).sum() + 1) / size - centre**2)
        margin = special.ndtri(0.975) * spread / np.sqrt(size)
        return Estimate(float(each.mean()), float(centre - margin), float(centre + margin), len(each))

    def shares(self, terms: Sequence[Term]) -> list[float]:
        """Return the share of each term over the people who count in every term; none if there are none."""
        together = self._together(terms)
        return [] if together is None else [float(share) for share in together.mean(axis=0)]

    def mean(self, cell: CellName, metric: str, seed: int | None = None) -> float | None:
        """Return a metric of a cell as the run summed it up; none if it is not there or undefined."""
        seed = self.seeds.get(cell.dataset, 0) if seed is None else seed
        value = self.means.get((cell, seed), {}).get(metric)
        return None if value is None or pd.isna(value) else float(value)

    def over_seeds(self, cell: CellName, metric: str) -> dict[int, float]:
        """Return a metric in every seed that holds it."""
        found = {seed: self.mean(name, metric, seed) for name, seed in self.means if name == cell}
        return {seed: value for seed, value in sorted(found.items()) if value is not None}

    def record(self, cell: CellName) -> dict[str, Any]:
        """Return what `run.json` says about a cell; nothing if it is not there."""
        return self.records.get((cell, self.seeds.get(cell.dataset, 0)), {})

    def asking(self, dataset: str) -> int | None:
        """Return how many people of a dataset ask for recourse; none if the run does not say."""
        found = self.materials.get((dataset, self.seeds.get(dataset, 0)), {}).get("asking")
        return None if found is None else int(found)

    def _together(self, terms: Sequence[Term]) -> np.ndarray | None:
        """Return `(people, terms)`: whoever counts in every term."""
        columns = [self._values(cell, metric) for _, cell, metric in terms]
        present = [values for values in columns if values is not None]
        if len(present) < len(terms):
            return None
        each = pd.concat(present, axis=1, join="inner").to_numpy(dtype=float)
        return each if len(each) else None

    def _values(self, cell: CellName, metric: str) -> pd.Series | None:
        frame = self.people.get((cell, self.seeds.get(cell.dataset, 0)))
        values = None if frame is None else frame[metric].dropna()
        return values if values is not None and len(values) else None


def _shares(result: RunFiles) -> dict[tuple[CellName, int], pd.DataFrame]:
    """Return a run's people as shares, cell by cell; of a run that kept none, the means are still in the summary."""
    people = result.read_people(lambda column: column in OPTIONAL)
    if people is None:
        return {}
    shares = pd.DataFrame(
        {name: average.values(people) for name, average in built_in().items() if average.share},
        index=people["person"].to_numpy(dtype=int),
    )
    rows: Mapping[Any, Any] = people.groupby(list(KEYS), observed=True, sort=False).indices
    return {
        (CellName(scenario, solver, dataset), int(seed)): shares.iloc[places]
        for (dataset, scenario, solver, seed), places in rows.items()
    }
