"""Balls that shrink until nothing in them is accepted, then layers that grow until something is."""

from __future__ import annotations

__all__ = ["Enemies", "grow"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena_growing_spheres.world import World

_HALVINGS = 40
"""After so many the ball is as good as empty; only somebody who stands outside their box gets there."""


@dataclass
class Enemies:
    """The nearest accepted points found ("enemies" of the factual, in the words of the paper).

    Arguments:
        found: Who has one, bool `(people,)`.
        values: Their features, `(people, features)`.
        inner: Radius up to which no sample was accepted, `(people,)`.
        outer: Radius up to which samples were drawn.
    """

    found: Tensor
    values: Tensor
    inner: Tensor
    outer: Tensor


def grow(world: World, draws: Sequence[Generator], *, samples: int, layers: int) -> Enemies:
    """Return the nearest accepted point of the first layer that has one.

    Arguments:
        world: The people.
        draws: A generator of each person's own, so that nobody's points depend on who else asks.
        samples: Points per ball or layer.
        layers: Layers from the factual to the farthest corner of the box.
    """
    thickness = _shrunk(world, draws, samples, world.reach / layers)
    enemies = Enemies(
        torch.zeros(len(thickness), dtype=torch.bool), world.request.factual.clone(), thickness, thickness
    )
    rounds = 0
    while len(rows := (~enemies.found & (enemies.outer < world.reach)).nonzero()[:, 0]):
        # A tiny ball would take millions of layers to reach the corner; few people need more than two.
        step = thickness[rows] * 2.0 ** max(0, rounds - layers)
        enemies.inner = enemies.inner.index_copy(0, rows, enemies.outer[rows])
        enemies.outer = enemies.outer.index_copy(0, rows, enemies.inner[rows] + step)
        here = world[rows]
        points = here.points([draws[row] for row in rows.tolist()], samples, enemies.inner[rows], enemies.outer[rows])
        accepted = here.accepts(here.changed(points), points)
        distance = torch.where(accepted, here.distance(points), torch.inf)
        nearest = distance.min(0)
        hit = nearest.values.isfinite()
        chosen = points[nearest.indices, torch.arange(len(rows))]
        enemies.values[rows[hit]] = chosen[hit]
        enemies.found[rows[hit]] = True
        rounds += 1
    return enemies


def _shrunk(world: World, draws: Sequence[Generator], samples: int, radius: Tensor) -> Tensor:
    """Return radii of balls, `(people,)`, halved from `radius` until no sample inside is accepted."""
    rows = (radius > 0).nonzero()[:, 0]
    for _ in range(_HALVINGS):
        if not len(rows):
            break
        here = world[rows]
        own = [draws[row] for row in rows.tolist()]
        points = here.points(own, samples, torch.zeros_like(radius[rows]), radius[rows])
        rows = rows[here.accepts(here.changed(points), points).any(0)]
        radius = radius.index_copy(0, rows, radius[rows] / 2)
    return radius
