"""People after actions that are enough, in order of their cost."""

from __future__ import annotations

__all__ = ["Candidates", "first_of_alike", "places"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena_frontier.descent import leading
from recourse_arena_frontier.tables.terrain import Terrain

_PRIME = 1_000_003


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
        """Return those of `values` `(rows, features)` that pass when snapped, without repetition."""
        values = terrain.snapped(person, values)
        rows = first_of_alike(person, values)
        person, values = person[rows], values[rows]
        passed = terrain.passes(person, values)
        person, values = person[passed], values[passed]
        return cls(person, values, terrain.total(person, values))

    @classmethod
    def joined(cls, parts: Sequence[Candidates]) -> Candidates:
        """Return the candidates of all `parts`, those of equal values once."""
        person, values, cost = (
            torch.cat([getattr(part, name) for part in parts]) for name in ("person", "values", "cost")
        )
        rows = first_of_alike(person, values)
        return cls(person[rows], values[rows], cost[rows])

    def __len__(self) -> int:
        return len(self.person)

    def __getitem__(self, rows: Tensor) -> Candidates:
        return Candidates(self.person[rows], self.values[rows], self.cost[rows])

    def leading(self, most: int) -> Candidates:
        """Return the `most` cheapest of each person, in that order."""
        return self[leading(self.person, self.cost, most)]


def first_of_alike(person: Tensor, values: Tensor) -> Tensor:
    """Return the rows that repeat no earlier one in person and values, in their order.

    Example:
        >>> first_of_alike(torch.tensor([0, 0, 1]), torch.tensor([[1.0], [1.0], [1.0]])).tolist()
        [0, 2]
    """
    if not len(person):
        return person
    bits = (values.double() + 0.0).view(torch.int64)
    key = person * _PRIME
    for column in bits.unbind(1):  # whole-number arithmetic modulo 2**64: the same for equal rows, wherever they stand
        key = (key ^ (column ^ (column >> 29))) * 0x5851F42D4C957F2D
        key = key ^ (key >> 32)
    which = key.unique(return_inverse=True)[1]
    first = torch.full((int(which.max()) + 1,), len(person), device=which.device)
    return first.scatter_reduce(0, which, torch.arange(len(person), device=which.device), "amin").sort().values


def places(person: Tensor) -> Tensor:
    """Return the place of each row among those of its person, for rows in order of persons, `(rows,)`."""
    return torch.arange(len(person), device=person.device) - torch.searchsorted(person, person)
