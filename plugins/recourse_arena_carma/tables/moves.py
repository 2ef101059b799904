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
        z: The same encoded, `(people, columns)`, with gradients.
        outside: How far numbers were wished outside the box, in units of the training people's range,
            `(people, features)`.
    """

    values: Tensor
    z: Tensor
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
        owner = encoding.owner
        self._first = torch.searchsorted(owner, torch.arange(len(features)))
        columns = [(owner == j).nonzero()[:, 0].tolist() for j in self._categorical.nonzero()[:, 0].tolist()]
        longest = max(map(len, columns), default=0)
        self._places = torch.tensor([each + [-1] * (longest - len(each)) for each in columns]).long()

    def __call__(self, people: TablePeople, wishes: Tensor, draws: Generator | None = None) -> Move:
        """Return where `wishes` `(people, columns)` lead: shifts, and log odds of levels, drawn with `draws`."""
        x, encoding = people.x, self._encoding
        wanted = torch.where(self._binary, 1 - x, x + wishes[:, self._first] * encoding.sd.to(x.dtype))
        box = Box(people.lower, people.upper)
        within = torch.minimum(torch.maximum(wanted, box.lower), box.upper)
        values = box.snap(wanted, self._whole).detach() + (within - within.detach())
        outside = torch.where(self._categorical | self._binary, 0.0, (wanted - within).abs() / self._span)
        z = encoding.spread((values - encoding.mean.to(x.dtype)) / encoding.sd.to(x.dtype))
        if not len(self._places):
            return Move(values, z, outside)
        chosen, codes = self._level(people, wishes, draws)
        real = self._places >= 0
        z = z.index_copy(1, self._places[real], chosen[:, real])
        values = values.index_copy(1, self._categorical.nonzero()[:, 0], codes)
        return Move(values, z, outside)

    def _level(self, people: TablePeople, wishes: Tensor, draws: Generator | None) -> tuple[Tensor, Tensor]:
        """Return the level of each category, one-hot `(people, categories, levels)`, and its code.

        That is the likeliest, or with `draws` a draw by the Gumbel-softmax (Jang et al., ICLR 2017), of those that
        the person may change to.
        """
        places = self._places.clamp(min=0)
        allowed = people.levels[:, places] & (self._places >= 0)
        log_odds = wishes[:, places]
        if draws is not None:
            uniform = torch.rand(log_odds.shape, generator=draws, dtype=log_odds.dtype).clamp(1e-6, 1 - 1e-6)
            log_odds = log_odds - (-uniform.log()).log()
        closed = ~allowed.any(-1, keepdim=True)  # nobody acts there; a softmax over nothing would be NaN
        log_odds = torch.where(allowed | closed, log_odds, -torch.inf)
        best = log_odds.argmax(-1, keepdim=True)
        hard = torch.zeros_like(log_odds).scatter(-1, best, 1.0)
        soft = (log_odds / self._temperature).softmax(-1)
        codes = self._encoding.codes[places].expand(len(wishes), -1, -1).gather(-1, best).squeeze(-1)
        return hard + (soft - soft.detach()), codes.to(people.x.dtype)
