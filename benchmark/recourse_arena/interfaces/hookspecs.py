"""What can be plugged in: the table of contents of the suite."""

from __future__ import annotations

__all__ = ["API", "PROJECT", "hookimpl", "hookspec"]

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from recourse_arena.interfaces.change import Change
    from recourse_arena.interfaces.dataset import Dataset
    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.interfaces.elicitor import Elicitor
    from recourse_arena.interfaces.metric import Metric
    from recourse_arena.interfaces.policy import Policy
    from recourse_arena.interfaces.solver import Solver
    from recourse_arena.interfaces.suite import Suite


PROJECT = "recourse_arena"

API = 1
"""Version of this table. A plugin may say for which one it is written, as `RECOURSE_ARENA_API = 1` in its module: it
is refused, with the reason, where it does not fit. It changes only when plugins have to."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def recourse_datasets() -> list[type[Dataset]]:  # type: ignore[empty-body]
    """Return dataset classes."""


@hookspec
def recourse_decisions() -> list[type[Decision]]:  # type: ignore[empty-body]
    """Return classes of decision models."""


@hookspec
def recourse_changes() -> list[type[Change]]:  # type: ignore[empty-body]
    """Return changes of decision models."""


@hookspec
def recourse_solvers() -> list[type[Solver]]:  # type: ignore[empty-body]
    """Return solver classes."""


@hookspec
def recourse_elicitors() -> list[type[Elicitor]]:  # type: ignore[empty-body]
    """Return preference-elicitation schemes."""


@hookspec
def recourse_policies() -> list[type[Policy]]:  # type: ignore[empty-body]
    """Return elicitation policies: what is asked before advice, and what is learnt of a refusal."""


@hookspec
def recourse_metrics() -> list[Metric]:  # type: ignore[empty-body]
    """Return metrics, computed from the records of people."""


@hookspec
def recourse_suites() -> list[Suite]:  # type: ignore[empty-body]
    """Return suites: datasets, scenarios and solvers under one name."""
