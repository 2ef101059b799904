"""Whether a solver is meant for what it would be asked, by its own declaration."""

from __future__ import annotations

__all__ = ["mismatch"]

from recourse_arena.interfaces.solver import Solver
from recourse_arena.people.features import FeatureTable, Role
from recourse_arena.problem.knowledge import Knowledge
from recourse_arena.problem.scenario import Scenario


def mismatch(solver: Solver, scenario: Scenario, *, dataset: str, features: FeatureTable, causal: bool) -> str:
    """Return why a solver declares not to be meant for a dataset and scenario, empty if it does not.

    Decision model and flow exist for every dataset; the true causal model is what a solver may need in vain.

    Arguments:
        solver: The solver.
        scenario: The scenario.
        dataset: Name of the dataset.
        features: Its features.
        causal: Whether its true causal model is known.
    """
    if Knowledge.SCM in solver.needs and not causal:
        return f"{solver.name} needs the true causal model; that of {dataset} is not known"
    foreign = [f for f in features if f.role is Role.ACTIONABLE and f.kind not in solver.acts_on]
    if foreign:
        kinds = ", ".join(sorted(solver.acts_on)) or "none"
        names = ", ".join(f"{feature.name} ({feature.kind})" for feature in foreign)
        return f"{solver.name} acts on features of kinds {kinds} only; {dataset} has {names}"
    if scenario.plausibility and solver.plausible_under and scenario.density not in solver.plausible_under:
        known = " or ".join(sorted(solver.plausible_under))
        return f"{solver.name} can be asked for plausibility under {known}, not {scenario.density}"
    return ""
