"""Elicitation schemes: yes or no, a ranking, or a Likert score per feature (arXiv 2604.08030)."""

from __future__ import annotations

__all__ = ["Binary", "Elicitor", "Likert", "Ranking", "recourse_elicitors"]

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.problem.actionability import Actionability
    from recourse_arena.problem.features import FeatureTable


class Elicitor(ABC):
    """A way to ask people about their actionability, and a population of simulated answers."""

    name: ClassVar[str]
    """Its name in scenarios."""
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


class Ranking(Elicitor):
    """Each person ranks the features; those ranked behind a cut-off are non-actionable."""

    name: ClassVar[str] = "ranking"
    summary: ClassVar[str] = "a ranking of the actionable features, 1 is preferred"

    def levels(self, features: FeatureTable) -> int:
        """Return the number of globally actionable features."""
        return features.count_actionable

    def sample(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None,
        draws: Generator,
    ) -> Tensor:
        """Return rankings, cut off behind the first `actionable` features."""
        from recourse_arena.elicitation.populations import cut_off, rankings

        ranks = rankings(people, features, favoured, draws)
        return ranks.where(
            ranks <= cut_off(people, actionable, features.count_actionable, draws), self.levels(features) + 1
        )


class Likert(Elicitor):
    """Each person scores each feature from 1 (easy) to 4 (hard), or says that it is not possible."""

    name: ClassVar[str] = "likert"
    summary: ClassVar[str] = "a score from 1 (easy) to 4 (hard) per feature, or not actionable"

    def levels(self, features: FeatureTable) -> int:
        """Return 4."""
        return 4

    def sample(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None,
        draws: Generator,
    ) -> Tensor:
        """Return independent uniform scores; `random` draws from 1..5, where 5 is non-actionable."""
        import torch

        from recourse_arena.base.errors import ArenaError
        from recourse_arena.elicitation.populations import cut_off, rankings

        if favoured is not None:
            raise ArenaError("Likert scores are drawn uniformly; a distribution of preferences needs rankings")
        top = self.levels(features) + (actionable == "random")
        scores = torch.randint(1, top + 1, (people, features.count_actionable), generator=draws)
        if actionable in ("all", "random"):
            return scores
        kept = rankings(people, features, None, draws) <= cut_off(people, actionable, features.count_actionable, draws)
        return scores.where(kept, self.levels(features) + 1)


class Binary(Ranking):
    """Each person says which features are actionable, and nothing more."""

    name: ClassVar[str] = "binary"
    summary: ClassVar[str] = "actionable or not, per feature"
    ordered: ClassVar[bool] = False

    def levels(self, features: FeatureTable) -> int:
        """Return 1."""
        return 1

    def sample(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None,
        draws: Generator,
    ) -> Tensor:
        """Return 1 for the features a person would rank before the cut-off, 2 for the others."""
        from recourse_arena.elicitation.populations import cut_off, rankings

        ranks = rankings(people, features, favoured, draws)
        return 2 - (ranks <= cut_off(people, actionable, features.count_actionable, draws)).long()


@hookimpl
def recourse_elicitors() -> list[type[Elicitor]]:
    """Return the three schemes of the paper."""
    return [Binary, Likert, Ranking]
