"""Layers of tables with categories, and of costs that are no sum of squares: what a layer holds there."""

from __future__ import annotations

__all__ = ["Table"]

from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Generator, Tensor

from recourse_arena import Kind
from recourse_arena_growing_spheres.world import World, layer_radii

_BEYOND = 1.1


class Table(World):
    """People with categories, or with a cost that is no sum of squares: distance is the cost itself.

    A point of radius `r` costs `r` before numbers are rounded and moved into the box. Each category that the person
    can act on goes to another level with a probability that rises from 0 to 1/2 with the radius; those that the
    radius cannot pay for go back, and numbers share what is left. A cost of power 2 is looked at by its root, so that
    distances along one feature are proportional to its change.
    """

    @cached_property
    def power(self) -> int:
        """The power of changes in the cost: 1 or 2."""
        return self.request.unit_cost.power

    @cached_property
    def each(self) -> Tensor:
        """Weighted part of moving each number by 1, and of going to another level, `(people, features)`."""
        factual = self.request.factual
        return self.change(torch.ones_like(factual), torch.zeros_like(factual))

    @cached_property
    def unit(self) -> Tensor:
        """Change of each number that alone has a distance of 1, `(people, features)`."""
        return self.each ** (-1 / self.power)

    @cached_property
    def open(self) -> Tensor:
        """Which categories people can change, bool `(people, features)`."""
        box = self.request.box
        return self.request.features.categorical & self.request.actionable & (box.lower < box.upper)

    @cached_property
    def reach(self) -> Tensor:
        """Distance of the farthest corner of each person's box, all categories changed, and beyond, `(people,)`.

        A radius in the last layer must pay for all that somebody can change: radii at most as far as the corner never
        would where that is a change of category alone.
        """
        request = self.request
        farthest = torch.maximum(self.change(request.box.upper), self.change(request.box.lower))
        farthest = torch.where(request.features.categorical, torch.where(self.open, self.each, 0.0), farthest)
        return _BEYOND * self._norm(torch.where(request.actionable, farthest, 0.0))

    def distance(self, values: Tensor) -> Tensor:
        """Return the weighted cost of going to points `(..., people, features)`, or its root, `(..., people)`."""
        return self._norm(torch.where(self.request.actionable, self.change(values), 0.0))

    def change(self, values: Tensor, factual: Tensor | None = None) -> Tensor:
        """Return the weighted part of each feature of the cost of going to points, shaped like `values`."""
        start = self.request.factual if factual is None else factual
        return self.request.unit_cost.per_feature(start, values) * self.request.weights

    def points(self, draws: Sequence[Generator], samples: int, inner: Tensor, outer: Tensor) -> Tensor:
        """Return feasible points of layers around the people, `(samples, people, features)`."""
        request = self.request
        width, dtype = len(request.features), request.factual.dtype

        def drawn(*shape: int) -> Tensor:
            return torch.stack([torch.rand(*shape, generator=own, dtype=dtype) for own in draws], 1)

        radii = layer_radii(drawn(samples), inner, outer, request.actionable.sum(1))
        switched, left = self._switched(drawn(samples, width), radii)
        levels = self._levels(drawn(samples, width))
        numbers = request.actionable & ~request.features.categorical
        shares = self._directions(drawn(samples, width), drawn(samples, width), numbers)
        moved = request.snap(request.factual + left[..., None] * shares * torch.where(numbers, self.unit, 0.0))
        return torch.where(numbers, moved, torch.where(switched, levels, request.factual))

    def _switched(self, shares: Tensor, radii: Tensor) -> tuple[Tensor, Tensor]:
        """Return which categories change, `(samples, people, features)`, and the radius that is left for numbers.

        Of those whose turn it is, categories change in an order at random as long as the radius pays for them.
        """
        part = radii / torch.where(self.reach > 0, self.reach, 1.0)
        chance = (part / (1 + part))[..., None]
        wants = self.open & (shares < chance)
        budget, switch = radii**self.power, torch.where(self.open, self.each, 0.0).expand(shares.shape)
        # Whose turn it is at all was drawn below the chance; where below it is as good as a draw anew.
        order = torch.where(wants, shares, torch.inf).argsort(-1)
        spent = torch.where(wants, switch, 0.0).gather(-1, order).cumsum(-1)
        paid = torch.zeros_like(wants).scatter(-1, order, spent <= budget[..., None]) & wants
        left = budget - torch.where(paid, switch, 0.0).sum(-1)
        return paid, left.clamp(min=0) ** (1 / self.power)

    def _directions(self, shares: Tensor, signs: Tensor, numbers: Tensor) -> Tensor:
        """Return directions of distance 1 in units, `(samples, people, features)`: evenly on the sphere of the cost."""
        if self.power == 1:
            steps = -torch.log1p(-shares)
        else:
            steps = torch.special.ndtri(0.5 + 0.5 * shares.clamp(max=1 - 1e-6))
        steps = torch.where(numbers, torch.where(signs < 0.5, -steps, steps), 0.0)
        return torch.nn.functional.normalize(steps, p=self.power, dim=-1)

    def _levels(self, shares: Tensor) -> Tensor:
        """Return other levels of categories, drawn evenly by `shares` in alphabetical order, shaped like these."""
        factual = self.request.factual
        places = self.request.features.alphabetical(factual)
        levels = factual.expand(shares.shape).clone()
        for j, feature in enumerate(self.request.features):
            if feature.kind is Kind.CATEGORICAL:
                others = len(feature.levels) - 1
                place = (shares[..., j] * others).floor().clamp(max=others - 1)
                place = torch.where(place >= places[:, j], place + 1, place)
                levels[..., j] = shares.new_tensor(feature.alphabetical)[place.long()]
        inside = (levels >= self.request.box.lower) & (levels <= self.request.box.upper)
        return torch.where(inside, levels, factual)

    def _norm(self, parts: Tensor) -> Tensor:
        return parts.sum(-1) ** (1 / self.power)
