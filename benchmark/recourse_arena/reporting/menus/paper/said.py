"""What a run says of one menu of the suites: found by dataset, objective, clusters and solver."""

from __future__ import annotations

__all__ = ["DATASETS", "Said", "measured"]

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np

from recourse_arena.base.names import written
from recourse_arena.menus.asked import MenuAsked, MenuObjective
from recourse_arena.planning.menu_suites import ADULT, ALZHEIMER, COMPAS, SSL
from recourse_arena.reporting.menus.asked import NamedMenu, named_menu
from recourse_arena.reporting.menus.table import Menus, records

DATASETS = {"adult": ADULT, "alzheimer": ALZHEIMER, "compas": COMPAS, "ssl": SSL}
"""The tables of the paper and of the one before it, as suites name them."""

Row = Mapping[str, Any]

_VARIED = ("act", "decision.bias", "decision.fair")
"""Options of datasets that make another question of them."""


@dataclass(frozen=True)
class Said:
    """What a run says of menus.

    Arguments:
        menus: The run.
    """

    menus: Menus

    @cached_property
    def rows(self) -> list[tuple[Row, NamedMenu | None]]:
        """What is counted of each cell, with what its scenario asks."""
        return [(row, named_menu(row["scenario"])) for row in records(self.menus.fairness)]

    def cell(
        self, dataset: str, objective: str, *, size: int = 4, clusters: int = 1, in_sample: bool = False,
        solver: str = "menu",
    ) -> Row | None:  # fmt: skip
        """Return what is counted of a menu that everybody may act on as they like; none where the run lacks it.

        Arguments:
            dataset: The table, as the paper calls it: the variant with its own actions and model.
            objective: What the menu is composed for; of `ecr` and `hybrid` with phi .6.
            size: How many actions it has.
            clusters: How many clusters.
            in_sample: Whether it is scored on those it was composed on.
            solver: Its name, options and all.
        """
        aim = cast("MenuObjective", objective)
        wanted = MenuAsked(size=size, clusters=clusters, objective=aim, in_sample=in_sample)
        fitting = [
            row
            for row, menu in self.rows
            if menu is not None and menu.asked == wanted and row["solver"] == solver and _is(row["dataset"], dataset)
            and menu.alone.split("!")[0] == "soft-constant"
        ]  # fmt: skip
        return next((row for row in fitting if row["dataset"] == DATASETS[dataset]), fitting[0] if fitting else None)

    def seconds(self, row: Row | None, name: str) -> float | None:
        """Return the longest that any seed of a cell took, as `summary.csv` has it; none where that is not known."""
        summary = self.menus.found.summary
        if row is None or name not in summary:
            return None
        same = np.logical_and.reduce([summary[key] == row[key] for key in ("dataset", "scenario", "solver")])
        values = summary.loc[same, name].dropna()
        return float(values.max()) if len(values) else None

    def each(self, row: Row | None) -> float | None:
        """Return milliseconds that each person waits in a batch."""
        summary = self.menus.found.summary
        if row is None or "solve_seconds" not in summary:
            return None
        same = np.logical_and.reduce([summary[key] == row[key] for key in ("dataset", "scenario", "solver")])
        there = summary[same & (summary["people"] > 0)]
        return float((1000 * there["solve_seconds"] / there["people"]).max()) if len(there) else None

    def alone(self, row: Row | None) -> float | None:
        """Return milliseconds that one person alone waits, the longest of any seed."""
        if row is None:
            return None
        waits = self.menus.found.told((row["dataset"], row["scenario"], row["solver"]), "alone_seconds")
        return 1000 * max(waits) if waits else None

    def variants(self, row: Row) -> Iterable[tuple[Row, NamedMenu | None]]:
        """Yield the cells of the same dataset and scenario by variants of the same solver."""
        for other, menu in self.rows:
            same = (other["dataset"], other["scenario"]) == (row["dataset"], row["scenario"])
            if same and written(other["solver"])[0] == written(row["solver"])[0]:
                yield other, menu


def _is(name: str, dataset: str) -> bool:
    """Return whether a name is that of a table with its own actions and model, as suites or somebody else name it."""
    if name == DATASETS[dataset]:
        return True
    base, options = written(name)
    return base == dataset and not any(option in _VARIED for option in options)


def measured(row: Row, name: str, objective: str) -> float | None:
    """Return SR or PD of a menu as its objective measures it: macro ones of each group's own best action."""
    prefix = "macro_" if objective == "ee-macro" and name in ("sr", "pd") else ""
    value = row.get(f"{prefix}{name}")
    return None if value is None else float(value)
