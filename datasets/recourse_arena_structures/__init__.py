"""Structures: chain, collider and triangle of three features, linear or not, with every equation known."""

from __future__ import annotations

__all__ = ["Chain", "Collider", "Structure", "Triangle"]

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena import (
    ArenaError,
    CausalGraph,
    Dataset,
    DecisionRecipe,
    Feature,
    FeatureTable,
    FlowRecipe,
    Role,
    hookimpl,
)

if TYPE_CHECKING:
    from recourse_arena import Splits, StructuralCausalModel

_EQUATIONS = ("linear", "nonlinear")
_NAMES = ("x1", "x2", "x3")


class Structure(Dataset):
    """Three features in one of the graphs of the literature on causal generative models.

    All three are globally actionable, so that what moves of itself differs from person to person: who can act on `x1`
    alone sees its effects, who can act on `x3` alone has none. Additive normal noise makes abduction and density
    exact; the linear equations are of the form that exact solvers can read.

    Arguments:
        equations: Form of the structural equations, `linear` or `nonlinear`.

    References:
        Javaloy et al., Causal normalizing flows, NeurIPS 2023 (arXiv 2306.05415).
        Karimi et al., Algorithmic recourse under imperfect causal knowledge, NeurIPS 2020, for the label.
    """

    version: ClassVar[str] = "1"
    decision = DecisionRecipe(hidden=(16, 16), optimizer="adam", learning_rate=5e-3, epochs=15)
    flow = FlowRecipe(epochs=30)
    features: ClassVar[FeatureTable] = FeatureTable(tuple(Feature(name, role=Role.ACTIONABLE) for name in _NAMES))
    parents: ClassVar[Mapping[str, tuple[str, ...]]]
    """Parents of each feature that has some."""

    def __init__(self, *, equations: str = "linear") -> None:
        if equations not in _EQUATIONS:
            choices = " or ".join(_EQUATIONS)
            raise ArenaError(f"dataset {self.name}: expected equations to be {choices}, got {equations!r}")
        self.equations = equations

    @cached_property
    def graph(self) -> CausalGraph:
        """The graph of the structural equations."""
        return CausalGraph(_NAMES, self.parents)

    def scm(self) -> StructuralCausalModel:
        """Return the structural equations."""
        from recourse_arena_structures.equations import structural_equations

        return structural_equations(self.name, self.equations, self.graph)

    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return independent draws: 10k/2.5k/2.5k to decide, 20k/2.5k/2.5k for the flow, 10k/2.5k/2.5k for recourse."""
        from recourse_arena_structures.population import draw_splits

        return draw_splits(self.scm(), self.name, self.equations, seed=seed)


class Chain(Structure):
    """`x1 -> x2 -> x3`.

    Example:
        >>> Chain(equations="nonlinear").graph.longest_path(["x1"])
        2
    """

    name: ClassVar[str] = "chain"
    summary: ClassVar[str] = "x1 -> x2 -> x3, linear or nonlinear, true SCM known"
    parents: ClassVar[Mapping[str, tuple[str, ...]]] = {"x2": ("x1",), "x3": ("x2",)}


class Collider(Structure):
    """`x1 -> x3 <- x2`.

    Example:
        >>> Collider().graph.longest_path(["x1"])
        1
    """

    name: ClassVar[str] = "collider"
    summary: ClassVar[str] = "x1 -> x3 <- x2, linear or nonlinear, true SCM known"
    parents: ClassVar[Mapping[str, tuple[str, ...]]] = {"x3": ("x1", "x2")}


class Triangle(Structure):
    """`x1 -> x2 -> x3` and `x1 -> x3`.

    Example:
        >>> Triangle(equations="quadratic")
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: dataset triangle: expected equations to be linear or nonlinear, \
got 'quadratic'
    """

    name: ClassVar[str] = "triangle"
    summary: ClassVar[str] = "x1 -> x2 -> x3 <- x1, linear or nonlinear, true SCM known"
    parents: ClassVar[Mapping[str, tuple[str, ...]]] = {"x2": ("x1",), "x3": ("x1", "x2")}


@hookimpl
def recourse_datasets() -> list[type[Dataset]]:
    """Return the datasets."""
    return [Chain, Collider, Triangle]
