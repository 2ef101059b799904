"""Whether a solver is meant for what it would be asked, by its own declaration."""

from __future__ import annotations

__all__ = ["Known", "mismatch"]

from dataclasses import dataclass
from typing import TYPE_CHECKING

from recourse_arena.people.features import FeatureTable, Role
from recourse_arena.planning.solver_card import SolverCard
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.scenario import Scenario

if TYPE_CHECKING:
    from recourse_arena.interfaces.dataset import Dataset
    from recourse_arena.interfaces.decision import Decision
    from recourse_arena.interfaces.solver import Solver
    from recourse_arena.problem.problem import Problem


@dataclass(frozen=True)
class Known:
    """What is known of a dataset and its models before anything is computed.

    Arguments:
        dataset: Its name.
        features: Its features.
        scm: Whether its true causal model is known.
        flow: Whether a causal flow is fitted to it.
        decision: What its decision model is called.
        differentiable: Whether that has gradients.
        structure: What can be read of it: `affine` layers, `trees`, or nothing.
        cost: Name of the cost of actions.
    """

    dataset: str
    features: FeatureTable
    scm: bool = False
    flow: bool = True
    decision: str = "relu"
    differentiable: bool = True
    structure: str = "affine"
    cost: str = "range"

    @classmethod
    def of(cls, name: str, dataset: Dataset, decision: Decision) -> Known:
        """Return what is known of a dataset and its decision model."""
        effects = dataset.effects_known
        return cls(
            name,
            dataset.features,
            scm=effects != "flow" and dataset.scm() is not None,
            flow=any(dataset.graph.parents.values()),
            decision=decision.name,
            differentiable=decision.differentiable,
            structure=decision.structure,
            cost=dataset.cost,
        )

    @classmethod
    def of_problem(cls, problem: Problem) -> Known:
        """Return what is known of a problem whose models are fitted already."""
        differentiable = hasattr(problem.decisions, "logit")
        return cls(
            problem.dataset,
            problem.features,
            scm=problem.true_scm is not None,
            flow=problem.causal_flow is not None,
            decision=type(problem.decisions).__name__,
            differentiable=differentiable,
            structure=_structure(problem.decisions),
            cost=problem.cost.name,
        )


def mismatch(solver: Solver | SolverCard, scenario: Scenario, known: Known) -> str:
    """Return why a solver declares not to be meant for a dataset and scenario, empty if it does not.

    Arguments:
        solver: The solver, or what it declares.
        scenario: The scenario.
        known: What is known of the dataset and its models.
    """
    lacking = {
        Knowledge.SCM: "" if known.scm else f"the true causal model; that of {known.dataset} is not known",
        Knowledge.FLOW: "" if known.flow else f"a causal flow; {known.dataset} has no causal graph to fit one along",
        Knowledge.CLASSIFIER: "" if known.differentiable else f"gradients; a model of kind {known.decision} has none",
        Knowledge.STRUCTURE: _unread(solver, known),
    }
    for need in Knowledge:
        if need in solver.needs and lacking.get(need):
            return f"{solver.name} needs {lacking[need]}"
    foreign = [f for f in known.features if f.role is Role.ACTIONABLE and f.kind not in solver.acts_on]
    if foreign:
        kinds = ", ".join(sorted(solver.acts_on)) or "none"
        names = ", ".join(f"{feature.name} ({feature.kind})" for feature in foreign)
        return f"{solver.name} acts on features of kinds {kinds} only; {known.dataset} has {names}"
    if solver.costs and known.cost not in solver.costs:
        return f"{solver.name} minimises the costs {', '.join(sorted(solver.costs))}, not {known.cost}"
    if known.features.rules and not solver.keeps_rules:
        return f"{solver.name} does not keep rules between features; {known.dataset} has {known.features.rules[0]}"
    if scenario.sparsity is not None and not solver.keeps_sparsity:
        asked = f"{scenario.name} asks for {scenario.sparsity} at most"
        return f"{solver.name} does not limit how many features it acts on; {asked}"
    if scenario.menu is not None and not solver.composes:
        return f"{solver.name} composes no menu of shared actions; {scenario.name} asks for one"
    notion = "neighbours" if scenario.density == "flow" and not known.flow else scenario.density
    if scenario.plausibility and solver.plausible_under and notion not in solver.plausible_under:
        under = " or ".join(sorted(solver.plausible_under))
        return f"{solver.name} can be asked for plausibility under {under}, not {notion}"
    return ""


_STRUCTURES = {"affine": "affine layers", "trees": "trees"}
"""What can be read of decision models, in words."""


def _structure(decisions: object) -> str:
    if hasattr(decisions, "affine_maps"):
        return "affine"
    return "trees" if getattr(decisions, "trees", None) is not None else ""


def _unread(solver: Solver | SolverCard, known: Known) -> str:
    """Return what a solver would have to read of a decision model that has nothing of the kind, empty if it can."""
    if known.structure in solver.structures:
        return ""
    wanted = " or ".join(_STRUCTURES.get(name, name) for name in sorted(solver.structures))
    return f"{wanted}; a model of kind {known.decision} has none"
