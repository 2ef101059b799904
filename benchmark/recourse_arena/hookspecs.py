"""What can be plugged in: the table of contents of the suite."""

from __future__ import annotations

__all__ = ["PROJECT", "hookimpl", "hookspec"]

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from recourse_arena.elicitation.schemes import Elicitor
    from recourse_arena.judging.metrics import Metric
    from recourse_arena.problem.dataset import Dataset
    from recourse_arena.problem.solver import Solver
    from recourse_arena.running.suite import Suite

PROJECT = "recourse_arena"

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def recourse_datasets() -> list[type[Dataset]]:  # type: ignore[empty-body]
    """Return dataset classes."""


@hookspec
def recourse_solvers() -> list[type[Solver]]:  # type: ignore[empty-body]
    """Return solver classes."""


@hookspec
def recourse_elicitors() -> list[type[Elicitor]]:  # type: ignore[empty-body]
    """Return preference-elicitation schemes."""


@hookspec
def recourse_metrics() -> list[Metric]:  # type: ignore[empty-body]
    """Return metrics, computed from the records of people."""


@hookspec
def recourse_suites() -> list[Suite]:  # type: ignore[empty-body]
    """Return suites: datasets, scenarios and solvers under one name."""
