"""What a solver is asked: people, what each can act on, at what price, within which bounds."""

from __future__ import annotations

__all__ = ["Request", "sparsely", "unconstrained"]

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations, islice

import torch
from torch import Tensor

from recourse_arena.base.errors import ArenaError, NotApplicable
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.actionability import Actionability
from recourse_arena.problem.cost import Cost, RangeCost
from recourse_arena.problem.outcome import Outcome
from recourse_arena.problem.profile import Profile
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.scenario import Notion

_SETS, _MORE = 16, 48
"""Sets of features tried of those that somebody is told to act on; and then of all that they can act on."""


@dataclass(frozen=True)
class Request:
    """A batch of people asking for recourse.

    Arguments:
        features: The features, in column order.
        factual: The people as they are, `(people, features)`.
        actionability: What each can act on, and how easily.
        profile: How scores become cost weights and priors.
        box: Feasible values, the global ones narrowed by personal bounds, `(people, features)` each.
        unit_cost: The cost on the dataset's scale.
        person: Number of each person among all who ask, `(people,)`; for records only.
        plausibility: Whether counterfactuals should be at least as likely as the factual.
        density: What says so: the log-density of the `flow` or of the true `scm`, or the `neighbours` among accepted
            people; :meth:`Problem.plausible <recourse_arena.problem.problem.Problem.plausible>` returns it.
        sparsity: How many features each may be told to act on at most; none: all that they can act on.
        menu: What is asked of a menu of shared actions; none where each gets an action of their own.
    """

    features: FeatureTable
    factual: Tensor
    actionability: Actionability
    profile: Profile
    box: Box
    unit_cost: Cost
    person: Tensor
    plausibility: bool = True
    density: Notion = "flow"
    sparsity: int | None = None
    menu: MenuAsked | None = None

    def __post_init__(self) -> None:
        if len(self.actionability) != len(self.factual):
            raise ArenaError(f"{len(self.factual)} people ask, but {len(self.actionability)} gave actionability scores")

    def __len__(self) -> int:
        return len(self.factual)

    def __getitem__(self, people: slice | Tensor) -> Request:
        """Return the request of some of the people: a slice, or indices or a bool tensor `(people,)`."""
        return replace(
            self,
            factual=self.factual[people],
            actionability=self.actionability[people],
            box=Box(self.box.lower[people], self.box.upper[people]),
            person=self.person[people],
        )

    @property
    def actionable(self) -> Tensor:
        """Individually actionable features, bool `(people, features)`."""
        return self.actionability.mask

    @cached_property
    def weights(self) -> Tensor:
        """Cost weights (alpha), `(people, features)`."""
        return self.profile.weights(self.actionability.scores, self.actionability.levels)

    @cached_property
    def priors(self) -> Tensor:
        """Prior probabilities of acting (pi), `(people, features)`; 0 where non-actionable."""
        return self.profile.priors(self.actionability.scores, self.actionability.levels)

    @property
    def prices(self) -> Tensor:
        """What moving each feature by one unit costs each person, squared and weighted, `(people, features)`.

        For solvers that need a quadratic cost: moving by `d` costs `prices * d ** 2`, summed over what is acted upon.

        Raises:
            NotApplicable: If the cost is another one.
        """
        if not isinstance(self.unit_cost, RangeCost) or not self.unit_cost.quadratic:
            raise NotApplicable(f"the cost is {self.unit_cost.name!r}, not a weighted sum of squares")
        return self.weights * self.unit_cost.curvature

    def snap(self, values: Tensor) -> Tensor:
        """Return the nearest feasible `values` `(people, features)`: in the box, whole numbers where needed."""
        return self.box.snap(values, self.features.whole)

    def cost(self, values: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the weighted cost `(people,)` of setting masked features (default: all actionable) to `values`.

        Values and mask are `(people, features)`.
        """
        return self.unit_cost(self.factual, values, self.actionable if mask is None else mask, self.weights)

    def unanswered(self) -> Recommendation:
        """Return that nothing has been found yet, in tensors of its own for a search to fill.

        Who can act on nothing is `infeasible`, everybody else `not_found`.
        """
        outcome = torch.where(self.actionable.any(1), Outcome.NOT_FOUND.code, Outcome.INFEASIBLE.code)
        return Recommendation(torch.zeros_like(self.actionable), self.factual.clone(), outcome.to(torch.int8))

    def cost_of_becoming(self, donors: Tensor) -> Tensor:
        """Return the weighted cost `(people, donors)` of taking over the actionable features of `donors`.

        Infinite where a value lies outside the person's box.
        """
        mask = self.actionable[:, None, :]
        cost = self.unit_cost(self.factual[:, None, :], donors[None, :, :], mask, self.weights[:, None, :])
        box = Box(self.box.lower[:, None, :], self.box.upper[:, None, :])
        return torch.where((box.contains(donors[None], self.features.whole) | ~mask).all(-1), cost, torch.inf)


def unconstrained(request: Request, *, within: Box | None = None, preferences: bool = True) -> Request:
    """Return the request that a published method answers which knows nothing of what a person can act on.

    Everybody may act on every feature, in any direction, within the bounds that features declare, whatever the rules
    and on however many features. What such advice does that the person did not allow counts as violations.

    Arguments:
        request: The people.
        within: The dataset's box, :attr:`Problem.box <recourse_arena.problem.problem.Problem.box>`, for a method that
            ignores no more than what each person said: people act on what anybody can act on, in this box, and rules
            count.
        preferences: Whether weights still follow what each person prefers, where what they cannot act on is as hard as
            what is hardest; else every feature weighs the same.
    """
    own, table = request.actionability, request.features
    scores = own.scores.clamp(max=own.levels) if preferences else torch.ones_like(own.scores)
    if within is not None:
        scores, box = torch.where(table.actionable, scores, own.levels + 1), within
    else:
        ends = ((feature.lower, feature.upper) for feature in table)
        box, table = Box(*map(request.factual.new_tensor, zip(*ends, strict=True))), replace(table, rules=())
    free = Actionability(scores, own.levels, own.ordered)
    return replace(request, features=table, actionability=free, box=box.expand(len(request)), sparsity=None)


def sparsely(request: Request, ask: Callable[[Request], Recommendation]) -> Recommendation:
    """Return advice that keeps the sparsity of a request, from a search that knows nothing of it.

    Whoever is told to act on too much is asked about again, as if they could act on so many features only: on those of
    the action that most is spent on, by weighted cost, and on others of them; where none of these sets has an action,
    on sets of all that they can act on, those with most of the former first. The cheapest action counts. Who has none
    is `not_found`; not all sets are tried where there are many.

    Arguments:
        request: The people.
        ask: Answers requests without sparsity, everybody alone as among others.
    """
    free = replace(request, sparsity=None)
    answer = ask(free)
    if request.sparsity is None:
        return answer
    mask, values = answer.mask & answer.solved[:, None], answer.values.clone()
    outcome = answer.outcome.clone()
    parts = request.unit_cost.per_feature(request.factual, values.to(request.factual.dtype)) * request.weights
    rank = torch.where(mask, -parts.double(), torch.inf).argsort(dim=1, stable=True).argsort(1)
    lost = (mask.sum(1) > request.sparsity).nonzero()[:, 0]
    outcome[lost], acted = Outcome.NOT_FOUND.code, mask.clone()
    mask[lost] = False
    for among, most in ((acted, _SETS), (request.actionable, _MORE)):
        person, kept = _sets(among[lost], rank[lost], request.sparsity, most)
        if not len(person):
            continue
        rows = free[lost[person]]
        found = ask(replace(rows, actionability=rows.actionability.without(~kept)))
        cost = rows.cost(found.values.to(rows.factual.dtype), found.mask)
        cost = torch.where(found.solved & (found.mask.sum(1) <= request.sparsity), cost.double(), torch.inf)
        order = cost.argsort(stable=True)
        order = order[person[order].argsort(stable=True)]
        first = torch.ones_like(order, dtype=torch.bool)
        first[1:] = person[order[1:]] != person[order[:-1]]
        best = order[first & cost[order].isfinite()]
        whose = lost[person[best]]
        mask[whose], values[whose], outcome[whose] = (
            found.mask[best],
            found.values[best].to(values.dtype),
            found.outcome[best],
        )
        lost = lost[outcome[lost] != Outcome.SOLVED.code]
    return Recommendation(mask, values, outcome, answer.lower_bound)


def _sets(among: Tensor, rank: Tensor, count: int, most: int) -> tuple[Tensor, Tensor]:
    """Return people `(rows,)` and `count` features of each, bool `(rows, features)`: at most `most` sets a person.

    Those of the lowest ranks come first. Who has no more than so many features has one set, all of them.
    """
    features = among.shape[1]
    order = torch.where(among, rank, features + rank).argsort(dim=1, stable=True)
    people, sets = [], []
    for size in among.sum(1).unique().tolist():
        rows = (among.sum(1) == size).nonzero()[:, 0]
        for places in islice(combinations(range(size), min(count, size)), most):
            people.append(rows)
            sets.append(torch.zeros_like(among[rows]).scatter(1, order[rows][:, list(places)], True))
    return torch.cat([rank.new_zeros(0), *people]).long(), torch.cat([among[:0], *sets])
