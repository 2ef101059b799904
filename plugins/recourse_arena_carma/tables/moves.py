"""From what the action network wishes for to values that a person may take."""

from __future__ import annotations

__all__ = ["Move", "Moves"]

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import Box, Kind, Problem
from recourse_arena_carma.tables.people import TablePeople, encoded


@dataclass(frozen=True)
class Move:
    """Where each feature of a batch of people would go if it were acted upon.

    Arguments:
        values: Legal values, `(people, features)`; those of numbers carry gradients.
        columns: The encoded columns of what anybody may act on, in the order of :class:`Moves`, with gradients.
        outside: How far numbers were wished outside the box, in units of the training people's range,
            `(people, features)`.
    """

    values: Tensor
    columns: Tensor
    outside: Tensor


class Moves:
    """Numbers are shifted, within the box and rounded where they are whole; categories and binaries change.

    Rounding and the choice of a level pass gradients straight through.

    Arguments:
        problem: The problem.
        temperature: Temperature of the Gumbel-softmax over levels.
    """

    def __init__(self, problem: Problem, temperature: float) -> None:
        self._temperature = temperature
        self._encoding = encoding = encoded(problem).encoding
        features, x = problem.features, problem.training.x
        self._whole, self._span = features.whole, (x.amax(0) - x.amin(0)).clamp(min=1e-6)
        self._binary = torch.tensor([feature.kind is Kind.BINARY for feature in features])
        self._categorical = features.categorical
        # The first column of a feature: the only one of a number.
        self._first = torch.searchsorted(encoding.owner, torch.arange(len(features)))
        self._numbers = (features.actionable & ~features.categorical).nonzero()[:, 0]
        self._categories = (features.actionable & features.categorical).nonzero()[:, 0]
        columns = [(encoding.owner == j).nonzero()[:, 0].tolist() for j in self._categories.tolist()]
        longest = max(map(len, columns), default=0)
        places = torch.tensor([each + [-1] * (longest - len(each)) for each in columns]).long()
        self._real = (places >= 0).flatten().nonzero()[:, 0]
        self._levels, self._padded = places.clamp(min=0), places < 0
        self._columns = torch.cat((self._first[self._numbers], places.flatten()[self._real]))
        self._owners = encoding.owner[self._columns]

    def __call__(self, people: TablePeople, wishes: Tensor, draws: Generator | None = None) -> Move:
        """Return where `wishes` `(people, columns)` lead: shifts, and log odds of levels, drawn with `draws`."""
        x, encoding = people.x, self._encoding
        shift = wishes.index_select(1, self._first) * encoding.sd.to(x.dtype)
        wanted = torch.where(self._binary, 1 - x, x + shift)
        box = Box(people.lower, people.upper)
        within = torch.minimum(torch.maximum(wanted, box.lower), box.upper)
        values = box.snap(wanted, self._whole).detach() + (within - within.detach())
        outside = torch.where(self._categorical | self._binary, 0.0, (wanted - within).abs() / self._span)
        columns = ((values - encoding.mean.to(x.dtype)) / encoding.sd.to(x.dtype)).index_select(1, self._numbers)
        if not len(self._categories):
            return Move(values, columns, outside)
        chosen, codes = self._level(people, wishes, draws)
        columns = torch.cat((columns, chosen.flatten(1).index_select(1, self._real)), 1)
        return Move(values.index_copy(1, self._categories, codes), columns, outside)

    def encoded(self, people: TablePeople, move: Move, chosen: Tensor) -> Tensor:
        """Return encoded people after acting on what is `chosen` `(people, features)`, 1.0 or 0.0, with gradients."""
        change = move.columns - people.z.index_select(1, self._columns)
        return people.z.index_add(1, self._columns, chosen.index_select(1, self._owners) * change)

    def _level(self, people: TablePeople, wishes: Tensor, draws: Generator | None) -> tuple[Tensor, Tensor]:
        """Return the level of each category, one-hot `(people, categories, levels)`, and its code.

        That is the likeliest, or with `draws` a draw by the Gumbel-softmax (Jang et al., ICLR 2017), of those that
        the person may change to.
        """
        shape, places = (len(wishes), *self._levels.shape), self._levels.flatten()
        allowed = people.levels.index_select(1, places).view(shape) & ~self._padded
        log_odds = wishes.index_select(1, places).view(shape)
        if draws is not None:
            uniform = torch.rand(shape, generator=draws, dtype=log_odds.dtype).clamp(1e-6, 1 - 1e-6)
            log_odds = log_odds - (-uniform.log()).log()
        closed = ~allowed.any(-1, keepdim=True)  # nobody acts there; a softmax over nothing would be NaN
        log_odds = torch.where(allowed | closed, log_odds, -torch.inf)
        best = log_odds.argmax(-1, keepdim=True)
        hard = torch.zeros_like(log_odds).scatter(-1, best, 1.0)
        soft = (log_odds / self._temperature).softmax(-1)
        codes = self._encoding.codes[self._levels].expand(shape).gather(-1, best).squeeze(-1)
        return hard + (soft - soft.detach()), codes.to(people.x.dtype)
