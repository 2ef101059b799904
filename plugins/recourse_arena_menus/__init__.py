"""Menus of shared actions: composed by facility location or by climbing; and everybody's own cheapest rung."""

from __future__ import annotations

__all__ = ["Climb", "FacilityMenu", "Individual"]

from recourse_arena import Solver, hookimpl
from recourse_arena_menus.climb import Climb
from recourse_arena_menus.individual import Individual
from recourse_arena_menus.menu import FacilityMenu


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solvers."""
    return [FacilityMenu, Climb, Individual]
