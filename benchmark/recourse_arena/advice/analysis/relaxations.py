"""What a person would have to give up of what they said, so that there is a way: the smallest sets of it."""

from __future__ import annotations

__all__ = ["Relaxation", "WayOut", "WaysOut", "ways_out"]

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from typing import Literal

from recourse_arena.elicitation.interviews.wishes import Wishes
from recourse_arena.people.box import Box
from recourse_arena.people.features import FeatureTable

_LARGEST, _PER_SIZE, _KEPT = 3, 60, 3


@dataclass(frozen=True)
class Relaxation:
    """One thing that a person would give up.

    Arguments:
        feature: Name of the feature.
        gives_up: `at_least` or `at_most`, a bound of theirs; `not possible`, that they cannot act upon it.
    """

    feature: str
    gives_up: Literal["at_least", "at_most", "not possible"]

    def applied(self, wishes: Wishes) -> Wishes:
        """Return what the person says then: the feature at the hardest level, or without that bound."""
        if self.gives_up == "not possible":
            return wishes.changed(self.feature, level=wishes.levels)
        return wishes.changed(self.feature, **{self.gives_up: -math.inf if self.gives_up == "at_least" else math.inf})


@dataclass(frozen=True)
class WayOut:
    """A set of relaxations that opens a way, and what the person says with them."""

    relaxations: tuple[Relaxation, ...]
    wishes: Wishes


@dataclass(frozen=True)
class WaysOut:
    """The smallest sets of relaxations that open a way.

    Arguments:
        ways: The sets, all of one size, in the order in which they were tried; empty where none opens a way.
        tried: How many sets were tried.
        complete: Whether these were all sets of that size and of smaller ones; where there is no way, of any size. If
            not, nothing can be left out of a way, but there may be smaller ones.
    """

    ways: tuple[WayOut, ...]
    tried: int
    complete: bool


def ways_out(
    wishes: Wishes,
    feasible: Box,
    features: FeatureTable,
    solve: Callable[[list[Wishes]], Sequence[bool]],
    *,
    largest: int = _LARGEST,
    per_size: int = _PER_SIZE,
    kept: int = _KEPT,
) -> WaysOut:
    """Return the smallest sets of what a person said that open a way once they are given up.

    A feature that they said is not possible can be opened, at the hardest level; each bound of theirs can be lifted,
    as far as the dataset's own range and direction. What the dataset says itself is never given up. Bounds that the
    dataset narrows further anyway, and bounds of a feature that stays closed, are not worth giving up.

    Sets of one are tried first, then of two, and so on, all of one size at once; the first size with a way is the last
    one. Of one size, sets that open fewer features come first (going further is easier than what was called not
    possible), then those of earlier features.

    Arguments:
        wishes: What the person says, and with which there is no way.
        feasible: What the dataset lets this one person do, `(features,)` or `(1, features)`: its box, directed at them.
        features: The features.
        solve: Says of each of many wishes whether there is a way then.
        largest: The largest size.
        per_size: The most sets of one size that are tried.
        kept: The most sets that are returned.
    """
    single = _relaxations(wishes, feasible, features)
    tried, complete = 0, True
    for size in range(1, min(largest, len(single)) + 1):
        sets, whole = _sets(wishes, single, size, per_size)
        complete &= whole
        ways = _opening(wishes, sets, solve)
        tried += len(sets)
        if ways:
            ways, more = (ways, 0) if complete else _smaller(wishes, ways[:kept], solve)
            return WaysOut(tuple(ways[:kept]), tried + more, complete)
    return WaysOut((), tried, complete and largest >= len(single))


def _opening(
    wishes: Wishes, sets: Sequence[tuple[Relaxation, ...]], solve: Callable[[list[Wishes]], Sequence[bool]]
) -> list[WayOut]:
    """Return those sets that open a way."""
    opened = [_applied(wishes, one) for one in sets]
    good = solve(opened) if sets else []
    return [WayOut(one, then) for one, then, ok in zip(sets, opened, good, strict=True) if ok]


def _smaller(
    wishes: Wishes, ways: list[WayOut], solve: Callable[[list[Wishes]], Sequence[bool]]
) -> tuple[list[WayOut], int]:
    """Return ways of which nothing can be left out, and how many sets were tried for that.

    Where not all smaller sets were tried, a way can hold something that is not needed.
    """
    tried = 0
    while len(ways[0].relaxations) > 1:
        sets = [part for way in ways for part in combinations(way.relaxations, len(way.relaxations) - 1)]
        sets = list(dict.fromkeys(sets))
        found = _opening(wishes, sets, solve)
        tried += len(sets)
        if not found:
            break
        ways = found
    return ways, tried


def _relaxations(wishes: Wishes, feasible: Box, features: FeatureTable) -> list[Relaxation]:
    """Return everything that can be given up, by feature; bounds before opening."""
    stuck = feasible.empty(features.whole).reshape(-1)
    lower, upper = feasible.lower.reshape(-1), feasible.upper.reshape(-1)
    found = []
    for j, name in enumerate(features.names):
        if name not in wishes.said or stuck[j]:
            continue
        wish = wishes.said[name]
        if wish.at_least > lower[j]:
            found.append(Relaxation(name, "at_least"))
        if wish.at_most < upper[j]:
            found.append(Relaxation(name, "at_most"))
        if not wishes.possible(name) and lower[j] < upper[j]:
            found.append(Relaxation(name, "not possible"))
    return found


def _sets(
    wishes: Wishes, single: Sequence[Relaxation], size: int, most: int
) -> tuple[list[tuple[Relaxation, ...]], bool]:
    """Return the first sets of a size in their order, and whether these are all."""
    opening = [one for one in single if one.gives_up == "not possible"]
    bounds = [one for one in single if one.gives_up != "not possible"]
    place = {one: number for number, one in enumerate(single)}
    ordered = (
        tuple(sorted((*first, *second), key=place.__getitem__))
        for opened in range(size + 1)
        for first in combinations(opening, opened)
        for second in combinations(_of_open(wishes, bounds, first), size - opened)
    )
    found = list(islice(ordered, most + 1))
    return found[:most], len(found) <= most


def _of_open(wishes: Wishes, bounds: Sequence[Relaxation], opened: Sequence[Relaxation]) -> list[Relaxation]:
    """Return the bounds of features that are open, or are opened."""
    names = {one.feature for one in opened}
    return [one for one in bounds if wishes.possible(one.feature) or one.feature in names]


def _applied(wishes: Wishes, relaxations: Sequence[Relaxation]) -> Wishes:
    for one in relaxations:
        wishes = one.applied(wishes)
    return wishes
