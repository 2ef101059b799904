"""What sharing actions costs: fewer for everybody, clusters, people not composed on, and a search that learns.

Each is a cell beside another one, told apart by its scenario's name or its solver.
"""

from __future__ import annotations

__all__ = ["KINDS", "prices_of"]

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recourse_arena.base.names import written
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.reporting.menus.cells import Cell, MenuRun, Offered
from recourse_arena.reporting.menus.fairness import grouped_by_seed, levelled
from recourse_arena.reporting.menus.grouped import balanced, gap
from recourse_arena.statistics.bootstrap import Array, Resamples

KINDS = {
    "sharing": "the price of sharing: beside everybody's own cheapest action, the same people",
    "clusters": "clusters beside as many actions for everybody, the same people",
    "held out": "held out beside in-sample, composed on the very people it is scored on; the same people",
    "search": "`climb` beside `fair-sac`: random changes beside a learned policy, the same people",
}
"""What is held against what."""

_CLIMB, _LEARNED = "climb", "fair-sac"


def prices_of(found: MenuRun) -> pd.DataFrame:
    """Return a row for each pair: `kind` (:data:`KINDS`), the cell, and its `other` with `other_scenario`.

    `actions` and `other_actions` are how many shared actions there are in all; `sr` and `pd` are the cell's, less the
    other's; `levelled` is whom fairness left with nothing, of the cell. `ratio` is the mean weighted cost over the
    other's, over people who are helped both ways (`both`), with an interval (the ratio's linearisation, bootstrapped
    over people); of other people the ratio of the two means, each over its own people with recourse.

    Arguments:
        found: The run.
    """
    rows = []
    for kind, cell, other in _pairs(found):
        names = dict(zip(("dataset", "scenario", "solver"), cell.key, strict=True))
        row: dict[str, Any] = {"kind": kind, **names, "other_scenario": other.scenario, "other": other.solver}
        row |= {"actions": _actions(cell), "other_actions": _actions(other)}
        rows.append({**row, **_compared(found, cell, other), "levelled": levelled(found, cell)})
    return pd.DataFrame(rows)


def _pairs(found: MenuRun) -> Iterator[tuple[str, Cell, Cell]]:
    """Yield which cells are held against which, in the order of :data:`KINDS`."""
    others: dict[str, Callable[[Cell], Cell | None]] = {
        "sharing": found.individual,
        "clusters": lambda cell: _twin(found, cell),
        "held out": lambda cell: _in_sample(found, cell),
        "search": lambda cell: _learned(found, cell),
    }
    for kind, of in others.items():
        for cell in found.menus:
            if (other := of(cell)) is not None:
                yield kind, cell, other


def _learned(found: MenuRun, cell: Cell) -> Cell | None:
    """Return the learned policy beside random changes; none of other cells."""
    if written(cell.solver)[0] != _CLIMB:
        return None
    return next((one for one in found.alike(cell) if written(one.solver)[0] == _LEARNED), None)


def _twin(found: MenuRun, cell: Cell) -> Cell | None:
    """Return the same solver with as many actions for everybody; none of what has no clusters."""
    if cell.menu is None or cell.menu.asked.clusters == 1:
        return None
    wanted = replace(cell.menu.asked, size=cell.menu.actions, clusters=1)
    return next((one for one in found.menus if _asks(cell, one, wanted)), None)


def _in_sample(found: MenuRun, cell: Cell) -> Cell | None:
    """Return the same solver in-sample; none of what is."""
    if cell.menu is None or cell.menu.asked.in_sample:
        return None
    wanted = replace(cell.menu.asked, in_sample=True)
    return next((one for one in found.menus if _asks(cell, one, wanted)), None)


def _asks(cell: Cell, other: Cell, wanted: MenuAsked) -> bool:
    """Return whether another cell is the same one but for what is asked of its menu."""
    same = (cell.dataset, cell.solver) == (other.dataset, other.solver)
    return same and cell.menu is not None and other.menu is not None and (
        (other.menu.asked, other.menu.alone) == (wanted, cell.menu.alone)
    )  # fmt: skip


def _actions(cell: Cell) -> float:
    return float(cell.menu.actions) if cell.menu else np.nan


def _compared(found: MenuRun, cell: Cell, other: Cell) -> dict[str, Any]:
    budget = cell.menu.asked.budget if cell.menu else np.inf
    cell, other = _on_the_same_seeds(cell, other)
    attributes = found.attributes(cell)
    shares = [_sr_and_pd(found, one, attributes, budget) for one in (cell, other)]
    row: dict[str, Any] = {"sr": shares[0][0] - shares[1][0], "pd": shares[0][1] - shares[1][1]}
    pairs = [(mine, theirs.within(budget)) for seed, mine in cell.seeds.items()
             if (theirs := other.seeds.get(seed)) is not None]  # fmt: skip
    same = [np.array_equal(mine.person, theirs.person) for mine, theirs in pairs]
    if pairs and all(same):
        return row | _ratio(pairs)
    paid, base = (np.concatenate([one.cheapest[one.helped] for one in part.seeds.values()]) for part in (cell, other))
    ratio = float(paid.mean() / base.mean()) if len(paid) and len(base) and base.mean() > 0 else np.nan
    return row | {"ratio": ratio, "ratio_low": np.nan, "ratio_high": np.nan, "both": 0}


def _on_the_same_seeds(*cells: Cell) -> list[Cell]:
    """Return cells with those seeds alone that all of them have; as they are where they have none together."""
    both = set.intersection(*({*cell.seeds} for cell in cells))
    return [replace(cell, seeds={seed: cell.seeds[seed] for seed in cell.seeds if seed in both or not both})
            for cell in cells]  # fmt: skip


def _sr_and_pd(found: MenuRun, cell: Cell, attributes: tuple[str, ...], budget: float) -> tuple[float, float]:
    shares = [
        one.kinds.micro(one.kinds.alike.weights)[0]
        for one in grouped_by_seed(found, cell, attributes, budget).values()
        if one.names
    ]
    if not shares:
        return np.nan, np.nan
    return float(np.mean([balanced(one) for one in shares])), float(np.mean([gap(one) for one in shares]))


def _ratio(pairs: list[tuple[Offered, Offered]]) -> dict[str, float]:
    seeds = np.repeat(np.arange(len(pairs)), [len(mine.person) for mine, _ in pairs])
    cost, base = (np.concatenate([pair[i].cheapest for pair in pairs]) for i in (0, 1))
    both = np.isfinite(cost) & np.isfinite(base)
    mean = base[both].mean() if both.any() else np.nan
    if not mean > 0:
        return {"ratio": np.nan, "ratio_low": np.nan, "ratio_high": np.nan, "both": int(both.sum())}
    ratio = float(cost[both].mean() / mean)
    influence: Array = np.full(len(cost), np.nan)
    influence[both] = (cost[both] - ratio * base[both]) / mean
    low, high = Resamples.draw(seeds).means(influence[:, None]).intervals()[0]
    return {"ratio": ratio, "ratio_low": ratio + float(low), "ratio_high": ratio + float(high), "both": int(both.sum())}
