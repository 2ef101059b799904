"""Who is plugged in: datasets, solvers, elicitation schemes, metrics and suites, found by entry point."""

from __future__ import annotations

__all__ = ["BLOCKED", "METRICS", "discover", "solver"]

import os
from collections.abc import Iterable, Sequence
from importlib.metadata import EntryPoint, entry_points

from recourse_arena.interfaces.hookspecs import PROJECT
from recourse_arena.interfaces.solver import Solver
from recourse_arena.registry.registry import Registry, blocked

BLOCKED = "RECOURSE_ARENA_NO_PLUGINS"
"""Environment variable that names plugins to block, joined by commas."""

METRICS = "RECOURSE_ARENA_METRICS"
"""Environment variable that tells the processes of a run which metrics of plugins it measures, joined by commas."""


def discover(entries: Iterable[EntryPoint] | None = None, *, no_plugins: Sequence[str] = ()) -> Registry:
    """Return what is plugged in, without importing any of it: a plugin is imported when it is used or listed.

    Arguments:
        entries: Entry points of plugins; default: all that are installed in the group `recourse_arena`.
        no_plugins: Names of plugins to block, `*` for all that are not built in; beside those that the environment
            variable `RECOURSE_ARENA_NO_PLUGINS` names, joined by commas.

    Raises:
        ArenaError: If `no_plugins` names a plugin that is not there. The environment variable may.
    """
    found = entry_points(group=PROJECT) if entries is None else entries
    environment = os.environ.get(BLOCKED, "").split(",")
    registry = Registry(blocked(found, no_plugins, [name.strip() for name in environment if name.strip()]))
    registry.wanted = tuple(filter(None, os.environ.get(METRICS, "").split(",")))
    return registry


def solver(name: str) -> Solver:
    """Return a solver by its name with options, as it is plugged in: for solvers that make use of another one.

    Raises:
        ArenaError: If no plugin offers it, or it does not take an option.
    """
    return discover().solver(name)
