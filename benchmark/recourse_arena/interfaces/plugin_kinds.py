"""The kinds of what can be plugged in, as values: whoever goes through kinds goes through this table."""

from __future__ import annotations

__all__ = ["PLUGIN_KINDS", "PluginKind"]

from collections.abc import Mapping
from dataclasses import dataclass

from recourse_arena.interfaces.dataset import Dataset
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.interfaces.metric import Metric
from recourse_arena.interfaces.solver import Solver
from recourse_arena.interfaces.suite import Suite


@dataclass(frozen=True)
class PluginKind:
    """One kind.

    Arguments:
        plural: Where the registry holds what is offered of it.
        singular: What one of it is called in code.
        words: What one of it is called in messages.
        base: What is offered: classes derived from it if they are `made`, objects of it otherwise.
        made: Whether classes are offered, whose options are arguments of a name: `grid?points=9`.
    """

    plural: str
    singular: str
    words: str
    base: type
    made: bool

    @property
    def hook(self) -> str:
        """The hook that offers it (:mod:`~recourse_arena.interfaces.hookspecs`)."""
        return f"recourse_{self.plural}"


PLUGIN_KINDS: Mapping[str, PluginKind] = {
    kind.plural: kind
    for kind in (
        PluginKind("datasets", "dataset", "dataset", Dataset, made=True),
        PluginKind("solvers", "solver", "solver", Solver, made=True),
        PluginKind("elicitors", "elicitor", "elicitation scheme", Elicitor, made=True),
        PluginKind("metrics", "metric", "metric", Metric, made=False),
        PluginKind("suites", "suite", "suite", Suite, made=False),
    )
}
"""Every kind by its plural."""
