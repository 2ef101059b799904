"""The literature's shared actions, as menus: GLOBE-CE, AReS, counterfactual explanation trees."""

from __future__ import annotations

__all__ = ["Ares", "ExplanationTree", "GlobeCE"]

from recourse_arena import Solver, hookimpl
from recourse_arena_shared_methods.ares import Ares
from recourse_arena_shared_methods.cet import ExplanationTree
from recourse_arena_shared_methods.globe_ce import GlobeCE


@hookimpl
def recourse_solvers() -> list[type[Solver]]:
    """Return the solvers."""
    return [GlobeCE, Ares, ExplanationTree]
