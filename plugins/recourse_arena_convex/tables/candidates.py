"""Candidates of a batch of people, in order of their cost."""

from __future__ import annotations

__all__ = ["Candidates"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena_convex.tables.terrain import Terrain


@dataclass(frozen=True)
class Candidates:
    """People after actions that pass.

    Arguments:
        person: The person of each, `(rows,)`.
        values: The features after the action, `(rows, features)`.
        cost: Their weighted cost, its root not taken, `(rows,)`.
    """

    person: Tensor
    values: Tensor
    cost: Tensor

    @classmethod
    def of(cls, terrain: Terrain, person: Tensor, values: Tensor) -> Candidates:
        """Return those of `values` `(rows, features)` that the decision model accepts, without repetition.

        What is in a table by itself is put in an order that no renaming of codes changes.
        """
        values = terrain.snap(person, values)
        passed = terrain.passes(person, values) & terrain.problem.decisions.accepts(values)
        person, values = person[passed], values[passed]
        keys = torch.cat([person[:, None].to(values.dtype), terrain.request.features.alphabetical(values)], 1)
        _, which = keys.unique(dim=0, return_inverse=True) if len(keys) else (keys, person)
        first = torch.full((int(which.max()) + 1 if len(which) else 0,), len(which))
        first = first.scatter_reduce(0, which, torch.arange(len(which)), "amin")
        person, values = person[first], values[first]
        return cls(person, values, terrain.total(person, values))

    @classmethod
    def joined(cls, terrain: Terrain, parts: Sequence[Candidates]) -> Candidates:
        """Return the candidates of all `parts`."""
        return cls.of(terrain, torch.cat([p.person for p in parts]), torch.cat([p.values for p in parts]))

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: slice | Tensor) -> Candidates:
        return Candidates(self.person[rows], self.values[rows], self.cost[rows])

    def leading(self, most: int) -> Candidates:
        """Return the `most` cheapest of each person, in that order."""
        rows = self.cost.argsort(stable=True)
        rows = rows[self.person[rows].argsort(stable=True)]
        rank = torch.arange(len(rows)) - torch.searchsorted(self.person[rows], self.person[rows])
        return self[rows[rank < most]]
