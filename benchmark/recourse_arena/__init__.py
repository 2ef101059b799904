"""A plugin-based benchmark suite for algorithmic recourse under individual actionability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recourse_arena.hookspecs import hookimpl
from recourse_arena.version import __version__

if TYPE_CHECKING:
    from recourse_arena.api import load, run
    from recourse_arena.elicitation.schemes import Elicitor
    from recourse_arena.judging.metrics import Metric
    from recourse_arena.problem.actionability import Actionability
    from recourse_arena.problem.dataset import Dataset
    from recourse_arena.problem.errors import ArenaError, NotApplicable
    from recourse_arena.problem.features import Feature, FeatureTable, Kind, Role
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.people import People, Split, Splits
    from recourse_arena.problem.problem import Problem
    from recourse_arena.problem.recipes import DecisionRecipe, FlowRecipe
    from recourse_arena.problem.recommendation import Outcome, Recommendation
    from recourse_arena.problem.request import Request
    from recourse_arena.problem.scenario import Scenario
    from recourse_arena.problem.solver import Knowledge, Solver
    from recourse_arena.problem.space import Choice, Range
    from recourse_arena.running.suite import Block, Suite

_HOMES = {
    "Actionability": "problem.actionability",
    "ArenaError": "problem.errors",
    "Block": "running.suite",
    "CausalGraph": "problem.graph",
    "Choice": "problem.space",
    "Dataset": "problem.dataset",
    "DecisionRecipe": "problem.recipes",
    "Elicitor": "elicitation.schemes",
    "Feature": "problem.features",
    "FeatureTable": "problem.features",
    "FlowRecipe": "problem.recipes",
    "Kind": "problem.features",
    "Knowledge": "problem.solver",
    "Metric": "judging.metrics",
    "NotApplicable": "problem.errors",
    "Outcome": "problem.recommendation",
    "People": "problem.people",
    "Problem": "problem.problem",
    "Range": "problem.space",
    "Recommendation": "problem.recommendation",
    "Request": "problem.request",
    "Role": "problem.features",
    "Scenario": "problem.scenario",
    "Solver": "problem.solver",
    "Split": "problem.people",
    "Splits": "problem.people",
    "Suite": "running.suite",
    "load": "api",
    "run": "api",
}

__all__ = [
    "Actionability",
    "ArenaError",
    "Block",
    "CausalGraph",
    "Choice",
    "Dataset",
    "DecisionRecipe",
    "Elicitor",
    "Feature",
    "FeatureTable",
    "FlowRecipe",
    "Kind",
    "Knowledge",
    "Metric",
    "NotApplicable",
    "Outcome",
    "People",
    "Problem",
    "Range",
    "Recommendation",
    "Request",
    "Role",
    "Scenario",
    "Solver",
    "Split",
    "Splits",
    "Suite",
    "__version__",
    "hookimpl",
    "load",
    "run",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that the command line starts without torch."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
