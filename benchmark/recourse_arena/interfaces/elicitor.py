"""What an elicitation scheme provides."""

from __future__ import annotations

__all__ = ["Elicitor"]

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.people.features import FeatureTable
    from recourse_arena.problem.actionability import Actionability


class Elicitor(ABC):
    """A way to ask people about their actionability, and a population of simulated answers."""

    name: ClassVar[str]
    """Its name, with which the names of its scenarios begin: `swing-hard-2`."""
    summary: ClassVar[str] = ""
    """One line for people."""
    ordered: ClassVar[bool] = True
    """Whether answers say which feature is preferred over which."""

    @abstractmethod
    def levels(self, features: FeatureTable) -> int:
        """Return the number of levels of its answers (K)."""

    @abstractmethod
    def sample(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None,
        draws: Generator,
    ) -> Tensor:
        """Return scores `(people, K)` of the globally actionable features.

        Arguments:
            people: Number of people.
            features: The features.
            actionable: How many features each can act on: a number, `all` or `random`.
            favoured: The pair of features this population prefers, by name, or the columns of each person's own
                pair, long `(people, 2)`; none for no preference.
            draws: Source of randomness.
        """

    def population(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None = None,
        draws: Generator,
    ) -> Actionability:
        """Return the simulated answers of `people` people."""
        import torch

        from recourse_arena.problem.actionability import Actionability

        levels = self.levels(features)
        scores = torch.full((people, len(features)), levels + 1)
        scores[:, features.actionable] = self.sample(
            people, features, actionable=actionable, favoured=favoured, draws=draws
        )
        return Actionability.validated(scores, levels, features, ordered=self.ordered)
