"""What one person can become where trees decide: a few cells of each feature, and the cheapest value in each."""

from __future__ import annotations

__all__ = ["Cells"]

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import torch

from recourse_arena import AtMost, Kind, Request
from recourse_arena_certified.trees.leaves import Leaves

_MOST = 20_000
"""Most cells of a person."""

_SLACK = 8 * float(np.finfo(np.float32).eps)
"""By how much judges let a number be outside its box, relative to the larger bound."""


@dataclass(frozen=True)
class _Values:
    """The cheapest value in each cell of the feature in a column, what it costs, and whether it may be advised."""

    column: int
    value: np.ndarray
    cost: np.ndarray
    advised: np.ndarray

    def some(self, rows: np.ndarray) -> _Values:
        return _Values(self.column, self.value[rows], self.cost[rows], self.advised[rows])


@dataclass(frozen=True)
class Cells:
    """A person's cells: between two of them no tree tells values apart; arrays are `(cells,)`.

    Arguments:
        leaves: The leaves that the person can reach.
        columns: The features that move, in column order.
        owner: Place in `columns` of the feature of each cell, ascending.
        value: The cheapest value in the cell.
        cost: Part of the cost of it, its root not taken.
        advised: Whether that value is inside the box, and not only within what judges let pass.
        holds: Which leaves hold whom in each cell, as far as its feature goes, bool `(leaves, cells)`.
        level: Which are levels of a category, whose order means nothing.
    """

    leaves: Leaves
    columns: tuple[int, ...]
    owner: np.ndarray
    value: np.ndarray
    cost: np.ndarray
    advised: np.ndarray
    holds: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, one: Request, leaves: Leaves, most: float, apart: Collection[int]) -> Cells:
        """Return the cells of a request of one that cost less than `most`, whose root is not taken.

        Arguments:
            one: The person.
            leaves: All leaves.
            most: The cost.
            apart: Features whose cells are told apart by rules, and not only by trees.

        Raises:
            ArithmeticError: If a number is not finite, or there are too many cells.
        """
        acted = one.actionable[0].numpy()
        bounds = torch.stack([one.box.lower[0], one.box.upper[0], one.weights[0].to(one.box.lower)]).double().numpy()
        factual = one.factual[0]
        if not np.isfinite(bounds[:, acted]).all() or (bounds[2, acted] < 0).any() or not factual.isfinite().all():
            raise ArithmeticError("factual values, bounds and weights must be finite, and weights not below 0")
        leaves = leaves.of_person(factual, acted)
        found = []
        for j in acted.nonzero()[0].tolist():
            value, advised = _values(one, leaves, j, bounds[:2, j])
            people = one.factual.repeat(len(value), 1)
            people[:, j] = torch.from_numpy(value)
            cost = one.unit_cost.per_feature(one.factual, people)[:, j].double().numpy() * float(one.weights[0, j])
            found.append(_Values(j, value, cost, advised).some(cost < most))
        if sum(len(each.value) for each in found) > _MOST:
            raise ArithmeticError(f"there are more than {_MOST} values that trees and rules tell apart")
        return cls._joined(one, leaves, found, apart)

    @classmethod
    def _joined(cls, one: Request, leaves: Leaves, found: list[_Values], apart: Collection[int]) -> Cells:
        """Return cells without leaves that nobody reaches, of which those that are alike are one, the cheapest."""
        reached = np.ones(len(leaves.tree), dtype=bool)
        for each in found:
            reached &= leaves.holds(each.column, each.value, one.factual[0]).any(1)
        leaves, kept, holds = leaves.those(reached), list[_Values](), list[np.ndarray]()
        for each in found:
            own = leaves.holds(each.column, each.value, one.factual[0])
            alike = np.arange(len(each.value)) if each.column in apart else _alike(own, each.cost, each.advised)
            if len(alike) > 1:
                kept.append(each.some(alike))
                holds.append(own[:, alike])
        sizes = [len(each.value) for each in kept]
        level = [one.features.features[each.column].kind is Kind.CATEGORICAL for each in kept]
        return cls(
            leaves,
            tuple(each.column for each in kept),
            np.repeat(np.arange(len(kept)), sizes),
            np.concatenate([np.zeros(0, dtype=np.float32), *(each.value for each in kept)]),
            np.concatenate([np.zeros(0), *(each.cost for each in kept)]),
            np.concatenate([np.zeros(0, dtype=bool), *(each.advised for each in kept)]),
            np.concatenate([np.zeros((len(leaves.tree), 0), dtype=bool), *holds], axis=1),
            np.repeat(np.array(level, dtype=bool), sizes),
        )

    def __len__(self) -> int:
        return len(self.owner)

    def of_feature(self, place: int) -> slice:
        """Return the cells of a feature that moves."""
        first, last = np.searchsorted(self.owner, [place, place + 1])
        return slice(int(first), int(last))

    def people(self, one: Request, chosen: np.ndarray) -> torch.Tensor:
        """Return the person in some cells, `(rows, features)`; `chosen` has a cell of each feature that moves."""
        found = one.factual.repeat(len(chosen), 1)
        found[:, list(self.columns)] = torch.from_numpy(self.value[chosen]).to(found)
        return found


def _alike(holds: np.ndarray, cost: np.ndarray, advised: np.ndarray) -> np.ndarray:
    """Return the cheapest of each set of cells that no leaf tells apart, in their order; an advised one, if any is."""
    _, group = np.unique(holds, axis=1, return_inverse=True)
    group = group.reshape(-1)
    order = np.lexsort((cost, ~advised, group))
    first = np.concatenate([[True], group[order][1:] != group[order][:-1]])
    return np.sort(order[first])


def _values(one: Request, leaves: Leaves, j: int, box: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the cheapest value in each cell of a feature, in single precision, and which of them may be advised."""
    feature, factual = one.features.features[j], one.factual[0, j].numpy()
    if feature.kind is Kind.CATEGORICAL:
        codes = [code for code in feature.alphabetical if code == factual or box[0] <= code <= box[1]]
        return np.array(codes, dtype=np.float32), np.ones(len(codes), dtype=bool)
    lower, upper = box.astype(np.float32)
    slack = np.float32(0.0 if feature.whole else _SLACK * max(abs(lower), abs(upper)))
    told = _told_apart(one, j, lower, upper)
    ends = np.unique(np.concatenate([leaves.last_below(j, lower - slack, upper + slack), told]))
    ends = np.append(ends[ends < upper + slack], upper + slack)
    starts = np.append(lower - slack, np.nextafter(ends[:-1], np.float32(np.inf)))
    if feature.whole:
        starts, ends = np.ceil(starts), np.floor(ends)
    value, strict = np.clip(factual, starts, ends), (np.maximum(starts, lower), np.minimum(ends, upper))
    advised = strict[0] <= strict[1]
    value = np.where(advised, np.clip(factual, *strict), value)[starts <= ends]
    advised = advised[starts <= ends]
    stays = np.isin(value, factual)
    if not stays.any():
        value, advised, stays = np.append(value, factual), np.append(advised, True), np.append(stays, True)
    order = value.argsort(kind="stable")
    return value[order].astype(np.float32), (advised | stays)[order]


def _told_apart(one: Request, j: int, lower: float, upper: float) -> np.ndarray:
    """Return the values after which rules tell those of a number apart: whole ones that it can be."""
    name, ends = one.features.names[j], list[float]()
    for rule in one.features.rules:
        if name not in rule.names:
            continue
        if isinstance(rule, AtMost):
            if upper - lower > _MOST:
                raise ArithmeticError(f"there are more than {_MOST} values that rules tell apart")
            ends += np.arange(np.ceil(lower), np.floor(upper) + 1).tolist()
        else:
            ends += [end for code in rule.levels_of(name) for end in (code - 1.0, float(code))]
    found = np.unique(np.array(ends, dtype=np.float32))
    return found[(found >= lower) & (found <= upper)]
