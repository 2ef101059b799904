"""A plugin for tests: elicitation policies good and bad."""

from __future__ import annotations

import torch

from recourse_arena import Belief, Policy, hookimpl


class AsksAll(Policy):
    """Asks of everything whether it is possible, and listens."""

    name = "asks-all"
    summary = "possible or not, and refusals"

    def begin(self, people):
        asked = people.features.actionable.expand(len(people), -1).clone()
        return Belief.of(torch.where(people.can_act(asked), 2, 4), 3, ordered=False)

    def after(self, belief, people, advice, reactions):
        return belief.taking_up(reactions)


class Deaf(AsksAll):
    """Asks and does not listen."""

    name = "deaf"
    summary = "learns nothing"

    def begin(self, people):
        super().begin(people)
        return Belief.of(torch.where(people.features.actionable, 2, 4).expand(len(people), -1).clone(), 3)

    def after(self, belief, people, advice, reactions):
        return belief


class Rude(AsksAll):
    """Raises, or ends the run, or returns what is no belief."""

    name = "rude"
    summary = "does something else"

    def __init__(self, *, how: str = "raises"):
        self.how = how

    def begin(self, people):
        torch.rand(1)
        if self.how == "raises":
            raise RuntimeError("a policy's own trouble")
        return super().begin(people)

    def after(self, belief, people, advice, reactions):
        if self.how == "exits":
            raise SystemExit(3)
        if self.how == "shapes":
            return Belief.of(torch.ones(1, 1, dtype=torch.long), 3)
        return belief


@hookimpl
def recourse_policies():
    return [AsksAll, Deaf, Rude]
