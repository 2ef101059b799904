"""Curves of menus: what they cost against how many actions there are, and whom they help at which cost, by group."""

from __future__ import annotations

__all__ = ["Effectiveness", "Sharing", "effectiveness_curves", "sharing_curves"]

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recourse_arena.reporting.menus.asked import named_menu
from recourse_arena.reporting.menus.cells import INDIVIDUAL, MenuRun
from recourse_arena.reporting.menus.fairness import grouped_by_seed, told_of
from recourse_arena.statistics.bootstrap import Array

_POINTS = 60
"""At how many costs a curve is told."""


@dataclass(frozen=True)
class Sharing:
    """What one solver's menus cost against how many actions they have, all else being the same.

    Arguments:
        dataset: The dataset.
        scenario: What its scenarios have in common.
        solver: The solver.
        points: A row per number of actions, rising: `actions`, and `cost` (mean weighted cost of people with recourse)
            with `low` and `high` of its interval; `sr`, the balanced share with recourse.
        alone: The cost of everybody's own cheapest action, nan where the run lacks it.
    """

    dataset: str
    scenario: str
    solver: str
    points: pd.DataFrame
    alone: float


@dataclass(frozen=True)
class Effectiveness:
    """Which share of each group has a working action of at most a cost; a mean over seeds.

    Arguments:
        dataset: The dataset.
        scenario: The scenario.
        solver: The solver.
        by: Whose groups.
        cost: The costs, rising.
        groups: For each group the share at each cost.
    """

    dataset: str
    scenario: str
    solver: str
    by: str
    cost: Array
    groups: Mapping[str, Array]


def sharing_curves(fairness: pd.DataFrame) -> list[Sharing]:
    """Return a curve for each solver whose menus for everybody come in two sizes at least.

    Arguments:
        fairness: What is counted of menus (:func:`~recourse_arena.reporting.menus.fairness.fairness_of`).
    """
    if not len(fairness):
        return []
    alone = {(row["dataset"], row["scenario"]): row["weighted_cost"] for row in fairness.to_dict("records")
             if row["solver"] == INDIVIDUAL}  # fmt: skip
    families: dict[tuple[str, str, str], list[dict[str, float]]] = {}
    own: dict[tuple[str, str, str], float] = {}
    for row in fairness.to_dict("records"):
        menu = named_menu(row["scenario"])
        if menu is None or menu.asked.clusters > 1:
            continue
        key = (row["dataset"], menu.family, row["solver"])
        ends = {"low": row["weighted_cost_low"], "high": row["weighted_cost_high"]}
        families.setdefault(key, []).append(
            {"actions": float(menu.asked.size), "cost": row["weighted_cost"], **ends, "sr": row["sr"]}
        )
        own[key] = float(alone.get((row["dataset"], menu.alone), np.nan))
    return [
        Sharing(*key, pd.DataFrame(points).sort_values("actions", kind="stable").reset_index(drop=True), own[key])
        for key, points in families.items()
        if len({point["actions"] for point in points}) > 1
    ]


def effectiveness_curves(found: MenuRun) -> list[Effectiveness]:
    """Return the curves of each menu, and of everybody's own cheapest actions, by group.

    Arguments:
        found: The run.
    """
    curves = []
    for cell, _, attributes in told_of(found):
        groups = grouped_by_seed(found, cell, attributes)
        costs = np.concatenate([one.offered.cheapest[one.offered.helped] for one in groups.values()])
        names = dict.fromkeys(name for one in groups.values() for name in one.names)
        if not len(costs) or not names:
            continue
        at = np.unique(np.concatenate([[0.0], np.quantile(costs, np.linspace(0, 1, _POINTS), method="higher")]))
        shares = {name: [_share(one.offered.cheapest[one.code == one.names.index(name)], at)
                         for one in groups.values() if name in one.names] for name in names}  # fmt: skip
        mean = {name: np.mean(parts, axis=0) for name, parts in shares.items()}
        curves.append(Effectiveness(*cell.key, " and ".join(attributes), at, mean))
    return curves


def _share(cheapest: Array, at: Array) -> Array:
    return np.searchsorted(np.sort(cheapest), at, side="right") / len(cheapest)
