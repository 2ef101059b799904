"""What one person could do: actions of solvers in values that can be told, judged, and a menu of the best of them."""

from __future__ import annotations

__all__ = ["Action", "Menu", "feature_sets", "menu_of"]

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import torch
from torch import Tensor

_MOST = 64
"""Sets of features that each solver is asked about."""

STRENGTHS = ("easiest", "fewest", "likeliest", "safest", "kindest")
"""What an alternative can be best at; see :class:`Action` for what is compared."""


@dataclass(frozen=True)
class Action:
    """One action of one person, as judged.

    Arguments:
        mask: What is acted upon, bool `(features,)`.
        values: What it is set to, `(features,)`.
        after: The person then, `(features,)`.
        solver: Who found it.
        effort: What it costs them under their own weights.
        hardest: The level of what they act on and like least; 0 where levels have no order.
        valid: Whether it leads to a yes and breaks nothing.
        plausible: Whether it is as likely as asked for.
        likeliness: How likely they would be then; nan where nobody knows.
        holds: The share of draws of fresh fate in which it still helps; nan where nothing is drawn.
    """

    mask: Tensor
    values: Tensor
    after: Tensor
    solver: str
    effort: float
    hardest: int
    valid: bool
    plausible: bool
    likeliness: float
    holds: float

    @property
    def features(self) -> tuple[int, ...]:
        """The columns acted upon."""
        return tuple(self.mask.nonzero()[:, 0].tolist())

    @property
    def marks(self) -> tuple[float, ...]:
        """What speaks against it, in the order of :data:`STRENGTHS`: less is better."""
        unlikely = -self.likeliness if self.likeliness == self.likeliness else 0.0
        unsafe = -self.holds if self.holds == self.holds else 0.0
        return self.effort, float(len(self.features)), unlikely, unsafe, float(self.hardest)

    def dominates(self, other: Action) -> bool:
        """Return whether it is at least as good in everything, and better in something."""
        pairs = list(zip(self.marks, other.marks, strict=True))
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


@dataclass(frozen=True)
class Menu:
    """Alternatives with different sets of features, none dominated by another, the easiest first.

    Arguments:
        actions: The alternatives.
        strengths: What each is best at, strictly.
    """

    actions: tuple[Action, ...]
    strengths: tuple[tuple[str, ...], ...]


def feature_sets(open_: Tensor, most: int = _MOST) -> list[Tensor]:
    """Return the sets of features that a person is asked about, bool `(features,)` each, all of them first.

    With many features that would be too many sets: then those of one and two features and those that leave one out.

    Arguments:
        open_: What the person can act upon, bool `(features,)`.
        most: How many sets there may be.

    Example:
        >>> [one.tolist() for one in feature_sets(torch.tensor([True, False, True]))]
        [[True, False, True], [True, False, False], [False, False, True]]
    """
    columns = open_.nonzero()[:, 0].tolist()
    if not columns:
        return []
    sizes = [size for size in range(1, len(columns)) if 2 ** len(columns) <= most or size in (1, 2, len(columns) - 1)]
    chosen: list[Sequence[int]] = [columns]
    for size in sizes:
        chosen += [one for one in combinations(columns, size) if one not in chosen]
    sets = []
    for one in chosen[:most]:
        mask = torch.zeros_like(open_)
        mask[list(one)] = True
        sets.append(mask)
    return sets


def menu_of(actions: Sequence[Action], most: int) -> Menu:
    """Return the menu of some actions: of each set of features the easiest, without what is dominated.

    Of more than `most`, those that are best at something come first, then the easiest.

    Arguments:
        actions: The actions.
        most: How many alternatives it may hold.
    """
    easiest: dict[tuple[int, ...], Action] = {}
    for action in sorted(actions, key=lambda one: one.effort):
        easiest.setdefault(action.features, action)
    left = [one for one in easiest.values() if not any(other.dominates(one) for other in easiest.values())]
    best = [min(left, key=lambda one, mark=mark: one.marks[mark]) for mark in range(len(STRENGTHS)) if left]  # type: ignore[misc]
    ranked = sorted({id(one): one for one in (*best, *left)}.values(), key=lambda one: _rank(one, best))
    kept = sorted(ranked[:most], key=lambda one: one.effort)
    return Menu(tuple(kept), tuple(tuple(_strengths(one, kept)) for one in kept))


def _rank(action: Action, best: Sequence[Action]) -> tuple[int, float]:
    places = [place for place, one in enumerate(best) if one is action]
    return (places[0] if places else len(best), action.effort)


def _strengths(action: Action, menu: Sequence[Action]) -> list[str]:
    """Return what an action is strictly better at than every other one of a menu."""
    others = [one.marks for one in menu if one is not action]
    if not others:
        return []
    return [word for place, word in enumerate(STRENGTHS) if action.marks[place] < min(marks[place] for marks in others)]
