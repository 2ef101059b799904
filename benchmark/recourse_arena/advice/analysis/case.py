"""One person before the judge: whatever they might do is looked at there, many actions at a time."""

from __future__ import annotations

__all__ = ["Case"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena.judging.judge import Judge, Seen
from recourse_arena.people.box import Box
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request


@dataclass(frozen=True)
class Case:
    """One person with what they asked for, and who judges it.

    Arguments:
        problem: The problem with nothing withheld.
        judge: The judge.
        request: What this one person asks, a batch of one.
    """

    problem: Problem
    judge: Judge
    request: Request

    @property
    def factual(self) -> Tensor:
        """The person as they are, `(features,)`."""
        return self.request.factual[0]

    def repeated(self, count: int) -> Request:
        """Return the request of so many people like this one."""
        one, shape = self.request, (count, len(self.request.features))
        own = one.actionability
        return replace(
            one,
            factual=one.factual.expand(shape),
            actionability=Actionability(own.scores.expand(shape), own.levels, own.ordered),
            box=Box(one.box.lower.expand(shape), one.box.upper.expand(shape)),
            person=one.person.expand(count),
        )

    def look(self, mask: Tensor, values: Tensor) -> Seen:
        """Return what becomes of the person in each of many actions.

        Arguments:
            mask: What each acts upon, bool `(actions, features)`.
            values: What it sets that to, `(actions, features)`.
        """
        solved = torch.ones(len(mask), dtype=torch.bool)
        return self.judge.look(self.repeated(len(mask)), Recommendation.do(mask, values, found=solved))

    def works(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return which of many actions lead to a positive decision and break nothing, bool `(actions,)`."""
        return self.look(mask, values).valid
