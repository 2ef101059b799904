"""The integer program of one person, solved again and again with the sets of features that were found cut off."""

from __future__ import annotations

__all__ = ["Action", "cheapest", "flipset"]

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, milp
from torch import Tensor

from recourse_arena import AtMost, Outcome, Problem, Recommendation, Request
from recourse_arena_flipset.grid import Grid, Options

_TIE = 1e-9
"""Shifts this near to the least count as equal to it."""


@dataclass(frozen=True)
class Action:
    """An action of a flipset.

    Arguments:
        mask: Features acted upon, bool `(features,)`.
        values: Their values, `(features,)`.
        shift: The greatest shift of a percentile, from 0 to 1.
    """

    mask: Tensor
    values: Tensor
    shift: float


def flipset(problem: Problem, grid: Grid, one: Request, answers: int) -> list[Action]:
    """Return up to `answers` actions of one person, on different sets of features, the least shift first."""
    program, found = _Program(grid, one), []
    for _ in range(answers):
        chosen = program.solve()
        if chosen is None:
            break
        mask, values = torch.zeros(len(one.features), dtype=torch.bool), one.factual[0].clone()
        shift = 0.0
        for j, place in chosen.items():
            mask[j], values[j] = True, program.options[j].values[place].to(values.dtype)
            shift = max(shift, float(program.options[j].shifts[place]))
        program.cut(mask)
        if problem.decisions.accepts(torch.where(mask, values, one.factual[0])):
            found.append(Action(mask, values, shift))
    return found


def cheapest(request: Request, found: Sequence[Sequence[Action]]) -> Recommendation:
    """Return of each person's actions that of the least weighted cost."""
    answer = request.unanswered()
    mask, values, outcome = answer.mask, answer.values, answer.outcome
    for i, actions in enumerate(found):
        if actions:
            masks, news = (torch.stack([getattr(action, part) for action in actions]) for part in ("mask", "values"))
            one = request[i : i + 1]
            cost = one.unit_cost(one.factual, news, masks, one.weights)
            best = int(cost.argmin())
            mask[i], values[i], outcome[i] = masks[best], news[best], Outcome.SOLVED.code
    return answer


class _Program:
    """Which option each feature of one person takes: a variable of 0 or 1 for each, and the greatest shift."""

    def __init__(self, grid: Grid, one: Request) -> None:
        self.one, self.grid = one, grid
        free = one.actionable[0].nonzero()[:, 0].tolist()
        here = dict(zip(one.features.names, one.factual[0], strict=True))
        self.rules = [rule for rule in one.features.rules if rule.kept(here)]
        ruled = {one.features.index(name) for rule in self.rules for name in rule.names}
        every = {j: grid.options(one, j) for j in free}
        every = {j: options if j in ruled else options.worth_it() for j, options in every.items()}
        self.options: dict[int, Options] = {j: options for j, options in every.items() if len(options.values)}
        widths = [len(options.values) for options in self.options.values()]
        ends = np.cumsum([0, *widths])
        self.places = {j: slice(ends[i], ends[i + 1]) for i, j in enumerate(self.options)}
        self.size = int(ends[-1]) + 1
        self.constraints = [*self._choices(), self._flip(), *self._kept_rules(), *self._sparsity()]

    def solve(self) -> dict[int, int] | None:
        """Return the option of each feature that is acted upon, or none if nothing is left."""
        if self.size == 1:
            return None
        top = self._row()
        top[-1] = 1.0
        least = self._solved(top, np.inf)
        if least is None:
            return None
        total = self._row()
        for j, place in self.places.items():
            total[place] = self.options[j].shifts.numpy() + _TIE
        found = self._solved(total, float(least[-1]) + _TIE)
        best = (least if found is None else found) > 0.5
        chosen = {j: best[place].nonzero()[0].tolist() for j, place in self.places.items()}
        return {j: places[0] for j, places in chosen.items() if places}

    def cut(self, mask: Tensor) -> None:
        """Forbid acting on just these features, bool `(features,)`."""
        row, chosen = self._row(), 0
        for j, place in self.places.items():
            row[place] = -1.0 if mask[j] else 1.0
            chosen += bool(mask[j])
        self.constraints.append(LinearConstraint(row, 1.0 - chosen, np.inf))

    def _solved(self, objective: NDArray[np.float64], most: float) -> NDArray[np.float64] | None:
        whole, upper = np.ones(self.size), np.ones(self.size)
        whole[-1], upper[-1] = 0.0, min(most, 1.0)
        answer = milp(objective, integrality=whole, bounds=Bounds(0.0, upper), constraints=self.constraints)
        return None if answer.x is None else answer.x

    def _row(self) -> NDArray[np.float64]:
        return np.zeros(self.size)

    def _choices(self) -> list[LinearConstraint]:
        """Return that each feature takes one option at most, which shifts no more than the greatest shift."""
        once, shifts = np.zeros((len(self.options), self.size)), np.zeros((len(self.options), self.size))
        for i, (j, place) in enumerate(self.places.items()):
            once[i, place], shifts[i, place] = 1.0, self.options[j].shifts.numpy()
        shifts[:, -1] = -1.0
        if not len(once):
            return []
        return [LinearConstraint(once, -np.inf, 1.0), LinearConstraint(shifts, -np.inf, 0.0)]

    def _flip(self) -> LinearConstraint:
        """Return that the log odds are at least 0, rounding included."""
        row, (now, slack) = self._row(), self.grid.log_odds(self.one.factual)
        for j, place in self.places.items():
            row[place] = self.options[j].gains.numpy()
        return LinearConstraint(row, float(slack[0] - now[0]), np.inf)

    def _kept_rules(self) -> list[LinearConstraint]:
        """Return the rules that the person keeps as they are."""
        kept = []
        for rule in self.rules:
            if isinstance(rule, AtMost):
                row, now = self._sum({name: lambda values, f=factor: f * values for name, factor in rule.terms.items()})
                kept.append(LinearConstraint(row, -np.inf, rule.limit - now))
                continue
            asks, has = ({name: _among(rule.levels_of(name))} for name in (rule.feature, rule.other))
            (row, now), (other, then) = self._sum(asks), self._sum(has)
            kept.append(LinearConstraint(row - other, -np.inf, then - now))
        return kept

    def _sum(self, terms) -> tuple[NDArray[np.float64], float]:  # type: ignore[no-untyped-def]
        """Return how a sum of functions of features changes with each option, and what it is now."""
        row, now = self._row(), 0.0
        for name, term in terms.items():
            j = self.one.features.index(name)
            here = float(term(self.one.factual[0, j].double()))
            now += here
            if j in self.places:
                row[self.places[j]] += term(self.options[j].values).double().numpy() - here
        return row, now

    def _sparsity(self) -> list[LinearConstraint]:
        row = self._row()
        row[:-1] = 1.0
        return [] if self.one.sparsity is None else [LinearConstraint(row, -np.inf, float(self.one.sparsity))]


def _among(codes: Sequence[int]):  # type: ignore[no-untyped-def]
    """Return what says whether values are some codes, 0 or 1."""
    wanted = torch.tensor(codes, dtype=torch.float64)
    return lambda values: torch.isin(values, wanted).double()
