"""Rules about sums of numbers: moves that stay below the limit, or that take others along."""

from __future__ import annotations

__all__ = ["Sums"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import AtMost, Request

_SLIGHT = 1e-6
"""Excess over a limit that is none, relative to the size of the terms."""


@dataclass(frozen=True)
class Sums:
    """The limited sums of a batch of people; rows of candidates name their person by its number.

    Arguments:
        request: What they ask.
        rules: Who keeps each rule `(people,)`, its limit, and its columns with their factors.
        lower: Least values of numbers, `(people, features)`.
        upper: Greatest values of numbers, `(people, features)`.
        moving: Numbers that can be moved, bool `(people, features)`.
    """

    request: Request
    rules: tuple[tuple[Tensor, float, tuple[tuple[int, float], ...]], ...]
    lower: Tensor
    upper: Tensor
    moving: Tensor

    @classmethod
    def of(cls, request: Request, lower: Tensor, upper: Tensor, moving: Tensor) -> Sums:
        """Return the sums that rules between the features limit, for people within bounds."""
        features = request.features
        by_name = dict(zip(features.names, request.factual.unbind(1), strict=True))
        rules = tuple(
            (rule.kept(by_name), rule.limit, tuple((features.index(name), f) for name, f in rule.terms.items()))
            for rule in features.rules
            if isinstance(rule, AtMost)
        )
        return cls(request, rules, lower, upper, moving)

    def __len__(self) -> int:
        return len(self.rules)

    def narrowed(self, person: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """Return bounds `(rows, features)` within which sums stay below their limits, whoever else moves.

        What is left of a limit is shared among the numbers that can be moved.
        """
        lower, upper = self.lower[person], self.upper[person]
        for keeps, limit, terms in self.rules:
            left = (limit - _sum(values, terms)).clamp(min=0.0)
            sharing = self.moving[person][:, [j for j, _ in terms]].sum(1).clamp(min=1)
            for j, factor in terms:
                end, bound = values[:, j] + left / sharing / factor, upper if factor > 0 else lower
                nearer = torch.minimum(bound[:, j], end) if factor > 0 else torch.maximum(bound[:, j], end)
                bound[:, j] = torch.where(keeps[person], nearer, bound[:, j])
        return torch.minimum(lower, values), torch.maximum(upper, values)

    def mended(self, person: Tensor, values: Tensor, *, whole: bool) -> Tensor:
        """Return values `(rows, features)` whose sums are below their limits again, where they can be.

        Other numbers of the rule move farther from the factual first, so that what has been moved can stay; only then
        does it go back itself.

        Arguments:
            person: The person of each row, `(rows,)`.
            values: The values.
            whole: Whether whole numbers move by whole numbers.
        """
        values = values.clone() if self.rules else values
        for keeps, limit, terms in self.rules * min(2, len(self.rules)):  # to mend one may break another
            for away in (True, False):
                for j, factor in terms:
                    excess = _sum(values, terms) - limit
                    size = sum(((values[:, k] * f).abs() for k, f in terms), torch.full_like(excess, abs(limit)))
                    wrong = keeps[person] & self.moving[person, j] & (excess > _SLIGHT * size)
                    step = excess / abs(factor)
                    if whole and self.request.features.whole[j]:
                        step = (step - 1e-4).ceil()
                    moved = self._moved(person, values[:, j], j, step, up=factor < 0, away=away)
                    values[:, j] = torch.where(wrong, moved, values[:, j])
        return values

    def _moved(self, person: Tensor, here: Tensor, j: int, step: Tensor, *, up: bool, away: bool) -> Tensor:
        """Return a column `(rows,)` after as much of a `step` as leads away from the factual, or back to it."""
        factual, sign = self.request.factual[person, j], 1.0 if up else -1.0
        behind = (here - factual) * sign < 0
        end = (self.upper if up else self.lower)[person, j] if away else factual
        step = torch.minimum(step, (end - here) * sign)
        return torch.where((behind != away) & (step > 0), here + sign * step, here)


def _sum(values: Tensor, terms: tuple[tuple[int, float], ...]) -> Tensor:
    return torch.stack([factor * values[:, j] for j, factor in terms]).sum(0)
