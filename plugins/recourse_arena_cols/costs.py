"""Cost functions that a person might have, at random."""

from __future__ import annotations

__all__ = ["Costs"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import Kind, Request
from recourse_arena_cols.scale import Scale

_LEAST = 0.1
"""Least share of a change that counts, however much a feature is preferred."""


@dataclass(frozen=True)
class Costs:
    """Some cost functions of each person.

    Arguments:
        scale: How far changes go.
        editable: What a function lets be changed, bool `(people, functions, features)`.
        counts: How much of a change counts, `(people, functions, features)`.
        linear: How much of that is linear, the rest being by percentiles, `(people, functions)`.
        levels: What going to each level of each category costs, by its place in the alphabet, of each function.
    """

    scale: Scale
    editable: Tensor
    counts: Tensor
    linear: Tensor
    levels: dict[int, Tensor]

    @classmethod
    def drawn(cls, scale: Scale, request: Request, draws: Sequence[Generator], count: int) -> Costs:
        """Return `count` functions of each person, by a generator of each person's own."""
        width = len(request.features)
        categories = {j: len(f.levels) for j, f in enumerate(request.features) if f.kind is Kind.CATEGORICAL}

        def uniform(*shape: int) -> Tensor:
            return torch.stack([torch.rand(count, *shape, generator=own, dtype=torch.float64) for own in draws])

        wish, liking, linear = uniform(width), -torch.log1p(-uniform(width)), uniform()
        levels = {j: uniform(number) for j, number in categories.items()}
        free = request.actionable[:, None]
        most = torch.where(free, wish, -1.0).amax(-1, keepdim=True)
        editable = free & ((wish >= 0.5) | (wish == most))
        liking = torch.where(editable, liking, 0.0)
        preference = liking / liking.sum(-1, keepdim=True).clamp(min=1e-12)
        return cls(scale, editable, (1 - preference).clamp(min=_LEAST), linear, levels)

    @property
    def never(self) -> float:
        """More than any answer costs."""
        return float(self.editable.shape[-1]) + 1.0

    def of(self, request: Request, values: Tensor, fine: Tensor) -> Tensor:
        """Return what answers cost, `(people, functions, answers)`.

        Arguments:
            request: The people.
            values: The answers, `(people, answers, features)`.
            fine: Which of them are accepted, bool `(people, answers)`.
        """
        factual = request.factual[:, None]
        numbers = ~request.features.categorical
        changed = (values != factual).double()
        linear = torch.where(numbers, self.scale.linear(factual, values), 0.0)
        shifts = torch.where(numbers, self.scale.shifts(factual, values), 0.0)
        share = self.linear[..., None]
        cost = share * (self.counts @ linear.mT) + (1 - share) * (self.counts @ shifts.mT)
        places = request.features.alphabetical(values).long()
        for j, level in self.levels.items():
            place = places[:, None, :, j].expand(-1, level.shape[1], -1)
            cost = cost + self.counts[..., j, None] * level.gather(2, place) * changed[:, None, :, j]
        ruled_out = (~self.editable).double() @ changed.mT > 0
        return torch.where(ruled_out | ~fine[:, None], self.never, cost)
