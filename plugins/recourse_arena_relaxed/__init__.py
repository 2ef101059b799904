"""Categories relaxed to shares, walks on encoded columns, and ways back: what several gradient solvers share."""

from __future__ import annotations

__all__ = [
    "SLACK",
    "UNITS",
    "Actions",
    "Aim",
    "Columns",
    "Criterion",
    "Ground",
    "Layers",
    "Relaxed",
    "Walk",
    "Way",
    "descend",
    "donors",
    "halves",
    "search",
    "settle",
]

from typing import TYPE_CHECKING, Any

from recourse_arena_relaxed.options import UNITS, halves
from recourse_arena_relaxed.solver import Relaxed

if TYPE_CHECKING:
    from recourse_arena_relaxed.accepted_people import donors
    from recourse_arena_relaxed.aim import Aim, Criterion
    from recourse_arena_relaxed.back import Actions
    from recourse_arena_relaxed.columns import Columns
    from recourse_arena_relaxed.ground import SLACK, Ground
    from recourse_arena_relaxed.layers import Layers
    from recourse_arena_relaxed.walk import Walk, descend, settle
    from recourse_arena_relaxed.way import Way, search

_HOMES = {
    "SLACK": "ground",
    "Actions": "back",
    "Aim": "aim",
    "Columns": "columns",
    "Criterion": "aim",
    "Ground": "ground",
    "Layers": "layers",
    "Walk": "walk",
    "Way": "way",
    "descend": "walk",
    "donors": "accepted_people",
    "search": "way",
    "settle": "walk",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is first used, so that solvers can be listed without it."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
