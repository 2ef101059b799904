"""Adam on values of features, for everybody at once, with a pull that each person's decision sets."""

from __future__ import annotations

__all__ = ["DECAY", "TARGET", "Descent", "Pull"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Adam
from recourse_arena_wachter.aim import SLACK, Aim, Best

TARGET = 0.1
"""Log odds aimed at."""

_FIRST, _LEAST, _MOST, _FACTOR = 1e-2, 1e-8, 1e8, 10.0
"""First, least and most pull, and by how much it is raised or lowered before it is bracketed."""

DECAY = 0.75
"""Factor of the learning rate from round to round."""


@dataclass(frozen=True)
class Pull:
    """What the decision weighs against distance, for each person: raised until it turns, then bracketed.

    Arguments:
        now: The pull, `(people,)`.
        low: The greatest that was too little; 0 while there is none.
        high: The least that was enough; infinite while there is none.
    """

    now: Tensor
    low: Tensor
    high: Tensor

    @classmethod
    def first(cls, like: Tensor) -> Pull:
        """Return the first pull of people, one for each element of `like` `(people,)`."""
        pull = torch.full_like(like, _FIRST)
        return cls(pull, torch.zeros_like(pull), torch.full_like(pull, torch.inf))

    def after(self, hit: Tensor) -> Pull:
        """Return the next pull: between the bracketing ones on a logarithmic scale; `hit` `(people,)` had enough."""
        low, high = torch.where(hit, self.low, self.now), torch.where(hit, self.now, self.high)
        between = torch.where(low > 0, ((low.log() + high.log()) / 2).exp(), self.now / _FACTOR)
        return Pull(torch.where(high.isinf(), self.now * _FACTOR, between).clamp(_LEAST, _MOST), low, high)


@dataclass(frozen=True)
class Descent:
    """The search for one set of features per person.

    Arguments:
        rounds: Values of the pull.
        steps: Steps of Adam per round.
        rate: Learning rate of the first round, in widths of the box.
    """

    rounds: int
    steps: int
    rate: float

    def __call__(self, aim: Aim, acted: Tensor, free: Tensor, start: Tensor) -> Best:
        """Return the nearest accepted actions seen from `start`.

        Arguments:
            aim: What is minimised.
            acted: Features acted upon, bool `(people, features)`.
            free: Those of them whose value is searched for; the others keep that of `start`.
            start: Where to start, `(people, features)`.
        """
        best, pull = Best.none(aim.request), Pull.first(aim.request.factual[:, 0])
        values = start
        for number in range(self.rounds):
            values, hit = self._round(aim, acted, free, values, pull.now, self.rate * DECAY**number, best)
            pull = pull.after(hit)
        return best

    def _round(
        self, aim: Aim, acted: Tensor, free: Tensor, start: Tensor, pull: Tensor, rate: float, best: Best
    ) -> tuple[Tensor, Tensor]:
        """Return where Adam ends under one pull, and who has a positive decision there."""
        box, rules = aim.request.box, aim.request.features.rules
        width = box.upper - box.lower
        free = free & (width > 0)
        width = torch.where(free, width, 0.0)
        scale = torch.where(free, width, 1.0)
        lowest, highest = (torch.where(free, (end - start) / scale, 0.0) for end in (box.lower, box.upper))
        place = torch.zeros_like(start).clamp(lowest, highest).requires_grad_()
        adam, accepted = Adam([place], rate), torch.zeros_like(pull, dtype=torch.bool)
        for _ in range(self.steps):
            values = start + place * width
            logit, distance = aim.logit(acted, values), aim.distance(acted, values)
            accepted = logit.detach() >= SLACK
            kept = accepted & aim.keeps_rules(aim.after(acted, values.detach())) if rules else accepted
            best.take(kept, distance.detach(), acted, values.detach())
            adam.zero_grad()
            (pull * (logit - TARGET) ** 2 + distance).sum().backward()
            adam.step()
            with torch.no_grad():
                place.copy_(place.nan_to_num().clamp(lowest, highest))  # projection onto the box
        return (start + place * width).detach(), accepted
