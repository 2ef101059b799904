"""Recourse problems whose optimum is known: straight decision lines and linear structural equations."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cvxpy as cp
import torch
from causal_cases import linear_scm
from torch import Tensor

from recourse_arena import Actionability, Feature, FeatureTable, People, Problem, Request, Role
from recourse_arena.people.box import Box
from recourse_arena.problem.cost import Cost
from recourse_arena.problem.profile import PROFILES


@dataclass(frozen=True)
class Straight:
    """A linear classifier with an intercept."""

    slope: Tensor
    intercept: Tensor

    def logit(self, x: Tensor) -> Tensor:
        return x @ self.slope + self.intercept

    def accepts(self, x: Tensor) -> Tensor:
        return self.logit(x) >= 0


def straight_problem(seed: int) -> Problem:
    """Return a problem of six features in double precision, four of them actionable, in a wide box."""
    scm, draws = linear_scm(seed), torch.Generator().manual_seed(seed)
    x = scm.sample(500, draws).double()
    slope = torch.randn(6, generator=draws, dtype=torch.double)
    decisions = Straight(slope, -(x @ slope).quantile(0.6))
    roles = (Role.ACTIONABLE,) * 4 + (Role.MUTABLE, Role.IMMUTABLE)
    features = FeatureTable(tuple(Feature(n, role=r) for n, r in zip(scm.graph.names, roles, strict=True)))
    box, width = Box.spanning(x), x.amax(0) - x.amin(0)
    return Problem(
        dataset="straight",
        features=features,
        graph=scm.graph,
        decisions=decisions,
        cost=Cost.fitted(x, ~decisions.accepts(x), features),
        box=Box(box.lower - width, box.upper + width),
        training=People(x, torch.ones(len(x))),
        validation=People(x[:100], torch.ones(100)),
        profile=PROFILES["linear"],
        draw=lambda people, draws: preferences(people),
        true_scm=scm,
        causal_flow=scm,
    )


def preferences(people: int) -> Actionability:
    """Return all orders of the four actionable features in turn."""
    orders = torch.tensor(list(itertools.permutations(range(1, 5))))
    return Actionability(torch.cat([orders, torch.full((24, 2), 5)], 1).repeat(people // 24 + 1, 1)[:people], 4)


def straight_request(problem: Problem, people: int, *, plausibility: bool) -> Request:
    """Return the request of the first `people` who are refused."""
    factual = problem.asking(problem.validation)[:people]
    return problem.request(factual, preferences(len(factual)), plausibility=plausibility)


def favourites(request: Request, count: int) -> Request:
    """Return the request of the same people who can act on their `count` favourites only."""
    scores = torch.where(request.actionability.scores > count, 5, request.actionability.scores)
    return replace(request, actionability=Actionability(scores, levels=4))


def subsets(actionable: Tensor) -> Iterator[list[int]]:
    """Yield all non-empty sets of actionable features."""
    columns = actionable.nonzero()[:, 0].tolist()
    for size in range(1, len(columns) + 1):
        for chosen in itertools.combinations(columns, size):
            yield list(chosen)


def effects(problem: Problem, factual: Tensor, chosen: list[int]) -> Tensor:
    """Return by how much each feature moves per unit of each chosen one, `(features, chosen)`; exact when linear."""
    mask = torch.zeros(len(factual), dtype=torch.bool)
    mask[chosen] = True
    steps = factual + torch.eye(len(factual), dtype=factual.dtype)[chosen]
    return (problem.causal_model.counterfactual(factual, mask, steps) - factual).T


def prices(one: Request, chosen: list[int]) -> Tensor:
    """Return the cost of a squared unit of each chosen feature."""
    return (one.weights * one.unit_cost.curvature)[0, chosen]


def cheapest_projection(problem: Problem, one: Request) -> float:
    """Return the least cost of an accepted counterfactual of one person without bounds, in closed form.

    With margin m and slope c of the decision per chosen feature, the weighted projection onto the
    decision line costs `m^2 / sum(c^2 / price)`.
    """
    margin = float(problem.classifier.logit(one.factual)[0])
    slope = problem.decisions.slope
    return min(
        margin**2 / float(((slope @ effects(problem, one.factual[0], chosen)) ** 2 / prices(one, chosen)).sum())
        for chosen in subsets(one.actionable[0])
    )


def cheapest_plausible(problem: Problem, one: Request) -> float:
    """Return the least cost in the box of an accepted, plausible counterfactual: a convex program for each set."""
    scm, x = problem.true_scm, one.factual[0]
    sd = torch.stack([scm.mechanisms[name].noise.scale for name in scm.graph.names]).double()
    noise = scm.abduct(x) / sd
    best = float("inf")
    for chosen in subsets(one.actionable[0]):
        moves = effects(problem, x, chosen)
        shift = torch.stack([(scm.abduct(x + move) / sd) - noise for move in moves.T], 1).numpy()
        change = cp.Variable(len(chosen))
        lower, upper = (end[0, chosen].numpy() - x[chosen].numpy() for end in (one.box.lower, one.box.upper))
        program = cp.Problem(
            cp.Minimize(prices(one, chosen).numpy() @ cp.square(change)),
            [
                float(problem.classifier.logit(x)) + (problem.decisions.slope @ moves).numpy() @ change >= 0,
                cp.sum_squares(noise.numpy() + shift @ change) <= float(noise.square().sum()),
                change >= lower,
                change <= upper,
            ],
        )
        program.solve(solver=cp.CLARABEL)
        if program.status == cp.OPTIMAL:
            best = min(best, float(program.value))
    return best
