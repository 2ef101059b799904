"""What a scenario asks of a menu of shared actions."""

from __future__ import annotations

__all__ = ["MOST_ACTIONS", "OBJECTIVES", "MenuAsked", "MenuObjective"]

import math
from dataclasses import dataclass, replace
from typing import Literal, get_args

from recourse_arena.base.errors import ArenaError, unknown

MenuObjective = Literal["ee-micro", "ee-macro", "ecr", "hybrid"]
"""What a menu is to be good at, after arXiv 2601.20449: equal effectiveness for individuals (each person needs any
action that works) or for groups (each group needs one that works for most); equal choice for recourse (actions that
work for a share of every group); the first and the last together."""

OBJECTIVES: tuple[MenuObjective, ...] = get_args(MenuObjective)

_SHARE = 0.6

MOST_ACTIONS = 9999
"""Actions of all clusters: each is two columns of a run's records."""


@dataclass(frozen=True)
class MenuAsked:
    """What a scenario asks of a menu.

    Arguments:
        size: How many actions a person may pick from at most.
        clusters: How many clusters of people may have actions of their own.
        objective: What the menu is to be good at.
        share: Share of a group for which an action must work to be a choice of that group (phi).
        budget: Weighted cost above which an action does not count as working.
        by: Whose groups are to be helped alike: names of protected attributes, joined by `-`; empty for the first one
            of the dataset.
        in_sample: Whether menus are composed on the very people whom they are judged on, as in the published protocol.

    Raises:
        ArenaError: If it asks for no actions or no clusters, or a share or budget is none.

    Example:
        >>> MenuAsked().read("menu", "6").read("hybrid", "0.7").words
        'menu-6+hybrid-0.7'
    """

    size: int = 4
    clusters: int = 1
    objective: MenuObjective = "ee-micro"
    share: float = _SHARE
    budget: float = math.inf
    by: str = ""
    in_sample: bool = False

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise unknown("objective of a menu", self.objective, OBJECTIVES)
        if min(self.size, self.clusters) < 1:
            raise ArenaError("a menu needs one action and one cluster at least, as in menu-1+clusters-1")
        if self.size * self.clusters > MOST_ACTIONS:
            raise ArenaError(
                f"a menu may have {MOST_ACTIONS:,} actions in all its clusters, not {self.size * self.clusters:,}"
            )
        if not 0 < self.share <= 1:
            raise ArenaError(f"an action works for a share of a group, more than 0 and at most 1, not {self.share:g}")
        if not self.budget > 0:
            raise ArenaError(f"the budget of a menu must be above 0, got {self.budget:g}")

    def read(self, kind: str, value: str) -> MenuAsked | None:
        """Return what is asked with a part of a scenario's name: its word and what is behind `-`; none if it is none.

        Raises:
            ArenaError: If that is asked for in numbers that make no sense.
        """
        whole = int(value) if value.isdecimal() and value == str(int(value)) else None
        if kind in ("menu", "clusters"):
            if whole is None:
                return None
            return replace(self, size=whole) if kind == "menu" else replace(self, clusters=whole)
        if kind == "ee":
            names: dict[str, MenuObjective] = {"micro": "ee-micro", "macro": "ee-macro"}
            return replace(self, objective=names[value]) if value in names else None
        if kind == "by":
            return replace(self, by=value) if value else None
        number = _number(value)
        if number is None:
            return None
        if kind == "budget":
            return replace(self, budget=number)
        if kind == "ecr":
            return replace(self, objective="ecr", share=number)
        return replace(self, objective="hybrid", share=number) if kind == "hybrid" else None

    @property
    def words(self) -> str:
        """The parts of a scenario's name that ask for it; `!in-sample` is a switch and stands elsewhere."""
        parts = [f"menu-{self.size}"]
        if self.clusters > 1:
            parts.append(f"clusters-{self.clusters}")
        if self.objective in ("ecr", "hybrid"):
            parts.append(f"{self.objective}-{self.share:g}")
        elif self.objective != "ee-micro":
            parts.append(self.objective)
        if math.isfinite(self.budget):
            parts.append(f"budget-{self.budget:g}")
        return "+".join([*parts, f"by-{self.by}"] if self.by else parts)

    def in_words(self) -> str:
        """Return what is asked for, in a clause.

        Example:
            >>> MenuAsked(2, objective="ecr").in_words()
            'people pick from 2 shared actions, each of which is to work for 60 % of every group'
        """
        many = "one shared action" if self.size == 1 else f"{self.size} shared actions"
        share = f"{100 * self.share:g} %"
        aims = {
            "ee-micro": "of which one is to work for as many as possible in every group",
            "ee-macro": "of which one is to work for most of each group",
            "ecr": f"each of which is to work for {share} of every group",
            "hybrid": f"of which one is to work for as many as possible, and each for {share} of every group",
        }
        text = f"people pick from {many}, {aims[self.objective]}" if self.size > 1 else f"people are offered {many}"
        if self.clusters > 1:
            text += f", one menu for each of {self.clusters} clusters of people"
        if math.isfinite(self.budget):
            text += f"; what costs more than {self.budget:g} does not count"
        if self.by:
            text += f"; groups are by {self.by.replace('-', ' and ')}"
        return f"{text}; it is composed on the very people it is judged on" if self.in_sample else text


def _number(value: str) -> float | None:
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
