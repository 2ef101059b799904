"""Menus of shared actions: composed by facility location or by climbing; and everybody's own cheapest rung."""

from __future__ import annotations

__all__: list[str] = []

from recourse_arena import Solver, hookimpl


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solvers."""
    return []
