"""The cheapest action of one person as a mixed-integer convex program in cvxpy."""

from __future__ import annotations

__all__ = ["Infeasible", "Program"]

from collections.abc import Sequence

import cvxpy as cp
import numpy as np

from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.world import World

_TANGENTS = 64
"""Tangent planes per dimension that stand for a ball in a linear relaxation."""


class Infeasible(Exception):
    """Nothing that a person can do leads to a positive decision: plain to see, without a search."""


class Program:
    """Minimise the root of the weighted cost over what a person can do.

    Whether a feature is acted upon needs a switch only where that is not the same as leaving it at its value:
    where causes of it can move, or its value is itself not allowed.

    Arguments:
        world: Equations and network.
        person: The person.
        limits: Valid limits of everything; constraints are as tight as these.
        margin: Least logit of the counterfactual.
        relaxed: Whether to make it a linear program that contains the exact one; its `x` and `probes` are what
            limits are about.
        held: Values of the switches of a program with the same limits, in their order: what remains is convex.

    Raises:
        Infeasible: If nothing can move, or the logit stays below the margin whatever moves.
    """

    def __init__(
        self,
        world: World,
        person: Person,
        limits: Limits,
        *,
        margin: float,
        relaxed: bool = False,
        held: Sequence[np.ndarray] | None = None,
    ) -> None:
        self.world, self.person, self.limits, self.relaxed = world, person, limits, relaxed
        self.switches: list[cp.Expression] = []
        self._held = None if held is None else iter(held)
        self.constraints: list[cp.Constraint] = []
        self.acted: dict[int, cp.Expression | None] = {}
        """Switch of each feature that can be acted upon; none where it is not needed."""
        self._positive_parts: dict[int, cp.Expression] = {}
        self.scale = limits.distance if np.isfinite(limits.distance) else 1.0
        self.moving: list[int] = []
        for j in world.order:
            if j in world.equations and (limits.can_act(j) or world.equations[j].causes & set(self.moving)):
                self.moving.append(j)
        if not self.moving:
            raise Infeasible("nothing can move")
        self.x = cp.Variable(len(self.moving))
        self.distance = cp.Variable(nonneg=True)
        """Root of the weighted cost over `scale`: solvers square it, and what they tolerate is absolute."""
        self.probes: list[cp.Variable] = []
        """Neurons of each hidden layer before their ReLU."""
        self._move()
        self.constraints.append(self._logit(margin) >= margin)
        self.problem = cp.Problem(cp.Minimize(self.distance), self.constraints)

    def _price(self, j: int) -> float:
        """Return the distance that a change of a feature by one data unit makes."""
        return float(np.sqrt(self.person.price[j]) / self.scale)

    def value(self, j: int) -> cp.Expression:
        """Return the counterfactual value of a feature."""
        return self.x[self.moving.index(j)] if j in self.moving else cp.Constant(self.person.factual[j])

    def action(self, trifle: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the solution as mask and values, `(features,)` each.

        Changes that make up at most a share `trifle` of the root of the cost are left out where no cause moves.
        """
        mask, values = np.zeros(len(self.person.factual), bool), self.person.factual.copy()
        for j, switch in self.acted.items():
            values[j] = _number(self.value(j))
            if switch is None:
                change = self._price(j) * abs(values[j] - self.person.factual[j])
                mask[j] = change > trifle * _number(self.distance)
            else:
                mask[j] = _number(switch) > 0.5
        return mask, values

    def _move(self) -> None:
        """Say how features move, what that costs and how plausible it is."""
        changes, noises = [], []
        for place, j in enumerate(self.moving):
            natural = self._natural(j)
            self.constraints += [self.x[place] >= self.limits.value[0][j], self.x[place] <= self.limits.value[1][j]]
            if not self.limits.can_act(j):
                self.constraints.append(self.x[place] == natural)
                continue
            changes.append(self._price(j) * self._change(j, natural))
            noises.append((self.value(j) - natural) / self.person.sd[j] + self.person.noise[j])
        if changes:
            self._within(cp.hstack(changes), self.distance)
            if np.isfinite(self.person.slack):
                kept = [j for j in self.moving if self.limits.can_act(j)]
                rest = (self.person.noise**2).sum() - (self.person.noise[kept] ** 2).sum()
                self._within(cp.hstack(noises), np.sqrt(max(self.person.radius**2 - rest, 0.0)))
        if np.isfinite(self.limits.distance):
            self.constraints.append(self.distance <= self.limits.distance / self.scale)

    def _natural(self, j: int) -> cp.Expression:
        """Return the value that a feature takes of itself."""
        natural: cp.Expression = cp.Constant(self.person.factual[j])
        equation, factual = self.world.equations[j], self.person.factual
        for cause, slope in equation.slopes.items():
            natural = natural + slope * (self.value(cause) - factual[cause])
        for cause, hinge in equation.hinges.items():
            natural = natural + hinge * (self._positive_part(cause) - max(factual[cause], 0.0))
        return natural

    def _positive_part(self, j: int) -> cp.Expression:
        lower, upper = self.limits.value[0][j], self.limits.value[1][j]
        if lower >= 0 or j not in self.moving:
            return cp.pos(self.value(j)) if j not in self.moving else self.value(j)
        if upper <= 0:
            return cp.Constant(0.0)
        if j not in self._positive_parts:
            self._positive_parts[j] = self._relu(cp.reshape(self.value(j), (1,), order="C"), lower, upper)[0]
        return self._positive_parts[j]

    def _change(self, j: int, natural: cp.Expression) -> cp.Expression:
        """Return the change of a feature that is paid for: 0 unless it is acted upon."""
        person, (lower, upper) = self.person, (self.limits.acted[0][j], self.limits.acted[1][j])
        now, x = person.factual[j], self.value(j)
        still = not self.world.equations[j].causes & set(self.moving)
        whole = person.whole[j] and not self.relaxed
        if still and lower <= now <= upper and not (person.whole[j] and now != round(now)):
            self.acted[j] = None
            if whole:
                self.constraints.append(x == self._whole(lower, upper))
            return x - now
        acts, change = self._switch(1)[0], cp.Variable()
        self.acted[j] = acts
        least, most = self.limits.natural[0][j], self.limits.natural[1][j]
        self.constraints += [
            x - natural <= max(upper - least, 0.0) * acts,
            x - natural >= min(lower - most, 0.0) * acts,
            x <= upper * acts + most * (1 - acts),
            x >= lower * acts + least * (1 - acts),
            change <= (upper - now) * acts,
            change >= (lower - now) * acts,
            change - (x - now) <= max(now - least, 0.0) * (1 - acts),
            change - (x - now) >= min(now - most, 0.0) * (1 - acts),
        ]
        if whole:
            number = self._whole(lower, upper)
            self.constraints += [
                x - number <= max(most - lower, 0.0) * (1 - acts),
                x - number >= min(least - upper, 0.0) * (1 - acts),
            ]
        return change

    def _within(self, vector: cp.Expression, radius: cp.Expression | float) -> None:
        """Keep a vector within a ball, or its tangent planes."""
        if not self.relaxed:
            self.constraints.append(
                cp.SOC(radius if isinstance(radius, cp.Expression) else cp.Constant(radius), vector)
            )
            return
        count = vector.shape[0]
        directions = np.random.default_rng(0).normal(size=(_TANGENTS * count, count))
        directions = np.vstack([directions, np.eye(count), -np.eye(count)])
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        self.constraints.append(directions @ vector <= radius)

    def _logit(self, margin: float) -> cp.Expression:
        """Return the logit of the counterfactual, with big-M constraints for its hidden layers.

        One that cannot change is compared with the margin at once, since solvers may drop constraints on nothing.
        """
        columns = self.moving
        weight, bias = self.world.network[0]
        fixed = np.delete(np.arange(len(self.person.factual)), columns)
        bias = bias + weight[:, fixed] @ self.person.factual[fixed]
        signal: cp.Expression = self.x
        weight = weight[:, columns]
        for (lower, upper), following in zip(self.limits.layers, self.world.network[1:], strict=True):
            before = weight @ signal + bias if weight.shape[1] else cp.Constant(bias)
            if self.relaxed:
                probe = cp.Variable(len(bias))
                self.constraints.append(probe == before)
                self.probes.append(probe)
                before = probe
            alive = (upper > 0).nonzero()[0]
            weight, bias = following[0][:, alive], following[1]
            if len(alive):
                signal = self._relu(before[alive], lower[alive], upper[alive])
        if not weight.any() and bias[0] < margin:
            raise Infeasible("the logit cannot change")
        return (weight @ signal + bias)[0] if weight.any() else cp.Constant(bias[0])

    def _relu(self, before: cp.Expression, lower: np.ndarray, upper: np.ndarray) -> cp.Expression:
        """Return the positive part of each entry, which lies between `lower` and `upper`, above 0."""
        lower, upper = np.atleast_1d(lower), np.atleast_1d(upper)
        after = cp.Variable(len(lower), nonneg=True)
        on, open_ = (lower >= 0).nonzero()[0], (lower < 0).nonzero()[0]
        if len(on):
            self.constraints.append(after[on] == before[on])
        if len(open_):
            switch = self._switch(len(open_))
            self.constraints += [
                after[open_] >= before[open_],
                after[open_] <= before[open_] - cp.multiply(lower[open_], 1 - switch),
                after[open_] <= cp.multiply(upper[open_], switch),
            ]
        return after

    def _switch(self, count: int) -> cp.Expression:
        switch = self._chosen(count, boolean=not self.relaxed, integer=False)
        if self.relaxed:
            self.constraints += [switch >= 0, switch <= 1]
        return switch

    def _whole(self, lower: float, upper: float) -> cp.Expression:
        number = self._chosen(1, boolean=False, integer=True)[0]
        self.constraints += [number >= lower, number <= upper]
        return number

    def _chosen(self, count: int, *, boolean: bool, integer: bool) -> cp.Expression:
        choice: cp.Expression
        if self._held is None:
            choice = cp.Variable(count, boolean=boolean, integer=integer)
        else:
            choice = cp.Constant(np.round(next(self._held)))
        self.switches.append(choice)
        return choice


def _number(expression: cp.Expression) -> float:
    return float(np.asarray(expression.value, dtype=float))
