"""A plugin-based benchmark suite for algorithmic recourse under individual actionability."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recourse_arena.base.version import __version__
from recourse_arena.interfaces.hookspecs import hookimpl
from recourse_arena.old_paths import OldPaths

if TYPE_CHECKING:
    from recourse_arena.advice.session import recommend, session
    from recourse_arena.advice.verify import verify
    from recourse_arena.api import audit, dataset, decision, lasting, load, run
    from recourse_arena.base.arguments import Options
    from recourse_arena.base.errors import ArenaError, NotApplicable, unknown
    from recourse_arena.base.randomness import derive_seed, generator
    from recourse_arena.interfaces.change import Change, FittedDecision, Size
    from recourse_arena.interfaces.dataset import Dataset
    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.interfaces.elicitor import Elicitor
    from recourse_arena.interfaces.metric import Average, Metric
    from recourse_arena.interfaces.options import Choice, Range, Space
    from recourse_arena.interfaces.policy import Belief, Policy, Reaction, Reactions, Respondents
    from recourse_arena.interfaces.recipes import AutoencoderRecipe, DecisionRecipe, FlowRecipe
    from recourse_arena.interfaces.solver import MenuSolver, Solver
    from recourse_arena.interfaces.suite import Block, Suite
    from recourse_arena.menus.asked import MenuAsked
    from recourse_arena.menus.clustering import ClusterRule, NearestCentre, OneCluster, SplitTree
    from recourse_arena.menus.menu import Menu, Move, Offers
    from recourse_arena.models.causal.flow import CausalFlow
    from recourse_arena.models.causal.folded_flow import FoldedFlow
    from recourse_arena.models.causal.piecewise import PiecewiseLinear
    from recourse_arena.models.causal.structural import Mechanism, Parents, StructuralCausalModel
    from recourse_arena.models.generative.autoencoder import Autoencoder
    from recourse_arena.models.generative.fitting import autoencoder
    from recourse_arena.models.networks.folding import ELU, RELU, Activation, AffineLayer, Folded
    from recourse_arena.models.networks.products import product
    from recourse_arena.models.optimizers import Adam
    from recourse_arena.people.assignment import Assignment, AtRandom, ByAttribute, ByQuantile
    from recourse_arena.people.box import Box
    from recourse_arena.people.encoding import Encoding, onto_simplex
    from recourse_arena.people.features import Direction, Feature, FeatureTable, Kind, Role
    from recourse_arena.people.groups import Groups
    from recourse_arena.people.people import People, Split, Splits
    from recourse_arena.people.rules import AtMost, Implies
    from recourse_arena.problem.actionability import Actionability
    from recourse_arena.problem.cost import Cost
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.knowledge import Knowledge
    from recourse_arena.problem.model_protocols import CausalModel, EncodedClassifier, Trees
    from recourse_arena.problem.outcome import Outcome
    from recourse_arena.problem.problem import Asking, Problem
    from recourse_arena.problem.profile import PROFILES, Profile
    from recourse_arena.problem.recommendation import Recommendation
    from recourse_arena.problem.request import Request, sparsely, unconstrained
    from recourse_arena.problem.scenario import Scenario
    from recourse_arena.registry.discovery import solver
    from recourse_arena.tables.cells import Cells
    from recourse_arena.tables.table_dataset import TableDataset

OldPaths.install()

_HOMES = {
    "Actionability": "problem.actionability",
    "Activation": "models.networks.folding",
    "AffineLayer": "models.networks.folding",
    "Adam": "models.optimizers",
    "ArenaError": "base.errors",
    "Asking": "problem.problem",
    "Assignment": "people.assignment",
    "AtMost": "people.rules",
    "AtRandom": "people.assignment",
    "Autoencoder": "models.generative.autoencoder",
    "AutoencoderRecipe": "interfaces.recipes",
    "Average": "interfaces.metric",
    "Belief": "interfaces.policy",
    "Block": "interfaces.suite",
    "Box": "people.box",
    "ByAttribute": "people.assignment",
    "ByQuantile": "people.assignment",
    "CausalFlow": "models.causal.flow",
    "CausalGraph": "problem.graph",
    "CausalModel": "problem.model_protocols",
    "Cells": "tables.cells",
    "Change": "interfaces.change",
    "Choice": "interfaces.options",
    "ClusterRule": "menus.clustering",
    "Cost": "problem.cost",
    "Dataset": "interfaces.dataset",
    "Decision": "interfaces.decision",
    "DecisionRecipe": "interfaces.recipes",
    "Direction": "people.features",
    "ELU": "models.networks.folding",
    "Elicitor": "interfaces.elicitor",
    "EncodedClassifier": "problem.model_protocols",
    "Encoding": "people.encoding",
    "Feature": "people.features",
    "FeatureTable": "people.features",
    "FittedDecision": "interfaces.change",
    "FlowRecipe": "interfaces.recipes",
    "Folded": "models.networks.folding",
    "FoldedFlow": "models.causal.folded_flow",
    "Groups": "people.groups",
    "Implies": "people.rules",
    "Kind": "people.features",
    "Knowledge": "problem.knowledge",
    "Mechanism": "models.causal.structural",
    "Menu": "menus.menu",
    "MenuAsked": "menus.asked",
    "MenuSolver": "interfaces.solver",
    "Metric": "interfaces.metric",
    "Move": "menus.menu",
    "NearestCentre": "menus.clustering",
    "NotApplicable": "base.errors",
    "Offers": "menus.menu",
    "OneCluster": "menus.clustering",
    "Options": "base.arguments",
    "Outcome": "problem.outcome",
    "PROFILES": "problem.profile",
    "Parents": "models.causal.structural",
    "People": "people.people",
    "PiecewiseLinear": "models.causal.piecewise",
    "Policy": "interfaces.policy",
    "Problem": "problem.problem",
    "Profile": "problem.profile",
    "RELU": "models.networks.folding",
    "Range": "interfaces.options",
    "Reaction": "interfaces.policy",
    "Reactions": "interfaces.policy",
    "Recommendation": "problem.recommendation",
    "Request": "problem.request",
    "Respondents": "interfaces.policy",
    "Role": "people.features",
    "Scenario": "problem.scenario",
    "Size": "interfaces.change",
    "Solver": "interfaces.solver",
    "Space": "interfaces.options",
    "Split": "people.people",
    "SplitTree": "menus.clustering",
    "Splits": "people.people",
    "StructuralCausalModel": "models.causal.structural",
    "Suite": "interfaces.suite",
    "TableDataset": "tables.table_dataset",
    "Trees": "problem.model_protocols",
    "audit": "api",
    "autoencoder": "models.generative.fitting",
    "dataset": "api",
    "decision": "api",
    "derive_seed": "base.randomness",
    "export": "execution.exporting",
    "generator": "base.randomness",
    "lasting": "api",
    "load": "api",
    "onto_simplex": "people.encoding",
    "product": "models.networks.products",
    "recommend": "advice.session",
    "run": "api",
    "session": "advice.session",
    "solver": "registry.discovery",
    "sparsely": "problem.request",
    "unconstrained": "problem.request",
    "unknown": "base.errors",
    "verify": "advice.verify",
}

__all__ = [
    "ELU",
    "PROFILES",
    "RELU",
    "Actionability",
    "Activation",
    "Adam",
    "AffineLayer",
    "ArenaError",
    "Asking",
    "Assignment",
    "AtMost",
    "AtRandom",
    "Autoencoder",
    "AutoencoderRecipe",
    "Average",
    "Belief",
    "Block",
    "Box",
    "ByAttribute",
    "ByQuantile",
    "CausalFlow",
    "CausalGraph",
    "CausalModel",
    "Cells",
    "Change",
    "Choice",
    "ClusterRule",
    "Cost",
    "Dataset",
    "Decision",
    "DecisionRecipe",
    "Direction",
    "Elicitor",
    "EncodedClassifier",
    "Encoding",
    "Feature",
    "FeatureTable",
    "FittedDecision",
    "FlowRecipe",
    "Folded",
    "FoldedFlow",
    "Groups",
    "Implies",
    "Kind",
    "Knowledge",
    "Mechanism",
    "Menu",
    "MenuAsked",
    "MenuSolver",
    "Metric",
    "Move",
    "NearestCentre",
    "NotApplicable",
    "Offers",
    "OneCluster",
    "Options",
    "Outcome",
    "Parents",
    "People",
    "PiecewiseLinear",
    "Policy",
    "Problem",
    "Profile",
    "Range",
    "Reaction",
    "Reactions",
    "Recommendation",
    "Request",
    "Respondents",
    "Role",
    "Scenario",
    "Size",
    "Solver",
    "Space",
    "Split",
    "SplitTree",
    "Splits",
    "StructuralCausalModel",
    "Suite",
    "TableDataset",
    "Trees",
    "__version__",
    "audit",
    "autoencoder",
    "dataset",
    "decision",
    "derive_seed",
    "export",
    "generator",
    "hookimpl",
    "lasting",
    "load",
    "onto_simplex",
    "product",
    "recommend",
    "run",
    "session",
    "solver",
    "sparsely",
    "unconstrained",
    "unknown",
    "verify",
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
