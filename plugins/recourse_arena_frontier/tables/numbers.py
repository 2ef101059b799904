"""Numbers of a table, moved along slopes whatever levels stand beside them: rows of searches."""

from __future__ import annotations

__all__ = ["Numbers"]

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recourse_arena import AtMost, Problem
from recourse_arena_frontier.descent import Descent
from recourse_arena_frontier.models.course import Apart
from recourse_arena_frontier.models.decision import AnyScore, decision_of
from recourse_arena_frontier.models.effects import NoEffects
from recourse_arena_frontier.models.moving import Moving
from recourse_arena_frontier.models.world import World
from recourse_arena_frontier.program import allocate, solve
from recourse_arena_frontier.rounding import roundings
from recourse_arena_frontier.rows import Rows, padded
from recourse_arena_frontier.sums import Sums
from recourse_arena_frontier.tables.terrain import Terrain, split

_SHORT = 1e3
"""What a unit of the logit that nothing reaches counts as, in units of cost, where choices of levels are compared."""

_PRICE, _ROUNDS = 1e6, 6
"""Price of the logit in an estimate, and rounds of its dual where squares are summed."""

_CHEAPEST = 1e-12
"""Least price of a change: keeps units finite."""

_AT_ONCE = 8192


@dataclass(frozen=True)
class Numbers:
    """The numbers of a problem that can be acted upon.

    Arguments:
        world: The decision as a function of these numbers alone.
    """

    world: World

    @classmethod
    def of(cls, problem: Problem) -> Numbers:
        """Return the numbers of a problem in which nothing follows from anything."""
        columns = torch.tensor(split(problem)[1], dtype=torch.long)
        count = len(columns)
        moving = Moving(
            columns, torch.arange(count), torch.zeros(count, count, dtype=torch.bool), (), len(problem.features)
        )
        decision = decision_of(problem, moving) if count else AnyScore(problem.classifier.logit, moving)
        return cls(World(problem, moving, decision, NoEffects()))

    def rows(self, terrain: Terrain, person: Tensor, values: Tensor) -> tuple[Rows, Tensor]:
        """Return rows whose levels are those of `values` `(rows, features)`, and the points where its numbers are.

        The last row is repeated until a block is full.
        """
        request, columns = terrain.request, self.world.actionable
        filled = padded(torch.arange(len(person), device=person.device))
        person, there = person[filled], values[filled][:, columns].T
        everything = values[filled].T.clone()
        everything[columns] = request.factual[person].T[columns]
        constants = (tuple(each.to(everything) for each in self.world.decision.constants(everything)), ())
        price = terrain.price[person].T[columns].clamp(min=_CHEAPEST)
        unit = 1 / price if terrain.power == 1 else price.rsqrt()
        factual = everything[columns]
        acted = torch.stack([torch.ones_like(terrain.may(0)), *map(terrain.may, columns.tolist())])[1:, person]
        least, most = terrain.lower[person].T[columns], terrain.upper[person].T[columns]
        box = torch.stack([torch.minimum(least, factual), torch.maximum(most, factual)])
        lower, upper = torch.where(acted, (box - factual) / unit, 0.0)
        sd = request.unit_cost.sd.to(factual)[columns][:, None]
        logit = self.world.decision.value(self.world.none(len(person), factual), constants[0])
        follows = torch.zeros_like(acted)
        still = torch.zeros_like(logit)
        tables = (person, acted, follows, factual, box, unit, sd / unit, lower, upper, still, everything, logit)
        sums = _sums(terrain, person, everything, columns)
        rows = Rows(self.world, Apart(self.world.effects, None), *tables, constants, power=terrain.power, sums=sums)
        return rows, rows.points(there)

    def estimated(self, terrain: Terrain, person: Tensor, values: Tensor) -> Tensor:
        """Return about what it costs to be accepted with the levels of `values` `(rows, features)`, `(rows,)`.

        That is their weighted cost, and what numbers must add along the slope of the logit; or, if they cannot add
        enough, much for all that is missing.
        """
        found = [
            self._estimated(terrain, *part) for part in zip(person.split(_AT_ONCE), values.split(_AT_ONCE), strict=True)
        ]
        return torch.cat(found) if found else values.new_zeros(0)

    def _estimated(self, terrain: Terrain, person: Tensor, values: Tensor) -> Tensor:
        rows, _ = self.rows(terrain, person, values)
        margins, gradient = rows.slopes(rows.clamp(torch.zeros_like(rows.lower)))
        scale = gradient[0].square().sum(0).sqrt().clamp(min=1e-9)
        slope, offset = gradient[0] / scale, margins[0] / scale
        if terrain.power == 1 or not terrain.numbers:
            y = allocate(offset, slope, rows.lower, rows.upper, _PRICE)
            added = y.abs().sum(0)
        else:
            both = torch.stack([offset, torch.ones_like(offset)]), torch.stack([slope, torch.zeros_like(slope)])
            start = torch.zeros_like(both[0])
            y, _ = solve(*both, rows.lower, rows.upper, _PRICE, rounds=_ROUNDS, start=start)
            added = y.square().sum(0)
        short = (-(offset + (slope * y).sum(0)) * scale).clamp(min=0.0)
        short = torch.where(short > 1e-4 * (1 + margins[0].abs()), short, 0.0)
        found = (added + _SHORT * short)[: len(person)].double()
        levels = values.clone()
        levels[:, list(terrain.numbers)] = terrain.request.factual[person][:, list(terrain.numbers)]
        return terrain.total(person, levels) + found

    def searched(
        self, terrain: Terrain, person: Tensor, values: Tensor, descent: Descent, hold: Descent
    ) -> tuple[Tensor, Tensor]:
        """Return where searches from `values` `(rows, features)` along numbers end: people and values, rounded.

        Whole numbers are relaxed first, and rounded both ways; others are searched for once more beside them.
        """
        found = [(person, values)]
        for part in zip(person.split(_AT_ONCE), values.split(_AT_ONCE), strict=True):
            rows, start = self.rows(terrain, *part)
            for alone in (True, False) if rows.sums is not None else (True,):
                found += self._searched(_with_sums(rows, alone), start, len(part[0]), descent, hold)
        return torch.cat([each for each, _ in found]), torch.cat([each for _, each in found])

    def _searched(
        self, rows: Rows, start: Tensor, count: int, descent: Descent, hold: Descent
    ) -> list[tuple[Tensor, Tensor]]:
        first = torch.arange(count, device=start.device)
        ends = descent(rows, start)
        y = torch.where(ends.cost.isfinite() & ~rows.relaxed, ends.y, ends.end)[:, :count]
        rows = rows[first]
        found = [(rows.person, self._people(rows, y))]
        if not bool(rows.whole.any()):
            return found
        which, points = roundings(rows, y)
        held = rows[which]
        points = held.keeping_sums(points, held.lower, held.upper, whole=True)
        held = held.holding(points)
        found.append((held.person, self._people(held, points)))
        if bool(held.free.any()):
            again = hold(held, points)
            better = torch.where(again.cost.isfinite(), again.y, again.end)
            found.append((held.person, self._people(held, better)))
        return found

    def _people(self, rows: Rows, y: Tensor) -> Tensor:
        return rows.everything.index_copy(0, self.world.actionable, rows.values(y)).T


def _with_sums(rows: Rows, alone: bool) -> Rows:
    return rows if rows.sums is None else replace(rows, sums=replace(rows.sums, alone=alone))


def _sums(terrain: Terrain, person: Tensor, everything: Tensor, columns: Tensor) -> Sums | None:
    """Return what rules limit of sums of the numbers in `columns`; none if there are no such rules."""
    features, factual = terrain.request.features, terrain.request.factual[person]
    by_name = dict(zip(features.names, factual.unbind(1), strict=True))
    factors, left = [], []
    for rule in features.rules:
        if not isinstance(rule, AtMost):
            continue
        every = everything.new_zeros(len(features))
        for name, factor in rule.terms.items():
            every[features.index(name)] = factor
        own = every[columns]
        if bool(own.any()):
            rest = every.index_fill(0, columns, 0.0) @ everything
            factors.append(own)
            left.append(torch.where(rule.kept(by_name), rule.limit - rest, torch.inf))
    return Sums(torch.stack(factors), torch.stack(left)) if factors else None
