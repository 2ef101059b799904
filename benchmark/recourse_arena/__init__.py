"""A plugin-based benchmark suite for algorithmic recourse under individual actionability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recourse_arena.base.version import __version__
from recourse_arena.hookspecs import hookimpl

if TYPE_CHECKING:
    from recourse_arena.api import load, run
    from recourse_arena.base.errors import ArenaError, NotApplicable, unknown
    from recourse_arena.base.randomness import derive_seed, generator
    from recourse_arena.causal.flow import CausalFlow
    from recourse_arena.causal.piecewise import PiecewiseLinear
    from recourse_arena.causal.structural import Mechanism, Parents, StructuralCausalModel
    from recourse_arena.elicitation.schemes import Elicitor
    from recourse_arena.judging.metrics import Metric
    from recourse_arena.problem.actionability import Actionability
    from recourse_arena.problem.assignment import Assignment, AtRandom, ByAttribute, ByQuantile
    from recourse_arena.problem.box import Box
    from recourse_arena.problem.dataset import Dataset
    from recourse_arena.problem.features import Feature, FeatureTable, Kind, Role
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.models import CausalModel
    from recourse_arena.problem.outcome import Outcome
    from recourse_arena.problem.people import People, Split, Splits
    from recourse_arena.problem.problem import Problem
    from recourse_arena.problem.profile import PROFILES, Profile
    from recourse_arena.problem.recipes import DecisionRecipe, FlowRecipe
    from recourse_arena.problem.recommendation import Recommendation
    from recourse_arena.problem.request import Request
    from recourse_arena.problem.scenario import Scenario
    from recourse_arena.problem.solver import Knowledge, Solver
    from recourse_arena.problem.space import Choice, Range, Space
    from recourse_arena.running.suite import Block, Suite

_HOMES = {
    "Actionability": "problem.actionability",
    "ArenaError": "base.errors",
    "Assignment": "problem.assignment",
    "AtRandom": "problem.assignment",
    "Block": "running.suite",
    "Box": "problem.box",
    "ByAttribute": "problem.assignment",
    "ByQuantile": "problem.assignment",
    "CausalFlow": "causal.flow",
    "CausalGraph": "problem.graph",
    "CausalModel": "problem.models",
    "Choice": "problem.space",
    "Dataset": "problem.dataset",
    "DecisionRecipe": "problem.recipes",
    "Elicitor": "elicitation.schemes",
    "Feature": "problem.features",
    "FeatureTable": "problem.features",
    "FlowRecipe": "problem.recipes",
    "Kind": "problem.features",
    "Knowledge": "problem.solver",
    "Mechanism": "causal.structural",
    "Metric": "judging.metrics",
    "NotApplicable": "base.errors",
    "Outcome": "problem.outcome",
    "PROFILES": "problem.profile",
    "Parents": "causal.structural",
    "People": "problem.people",
    "PiecewiseLinear": "causal.piecewise",
    "Problem": "problem.problem",
    "Profile": "problem.profile",
    "Range": "problem.space",
    "Recommendation": "problem.recommendation",
    "Request": "problem.request",
    "Role": "problem.features",
    "Scenario": "problem.scenario",
    "Solver": "problem.solver",
    "Space": "problem.space",
    "Split": "problem.people",
    "Splits": "problem.people",
    "StructuralCausalModel": "causal.structural",
    "Suite": "running.suite",
    "derive_seed": "base.randomness",
    "generator": "base.randomness",
    "load": "api",
    "run": "api",
    "unknown": "base.errors",
}

__all__ = [
    "PROFILES",
    "Actionability",
    "ArenaError",
    "Assignment",
    "AtRandom",
    "Block",
    "Box",
    "ByAttribute",
    "ByQuantile",
    "CausalFlow",
    "CausalGraph",
    "CausalModel",
    "Choice",
    "Dataset",
    "DecisionRecipe",
    "Elicitor",
    "Feature",
    "FeatureTable",
    "FlowRecipe",
    "Kind",
    "Knowledge",
    "Mechanism",
    "Metric",
    "NotApplicable",
    "Outcome",
    "Parents",
    "People",
    "PiecewiseLinear",
    "Problem",
    "Profile",
    "Range",
    "Recommendation",
    "Request",
    "Role",
    "Scenario",
    "Solver",
    "Space",
    "Split",
    "Splits",
    "StructuralCausalModel",
    "Suite",
    "__version__",
    "derive_seed",
    "generator",
    "hookimpl",
    "load",
    "run",
    "unknown",
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
