"""What the networks are told about a person's preferences."""

from __future__ import annotations

__all__ = ["Preferences", "everybody_alike"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.problem import Problem
from recourse_arena.problem.profile import Profile
from recourse_arena.problem.request import Request


@dataclass(frozen=True)
class Preferences:
    """Preferences of a batch of people, each `(people, features)`.

    Arguments:
        mask: Features each can act on, 1.0 or 0.0.
        weights: Cost weights (alpha).
        priors: Prior probabilities of acting (pi).
    """

    mask: Tensor
    weights: Tensor
    priors: Tensor

    def __getitem__(self, people: Tensor) -> Preferences:
        return Preferences(self.mask[people], self.weights[people], self.priors[people])

    @classmethod
    def of(cls, request: Request) -> Preferences:
        """Return the preferences of the people of `request`."""
        return cls(request.actionable.float(), request.weights, request.priors)

    @classmethod
    def mixed(cls, answers: Actionability, profiles: Sequence[Profile], draws: Generator) -> Preferences:
        """Return preferences with a cost profile drawn for each person."""
        which = torch.randint(len(profiles), (len(answers),), generator=draws)
        scores, levels = answers.scores, answers.levels
        weights = torch.stack([profile.weights(scores, levels) for profile in profiles])
        priors = torch.stack([profile.priors(scores, levels) for profile in profiles])
        rows = torch.arange(len(answers))
        return cls(answers.mask.float(), weights[which, rows], priors[which, rows])


def everybody_alike(problem: Problem, people: int, prior: float = 0.5) -> Preferences:
    """Return the preferences of the population: all that is globally actionable, at equal cost."""
    mask = problem.features.actionable.float().expand(people, -1)
    return Preferences(mask, torch.ones_like(mask), mask * prior)
