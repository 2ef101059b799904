"""The space that one batch of people is searched in, and what decides there."""

from __future__ import annotations

__all__ = ["World"]

from dataclasses import dataclass, replace
from functools import cached_property

import torch
from torch import Tensor

from recourse_arena import Problem, Request


@dataclass(frozen=True)
class World:
    """People who ask, and whether what they might do is accepted.

    Arguments:
        problem: What the solver may know.
        request: The people.
        causal: Whether actions have effects on other features.
    """

    problem: Problem
    request: Request
    causal: bool

    def __getitem__(self, people: slice | Tensor) -> World:
        """Return the world of some of the people."""
        return replace(self, request=self.request[people])

    @cached_property
    def unit(self) -> Tensor:
        """Change of each feature that alone has a weighted cost of 1, `(people, features)`."""
        return self.request.prices.rsqrt()

    @cached_property
    def reach(self) -> Tensor:
        """Distance of the farthest corner of each person's box, `(people,)`."""
        request = self.request
        farthest = torch.maximum(request.box.upper - request.factual, request.factual - request.box.lower)
        return torch.where(request.actionable, farthest.clamp(min=0) / self.unit, 0.0).norm(dim=1)

    def distance(self, values: Tensor) -> Tensor:
        """Return how far points `(..., people, features)` are from the factual, `(..., people)`."""
        return torch.where(self.request.actionable, (values - self.request.factual) / self.unit, 0.0).norm(dim=-1)

    def changed(self, values: Tensor) -> Tensor:
        """Return the features in which points differ from the factual: those acted upon, bool like `values`."""
        return self.request.actionable & (values != self.request.factual)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return which actions `(..., people, features)` lead to a positive decision, bool `(..., people)`."""
        factual = self.request.factual
        if self.causal:
            return self.problem.decisions.accepts(self.problem.causal_model.counterfactual(factual, mask, values))
        return self.problem.decisions.accepts(torch.where(mask, values, factual))
