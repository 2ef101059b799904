"""What a dataset plugin provides."""

from __future__ import annotations

__all__ = ["Dataset"]

from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.problem.recipes import DecisionRecipe, FlowRecipe

if TYPE_CHECKING:
    from recourse_arena.problem.features import FeatureTable
    from recourse_arena.problem.graph import CausalGraph
    from recourse_arena.problem.models import CausalModel
    from recourse_arena.problem.people import Splits


class Dataset(ABC):
    """A population with features, causal graph and recipes for its models.

    Options of a variant arrive as keyword arguments: `loan?decision=adam` is `Loan(decision="adam")`.
    """

    name: ClassVar[str]
    """Name without options."""
    version: ClassVar[str]
    """Changes whenever the people or the recipes change."""
    summary: ClassVar[str]
    """One line for people."""

    decision: DecisionRecipe = DecisionRecipe()
    """How its decision model is trained."""
    flow: FlowRecipe = FlowRecipe()
    """How its causal flow is trained."""

    @property
    @abstractmethod
    def features(self) -> FeatureTable:
        """Its features, in column order."""

    @property
    @abstractmethod
    def graph(self) -> CausalGraph:
        """Its causal graph."""

    @abstractmethod
    def splits(self, *, seed: int, data: Path) -> Splits:
        """Return its people, drawn or read from the data directory `data`.

        Raises:
            ArenaError: If its file is missing or is not what it should be.
        """

    def scm(self) -> CausalModel | None:
        """Return the true structural causal model where it is known."""
        return None

    def unavailable(self, data: Path) -> str | None:
        """Return why it cannot be used (how to get its file), or none if it can."""
        return None

    def fingerprint(self, data: Path) -> str:
        """Return a digest of the file it reads; empty if it reads none."""
        return ""
