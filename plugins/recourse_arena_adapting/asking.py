"""People who ask, what they may do, and whether it is accepted."""

from __future__ import annotations

__all__ = ["Asking", "asked"]

from dataclasses import dataclass, replace

from torch import Tensor

from recourse_arena import Actionability, Box, Problem, Request


@dataclass(frozen=True)
class Asking:
    """People who ask, and whether what they might do is accepted.

    Arguments:
        problem: What the solver may know.
        request: The people.
        causal: Whether actions have effects on other features.
    """

    problem: Problem
    request: Request
    causal: bool

    def __getitem__(self, people: slice | Tensor) -> Asking:
        """Return some of the people."""
        return replace(self, request=self.request[people])

    def after(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return what people become who set masked features to `values`; all `(..., people, features)`."""
        factual = self.request.factual
        if self.causal:
            return self.problem.causal_model.counterfactual(factual, mask, values)
        return values.where(mask, factual)

    def keeps_rules(self, after: Tensor) -> Tensor:
        """Return which counterfactuals `(..., people, features)` break no rule that the factual keeps, bool."""
        features = self.request.features
        if not features.rules:
            return after.new_ones(after.shape[:-1]).bool()
        return ~features.broken_rules(self.request.factual, after).any(-1)

    def fine(self, after: Tensor) -> Tensor:
        """Return which counterfactuals `(..., people, features)` are accepted and keep the rules, bool."""
        return self.problem.decisions.accepts(after) & self.keeps_rules(after)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return which actions `(..., people, features)` lead to a positive decision and keep the rules, bool."""
        return self.fine(self.after(mask, values))

    def inside(self, values: Tensor) -> Tensor:
        """Return which `values` `(..., people, features)` are free and lie in the person's box, bool."""
        request = self.request
        return request.actionable & request.box.contains(values, request.features.whole)


def asked(request: Request, constraints: str) -> Request:
    """Return a request as a method takes it that keeps or ignores what people ask for.

    With `ignore` everything is free, also what nobody can act on, within the bounds that features declare, in any
    direction, whatever the rules and however many features; all that counts in the judge's eyes as violations.
    """
    if constraints != "ignore":
        return request
    scores, levels = request.actionability.scores, request.actionability.levels
    free = Actionability(scores.clamp(max=levels), levels, request.actionability.ordered)
    lower = request.factual.new_tensor([feature.lower for feature in request.features])
    upper = request.factual.new_tensor([feature.upper for feature in request.features])
    features = replace(request.features, rules=())
    box = Box(lower, upper).expand(len(request))
    return replace(request, features=features, actionability=free, box=box, sparsity=None)
