"""Local search for a set of answers: perturbed, and swapped where the average of the cheapest falls."""

from __future__ import annotations

__all__ = ["Found", "advise", "searched"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recourse_arena import Asking, Outcome, Recommendation, Request, generator
from recourse_arena_cols.costs import Costs
from recourse_arena_cols.scale import Scale

if TYPE_CHECKING:
    from recourse_arena_cols import Cols

_PEOPLE = 64
"""How many people's sets are looked for at once."""
_HOME = 1 / 3
"""How often a perturbed feature goes back to the person's own value."""


@dataclass(frozen=True)
class Found:
    """Sets of answers.

    Arguments:
        values: The answers, `(people, answers, features)`.
        fine: Which are accepted and keep the rules, bool `(people, answers)`.
        cost: What the cheapest costs on average, at first and after each round, `(rounds + 1, people)`.
    """

    values: Tensor
    fine: Tensor
    cost: Tensor


@torch.no_grad()
def searched(solver: Cols, request: Request) -> Found:
    """Return the sets of the people of a request; of those who can act on nothing, of themselves."""
    parts = [_searched(solver, request[people]) for people in torch.arange(len(request)).split(_PEOPLE)]
    if not parts:
        return _searched(solver, request)
    return Found(*(torch.cat([getattr(p, name) for p in parts], dim) for name, dim in _PARTS))


_PARTS = (("values", 0), ("fine", 0), ("cost", 1))


@torch.no_grad()
def advise(solver: Cols, request: Request) -> Recommendation:
    """Return of each person's set the answer of the least weighted cost."""
    found = searched(solver, request)
    factual, free = request.factual[:, None], request.actionable[:, None]
    changed = free & (found.values != factual)
    cost = request.unit_cost(factual, found.values, changed, request.weights[:, None])
    cost = torch.where(found.fine & changed.any(-1), cost, torch.inf)
    least, best = cost.min(1)
    rows, solved = torch.arange(len(request)), least.isfinite()
    answer = Recommendation.do(changed[rows, best], found.values[rows, best], found=solved)
    answer.outcome[~request.actionable.any(1)] = Outcome.INFEASIBLE.code
    return answer


def _searched(solver: Cols, request: Request) -> Found:
    asking, size = Asking(solver.problem, request, causal=solver.causal), solver.answers
    rows = request.features.alphabetical(request.factual)
    draws = [generator(solver.seed, "cols", row.numpy().tobytes().hex()) for row in rows]
    if not draws:
        empty = request.factual.new_zeros
        return Found(empty(0, size, rows.shape[1]), empty(0, size).bool(), empty(solver.rounds + 1, 0))
    costs = Costs.drawn(solver.scale, request, draws, solver.functions)

    def perturbed(values: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        values = _perturbed(solver.scale, request, values, uniform(2, size), uniform(2, size, rows.shape[1]))
        fine = _fine(asking, values)
        return values, fine, costs.of(request, values, fine)

    def uniform(*shape: int) -> Tensor:
        return torch.stack([torch.rand(3, *shape, generator=own, dtype=torch.float64) for own in draws], 1)

    values, fine, each = perturbed(request.factual[:, None].expand(-1, size, -1))
    history = [each.amin(2).mean(1)]
    for _ in range(solver.rounds):
        new, new_fine, new_each = perturbed(values)
        for j in range(size):
            place, better, average = _swap(each, new_each[..., j], history[-1])
            swap = better[:, None] & (torch.arange(size) == place[:, None])
            values = torch.where(swap[..., None], new[:, j, None], values)
            fine = torch.where(swap, new_fine[:, j, None], fine)
            each = torch.where(swap[:, None], new_each[..., j, None], each)
            history[-1] = average
        history.append(history[-1])
    return Found(values, fine, torch.stack(history))


def _swap(each: Tensor, new: Tensor, now: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the answer best swapped for a new one, `(people,)`, whether that is better, and the average then.

    Arguments:
        each: What the answers cost, `(people, functions, answers)`.
        new: What the new one costs, `(people, functions)`.
        now: The average now, `(people,)`.
    """
    least = each.amin(2, keepdim=True)
    first = each.argmin(2, keepdim=True)
    others = each.scatter(2, first, torch.inf).amin(2, keepdim=True)
    without = torch.where(torch.arange(each.shape[2]) == first, others, least)
    average, place = torch.minimum(without, new[..., None]).mean(1).min(1)
    better = average < now - 1e-9
    return place, better, torch.where(better, average, now)


def _perturbed(scale: Scale, request: Request, values: Tensor, which: Tensor, shares: Tensor) -> Tensor:
    """Return answers `(people, answers, features)` with up to two free features drawn anew.

    Arguments:
        scale: Which values there are.
        request: The people.
        values: The answers.
        which: Uniform draws: which feature, and whether it goes home, `(3, people, 2, answers)`.
        shares: Uniform draws of values, `(3, people, 2, answers, features)`; the first of the three is used.
    """
    free = request.actionable
    order = free.int().argsort(dim=1, descending=True, stable=True)
    count = free.sum(1)[:, None]
    drawn, values = scale.drawn(request, shares[0]), values.clone()
    for turn in range(2):
        place = (which[0][:, turn] * count).long().clamp(max=free.shape[1] - 1)
        column = order.gather(1, place)[..., None]
        home = (which[1][:, turn] < _HOME)[..., None]
        own = request.factual[:, None].expand_as(values).gather(2, column)
        new = torch.where(home, own, drawn[:, turn].gather(2, column))
        # The second is changed in half of the answers only: one feature can be drawn anew as well.
        stays = (count == 0)[..., None] | ((which[2][:, turn] < 0.5)[..., None] & (turn == 1))
        values = values.scatter(2, column, torch.where(stays, values.gather(2, column), new))
    return values


def _fine(asking: Asking, values: Tensor) -> Tensor:
    """Return which answers `(people, answers, features)` are accepted and keep the rules, bool."""
    turned = values.transpose(0, 1)
    return asking.accepts(turned != asking.request.factual, turned).T
