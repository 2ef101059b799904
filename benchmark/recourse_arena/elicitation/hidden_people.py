"""Simulated people who hide what they want: they say it if they are asked, or if advice goes against it."""

from __future__ import annotations

__all__ = ["HiddenPeople", "with_hidden_limits"]

from copy import deepcopy
from dataclasses import replace

import torch
from torch import Generator, Tensor

from recourse_arena.interfaces.policy import Reaction, Reactions, Respondents
from recourse_arena.people.box import Box
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

LIMITED = 0.5
"""Probability that a person has a limit of their own on a number that they can act upon."""
NEAREST, FARTHEST = 0.1, 0.6
"""Where limits lie: so far from the person's value, either way, as a share of the feasible range; uniform between."""
PATIENCE = 1.5
"""Advice is "harder than you thought" if a feature weighs so many times more than was believed when it was advised."""


def with_hidden_limits(request: Request, draws: Generator) -> Request:
    """Return the request with limits on how far each person would go, which nobody has asked for.

    A limit is `x - d <= value <= x + d` around the person's value `x`, where `d` is uniform between :data:`NEAREST` and
    :data:`FARTHEST` times the feasible range; it is there with probability :data:`LIMITED`, for each number on its own.
    No source says how far people would go: this is a reading. Limits that would leave nothing are left out.

    Example:
        >>> from recourse_arena.testing import worlds
        >>> request = next(iter(worlds()[0].requests.values()))
        >>> hidden = with_hidden_limits(request, torch.Generator().manual_seed(0))
        >>> bool((hidden.box.upper <= request.box.upper).all()), torch.equal(hidden.factual, request.factual)
        (True, True)
    """
    features, box, x = request.features, request.box.expand(len(request)), request.factual
    has, share = (torch.rand(x.shape, generator=draws, dtype=torch.double) for _ in range(2))
    far = ((NEAREST + (FARTHEST - NEAREST) * share) * (box.upper - box.lower)).to(x.dtype)
    own = Box(torch.maximum(box.lower, x - far), torch.minimum(box.upper, x + far))
    limited = (has < LIMITED) & ~features.categorical & ~own.empty(features.whole)
    return replace(
        request,
        box=Box(torch.where(limited, own.lower, box.lower), torch.where(limited, own.upper, box.upper)),
    )


class HiddenPeople(Respondents):
    """People who answer by what they want in truth, and count what they are asked.

    Arguments:
        truth: What they want: what they can act on, how easily, and how far they would go.
        box: Feasible values as everybody knows them, without their own limits, `(people, features)` each.
        questions: How many questions each was asked already; none by default.
    """

    def __init__(self, truth: Request, box: Box, questions: Tensor | None = None) -> None:
        self.features, self.profile = truth.features, truth.profile
        self.factual, self.unit_cost = truth.factual.clone(), deepcopy(truth.unit_cost)  # a policy may write on these
        self.box = Box(box.lower.clone(), box.upper.clone())
        self._truth, self._box = truth, box
        self._asked = torch.zeros(len(truth), dtype=torch.long) if questions is None else questions.clone()

    @property
    def questions(self) -> Tensor:
        """How many questions each was asked so far."""
        return self._asked.clone()

    def among(self, people: Tensor) -> HiddenPeople:
        """Return some of them, by index."""
        box = Box(self._box.lower[people], self._box.upper[people])
        return HiddenPeople(self._truth[people], box, self._asked[people])

    def count(self, people: Tensor, asked: HiddenPeople) -> None:
        """Take over what some of them, by index, were asked meanwhile."""
        self._asked[people] = asked.questions

    def can_act(self, asked: Tensor) -> Tensor:
        """Answer truly whether each can act on a feature."""
        self._asked += asked.sum(1)
        return asked & self._truth.actionable

    def hardness(self, asked: Tensor, levels: int) -> Tensor:
        """Answer with the nearest level of the scale."""
        self._asked += asked.sum(1)
        scores = 1 + (self._grade * (levels - 1) + 0.5).floor().long()
        return torch.where(asked, torch.where(self._truth.actionable, scores, levels + 1), 0)

    def ranking(self) -> Tensor:
        """Rank what is possible by how hard it is; what is equally hard in the order of the features."""
        self._asked += 1
        ranks = self._truth.actionability.scores.argsort(dim=1, stable=True).argsort(1) + 1
        return torch.where(self._truth.actionable, ranks, 0)

    def limits(self, asked: Tensor) -> Box:
        """Answer with their own limits."""
        self._asked += asked.sum(1)
        own = self._truth.box
        return Box(
            torch.where(asked & (own.lower > self._box.lower), own.lower, -torch.inf),
            torch.where(asked & (own.upper < self._box.upper), own.upper, torch.inf),
        )

    def choice(self, mask: Tensor, values: Tensor) -> Tensor:
        """Pick the action of least weighted cost among those that break nothing, the first of equals.

        People take what is acceptable first and what is nearest, by their own weights, second (arXiv 2507.15162).
        """
        self._asked += 1
        truth, actions = self._truth, mask.shape[1]
        box = Box(truth.box.lower[:, None], truth.box.upper[:, None])
        fine = (~mask | (truth.actionable[:, None] & box.contains(values, truth.features.whole))).all(-1)
        cost = truth.unit_cost(truth.factual[:, None], values.to(truth.factual.dtype), mask, truth.weights[:, None])
        cost = torch.where(fine, cost, torch.inf)
        first = cost.sort(dim=1, stable=True).indices[:, 0] if actions else torch.zeros(len(self), dtype=torch.long)
        return torch.where(fine.any(1), first, actions)

    def reactions(self, believed: Request, advice: Recommendation) -> Reactions:
        """Return what each says to advice: one thing, about what hurts most.

        People go through what they are to act upon, beginning with what costs them most by their own weights (what is
        not possible costs without end), and name the first thing that they would not do: it is not possible, or
        farther than they would go, or weighs more than :data:`PATIENCE` times what was believed.

        Arguments:
            believed: What the advice was asked for by.
            advice: The advice.
        """
        truth, acted = self._truth, advice.mask & advice.solved[:, None]
        values = advice.values.to(truth.factual.dtype)
        closed = acted & ~truth.actionable
        far = acted & ~closed & ~truth.box.contains(values, truth.features.whole)
        harder = acted & ~closed & ~far & (truth.weights > PATIENCE * believed.weights)
        hurts = (truth.weights * truth.unit_cost.per_feature(truth.factual, values)).nan_to_num(nan=torch.inf)
        hurts = torch.where(closed, torch.inf, hurts).where(closed | far | harder, -1.0)
        feature = hurts.sort(dim=1, descending=True, stable=True).indices[:, 0]
        place = feature[:, None]

        def about(of: Tensor) -> Tensor:
            return of.gather(1, place)[:, 0]

        below = about(values < truth.box.lower)
        kinds = (
            (about(closed), Reaction.NOT_POSSIBLE, torch.full((len(self),), torch.nan)),
            (about(far) & below, Reaction.AT_LEAST, about(truth.box.lower)),
            (about(far) & ~below, Reaction.AT_MOST, about(truth.box.upper)),
            (about(harder), Reaction.HARDER, about(self._grade)),
        )
        said = torch.where(advice.solved, int(Reaction.FINE), int(Reaction.SPEECHLESS))
        value = torch.full((len(self),), torch.nan, dtype=truth.factual.dtype)
        for who, what, told in kinds:
            said = torch.where(who, int(what), said)
            value = torch.where(who, told.to(value.dtype), value)
        return Reactions(said, torch.where(said >= Reaction.NOT_POSSIBLE, feature, -1), value)

    @property
    def _grade(self) -> Tensor:
        """How hard each feature is, from 0 to 1, `(people, features)`."""
        answers = self._truth.actionability
        return (answers.scores.clamp(1, answers.levels) - 1) / max(answers.levels - 1, 1)
