"""What a person can do, cut into pieces on which features follow linearly from actions."""

from __future__ import annotations

__all__ = ["Piece", "pieces"]

import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from recourse_arena_certified.limits import Limits
from recourse_arena_certified.person import Person
from recourse_arena_certified.world import World

_CHOICES = 8
"""Most features and hinges that double the number of pieces."""

_SLACK = 1e-9
"""What double precision may be wrong by, relative to 1."""

Line = tuple[np.ndarray, float]


@dataclass(frozen=True)
class Piece:
    """Acting upon certain features, with certain causes on one side of their hinges.

    Changes are of all features that can be acted upon, in the order of `columns`; of those that are not acted upon here
    they are 0.

    Arguments:
        columns: Features that can be acted upon.
        acted: Which of them are acted upon here, bool `(changes,)`.
        still: Which of these stay at their value if they are not, bool `(changes,)`.
        lower: Least change, `(changes,)`.
        upper: Greatest change.
        effect: What changes do to features, `(features, changes)`.
        start: Features without any change.
        noise: What changes do to the standardised noise of what can be acted upon, `(changes, changes)`.
        silence: That noise without any change; 0 for what is not acted upon.
        radius: Largest norm of the noise; infinite where nothing need be plausible.
        sides: Linear functions that are at most 0 here: slopes `(sides, changes)` and offsets.
    """

    columns: tuple[int, ...]
    acted: np.ndarray
    still: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    effect: np.ndarray
    start: np.ndarray
    noise: np.ndarray
    silence: np.ndarray
    radius: float
    sides: tuple[np.ndarray, np.ndarray]

    def action(self, change: np.ndarray, person: Person, trifle: float) -> tuple[np.ndarray, np.ndarray]:
        """Return a person's changes as mask and values, `(features,)` each.

        What makes up at most a share `trifle` of the root of the cost, and stays at its value anyway, is left out.
        """
        columns = list(self.columns)
        mask, values = np.zeros(len(person.factual), bool), person.factual.copy()
        each = np.sqrt(person.price[columns]) * np.abs(change)
        mask[columns] = self.acted & (~self.still | (each > trifle * np.linalg.norm(each)))
        values[columns] += np.where(self.acted, change, 0.0)
        return mask, values


def pieces(world: World, person: Person, limits: Limits) -> list[Piece] | None:
    """Return the pieces that together hold all actions within limits.

    None if there would be too many, or a feature that can be acted upon holds whole numbers.
    """
    columns = tuple(j for j in world.order if j in world.equations and limits.can_act(j))
    if not columns:
        return []
    moving: set[int] = set()
    for j in world.order:
        if j in world.equations and (j in columns or world.equations[j].causes & moving):
            moving.add(j)
    free = {
        j: not world.equations[j].causes & moving and limits.acted[0][j] <= person.factual[j] <= limits.acted[1][j]
        for j in columns
    }
    optional = [j for j in columns if not free[j]]
    hinges = sorted({cause for j in moving for cause in world.equations[j].hinges if _open(limits, moving, cause)})
    if person.whole[list(columns)].any() or len(optional) + len(hinges) > _CHOICES:
        return None
    found: list[Piece] = []
    for choice in itertools.product((True, False), repeat=len(optional)):
        acted = set(columns) - {j for j, acts in zip(optional, choice, strict=True) if not acts}
        for signs in itertools.product((True, False), repeat=len(hinges)):
            positive = dict(zip(hinges, signs, strict=True))
            found += _piece(world, person, limits, columns, acted, free, positive)
    return found


def _open(limits: Limits, moving: set[int], cause: int) -> bool:
    return cause in moving and limits.value[0][cause] < 0 < limits.value[1][cause]


def _piece(
    world: World,
    person: Person,
    limits: Limits,
    columns: tuple[int, ...],
    acted: set[int],
    free: Mapping[int, bool],
    positive: Mapping[int, bool],
) -> Iterator[Piece]:
    """Give the piece of a choice, unless nothing is in it."""
    count, factual = len(columns), person.factual
    effect, start = np.zeros((len(factual), count)), factual.copy()
    noise, silence, sides = np.zeros((count, count)), np.zeros(count), list[Line]()
    lower, upper = np.zeros(count), np.zeros(count)
    for j in (j for j in world.order if j in world.equations):
        effect[j], start[j] = _natural(world, person, limits, (effect, start), j, positive)
        if j in acted:
            i = columns.index(j)
            own = np.eye(count)[i]
            noise[i] = (own - effect[j]) / person.sd[j]
            silence[i] = (factual[j] - start[j]) / person.sd[j] + person.noise[j]
            lower[i], upper[i] = limits.acted[0][j] - factual[j], limits.acted[1][j] - factual[j]
            effect[j], start[j] = own, factual[j]
        if j in positive:
            sign = -1.0 if positive[j] else 1.0
            sides.append((sign * effect[j], sign * float(start[j])))
    radius = math.sqrt(max((person.noise[list(acted)] ** 2).sum() + person.slack, 0.0))
    if not _narrowed(lower, upper, sides + _slabs(noise, silence, radius)):
        return
    mine, still = (np.array([of(j) for j in columns], bool) for of in (acted.__contains__, free.__getitem__))
    both = np.array([slope for slope, _ in sides]).reshape(-1, count), np.array([offset for _, offset in sides])
    yield Piece(columns, mine, still, lower, upper, effect, start, noise, silence, radius, both)


def _natural(
    world: World,
    person: Person,
    limits: Limits,
    lines: tuple[np.ndarray, np.ndarray],
    j: int,
    positive: Mapping[int, bool],
) -> Line:
    """Return what a feature is of itself, given the lines of its causes (slopes and offsets)."""
    equation, factual = world.equations[j], person.factual
    slope, offset = np.zeros(lines[0].shape[1]), float(factual[j])
    for cause, factor in equation.slopes.items():
        slope = slope + factor * lines[0][cause]
        offset += factor * float(lines[1][cause] - factual[cause])
    for cause, factor in equation.hinges.items():
        own, start = lines[0][cause], float(lines[1][cause])
        on = positive.get(cause, bool(limits.value[0][cause] >= 0) if own.any() else start >= 0)
        slope = slope + factor * on * own
        offset += factor * (on * start - max(factual[cause], 0.0))
    return slope, offset


def _slabs(noise: np.ndarray, silence: np.ndarray, radius: float) -> list[Line]:
    """Return linear functions that are at most 0 wherever the noise is within a ball."""
    if not math.isfinite(radius):
        return []
    return [
        (sign * row, sign * float(start) - radius)
        for row, start in zip(noise, silence, strict=True)
        for sign in (1.0, -1.0)
        if row.any()
    ]


def _narrowed(lower: np.ndarray, upper: np.ndarray, sides: list[Line]) -> bool:
    """Narrow ends to what linear functions that must be at most 0 leave of each; return whether anything is left."""
    for slope, offset in sides:
        least = np.minimum(slope * lower, slope * upper)
        if least.sum() + offset > _SLACK:
            return False
        for i in slope.nonzero()[0]:
            end = -(offset + least.sum() - least[i]) / slope[i]
            if slope[i] > 0:
                upper[i] = min(upper[i], end + _SLACK)
            else:
                lower[i] = max(lower[i], end - _SLACK)
    return bool((lower <= upper).all())
