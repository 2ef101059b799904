"""What is counted of each menu, by group: who is helped, how unequally, at what cost, and what fairness took from whom.

Everything is counted seed by seed, for each seed has people, a model and menus of its own; then it is averaged.
"""

from __future__ import annotations

__all__ = [
    "BOUNDED",
    "FAIR_OPTIONS",
    "fairness_of",
    "grouped_by_seed",
    "groups_said",
    "levelled",
    "lost",
    "plain_of",
    "told_of",
    "without_fairness",
]

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recourse_arena.base.names import spell, written
from recourse_arena.reporting.menus.asked import PHI
from recourse_arena.reporting.menus.cells import Cell, MenuRun, Offered
from recourse_arena.reporting.menus.grouped import Grouped, balanced, gap, widest
from recourse_arena.statistics.alike import spread
from recourse_arena.statistics.bootstrap import Array, Resamples

BOUNDED = ("sr", "pd", "levelled", "left_out", "macro_sr", "macro_pd", "shared_sr", "shared_pd", "cost_gap",
           "unavoidable", "cost", "weighted_cost")  # fmt: skip
"""What has an interval."""

FAIR_OPTIONS = ("pd", "fair")
"""Options of solvers that trade help for equality (`fair=none` does not): levelling down is told by the same solver
without them."""

_SHARES = ("sr", "macro_sr", "shared_sr")
_GAPS = ("pd", "macro_pd", "shared_pd", "cost_gap")


def without_fairness(solver: str) -> str | None:
    """Return the same solver without what trades help for equality; none where nothing does.

    Example:
        >>> without_fairness("menu?exact=true&pd=0.02"), without_fairness("menu?fair=none"), without_fairness("menu")
        ('menu?exact=true', None, None)
    """
    name, options = written(solver)
    if not any(options.get(option, "none") != "none" for option in FAIR_OPTIONS):
        return None
    return spell(name, {option: value for option, value in options.items() if option not in FAIR_OPTIONS})


def grouped_by_seed(
    found: MenuRun, cell: Cell, attributes: Sequence[str], budget: float = np.inf
) -> dict[int, Grouped]:
    """Return the people of a cell with their groups, by seed; nothing above the budget counts as working."""
    labels = found.labels(cell, attributes)
    return {seed: Grouped.of(offered.within(budget), labels[seed]) for seed, offered in cell.seeds.items()}


def fairness_of(found: MenuRun) -> pd.DataFrame:
    """Return a row for each menu, and for everybody's own actions before it, with `NAME_low` and `NAME_high`.

    - `sr`: mean over groups of the share for whom any action of their cluster works (balanced; EE micro); `pd`: the
      largest such share less the smallest; `macro_`: of each group's own best action; `shared_`: of one action for all;
    - `levelled`: share of everybody whom the same solver without fairness helps (:func:`without_fairness`, the same
      scenario) and who get nothing; nan where the run has no such solver. `left_out`: share of everybody who have an
      action of their own (`individual`, within the budget) and get nothing;
    - `cost_gap`: the largest difference between groups, over all costs b, in the share with a working action of at most
      b (weighted cost; nothing is infinitely dear: two-sample Kolmogorov-Smirnov); `unavoidable`: the same of
      everybody's own cheapest action, which no menu can be blamed for;
    - `k_gap`: the difference between groups in the number of actions that work for a share phi; `kappa_low`: the least
      such number over the size of the menu;
    - `cost`, `weighted_cost`: means over people with recourse (the unweighted one is Gower's where the dataset's cost
      is); `validity`: pooled share with valid advice; `cluster_pd`: the largest PD of any cluster.

    Intervals are over people, drawn anew within groups, widened by what differs between seeds.

    Arguments:
        found: The run.
    """
    unavoidable = _Unavoidable(found)
    return pd.DataFrame([_row(found, *told, unavoidable) for told in told_of(found)])


def told_of(found: MenuRun) -> Iterator[tuple[Cell, Cell | None, tuple[str, ...]]]:
    """Yield everybody's own actions and each menu beside them, with these actions and the attributes it is told by."""
    told: set[tuple[str, ...]] = set()
    for cell in found.menus:
        attributes, alone = found.attributes(cell), found.individual(cell)
        if alone is not None and (*alone.key, *attributes) not in told:
            told.add((*alone.key, *attributes))
            yield alone, alone, attributes
        yield cell, alone, attributes


def _names(cell: Cell, attributes: Sequence[str]) -> dict[str, Any]:
    menu = cell.menu
    return {
        **dict(zip(("dataset", "scenario", "solver"), cell.key, strict=True)),
        "by": " and ".join(attributes),
        "size": menu.asked.size if menu else np.nan,
        "clusters": menu.asked.clusters if menu else np.nan,
        "budget": menu.asked.budget if menu else np.inf,
        "in_sample": bool(menu and menu.asked.in_sample),
    }


def _row(
    found: MenuRun, cell: Cell, alone: Cell | None, attributes: tuple[str, ...], unavoidable: _Unavoidable
) -> dict[str, Any]:
    groups = grouped_by_seed(found, cell, attributes)
    by_seed = [_of_seed(cell, one, seed) for seed, one in groups.items()]
    row = _names(cell, attributes) | {
        "seeds": len(groups),
        "people": sum(len(one.code) for one in groups.values()),
        "groups": ", ".join(dict.fromkeys(name for one in groups.values() for name in one.names)),
        "small": _small(groups.values()),
    }
    for name in (*_SHARES, *_GAPS):
        row |= _bounded(name, [one[name] for one in by_seed])
    row |= unavoidable.of(cell, alone, attributes)
    row |= {"k_gap": _mean([gap(one["k"]) for one in by_seed]), "kappa_low": _least_kappa(cell, by_seed)}
    row["cluster_pd"] = _mean([one["cluster_pd"] for one in by_seed])
    row |= _of_everybody(found, cell, alone)
    row["by_seed"] = [{name: one[name][0] for name in ("sr", "pd", "macro_sr", "macro_pd")} for one in by_seed]
    return row


def _of_seed(cell: Cell, one: Grouped, seed: int) -> dict[str, Any]:
    """Return each measure of one seed: its value, and that of each resample."""
    kinds, (drawn, weights) = one.kinds, one.resampled(seed)
    phi = cell.menu.asked.share if cell.menu else PHI
    points, clouds = (_shares(which, by, cell) for which, by in ((kinds, kinds.alike.weights), (drawn, weights)))
    values: dict[str, Any] = {name: (float(points[name][0]), clouds[name]) for name in points}
    values["k"] = kinds.effective(phi, one.offered.distinct) if cell.menu else np.full(len(one.names), np.nan)
    values["cluster_pd"] = kinds.worst_cluster() if cell.menu and cell.menu.asked.clusters > 1 else np.nan
    return values


def _shares(kinds: Any, weights: Array, cell: Cell) -> dict[str, Array]:
    own = np.full((len(weights), kinds.alike.groups), np.nan)
    micro = kinds.micro(weights) if kinds.alike.groups else own
    macro, shared = (own, own)
    if cell.menu is not None and kinds.alike.groups:
        macro, shared = kinds.macro(weights), kinds.shared(weights)
    found = {"sr": balanced(micro), "pd": gap(micro), "cost_gap": widest(kinds.curves(weights))}
    for name, shares in (("macro", macro), ("shared", shared)):
        found |= {f"{name}_sr": balanced(shares), f"{name}_pd": gap(shares)}
    return found


def _bounded(name: str, parts: Sequence[tuple[float, Array]]) -> dict[str, float]:
    values = np.array([value for value, _ in parts])
    known = np.isfinite(values)
    if not known.any():
        return {name: np.nan, f"{name}_low": np.nan, f"{name}_high": np.nan}
    clouds = np.stack([cloud for (_, cloud), there in zip(parts, known, strict=True) if there])
    value = float(values[known].mean())
    low, high = spread(value, values[known], clouds, gap=name in _GAPS)
    return {name: value, f"{name}_low": max(low, 0.0), f"{name}_high": min(high, 1.0)}


class _Unavoidable:
    """The cost gap of everybody's own cheapest action, counted once for all menus beside it."""

    def __init__(self, found: MenuRun):
        self._found = found
        self._known: dict[tuple[Any, ...], dict[str, float]] = {}

    def of(self, cell: Cell, alone: Cell | None, attributes: tuple[str, ...]) -> dict[str, float]:
        """Return it within the budget of a cell's menu, with its interval; nan where the run lacks such actions."""
        budget = cell.menu.asked.budget if cell.menu else np.inf
        key = (alone and alone.key, attributes, budget)
        if key not in self._known:
            groups = {} if alone is None else grouped_by_seed(self._found, alone, attributes, budget)
            parts = [_widest(one, seed) for seed, one in groups.items()]
            row = _bounded("cost_gap", parts or [(np.nan, np.empty(0))])
            self._known[key] = {name.replace("cost_gap", "unavoidable"): value for name, value in row.items()}
        return self._known[key]


def _widest(one: Grouped, seed: int) -> tuple[float, Array]:
    drawn, weights = one.resampled(seed)
    return float(widest(one.kinds.curves(one.kinds.alike.weights))[0]), widest(drawn.curves(weights))


def _of_everybody(found: MenuRun, cell: Cell, alone: Cell | None) -> dict[str, float]:
    """Return what is a mean over people whatever their group, with the intervals of means and shares."""
    fair = plain_of(found, cell)
    budget = cell.menu.asked.budget if cell.menu else np.inf
    parts: dict[str, list[Array]] = {}
    for seed, offered in cell.seeds.items():
        cost, helped = offered.spent, offered.helped
        one = {
            "validity": offered.valid * 1.0,
            "cost": cost,
            "weighted_cost": np.where(helped, offered.cheapest, np.nan),
        }
        one["levelled"] = lost(offered, fair, seed)
        one["left_out"] = lost(offered, alone if cell.menu else None, seed, budget)
        for name, values in one.items():
            parts.setdefault(name, []).append(values)
    seeds = np.repeat([*cell.seeds], [len(offered.person) for offered in cell.seeds.values()])
    names = [*parts]
    means = Resamples.draw(seeds).means(np.stack([np.concatenate(parts[name]) for name in names], axis=1))
    shares, intervals = means.share_intervals(), means.intervals()
    row: dict[str, float] = {}
    for place, name in enumerate(names):
        low, high = (intervals if "cost" in name else shares)[place]
        row |= {name: float(means.value[place]), f"{name}_low": float(low), f"{name}_high": float(high)}
    return row


def plain_of(found: MenuRun, cell: Cell) -> Cell | None:
    """Return the same solver without fairness under the same scenario; none without such a one."""
    plain = without_fairness(cell.solver)
    return found.cells.get((cell.dataset, cell.scenario, plain)) if plain else None


def lost(offered: Offered, other: Cell | None, seed: int, budget: float = np.inf) -> Array:
    """Return who gets nothing where another cell helps them, 0 or 1; nan where it has other people."""
    same = None if other is None else other.seeds.get(seed)
    place = None if same is None else same.among(offered.person)
    if same is None or place is None:
        return np.full(len(offered.person), np.nan)
    return (same.within(budget).helped[place] & ~offered.helped).astype(float)


def levelled(found: MenuRun, cell: Cell) -> float:
    """Return the share of everybody whom the same solver without fairness helps, and get nothing; nan without it."""
    plain = plain_of(found, cell)
    return _mean([float(lost(offered, plain, seed).mean()) for seed, offered in cell.seeds.items()])


def _least_kappa(cell: Cell, by_seed: Sequence[Mapping[str, Any]]) -> float:
    if cell.menu is None:
        return float("nan")
    return _mean([one["k"].min() / cell.menu.asked.size if len(one["k"]) else np.nan for one in by_seed])


def groups_said(found: MenuRun) -> pd.DataFrame:
    """Return a row for each menu (and everybody's own actions) and group, a mean over seeds.

    `share` is whom any action of their cluster works for, `macro` whom the group's own best action does; `k` actions
    work for a share phi, `kappa` of the menu; `burden` is the mean weighted cost of those with recourse; `available`
    and `choices` how many actions of the menu people may take under their own constraints, and how many of these work;
    `levelled` the share whom the same solver without fairness helps, and who get nothing.
    """
    return pd.DataFrame([row for cell, _, attributes in told_of(found) for row in _group_rows(found, cell, attributes)])


def _group_rows(found: MenuRun, cell: Cell, attributes: Sequence[str]) -> Iterator[dict[str, Any]]:
    fair = plain_of(found, cell)
    parts: dict[str, list[dict[str, float]]] = {}
    for seed, one in grouped_by_seed(found, cell, attributes).items():
        offered, kinds, weights = one.offered, one.kinds, one.kinds.alike.weights
        if not one.names:
            continue
        nothing = np.full(len(one.names), np.nan)
        k = kinds.effective(cell.menu.asked.share, offered.distinct) if cell.menu else nothing
        said: dict[str, NDArray[Any]] = {
            "people": one.people,
            "share": kinds.micro(weights)[0],
            "macro": kinds.macro(weights)[0] if cell.menu else nothing,
            "k": k,
            "kappa": k / cell.menu.asked.size if cell.menu else nothing,
            "burden": one.mean(np.where(offered.helped, offered.cheapest, np.nan)),
            "available": one.mean(offered.available),
            "choices": one.mean(offered.choices),
            "levelled": one.mean(lost(offered, fair, seed)),
        }
        for place, name in enumerate(one.names):
            parts.setdefault(name, []).append({what: float(values[place]) for what, values in said.items()})
    names = dict(zip(("dataset", "scenario", "solver"), cell.key, strict=True))
    for group, seeds in sorted(parts.items()):
        means = {what: _mean([one[what] for one in seeds]) for what in seeds[0]}
        yield {
            **names,
            "by": " and ".join(attributes),
            "group": group,
            **means,
            "people": int(sum(one["people"] for one in seeds)),
        }


def _small(groups: Any) -> str:
    found: dict[str, int] = {}
    for one in groups:
        for name, count in one.small.items():
            found[name] = found.get(name, 0) + count
    return ", ".join(f"{name} ({count})" for name, count in sorted(found.items()))


def _mean(values: Sequence[float | Array]) -> float:
    known = np.array(values, dtype=float)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else float("nan")
