"""The best actions seen, and recommendations made of them."""

from __future__ import annotations

__all__ = ["Best", "advise"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Encoding, Outcome, Problem, Recommendation, Request, sparsely, unconstrained
from recourse_arena_generative.ground import Ground


@dataclass
class Best:
    """The accepted action of the least score that has been seen of each person.

    Arguments:
        score: Its score, `(people,)`; infinite while there is none.
        values: Its features, `(people, features)`.
    """

    score: Tensor
    values: Tensor

    @classmethod
    def none(cls, ground: Ground) -> Best:
        """Return no action for anybody."""
        factual = ground.request.factual
        return cls(torch.full((len(factual),), torch.inf, dtype=torch.double), factual.clone())

    @property
    def found(self) -> Tensor:
        """Who has an action, bool `(people,)`."""
        return self.score.isfinite()

    def offer(self, accepted: Tensor, score: Tensor, values: Tensor) -> None:
        """Take over the actions of the people `accepted` `(people,)` whose score is less."""
        better = accepted & (score < self.score)
        self.score = torch.where(better, score, self.score)
        self.values = torch.where(better[:, None], values, self.values)

    def put(self, people: Tensor, other: Best) -> None:
        """Replace the actions of `people`, indices, by those of `other`."""
        self.score[people], self.values[people] = other.score, other.values


def advise(
    problem: Problem,
    request: Request,
    encoding: Encoding,
    search: Callable[[Ground], Best],
    *,
    constraints: str = "keep",
) -> Recommendation:
    """Return what a search finds for the people of a request.

    Who can act on nothing is `infeasible`, for whom the search finds nothing `not_found`.

    Arguments:
        problem: What the solver may know.
        request: The people.
        encoding: How people look to the generative model.
        search: Finds actions of people who can act on something, everybody alone as among others.
        constraints: `keep` to keep what each person said; `ignore` to search as if everybody could act, in the same
            bounds, on whatever anybody can act on.
    """

    def ask(asked: Request) -> Recommendation:
        answer = asked.unanswered()
        mask, values, outcome = answer.mask, answer.values, answer.outcome
        people = asked.actionable.any(1).nonzero()[:, 0]
        if len(people):
            ground = Ground(problem, asked[people], encoding)
            best = search(ground)
            acted = ground.changed(best.values) & best.found[:, None]
            mask[people], values[people] = acted, torch.where(acted, best.values, values[people])
            outcome[people[best.found]] = Outcome.SOLVED.code
        return answer

    if constraints == "ignore":
        return ask(unconstrained(request, within=problem.box, preferences=False))
    return sparsely(request, ask)
