"""The donor of each person, and which of its features are taken over."""

from __future__ import annotations

__all__ = ["Search", "advise"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Asking, Encoding, Outcome, Problem, Recommendation, Request, generator
from recourse_arena_adapting.donors import Donors
from recourse_arena_nice.autoencoder import Autoencoder

if TYPE_CHECKING:
    from recourse_arena_nice import Nice

_PEOPLE, _NUMBERS = 256, 1 << 24
"""How many people are searched for at once, and how many numbers are held."""
_ROUNDING = 1e-6
"""Rewards this near to the greatest, relative to it, count as equal."""


@dataclass(frozen=True)
class Search:
    """What is prepared before anybody asks.

    Arguments:
        problem: What the solver may know.
        reward: What the next feature is chosen for.
        donors: Accepted training people with a favourable label.
        autoencoder: What says how unlike everybody a person is.
        tags: A number at random for each value of each feature, of each donor, `(donors, features)`.
    """

    problem: Problem
    reward: str
    donors: Donors
    autoencoder: Autoencoder | None
    tags: Tensor

    @classmethod
    def of(cls, problem: Problem, reward: str, explained: float) -> Search:
        """Return the search of a problem."""
        training, features = problem.training, problem.features
        good = problem.decisions.accepts(training.x) & (training.y > 0.5)
        donors = Donors.of(training.x[good], training.x, features.categorical)
        if reward != "none":
            problem.scores.probability(training.x[:1])  # a model without scores is told of now
        autoencoder = None
        if reward == "plausibility":
            autoencoder = Autoencoder.fitted(Encoding.fitted(features, training.x), training.x, explained)
        return cls(problem, reward, donors, autoencoder, _tags(donors.x))

    def nearest(self, asking: Asking, most: int) -> Tensor:
        """Return the nearest donor of each person who makes for acceptance, long `(people,)`; -1 for none."""
        factual, order = asking.request.factual, []
        size = max(1, _NUMBERS // max(1, self.donors.x.numel()))
        for rows in torch.arange(len(factual)).split(size):
            here = asking[rows]
            apart = self.donors.apart(here.request.factual[:, None], self.donors.x)
            free = here.request.actionable[:, None] & _inside(here, self.donors.x)
            distance = torch.where(free, apart, 0.0).square().sum(-1)
            twice = _seen_before(torch.where(free, self.tags, 0.0).sum(-1))
            distance = torch.where(twice | (distance == 0), torch.inf, distance)
            order.append(distance.argsort(dim=1, stable=True)[:, :most])
        return self.donors.first(asking, torch.cat(order))

    def rewards(self, asking: Asking, now: Tensor, more: Tensor, values: Tensor) -> Tensor:
        """Return the reward of acting on `more` instead of `now`, `(candidates, people)`.

        Arguments:
            asking: The people.
            now: What they take over so far, bool `(people, features)`.
            more: What they might take over, bool `(candidates, people, features)`.
            values: Their donors, `(people, features)`.
        """
        before, after = asking.after(now, values), asking.after(more, values.expand(more.shape))
        gain = self.problem.scores.probability(after).double() - self.problem.scores.probability(before).double()
        if self.reward == "proximity":
            apart = self.donors.apart(asking.request.factual, values).square()
            far = [torch.where(mask, apart, 0.0).sum(-1).sqrt() for mask in (more, now)]
            gain = gain / (far[0] - far[1]).clamp(min=1e-9)
        if self.autoencoder is not None:
            drop = self.autoencoder.error(before) - self.autoencoder.error(after)
            gain = torch.where((gain < 0) & (drop < 0), -gain * drop, gain * drop)
        return gain

    def taken_over(self, asking: Asking, mask: Tensor, values: Tensor) -> Tensor:
        """Return which features of `mask` are taken over of donors `values` until the decision changes, bool."""
        now, left = torch.zeros_like(mask), mask.clone()
        going = torch.arange(len(mask))
        while len(going):
            here, one = asking[going], torch.eye(mask.shape[1], dtype=torch.bool)[:, None]
            rewards = self.rewards(here, now[going], now[going] | one, values[going])
            rewards = torch.where(left[going].T, rewards, -torch.inf)
            best = rewards.amax(0)
            column = (rewards >= best - _ROUNDING * best.abs().clamp(min=_ROUNDING)).int().argmax(0)
            now[going, column], left[going, column] = True, False
            going = going[~here.accepts(now[going], values[going]) & left[going].any(1)]
        return now


@torch.no_grad()
def advise(solver: Nice, request: Request) -> Recommendation:
    """Return what each person takes over of their donor."""
    search = solver.search
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    if not len(search.donors):
        return answer
    for people in request.actionable.any(1).nonzero()[:, 0].split(_PEOPLE):
        asking = Asking(solver.problem, request[people], causal=solver.causal)
        donor = search.nearest(asking, solver.donors)
        people, asking, donor = people[donor >= 0], asking[donor >= 0], donor[donor >= 0]
        if not len(people):
            continue
        everything, whom = search.donors.taken(asking, donor)
        mask[people] = everything if solver.reward == "none" else search.taken_over(asking, everything, whom)
        values[people] = whom
        outcome[people] = Outcome.SOLVED.code
    return answer


def _inside(asking: Asking, donors: Tensor) -> Tensor:
    """Return which features of donors lie in each person's box, bool `(people, donors, features)`."""
    box, whole = asking.request.box, asking.request.features.whole
    wide = type(box)(box.lower[:, None], box.upper[:, None])
    return wide.contains(donors, whole)


def _tags(x: Tensor) -> Tensor:
    """Return a number at random for each value in each column: sums of some tell whether people agree there."""
    tags = torch.empty(x.shape, dtype=torch.float64)
    for j, column in enumerate(x.T):
        values, place = column.unique(return_inverse=True)
        tags[:, j] = torch.rand(len(values), generator=generator(0, "nice", "tags", str(j)), dtype=torch.float64)[place]
    return tags


def _seen_before(keys: Tensor) -> Tensor:
    """Return which keys `(people, donors)` an earlier donor of the person has already, bool."""
    ordered, place = keys.sort(dim=1, stable=True)
    again = torch.zeros_like(ordered, dtype=torch.bool)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    return torch.zeros_like(again).scatter(1, place, again)
