"""The notions of fair recourse of FACTS, micro and macro, as far as they follow from what people were offered.

Source: Kavouras et al., Fairness Aware Counterfactuals for Subgroups, NeurIPS 2023, arXiv 2306.14978. Micro: people
take whichever action of the menu is best for them; macro: a whole group is given the one that works for most of it.
Costs are weighted ones.
"""

from __future__ import annotations

__all__ = ["NOTIONS", "facts_of"]

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.reporting.menus.cells import Cell, MenuRun
from recourse_arena.reporting.menus.fairness import grouped_by_seed, levelled, told_of
from recourse_arena.reporting.menus.grouped import Grouped, least_cost
from recourse_arena.statistics.bootstrap import Array

NOTIONS = {
    "effectiveness": "share with a working action (equal effectiveness)",
    "choice": "actions that work for a share phi (equal choice for recourse)",
    "within budget": "share with a working action within the budget (equal effectiveness within budget)",
    "cost of effectiveness": "least cost at which a share phi has a working action (equal cost of effectiveness)",
    "mean recourse": "mean cost of those with recourse (equal conditional mean recourse)",
    "trade-off": "largest difference in effectiveness at any cost (fair effectiveness-cost trade-off)",
}
"""What is compared between groups, in words."""


def facts_of(found: MenuRun) -> pd.DataFrame:
    """Return a row for each menu, notion and level: `notion, level` (micro or macro), `at` (phi or the budget),
    `groups` (a value for each) and `difference`, the largest less the smallest; beside it `levelled`, whom fairness
    left with nothing.

    Means over seeds. The budget is the scenario's, else the median cost of the cheapest actions that work. A cost is
    infinite where a group never reaches phi; a difference is nan where two are, and infinite where one is. Choice is
    of actions, so it has no micro level, and mean recourse no macro one.

    Arguments:
        found: The run.
    """
    rows: list[dict[str, Any]] = []
    for cell, _, attributes in told_of(found):
        if cell.menu is None:
            continue
        seeds = [_of_seed(cell, one) for one in grouped_by_seed(found, cell, attributes).values() if one.names]
        names = dict(zip(("dataset", "scenario", "solver"), cell.key, strict=True))
        more = {"by": " and ".join(attributes), "levelled": levelled(found, cell)}
        rows += [{**names, **row, **more} for row in _averaged(seeds)]
    return pd.DataFrame(rows)


def _of_seed(cell: Cell, one: Grouped) -> dict[tuple[str, str], tuple[float, dict[str, float], float]]:
    """Return by notion and level what it is held at, each group's value, and the difference."""
    assert cell.menu is not None
    kinds, weights, phi = one.kinds, one.kinds.alike.weights, cell.menu.asked.share
    at, micro, macro = kinds.thresholds, kinds.curves(weights)[0], kinds.macro_curves()
    known = one.offered.cheapest[one.offered.helped]
    budget = cell.menu.asked.budget
    if not np.isfinite(budget):
        budget = float(np.median(known)) if len(known) else 0.0
    found: dict[tuple[str, str], tuple[float, Array]] = {
        ("effectiveness", "micro"): (np.nan, kinds.micro(weights)[0]),
        ("effectiveness", "macro"): (np.nan, kinds.macro(weights)[0]),
        ("choice", "macro"): (phi, kinds.effective(phi, one.offered.distinct)),
        ("mean recourse", "micro"): (np.nan, one.mean(np.where(one.offered.helped, one.offered.cheapest, np.nan))),
    }
    for level, curve in (("micro", micro), ("macro", macro)):
        found["within budget", level] = budget, _at(curve, at, budget)
        found["cost of effectiveness", level] = phi, least_cost(curve, at, phi)
    said = {
        key: (where, dict(zip(one.names, map(float, values), strict=True)), _difference(values))
        for key, (where, values) in found.items()
    }
    for level, curve in (("micro", micro), ("macro", macro)):
        widest = float((curve.max(0) - curve.min(0)).max(initial=0.0)) if len(curve) > 1 else np.nan
        said["trade-off", level] = np.nan, {}, widest
    return said


def _at(curve: Array, thresholds: Array, budget: float) -> Array:
    """Return a curve's values at a cost."""
    place = int(np.searchsorted(thresholds, budget * (1 + 1e-6), side="right")) - 1  # costs are in single precision
    return curve[:, place] if place >= 0 else np.zeros(len(curve))


def _difference(values: Array) -> float:
    """Return the largest less the smallest; nan without two groups, or where two of them are infinite."""
    if len(values) < 2 or np.isinf(values).sum() > 1 or np.isnan(values).any():
        return float("nan")
    return float(values.max() - values.min())


def _averaged(seeds: list[dict[tuple[str, str], tuple[float, dict[str, float], float]]]) -> Iterator[dict[str, Any]]:
    for notion in NOTIONS:
        for level in ("micro", "macro"):
            parts = [seed[notion, level] for seed in seeds if (notion, level) in seed]
            if not parts:
                continue
            groups = dict.fromkeys(name for _, values, _ in parts for name in values)
            yield {
                "notion": notion,
                "level": level,
                "at": float(np.mean([where for where, _, _ in parts])),
                "groups": {g: float(np.mean([v[g] for _, v, _ in parts if g in v])) for g in groups},
                "difference": float(np.mean([difference for _, _, difference in parts])),
            }
