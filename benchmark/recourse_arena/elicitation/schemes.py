"""Elicitation schemes: yes or no, a ranking, or a Likert score per feature (arXiv 2604.08030)."""

from __future__ import annotations

__all__ = ["Binary", "Likert", "Ranking", "recourse_elicitors"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from recourse_arena.base.arguments import Options
from recourse_arena.base.errors import ArenaError
from recourse_arena.base.names import spell
from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.interfaces.hookspecs import hookimpl

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from recourse_arena.people.features import Feature, FeatureTable


class Ranking(Elicitor):
    """Each person ranks the features; those ranked behind a cut-off are non-actionable."""

    name: ClassVar[str] = "ranking"
    summary: ClassVar[str] = "a ranking of the actionable features, 1 is preferred"
    together: ClassVar[bool] = True

    def levels(self, features: FeatureTable) -> int:
        """Return the number of globally actionable features."""
        return features.count_actionable

    def question(self, feature: Feature) -> str:
        """Return what people are asked of all features at once."""
        return "Which of these would you rather change than which?"

    def contradiction(self, levels: Mapping[str, int], most: int) -> str:
        """Return that two features have one place, if two have."""
        first: dict[int, str] = {}
        for name, level in levels.items():
            if level <= most and level in first:
                return f"expected each place once; {first[level]!r} and {name!r} both have place {level}"
            first.setdefault(level, name)
        return ""

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


_PAPER = 4
"""Levels of the scores in the paper."""


class Likert(Elicitor):
    """Each person scores each feature from 1 (easy) to so many levels (hard), or says that it is not possible.

    Arguments:
        levels: The number of levels, 2 to 100; the paper has 4.

    Raises:
        ArenaError: If it is another number.

    Example:
        >>> Likert(levels=1)
        Traceback (most recent call last):
        ...
        recourse_arena.base.errors.ArenaError: likert: levels must be a whole number from 2 to 100, got 1
    """

    name: ClassVar[str] = "likert"
    summary: ClassVar[str] = "a score from 1 (easy) to 4 (hard; likert?levels=7: to 7) per feature, or not actionable"

    def __init__(self, *, levels: int = _PAPER) -> None:
        self._levels = Options("likert").whole("levels", levels, 2, 100)

    def levels(self, features: FeatureTable) -> int:
        """Return the number of levels."""
        return self._levels

    @property
    def scheme(self) -> str:
        """Its name, with the number of levels where it is another than the paper's."""
        return self.name if self._levels == _PAPER else spell(self.name, {"levels": self._levels})

    def question(self, feature: Feature) -> str:
        """Return what people are asked of a feature."""
        return "How easily could you change this?"

    def words(self, levels: int) -> tuple[str, ...]:
        """Return the words of the paper's four levels, of another number those of the first and the last."""
        if levels == _PAPER:
            return ("easy", "possible", "hard", "very hard")
        return ("easy", *("",) * (levels - 2), "very hard")

    def sample(
        self,
        people: int,
        features: FeatureTable,
        *,
        actionable: str,
        favoured: tuple[str, str] | Tensor | None,
        draws: Generator,
    ) -> Tensor:
        """Return independent uniform scores; `random` draws one more level, which is non-actionable."""
        import torch

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
    together: ClassVar[bool] = False

    def levels(self, features: FeatureTable) -> int:
        """Return 1."""
        return 1

    def question(self, feature: Feature) -> str:
        """Return what people are asked of a feature."""
        return "Could you change this?"

    def words(self, levels: int) -> tuple[str, ...]:
        """Return yes."""
        return ("yes",)

    def read(self, text: str, levels: int) -> int:
        """Return 1 for yes, 2 for no."""
        word = text.strip().lower()
        return super().read({"y": "yes", "n": "no"}.get(word, text), levels)

    def contradiction(self, levels: Mapping[str, int], most: int) -> str:
        """Return nothing: there is no order."""
        return ""

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
