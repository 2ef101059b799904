"""Where a walk has led, and a walk of Adam that minimises what a method says, everybody on their own."""

from __future__ import annotations

__all__ = ["Walk", "descend", "settle"]

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from recourse_arena import Adam
from recourse_arena_relaxed.aim import Aim
from recourse_arena_relaxed.ground import Ground


@dataclass(frozen=True)
class Walk:
    """Where walks have led.

    Arguments:
        place: The best iterate, `(rows, columns)`: the one at which somebody arrived, else that of the greatest logit.
        values: Its features `(rows, features)`, legal ones.
        arrived: Whether these are accepted, bool `(rows,)`.
    """

    place: Tensor
    values: Tensor
    arrived: Tensor


def descend(aim: Aim, start: Tensor, *, prices: Iterable[float], steps: int, rate: float) -> Walk:
    """Return where Adam leads from `start` `(rows, columns)`, on `loss + price * distance`, price after price.

    Whoever is accepted and passes the criterion when the steps of a price are over, with whole numbers and legal
    levels, has arrived. While categories are relaxed, it is enough to pass between two levels: these are rounded next.

    Arguments:
        aim: What is minimised, and the criterion.
        start: Where to start.
        prices: What a unit of distance weighs, from high to low.
        steps: Steps of each price.
        rate: Learning rate, in units of the encoding.
    """
    place, values = start.detach().clone(), aim.held.clone()
    arrived = torch.zeros(len(aim), dtype=torch.bool)
    rows = torch.arange(len(aim))
    for price in prices:
        if not len(rows):
            break
        here = aim[rows]
        found = _steps(here, place[rows], partial(here.objective, price), steps, rate)
        with torch.no_grad():
            place[rows] = found
            legal = here.legal(found)
            there = here.in_full().accepts(here.acted | (legal != here.request.factual), legal)
            values[rows[there]], arrived[rows[there]] = legal[there], True
            rows = rows[~(there | here.passes(found))] if here.relaxed else rows[~there]
    return Walk(place, values, arrived)


def settle(aim: Aim, start: Tensor, objective: Callable[[Tensor], Tensor], *, steps: int, rate: float) -> Walk:
    """Return where all steps on one objective lead from `start` `(rows, columns)`, whoever passes on the way.

    Who is accepted there, with whole numbers and legal levels, has arrived; the criterion does not count.

    Arguments:
        aim: The ground.
        start: Where to start.
        objective: What is minimised, `(rows,)` of a place `(rows, columns)`.
        steps: Steps of Adam.
        rate: Learning rate, in units of the encoding.
    """
    place = _steps(aim, start, objective, steps, rate)
    with torch.no_grad():
        legal = aim.legal(place)
        arrived = Ground.accepts(aim, aim.acted | (legal != aim.request.factual), legal)
    return Walk(place, legal, arrived)


def _steps(aim: Aim, start: Tensor, objective: Callable[[Tensor], Tensor], steps: int, rate: float) -> Tensor:
    place = start.detach().clone().requires_grad_()
    adam, free = Adam([place], rate), aim.speed > 0
    for _ in range(steps):
        adam.zero_grad()
        objective(place).sum().backward()
        with torch.no_grad():
            place.grad = torch.where(free, place.grad.nan_to_num(), 0.0)  # type: ignore[union-attr]
            adam.step()
            place.copy_(aim.projected(place.nan_to_num()))
    return place.detach()
