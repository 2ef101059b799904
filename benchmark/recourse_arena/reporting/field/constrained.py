"""The same people under no, typical and strict constraints: coverage, validity and cost of each solver."""

from __future__ import annotations

__all__ = ["ANYBODY", "Constrained", "Found", "World"]

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from recourse_arena.base.names import written
from recourse_arena.planning.field_suites import LEVELS
from recourse_arena.reporting.results.estimate import Estimate
from recourse_arena.reporting.results.people_by_cell import PeopleByCell, panels
from recourse_arena.statistics.bootstrap import Array, Resamples
from recourse_arena.storage.run_files import RunFiles

ANYBODY = "any of them"
"""Whoever got valid advice from at least one solver of the run; at the cost of the cheapest."""

_TAIL = 0.025


@dataclass(frozen=True)
class Mean:
    """The mean of a world.

    Arguments:
        value: Mean over its people.
        deviations: How far each resample's mean is off.
        people: How many people count.
    """

    value: float
    deviations: Array
    people: int


@dataclass(frozen=True)
class World:
    """One dataset with one decision model: the same people under each level of constraints.

    Arguments:
        name: Its name, with options.
        decision: Its decision model.
        panel: Its people.
        resamples: Resamples of them, independent of those of other worlds.
    """

    name: str
    decision: str
    panel: PeopleByCell
    resamples: Resamples

    @cached_property
    def solvers(self) -> tuple[str, ...]:
        """Who was asked under every level."""
        asked = set(self.panel.cells)
        names = dict.fromkeys(solver for _, solver in self.panel.cells)
        return tuple(name for name in names if all((self._scenario(level), name) in asked for level in LEVELS))

    def values(self, metric: str, solver: str, level: str) -> Array:
        """Return `coverage`, `validity` or `cost` (of valid advice, else nan) of each person, `(people,)`."""
        if solver == ANYBODY:
            return self._anybody(metric, level)
        return self._measured("cost_mean" if metric == "cost" else metric)[:, self._place(solver, level)]

    def mean(self, what: Hashable, values: Callable[[World], Array], *, paired: bool) -> Mean | None:
        """Return the mean of values of people, worked out once for each name `what`; none where nobody counts."""
        if what not in self._means:
            found = self.resamples.means(values(self)[:, None], differences=paired)
            known = Mean(float(found.value[0]), found.deviations[:, 0], int(found.people[0]))
            self._means[what] = known if known.people else None
        return self._means[what]

    @cached_property
    def _means(self) -> dict[Hashable, Mean | None]:
        return {}

    def _anybody(self, metric: str, level: str) -> Array:
        name = f"{metric} {level}"
        if name not in self._kept:
            each = np.stack([self.values(metric, one, level) for one in self.solvers], axis=1)
            self._kept[name] = _cheapest(each) if metric == "cost" else each.max(1)
        return self._kept[name]

    def _measured(self, metric: str) -> Array:
        if metric not in self._kept:
            self._kept[metric] = self.panel.values(metric)
        return self._kept[metric]

    @cached_property
    def _kept(self) -> dict[str, Array]:
        return {}

    def _place(self, solver: str, level: str) -> int:
        return self.panel.cells.index((self._scenario(level), solver))

    def _scenario(self, level: str) -> str:
        return LEVELS[level][written(self.name)[0]]


@dataclass(frozen=True)
class Found:
    """A number over worlds.

    Arguments:
        estimate: Mean over worlds, each counted alike, with its 95 % interval over people; ratios are geometric means.
        worlds: How many worlds it rests on.
    """

    estimate: Estimate
    worlds: int

    @property
    def falls(self) -> bool:
        """Whether the interval of a difference lies below 0."""
        return self.estimate.high < 0


@dataclass(frozen=True)
class Constrained:
    """What runs of the suite `field` say of constraints.

    Arguments:
        worlds: Its worlds.
        left_out: Cells without anybody's advice, with why, as `run.json` says it.
    """

    worlds: tuple[World, ...]
    left_out: tuple[Mapping[str, str], ...]

    @classmethod
    def of(cls, runs: Sequence[RunFiles]) -> Constrained:
        """Return what runs say; none of their other datasets and scenarios counts."""
        found = []
        for place, (name, panel) in enumerate(sorted(panels(runs).items())):
            dataset, options = written(name)
            if all(dataset in where for where in LEVELS.values()):
                draws = Resamples.draw(panel.seeds, entropy=place)
                world = World(name, options.get("decision", "relu"), panel, draws)
                found += [world] if world.solvers else []
        skipped = [cell for run in runs for cell in run.info["cells"] if cell["outcome"] != "solved"]
        return cls(tuple(found), tuple(skipped))

    @property
    def solvers(self) -> tuple[str, ...]:
        """Every solver, in the order of the runs."""
        return tuple(dict.fromkeys(name for world in self.worlds for name in world.solvers))

    def among(self, decision: str) -> Constrained:
        """Return the same of one kind of decision model."""
        return Constrained(tuple(world for world in self.worlds if world.decision == decision), self.left_out)

    def share(self, metric: str, solver: str, level: str) -> Found:
        """Return the mean of `coverage` or `validity` under a level."""
        what = (metric, solver, level)
        return self._over(solver, what, lambda world: world.values(metric, solver, level))

    def change(self, metric: str, solver: str, level: str, base: str = "none") -> Found:
        """Return how much a share differs from that of the same people under another level."""

        def values(world: World) -> Array:
            return world.values(metric, solver, level) - world.values(metric, solver, base)

        return self._over(solver, (metric, solver, level, base), values, paired=True)

    def times(self, solver: str, level: str, base: str = "none") -> Found:
        """Return cost over cost under another level, of people with valid advice under both; nobody's is 0 there."""
        return self._ratio((solver, level), (solver, base))

    def above_cheapest(self, solver: str, level: str) -> Found:
        """Return cost over that of the cheapest valid advice which any solver of the run found for the same person."""
        found = self._ratio((solver, level), (ANYBODY, level))
        return replace(found, estimate=found.estimate._replace(low=max(found.estimate.low, 1.0)))  # nobody is cheaper

    def _ratio(self, cell: tuple[str, str], base: tuple[str, str]) -> Found:
        found = self._over(cell[0], (cell, base), lambda world: _ratio(world, cell, base), paired=True)
        return _as_ratio(found)

    def _over(self, solver: str, what: Hashable, values: Callable[[World], Array], *, paired: bool = False) -> Found:
        asked = (world for world in self.worlds if solver in (ANYBODY, *world.solvers))
        means = [mean for world in asked if (mean := world.mean(what, values, paired=paired)) is not None]
        if not means:
            return Found(Estimate(float("nan"), float("nan"), float("nan"), 0), 0)
        value, off = (
            float(np.mean([mean.value for mean in means])),
            np.mean([mean.deviations for mean in means], axis=0),
        )
        low, high = np.quantile(off[np.isfinite(off)], (_TAIL, 1 - _TAIL)) if np.isfinite(off).any() else (np.nan,) * 2
        return Found(
            Estimate(value, value - float(high), value - float(low), sum(mean.people for mean in means)), len(means)
        )


def _ratio(world: World, cell: tuple[str, str], base: tuple[str, str]) -> Array:
    """Return the logarithm of cost over cost of each person, nan where one is missing or 0."""
    above, below = (world.values("cost", *which) for which in (cell, base))
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(above) - np.log(below)
    return np.where(np.isfinite(found), found, np.nan)


def _cheapest(costs: Array) -> Array:
    """Return the least cost of each row, nan where none is known."""
    least = np.where(np.isfinite(costs), costs, np.inf).min(1)
    return np.where(np.isfinite(least), least, np.nan)


def _as_ratio(found: Found) -> Found:
    value, low, high, people = found.estimate
    return Found(Estimate(float(np.exp(value)), float(np.exp(low)), float(np.exp(high)), people), found.worlds)
