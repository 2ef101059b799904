"""The people of a run who were offered menus, and the same people where they were asked for actions of their own."""

from __future__ import annotations

__all__ = ["INDIVIDUAL", "Cell", "MenuRun", "Offered"]

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.errors import ArenaError
from recourse_arena.reporting.menus.asked import NamedMenu, named_menu
from recourse_arena.reporting.menus.protected import attributes_asked, groups_of
from recourse_arena.reporting.results.families import asks_validation
from recourse_arena.statistics.bootstrap import Array
from recourse_arena.storage.people_table import KEYS
from recourse_arena.storage.run_files import RunFiles

INDIVIDUAL = "individual"
"""The solver of everybody's own cheapest action: what a model makes unavoidable, whatever is on a menu."""

_OFFER = re.compile(r"offer_(works|cost)_([1-9]\d{0,3})")
_REQUIRED = ("person", "valid", "cost", "weighted_cost")
_OF_MENUS = ("cluster", "pick", "available", "choices")


@dataclass(frozen=True)
class Offered:
    """What people of one seed were offered, and what became of it.

    Arguments:
        person: Their numbers, `(people,)`, rising.
        words: Their groups, a column `group_ATTRIBUTE` each.
        cluster: Whose cluster they are, `(people,)`.
        works: Which actions of their cluster work for them, `(people, actions)`: available, keeping every constraint,
            accepted, within the budget. Of people who were asked for an action of their own: whether theirs works.
        cost: What each would cost them, weighted; infinite where it does not work.
        valid: Whether their advice does what it should, as the judge found.
        spent: The unweighted cost of their advice, nan where it is not valid.
        pick: The number of the action that they pick, from 1; 0 where nothing works.
        available: How many actions they may take under their own constraints; nan where that is not recorded.
        choices: How many of these work.
    """

    person: NDArray[np.int64]
    words: pd.DataFrame
    cluster: NDArray[np.int64]
    works: NDArray[np.bool_]
    cost: Array
    valid: NDArray[np.bool_]
    spent: Array
    pick: NDArray[np.int64]
    available: Array
    choices: Array

    @cached_property
    def cheapest(self) -> Array:
        """What the cheapest action that works costs each person, infinite where none does."""
        return np.asarray(self.cost.min(1, initial=np.inf))

    @property
    def helped(self) -> NDArray[np.bool_]:
        """For whom anything works."""
        return np.isfinite(self.cheapest)

    @cached_property
    def distinct(self) -> dict[int, NDArray[np.bool_]]:
        """For each cluster which of its actions is the first that works for the same people at the same costs."""
        found = {}
        for cluster in np.unique(self.cluster).tolist():
            costs = self.cost[self.cluster == cluster]
            _, first = np.unique(costs, axis=1, return_index=True)
            found[cluster] = np.isin(np.arange(costs.shape[1]), first)
        return found

    def within(self, budget: float) -> Offered:
        """Return the same, where nothing above a budget works."""
        if np.isinf(budget):
            return self
        works = self.works & (self.cost <= budget * (1 + 1e-6))  # costs are kept in single precision
        kept = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return Offered(**{**kept, "works": works, "cost": np.where(works, self.cost, np.inf)})

    def among(self, person: NDArray[np.int64]) -> NDArray[np.int64] | None:
        """Return where people, by their numbers, are here; none if anybody is not."""
        if not len(self.person):
            return None
        place = np.searchsorted(self.person, person).clip(max=len(self.person) - 1)
        return place if np.array_equal(self.person[place], person) else None


@dataclass(frozen=True)
class Cell:
    """A dataset, scenario and solver, with the people of each seed.

    Arguments:
        dataset: The dataset.
        scenario: The scenario.
        solver: The solver.
        menu: What is asked of its menus; none where people are asked for actions of their own.
        seeds: What people were offered, by seed.
    """

    dataset: str
    scenario: str
    solver: str
    menu: NamedMenu | None
    seeds: Mapping[int, Offered]

    @property
    def key(self) -> tuple[str, str, str]:
        """Its names."""
        return self.dataset, self.scenario, self.solver


@dataclass(frozen=True)
class MenuRun:
    """The cells of runs that offer menus, and those that ask the same people for actions of their own.

    Arguments:
        runs: The runs.
        cells: Their cells, in their order, with the seeds of all runs; where two hold the same seed, the first counts.
        protected: For each dataset, levels that are protected by attribute.
    """

    runs: tuple[RunFiles, ...]
    cells: Mapping[tuple[str, str, str], Cell]
    protected: Mapping[str, Mapping[str, Sequence[str]]]

    @classmethod
    def of(cls, *runs: RunFiles) -> MenuRun:
        """Return the menus of runs; without cells where they offer none.

        Raises:
            ArenaError: If their people cannot be read.
        """
        told = [m for run in runs for m in run.info.get("materials", []) if m.get("protected")]
        protected = {m["dataset"]: m["protected"] for m in reversed(told)}
        names = {str(cell["scenario"]) for run in runs for cell in run.info["cells"]}
        asked = {name: found for name in names if (found := named_menu(name)) and not asks_validation(name)}
        cells: dict[tuple[str, str, str], Cell] = {}
        for run in runs if asked else ():
            for cell in _cells(run, asked):
                known = cells.get(cell.key, cell)
                cells[cell.key] = replace(known, seeds={**cell.seeds, **known.seeds})
        return cls(runs, cells, protected)

    @cached_property
    def summary(self) -> pd.DataFrame:
        """A row per cell and seed of the runs."""
        rows = pd.concat([run.summary for run in self.runs], ignore_index=True)
        return rows.drop_duplicates([*KEYS])

    def told(self, key: tuple[str, str, str], name: str) -> list[float]:
        """Return what runs say of a cell in numbers beside its metrics, one for each seed where they do.

        Arguments:
            key: Its dataset, scenario and solver.
            name: What, such as `alone_seconds`: how long one person alone waits.
        """
        cells = {
            (key, cell["seed"]): float(cell[name])
            for run in reversed(self.runs)
            for cell in run.info["cells"]
            if (cell["dataset"], cell["scenario"], cell["solver"]) == key and cell.get(name)
        }
        return list(cells.values())

    def materials(self, dataset: str) -> Mapping[str, Any]:
        """Return what the first run that has a dataset says of it and its models; nothing where none does."""
        said = (m for run in self.runs for m in run.info.get("materials", []))
        return next((m for m in said if m["dataset"] == dataset), {})

    @property
    def menus(self) -> list[Cell]:
        """Cells that offer menus."""
        return [cell for cell in self.cells.values() if cell.menu is not None]

    def attributes(self, cell: Cell) -> tuple[str, ...]:
        """Return the attributes by whose groups a menu is told: those of its scenario, else the first protected one.

        Raises:
            ArenaError: If its scenario names others than the run records.
        """
        words = next(iter(cell.seeds.values())).words
        known = [str(name).removeprefix("group_") for name in words if words[name].notna().any()]
        protected = self.protected.get(cell.dataset, {})
        by = cell.menu.asked.by if cell.menu else ""
        return attributes_asked(by, [name for name in protected if name in known], known)

    def labels(self, cell: Cell, attributes: Sequence[str]) -> dict[int, NDArray[np.object_]]:
        """Return the group of each person of a cell, by seed; empty where it is not known."""
        protected = self.protected.get(cell.dataset, {})
        return {seed: groups_of(offered.words, attributes, protected) for seed, offered in cell.seeds.items()}

    def individual(self, cell: Cell) -> Cell | None:
        """Return everybody's own cheapest action for the people of a cell; none where the run lacks it."""
        if cell.menu is None:
            return None
        return self.cells.get((cell.dataset, cell.menu.alone, INDIVIDUAL))

    def alike(self, cell: Cell) -> Iterator[Cell]:
        """Yield the other menus of the same scenario on the same dataset."""
        for other in self.menus:
            if (other.dataset, other.scenario) == (cell.dataset, cell.scenario) and other.solver != cell.solver:
                yield other


def _cells(run: RunFiles, asked: Mapping[str, NamedMenu]) -> Iterator[Cell]:
    """Yield the cells of a run that are about menus; `asked` is what each scenario asks of one."""
    wanted = {*asked, *(found.alone for found in asked.values())}
    people = run.read_people(
        lambda name: name in _OF_MENUS or name.startswith(("group_", "offer_")), required=_REQUIRED
    )
    if people is None:
        return
    people = people[people["scenario"].isin(wanted)]
    for (dataset, scenario, solver), rows in people.groupby(["dataset", "scenario", "solver"], sort=False):
        menu = asked.get(str(scenario))
        seeds = {int(str(seed)): _offered(part, menu) for seed, part in rows.groupby("seed")}
        yield Cell(str(dataset), str(scenario), str(solver), menu, seeds)


def _offered(rows: pd.DataFrame, menu: NamedMenu | None) -> Offered:
    rows = rows.sort_values("person", kind="stable").reset_index(drop=True)
    valid = _number(rows, "valid", 0.0) == 1
    weighted, none = _number(rows, "weighted_cost"), np.full(len(rows), np.nan)
    if menu is None or not any(_OFFER.fullmatch(str(name)) for name in rows):
        works, cost = valid[:, None], np.where(valid, weighted, np.inf)[:, None]
        cluster, pick = np.zeros(len(rows), np.int64), valid.astype(np.int64)
        available, choices = none, none
    else:
        works, cost = _offers(rows)
        cluster, pick = (_number(rows, name, 0.0).astype(np.int64) for name in ("cluster", "pick"))
        available, choices = _number(rows, "available"), _number(rows, "choices")
    works = works & np.isfinite(cost)
    return Offered(
        person=rows["person"].to_numpy(dtype=np.int64),
        words=rows[[name for name in rows if str(name).startswith("group_")]],
        cluster=cluster,
        works=works,
        cost=np.where(works, cost, np.inf),
        valid=valid,
        spent=np.where(valid, _number(rows, "cost"), np.nan),
        pick=pick,
        available=available,
        choices=choices,
    )


def _offers(rows: pd.DataFrame) -> tuple[NDArray[np.bool_], Array]:
    """Return which actions work for whom and what each costs, `(people, actions)`; those that nobody has are left out.

    Raises:
        ArenaError: If actions are not numbered from 1, or one has no costs.
    """
    numbers = sorted(int(m[2]) for name in rows if (m := _OFFER.fullmatch(str(name))) and m[1] == "works")
    lacking = [name for i in numbers if (name := f"offer_cost_{i}") not in rows]
    if lacking or numbers != [*range(1, len(numbers) + 1)]:
        said = f"no column {lacking[0]}" if lacking else f"actions {', '.join(map(str, numbers))}, and not from 1 on"
        raise ArenaError(f"people.parquet: offers of menus: {said}; run the suite again")
    there = [i for i in numbers if rows[f"offer_works_{i}"].notna().any()]
    last = max(there, default=0)
    works = [_number(rows, f"offer_works_{i}", 0.0) == 1 for i in range(1, last + 1)]
    costs = [_number(rows, f"offer_cost_{i}") for i in range(1, last + 1)]
    if not works:
        return np.zeros((len(rows), 0), dtype=bool), np.zeros((len(rows), 0))
    return np.stack(works, axis=1), np.stack(costs, axis=1)


def _number(rows: pd.DataFrame, name: str, missing: float = np.nan) -> Array:
    """Return a column of numbers or truth values.

    Raises:
        ArenaError: If it is not there or holds something else.
    """
    if name not in rows:
        raise ArenaError(f"people.parquet has no column {name}; run the suite again")
    if not (pd.api.types.is_numeric_dtype(rows[name]) or pd.api.types.is_bool_dtype(rows[name])):
        raise ArenaError(f"people.parquet: column {name!r}: expected numbers")
    found = rows[name].to_numpy(dtype=float, na_value=np.nan)
    return np.where(np.isnan(found), missing, found)
