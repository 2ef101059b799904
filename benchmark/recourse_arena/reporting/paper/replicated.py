"""One published value and ours."""

from __future__ import annotations

__all__ = ["NAMED", "NUMBERS", "SEEDS", "Replicated"]

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from recourse_arena.reporting.paper.markdown import interval, number
from recourse_arena.reporting.paper.published import Target, target
from recourse_arena.reporting.results.cells import CellName, Cells
from recourse_arena.reporting.results.estimate import Estimate

NAMED = ("scenario", "solver", "metric")
"""Headings of what :meth:`Replicated.named` returns."""

NUMBERS = ("published", "ours", "95 %", "difference")
"""Headings of what :meth:`Replicated.numbers` returns."""

SEEDS = ("mean over seeds", "range", "seeds")
"""Headings of what :meth:`Replicated.over_seeds` returns."""


@dataclass(frozen=True)
class Replicated:
    """One published value and ours.

    Arguments:
        table: The table that it stands in.
        cell: Solver, scenario and dataset.
        metric: The metric, as published.
        published: The published value.
        ours: Ours at the seed that is read; none if it is not there.
        seeds: Ours at every seed that is there.
        target: How near it should come; none where nothing is asked.
    """

    table: str
    cell: CellName
    metric: str
    published: float
    ours: Estimate | None
    seeds: Mapping[int, float]
    target: Target | None

    @classmethod
    def of(cls, row: Mapping[Any, Any], cells: Cells, *, solver: str = "") -> Replicated:
        """Return our value for a row of :func:`~recourse_arena.reporting.paper.published.published`.

        With a `solver`, that one's value is held against what is published of the row's own.

        The oracle's plausibility is published among the people it has advice for: it is 1.0 at any validity.
        """
        cell = CellName(row["scenario"], solver or row["solver"], row["dataset"])
        measured = "plausibility_solved" if row["metric"] == "plausibility" and cell.solver == "grid" else row["metric"]
        aim = target(row["table"], cell.dataset, row["solver"], row["metric"])
        ours, seeds = cells.estimate(cell, measured), cells.over_seeds(cell, measured)
        return cls(row["table"], cell, row["metric"], float(row["value"]), ours, seeds, aim)

    @property
    def difference(self) -> float | None:
        """Ours less the published value."""
        return None if self.ours is None else self.ours.value - self.published

    @property
    def judged(self) -> bool:
        """Whether there is a target and something to hold against it."""
        return self.target is not None and self.ours is not None

    @property
    def missed_by(self) -> float:
        """How far it lies outside the target; 0 inside or without one."""
        return 0.0 if self.target is None or self.difference is None else self.target.missed_by(self.difference)

    @property
    def verdict(self) -> str:
        """`met`, `missed`, or a dash where there is nothing to judge."""
        if not self.judged:
            return "-"
        return "missed" if self.missed_by else "met"

    @property
    def reaches_target(self) -> bool:
        """Whether the interval over people reaches the target, so that a miss may be chance."""
        if self.ours is None or self.target is None:
            return False
        low, high = self.ours.low - self.published, self.ours.high - self.published
        return low <= self.target.high and self.target.low <= high

    @property
    def mean_missed_by(self) -> float | None:
        """How far the mean over seeds lies outside the target; none with fewer than two seeds or without a target."""
        if self.target is None or len(self.seeds) < 2:
            return None
        return self.target.missed_by(sum(self.seeds.values()) / len(self.seeds) - self.published)

    def named(self) -> list[str]:
        """Return what it is, as words for a table."""
        return [self.cell.scenario, self.cell.solver, self.metric]

    def numbers(self) -> list[str]:
        """Return published value, ours, interval and difference for a table."""
        ours = self.ours
        shown = [number(ours.value), interval(ours), number(self.difference, sign=True)] if ours else ["-"] * 3
        return [number(self.published), *shown]

    def over_seeds(self) -> list[str]:
        """Return mean, range and number of seeds for a table."""
        found = list(self.seeds.values())
        if not found:
            return ["-", "-", "0"]
        return [number(sum(found) / len(found)), f"{min(found):.3f} to {max(found):.3f}", str(len(found))]
