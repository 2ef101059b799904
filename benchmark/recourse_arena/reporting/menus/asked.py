"""What a scenario's name asks of a menu, and the scenario that asks the same people for actions of their own."""

from __future__ import annotations

__all__ = ["PHI", "NamedMenu", "named_menu"]

import re
from dataclasses import dataclass
from functools import lru_cache

from recourse_arena.base.errors import ArenaError
from recourse_arena.menus.asked import MenuAsked
from recourse_arena.problem.scenario import Scenario

PHI = MenuAsked().share
"""From which share of a group on an action counts as effective for it, unless a scenario says otherwise."""

_SIZE = re.compile(r"\bmenu-\d+|\+clusters-\d+|\+ee-micro\b")


@dataclass(frozen=True)
class NamedMenu:
    """What the name of a scenario asks of a menu.

    Arguments:
        asked: What is asked of the menu.
        alone: The scenario without its menu: the same people, asked for actions of their own.
        family: The name without the number of actions and clusters, and without the aim that all have who name none:
            scenarios that differ in nothing else share it.

    Example:
        >>> found = named_menu("menu-4+clusters-3+ecr-0.7+hard-2!no-plausibility!in-sample")
        >>> found.asked.size, found.asked.share, found.actions, found.alone
        (4, 0.7, 12, 'hard-2!no-plausibility')
        >>> found.family
        'menu+ecr-0.7+hard-2!no-plausibility!in-sample'
    """

    asked: MenuAsked
    alone: str
    family: str

    @property
    def actions(self) -> int:
        """How many actions all clusters have together."""
        return self.asked.size * self.asked.clusters


@lru_cache(maxsize=4096)
def named_menu(scenario: str) -> NamedMenu | None:
    """Return what the name of a scenario asks of a menu; none where it asks for none, or does not read as words.

    Example:
        >>> named_menu("menu-4!no-plausibility").alone, named_menu("hard-2")
        ('soft-constant!no-plausibility', None)
    """
    try:
        found = Scenario.parse(scenario)
    except ArenaError:
        return None
    if found.menu is None:
        return None
    family = _SIZE.sub(lambda part: "menu" if part[0].startswith("menu") else "", scenario)
    return NamedMenu(found.menu, found.without_menu.name, family)
