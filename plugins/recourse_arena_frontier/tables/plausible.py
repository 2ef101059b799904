"""The cheapest plausible of a person's candidates: neighbours are slow to look at, so the cheapest are tried first."""

from __future__ import annotations

__all__ = ["cheapest_plausible", "simpler"]

from collections.abc import Iterator

import torch
from torch import Tensor

from recourse_arena_frontier.tables.candidates import Candidates, places
from recourse_arena_frontier.tables.terrain import Terrain

_BATCHES, _MORE = (12, 24, 64, 128), (256, 512)
"""How many more candidates are looked at, one batch after the other, of who has no plausible one yet; and with more
effort."""

_SPREAD = 512
"""How many of the dearer ones are looked at then, evenly from the cheaper to the dearer."""

_ROUNDS, _SIMPLER = 6, 24
"""Rounds in which plausible actions are made cheaper, and changes looked at in each."""

_SHARES = (0.0, 0.5, 0.8, 0.9, 0.97, 0.99)
"""How much of a change of a number is tried to be enough."""

_SPENT = (0.25, 0.5, 0.75, 0.95)
"""How much of what is saved where one change is left out is spent on more of a number."""


def cheapest_plausible(terrain: Terrain, candidates: Candidates, *, more: bool = False) -> Candidates:
    """Return the cheapest plausible candidate of each person who has one among those that are looked at.

    Arguments:
        terrain: The people.
        candidates: Their candidates.
        more: Whether many are looked at.
    """
    batches = (*_BATCHES, *_MORE, _SPREAD) if more else _BATCHES
    everything = candidates.leading(len(candidates))
    rank = _ranks(everything.person, sum(batches[: len(_BATCHES) + len(_MORE)]))
    best = everything[everything.person[:0]]
    lost = torch.ones(len(terrain), dtype=torch.bool, device=rank.device)
    begin = 0
    for batch in batches:
        rows = lost[everything.person] & (rank >= begin) & (rank < begin + batch)
        found = _among(terrain, everything[rows.nonzero()[:, 0]])
        lost[found.person] = False
        best, begin = Candidates.joined([best, found]), begin + batch
    return best.leading(1)


def _ranks(person: Tensor, first: int) -> Tensor:
    """Return the rank `(rows,)` of each row among those of its person: the `first` ones, then those that are spread.

    What is left out between the latter has a very high one.
    """
    place = places(person)
    dearer = (place - first).clamp(min=-1)
    count = (torch.bincount(person)[person] - first).clamp(min=1) if len(person) else place
    step = dearer * _SPREAD // count
    left_out = (count > _SPREAD) & (step == (dearer - 1).clamp(min=-1) * _SPREAD // count) & (dearer > 0)
    rank = torch.where(dearer >= 0, first + torch.where(count > _SPREAD, step, dearer), place)
    return torch.where(left_out, torch.iinfo(torch.long).max, rank)


def simpler(terrain: Terrain, best: Candidates) -> Candidates:
    """Return plausible candidates, one a person, that cost at most as much: changes are left out or made smaller."""
    going = best
    for _ in range(_ROUNDS):
        found = _among(terrain, _cheaper(terrain, going).leading(_SIMPLER))
        if not len(found):
            break
        best, going = Candidates.joined([found, best]).leading(1), found
    return best


def _among(terrain: Terrain, candidates: Candidates) -> Candidates:
    """Return the cheapest plausible candidate of each person who has any."""
    judge = terrain.problem.plausible(terrain.request)
    least = judge.least(terrain.request.factual)
    good = judge.score(candidates.values) >= least[candidates.person]
    return candidates[good.nonzero()[:, 0]].leading(1)


def _cheaper(terrain: Terrain, best: Candidates) -> Candidates:
    """Return what passes and is cheaper: one change left out, or one number some of the way back."""
    factual = terrain.request.factual[best.person]
    rows, found = [best.person[:0]], [best.values[:0]]
    each = torch.arange(len(best), device=factual.device)
    for column in (*terrain.levels, *terrain.numbers):
        changed = each[best.values[:, column] != factual[:, column]]
        for share in _SHARES if column in terrain.numbers else (0.0,):
            there = best.values[changed].clone()
            there[:, column] = (factual + share * (best.values - factual))[changed, column]
            rows.append(changed)
            found.append(there)
    for column in (*terrain.levels, *terrain.numbers):
        changed = each[best.values[:, column] != factual[:, column]]
        for other in (number for number in terrain.numbers if number != column):
            there = best.values[changed].clone()
            there[:, column] = factual[changed, column]
            for more in _enlarged(terrain, best.person[changed], there, best.cost[changed], other):
                rows.append(changed)
                found.append(more)
    row, values = torch.cat(rows), torch.cat(found)
    less = Candidates.of(terrain, best.person[row], values)
    limit = torch.full((len(terrain),), torch.inf, dtype=best.cost.dtype, device=row.device)
    limit[best.person] = best.cost
    return less[(less.cost < limit[less.person]).nonzero()[:, 0]]


def _enlarged(terrain: Terrain, person: Tensor, values: Tensor, limit: Tensor, column: int) -> Iterator[Tensor]:
    """Yield values with a number farther from the factual on either side, for shares of what is left of a `limit`."""
    factual, now = terrain.request.factual[person, column], values[:, column]
    parts = terrain.parts(person, values)[:, column].double()
    left = (limit - terrain.total(person, values)).clamp(min=0.0)
    for share in _SPENT:
        reach = (parts + share * left) / terrain.price[person, column].double()
        reach = (reach if terrain.power == 1 else reach.sqrt()).to(values.dtype)
        for sign in (-1.0, 1.0):
            there = values.clone()
            there[:, column] = torch.where((now - factual) * sign >= 0, factual + sign * reach, now)
            yield there
