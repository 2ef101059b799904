"""From a request to recommendations: walk, round, walk on, come back."""

from __future__ import annotations

__all__ = ["Way", "search"]

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import Outcome, Recommendation, Request, generator
from recourse_arena_relaxed.back import Actions, farther, nearer, shorter
from recourse_arena_relaxed.ground import Ground
from recourse_arena_relaxed.walk import Walk

_CHANGED = 6
"""Most categories that are changed at once."""

_TRACE = 1e-2
"""Least share that has to have left the level held for a category to count as moved."""

_SAME = 1e-5
"""Costs that are as near as this, relative to themselves, are those of one action found twice."""

_KEPT = 3
"""Actions of a person that are brought back feature by feature."""


@dataclass(frozen=True)
class Way:
    """How a method searches.

    Arguments:
        name: Its name, from which its random starts are drawn.
        ground: Returns the ground of a request.
        walk: Walks from a start `(rows, columns)` on some ground.
        starts: Searches per person.
        elsewhere: Random places in their box from which those without an action are searched for again.
        back: How actions come back: `shorter`, then feature by feature; `nearer`, on a straight line; or `no`.
    """

    name: str
    ground: Callable[[Request], Ground]
    walk: Callable[[Ground, Tensor], Walk]
    starts: int = 1
    elsewhere: int = 8
    back: str = "shorter"


@torch.enable_grad()
def search(way: Way, request: Request) -> Recommendation:
    """Return the cheapest accepted action found for each person of `request`."""
    answer = request.unanswered()
    people = request.actionable.any(1).nonzero()[:, 0]
    if len(people):
        whose, best = _best(way, request[people])
        answer.mask[people[whose]], answer.values[people[whose]] = best.mask, best.values
        answer.outcome[people[whose]] = Outcome.SOLVED.code
    return answer


def _best(way: Way, request: Request) -> tuple[Tensor, Actions]:
    """Return who has an action, indices of people, and their cheapest ones."""
    whose, found = _among(way, way.ground(request), range(way.starts))
    lost = torch.ones(len(request), dtype=torch.bool).index_fill(0, whose, False).nonzero()[:, 0]
    if not len(lost) or not way.elsewhere:
        return whose, found
    again = range(max(way.starts, 2), max(way.starts, 2) + way.elsewhere)
    late, more = _among(way, way.ground(request[lost]), again)
    both = zip((found.mask, found.values, found.cost), (more.mask, more.values, more.cost), strict=True)
    return torch.cat([whose, lost[late]]), Actions(*(torch.cat(pair) for pair in both))


def _among(way: Way, everybody: Ground, starts: range) -> tuple[Tensor, Actions]:
    """Return who has an action by searches from `starts`, indices of people, and their cheapest ones."""
    person = torch.arange(len(everybody)).repeat(len(starts))
    ground = everybody[person]
    place = torch.cat([_start(way, everybody, number) for number in starts])
    ways = [(person, ground, way.walk(ground, place))]
    if ground.relaxed:
        row, held, numbers = _rounded(ground, ways[0][2].place)
        part = ground[row].holding(held)
        ways.append((person[row], part, way.walk(part, numbers)))
    with torch.no_grad():
        return _brought_back(way, everybody, ways)


def _brought_back(way: Way, everybody: Ground, ways: list[tuple[Tensor, Ground, Walk]]) -> tuple[Tensor, Actions]:
    """Return who has arrived on one of the `ways`, of which each has people, their ground and walks; and from where."""
    arrived = [way.arrived.nonzero()[:, 0] for _, _, way in ways]
    whose = torch.cat([person[rows] for (person, _, _), rows in zip(ways, arrived, strict=True)])
    values = torch.cat([way.values[rows] for (_, _, way), rows in zip(ways, arrived, strict=True)])
    acted = torch.cat([ground.acted[rows] for (_, ground, _), rows in zip(ways, arrived, strict=True)])
    ground = everybody[whose]
    mask = _that_does_something(ground, acted, values)
    if not len(whose):
        return whose, Actions(mask, values, values[:, 0])
    found = Actions(mask, values, ground.cost(mask, values))
    if way.back != "no":
        found = nearer(ground, mask, values)
        few = _cheapest(whose, found.cost, _KEPT if way.back == "shorter" else 1)
        whose, ground, arrived_at = whose[few], ground[few], Actions(mask, values, found.cost)[few]
        found = _sure(ground, shorter(ground, found[few]) if way.back == "shorter" else found[few], arrived_at)
    one = _cheapest(whose, found.cost, 1)
    mask = _that_does_something(ground, found.mask, found.values)
    return whose[one], replace(found, mask=mask)[one]


def _sure(ground: Ground, found: Actions, arrived: Actions) -> Actions:
    """Return actions that pass the whole test, farther than `found` if need be; where none does, where it `arrived`."""
    whole = ground.in_full()
    if whole is ground:
        return found
    there = farther(whole, found)
    return replace(arrived, cost=whole.cost(arrived.mask, arrived.values)).unless(there.cost.isfinite(), there)


def _that_does_something(ground: Ground, mask: Tensor, values: Tensor) -> Tensor:
    """Return the features acted upon that are changed, or that something could follow from where they are held."""
    holds = ground.problem.without_effects is None
    return mask & ((values != ground.request.factual) | (holds & ~ground.request.features.categorical))


def _start(way: Way, ground: Ground, number: int) -> Tensor:
    """Return where search `number` starts, `(rows, columns)`."""
    if number == 0:
        return ground.start
    if number == 1:
        place = ground.start.detach().requires_grad_()
        (slope,) = torch.autograd.grad(ground.logit(place).sum(), place)
        far = torch.where(slope > 0, ground.ends[1], torch.where(slope < 0, ground.ends[0], place.detach()))
        return ground.projected(torch.where(ground.encoding.codes < 0, far, place.detach()))
    where = torch.rand(len(ground.encoding), generator=generator(0, way.name, "start", str(number)))
    low, high = ground.ends
    return ground.projected(torch.where(ground.encoding.codes < 0, low + (high - low) * where, where))


def _rounded(ground: Ground, place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return what shares of `place` `(rows, columns)` are rounded to: rows, values held, and columns to walk on from.

    The first of each row leaves all categories as they are, the second changes the one that lost most of its factual
    share to the level with the greatest, the third the next one as well, up to `_CHANGED` of them.
    """
    encoding, factual = ground.encoding, ground.request.factual
    here, moved, codes = encoding.encode(factual), [], []
    for _, columns in ground.categories:
        moving = torch.where(here[:, columns] > 0, 0.0, place[:, columns])
        moved.append(moving.sum(1))
        codes.append(encoding.codes[columns][moving.argmax(1)].to(factual.dtype))
    gone, level = torch.stack(moved, 1), torch.stack(codes, 1)
    names = [j for j, _ in ground.categories]
    order = gone.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    rows, held = [], []
    for count in range(min(_CHANGED, len(names)) + 1):
        changed = (order < count) & (gone > _TRACE)
        values = factual.clone()
        values[:, names] = torch.where(changed, level, factual[:, names])
        new = (changed.sum(1) == count).nonzero()[:, 0]
        rows.append(new)
        held.append(values[new])
    row, levels = torch.cat(rows), torch.cat(held)
    columns = torch.where(encoding.codes < 0, place[row], encoding.encode(levels))
    return row, levels, columns


def _cheapest(person: Tensor, cost: Tensor, most: int) -> Tensor:
    """Return the rows of the `most` cheapest of each person, of those that cost the same one, ordered by person."""
    order = cost.argsort(stable=True)
    order = order[person[order].argsort(stable=True)]
    new = torch.ones_like(order, dtype=torch.bool)
    whose, price = person[order], cost[order]
    new[1:] = (whose[1:] != whose[:-1]) | (price[1:] > price[:-1] * (1 + _SAME))
    order, whose = order[new], whose[new]
    return order[torch.arange(len(order)) - torch.searchsorted(whose, whose) < most]
