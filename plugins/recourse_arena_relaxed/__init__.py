"""Categories relaxed to shares, walks on encoded columns, and ways back: what several gradient solvers share."""

from __future__ import annotations

__all__ = [
    "CONSTRAINTS",
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
    "choice",
    "descend",
    "donors",
    "halves",
    "number",
    "onto_simplex",
    "search",
    "settle",
    "unconstrained",
    "whole",
]

from recourse_arena_relaxed.aim import Aim, Criterion
from recourse_arena_relaxed.back import Actions
from recourse_arena_relaxed.columns import UNITS, Columns
from recourse_arena_relaxed.donors import donors
from recourse_arena_relaxed.ground import SLACK, Ground, onto_simplex
from recourse_arena_relaxed.layers import Layers
from recourse_arena_relaxed.options import choice, number, whole
from recourse_arena_relaxed.published import CONSTRAINTS, unconstrained
from recourse_arena_relaxed.search import Way, search
from recourse_arena_relaxed.solver import Relaxed
from recourse_arena_relaxed.walk import Walk, descend, halves, settle
