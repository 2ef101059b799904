"""People as the networks see them."""

from __future__ import annotations

__all__ = ["Everybody", "causal_flow"]

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena import ArenaError, CausalFlow, Problem


@dataclass(frozen=True)
class Everybody:
    """A batch of people, with what is computed once of each.

    Arguments:
        x: Factual features, `(people, features)`.
        u: Their noise under the flow, `(people, features)`.
        described: What the networks see of a person: noise, standardised features and half the log odds of a
            positive decision, `(people, 2 * features + 1)`.
        log_density: Of the factual features under the flow, `(people,)`.
    """

    x: Tensor
    u: Tensor
    described: Tensor
    log_density: Tensor

    @classmethod
    def of(cls, problem: Problem, x: Tensor) -> Everybody:
        """Return the people `x` `(people, features)`."""
        flow = causal_flow(problem)
        u = flow.abduct(x)
        z = (x - problem.training.x.mean(0)) / problem.cost.sd
        described = torch.cat((u, z, problem.classifier.logit(x)[:, None] / 2), 1)
        return cls(x, u, described, flow.log_density(x))

    @classmethod
    def to_learn_from(cls, problem: Problem, synthetic: int, draws: Generator) -> Everybody:
        """Return the negatively decided training people, and those among `synthetic` draws from the flow."""
        invented = causal_flow(problem).sample(synthetic, draws).to(problem.training.x)
        invented = problem.box.snap(invented, problem.features.whole)
        x = torch.cat((problem.training.x, invented))
        return cls.of(problem, x[~problem.decisions.accepts(x)])

    def __len__(self) -> int:
        return len(self.x)

    def __getitem__(self, people: Tensor) -> Everybody:
        return Everybody(self.x[people], self.u[people], self.described[people], self.log_density[people])


def causal_flow(problem: Problem) -> CausalFlow:
    """Return the fitted flow, whose noise the action network edits."""
    if not isinstance(problem.flow, CausalFlow):
        raise ArenaError(f"expected a fitted CausalFlow to shift noise in, got {type(problem.flow).__name__}")
    return problem.flow
