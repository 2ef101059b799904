"""What an elicitation scheme provides."""

from __future__ import annotations

__all__ = ["NEVER", "Elicitor"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.arguments import parsed_whole_number
from recourse_arena.base.errors import ArenaError

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.people.features import Feature, FeatureTable
    from recourse_arena.problem.actionability import Actionability

NEVER = ("no", "never", "x", "not possible")
"""Words that say of a feature that one cannot act on it, in every scheme."""


class Elicitor(ABC):
    """A way to ask people about their actionability, and a population of simulated answers.

    One that says no more than `levels` and `sample` asks people for a score from 1 to as many levels, a feature at a
    time.
    """

    name: ClassVar[str]
    """Its name, with which the names of its scenarios begin: `swing-hard-2`."""
    summary: ClassVar[str] = ""
    """One line for people."""
    ordered: ClassVar[bool] = True
    """Whether answers say which feature is preferred over which."""
    together: ClassVar[bool] = False
    """Whether people are asked once, for the order of all features, instead of for each feature."""

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

    @property
    def scheme(self) -> str:
        """Its name with those options that change how people are asked."""
        return self.name

    def question(self, feature: Feature) -> str:
        """Return what people are asked of a feature, which stands above the question with its value now."""
        return "How easily could you change this? 1 is the easiest."

    def words(self, levels: int) -> tuple[str, ...]:
        """Return a word for each level that may be said instead of its number, empty where there is none.

        Arguments:
            levels: The number of levels.
        """
        return ("",) * levels

    def read(self, text: str, levels: int) -> int:
        """Return the level that somebody's answer on a feature says, `levels + 1` for one that is not possible.

        Raises:
            ArenaError: With what was expected and what came.
        """
        word = " ".join(text.split()).lower()
        if word in NEVER:
            return levels + 1
        known = {name.lower(): level for level, name in enumerate(self.words(levels), 1) if name}
        level = known.get(word) or parsed_whole_number(word)
        if level is None or not 1 <= level <= levels:
            numbers = f"a whole number from 1 to {levels}" if levels > 1 else ""
            expected = [f"one of {', '.join(known)}" if len(known) > 1 else "".join(known), numbers]
            said = ", ".join(part for part in expected if part) or "1"
            raise ArenaError(f"expected {said}, or no for what is not possible; got {text[:80]!r}")
        return level

    def contradiction(self, levels: Mapping[str, int], most: int) -> str:
        """Return what somebody's levels of all features contradict one another in; empty if in nothing.

        Arguments:
            levels: The level of each feature, by name.
            most: The number of levels; one more is not possible.
        """
        return ""

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
