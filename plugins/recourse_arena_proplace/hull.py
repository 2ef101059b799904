"""Robust neighbours, the hull between them, and the nearest robust point of it."""

from __future__ import annotations

__all__ = ["Hull", "robust_people", "within"]

from collections.abc import Iterable

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena import Adam, Request, onto_simplex
from recourse_arena_relaxed import SLACK, Aim, Columns, Criterion, Layers, Walk, donors

_LOOKED_AT = 100
"""Nearest robust people of whom those are chosen who are robust still when only a part of them is taken over."""


def robust_people(columns: Columns, layers: Layers, delta: float) -> Tensor:
    """Return the training people `(people, features)` whom all networks within `delta` accept."""
    x = columns.problem.training.x
    with torch.no_grad():
        x = x[columns.problem.decisions.accepts(x)]
        return x[layers.worst(columns.encode(x), delta) >= SLACK]


class Hull(Criterion):
    """That all networks within a box of weights accept; and the people between whom somebody is looked for.

    Arguments:
        columns: The decision model on columns.
        layers: Its layers.
        delta: By how much weights may move.
        corners: Values of neighbours, as far as they are taken over, `(rows, neighbours, features)`.
        robust: Which of them are accepted by all networks and break no rule, bool `(rows, neighbours)`.
    """

    def __init__(self, columns: Columns, layers: Layers, delta: float, corners: Tensor, robust: Tensor) -> None:
        super().__init__(columns)
        self.layers, self.delta, self.corners, self.robust = layers, delta, corners, robust

    @classmethod
    def around(
        cls, request: Request, columns: Columns, layers: Layers, delta: float, people: Tensor, count: int
    ) -> Hull:
        """Return the hulls of the nearest robust `people` `(people, features)`, `count` for each at most."""
        corners = donors(request, people, _LOOKED_AT)
        rows, most, features = corners.shape
        if not corners.numel():
            nobody = request.factual[:, None].expand(-1, 1, -1)
            return cls(columns, layers, delta, nobody, torch.zeros_like(nobody[..., 0], dtype=torch.bool))
        bare = cls(columns, layers, delta, corners[:, :0], corners[:, :0, 0].bool())
        flat = torch.arange(rows).repeat_interleave(most)
        with torch.no_grad():
            aim = Aim.at(columns.problem, request[flat], bare)
            values = corners.reshape(-1, features)
            robust = aim.accepts(values != aim.request.factual, values).reshape(rows, most)
        first = (~robust).to(torch.int8).argsort(dim=1, stable=True)[:, :count]
        corners = corners.gather(1, first[..., None].expand(-1, -1, features))
        return cls(columns, layers, delta, corners, robust.gather(1, first))

    def __getitem__(self, rows: slice | Tensor) -> Hull:
        return Hull(self.columns, self.layers, self.delta, self.corners[rows], self.robust[rows])

    def surplus(self, z: Tensor) -> Tensor:
        """Return a lower bound of the logit over the box of weights, `(rows,)`."""
        return self.layers.worst(z, self.delta).to(z.dtype)


def within(aim: Aim, *, prices: Iterable[float], steps: int, rate: float) -> Walk:
    """Return robust points of the hulls that are near, and where there is none but the corners, the nearest of these.

    Arguments:
        aim: The ground; its criterion is a :class:`Hull`.
        prices: What a unit of distance weighs, from high to low.
        steps: Steps of Adam for each price.
        rate: Its learning rate, in shares.
    """
    hull: Hull = aim.criterion  # type: ignore[assignment]
    values, arrived = aim.held.clone(), torch.zeros(len(aim), dtype=torch.bool)
    shares = torch.zeros_like(hull.robust, dtype=aim.held.dtype)
    shares[:, 0] = 1.0
    place = aim.start.clone()
    rows = hull.robust[:, 0].nonzero()[:, 0]
    for price in prices:
        if not len(rows):
            break
        here = aim[rows]
        shares[rows], found = _steps(here, shares[rows], price, steps, rate)
        with torch.no_grad():
            place[rows] = found
            legal = here.legal(found)
            there = here.accepts(here.acted | (legal != here.request.factual), legal)
            values[rows[there]], arrived[rows[there]] = legal[there], True
            rows = rows[~(there | here.passes(found))] if here.relaxed else rows[~there]
    if (aim.held == aim.request.factual).all():  # no category is held at another level than now
        left = (hull.robust[:, 0] & ~arrived).nonzero()[:, 0]
        values[left], arrived[left] = hull.corners[left, 0].to(values.dtype), True
    return Walk(place, values, arrived)


def _steps(aim: Aim, start: Tensor, price: float, steps: int, rate: float) -> tuple[Tensor, Tensor]:
    """Return shares `(rows, neighbours)` and the places `(rows, columns)` that they lead to."""
    hull: Hull = aim.criterion  # type: ignore[assignment]
    corners, held = aim.encoding.encode(hull.corners), aim.encoding.encode(aim.held)
    moved = aim.encoding.spread(aim.free)

    def place_of(shares: Tensor) -> Tensor:
        return torch.where(moved, (shares[..., None] * corners).sum(1), held)

    shares = start.clone().requires_grad_()
    adam = Adam([shares], rate)
    for _ in range(steps):
        adam.zero_grad()
        place = place_of(shares)
        (softplus(-hull.surplus(aim.columns(place))) + price * aim.distance(place)).sum().backward()
        adam.step()
        with torch.no_grad():
            shares.copy_(onto_simplex(torch.where(hull.robust, shares, -torch.inf)))
    return shares.detach(), place_of(shares.detach())
