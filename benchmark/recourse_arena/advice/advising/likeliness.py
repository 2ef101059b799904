"""How likely a person is, beside the people known."""

from __future__ import annotations

__all__ = ["Likeliness"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena.judging.judge import Judge
from recourse_arena.problem.problem import Problem

_PEOPLE = 2_000
"""People known with whom somebody is compared: the first so many."""


@dataclass(frozen=True)
class Likeliness:
    """The score by which the judge tells what is likely, and the scores of people known, in ascending order.

    Arguments:
        judge: The judge.
        known: Scores of validation people, `(people,)`; empty where nothing tells what is likely.
    """

    judge: Judge
    known: Tensor

    @classmethod
    @torch.no_grad()
    def of(cls, problem: Problem, judge: Judge) -> Likeliness:
        """Return it for the people of a problem."""
        found = cls(judge, torch.zeros(0))
        people = problem.validation.x[:_PEOPLE]
        return cls(judge, found.score(people).sort().values) if found.is_known else found

    @property
    def is_known(self) -> bool:
        """Whether anything tells what is likely."""
        return self.judge.density is not None or self.judge.neighbours is not None

    @torch.no_grad()
    def score(self, x: Tensor) -> Tensor:
        """Return the score of people `(people, features)`, `(people,)`: a log-density, or nearness to the accepted."""
        if self.judge.density is not None:
            return self.judge.density.log_density(x)
        if self.judge.neighbours is not None:
            return self.judge.neighbours.score(x)
        return x.new_full(x.shape[:-1], torch.nan)

    def usual(self, score: float) -> float | None:
        """Return the share of people known whose score is lower; none where nothing tells what is likely."""
        if not len(self.known) or score != score:
            return None
        return float((self.known < score).double().mean())
