"""How likely people are, and how likely they are asked to be."""

from __future__ import annotations

__all__ = ["Likely"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Encoding, Problem
from recourse_arena_generative import ColumnsFlow, Ground


@dataclass(frozen=True)
class Likely:
    """A log-density, by the dataset's causal flow or by a flow of accepted people as columns.

    Arguments:
        problem: What the solver may know.
        encoding: How people look to the search.
        own: The flow of columns; none where the dataset's own is asked.
        least: The log-density that is asked for.
    """

    problem: Problem
    encoding: Encoding
    own: ColumnsFlow | None
    least: float

    @staticmethod
    def needs_flow(problem: Problem) -> bool:
        """Whether the dataset has no flow of its own."""
        return problem.causal_flow is None or problem.features.mixed

    @classmethod
    @torch.no_grad()
    def of(cls, problem: Problem, own: ColumnsFlow | None, quantile: float) -> Likely:
        """Return it with what is asked for: the `quantile` of accepted training people."""
        accepted = problem.training.x[problem.decisions.accepts(problem.training.x)]
        encoding = own.encoding if own else Encoding.fitted(problem.features, problem.training.x.double())
        found = own.log_density(encoding.encode(accepted.double())) if own else problem.flow.log_density(accepted)
        return cls(problem, encoding, own, float(found.double().quantile(quantile)))

    def log_density(self, ground: Ground, columns: Tensor) -> Tensor:
        """Return the log-density `(people,)` of people `(people, columns)`: of what follows, where something does."""
        if self.own is not None:
            return self.own.log_density(columns)
        return self.problem.flow.log_density(ground.following(columns)).double()

    def lacking(self, ground: Ground, columns: Tensor) -> Tensor:
        """Return how much people `(people, columns)` lack to what is asked for, in nats, `(people,)`."""
        return (self.least - self.log_density(ground, columns)).clamp(min=0)
