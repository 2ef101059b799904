"""What one person says of what they could change: how easily, and how far, in original units."""

from __future__ import annotations

__all__ = ["Wish", "Wishes", "everything_possible"]

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from recourse_arena.base.errors import unknown
from recourse_arena.base.text_file import write_json
from recourse_arena.people.features import Feature, FeatureTable, Role

if TYPE_CHECKING:
    from pathlib import Path

    from recourse_arena.people.box import Box
    from recourse_arena.problem.actionability import Actionability


@dataclass(frozen=True)
class Wish:
    """What somebody says of one feature.

    Arguments:
        level: A level of the scheme from 1, the easiest; one more than there are says "not possible".
        at_least: The least value they would take, in the feature's unit.
        at_most: The greatest one.
    """

    level: int
    at_least: float = -math.inf
    at_most: float = math.inf


@dataclass(frozen=True)
class Wishes:
    """What one person says of every feature that people can act upon.

    Arguments:
        scheme: Name of the elicitation scheme, with options.
        levels: How many levels it has.
        ordered: Whether they say which feature is preferred.
        said: What is said of each globally actionable feature, by name, in the order of the features.

    Example:
        >>> wishes = Wishes("likert", 4, True, {"savings": Wish(1), "income": Wish(5)})
        >>> wishes.possible("savings"), wishes.possible("income")
        (True, False)
    """

    scheme: str
    levels: int
    ordered: bool
    said: Mapping[str, Wish]

    def possible(self, name: str) -> bool:
        """Return whether they can act on a feature."""
        return self.said[name].level <= self.levels

    def changed(self, name: str, **parts: Any) -> Wishes:
        """Return what they say if some `parts` of a :class:`Wish` are others.

        Raises:
            ArenaError: If nothing is said of that feature: nobody can act on it.
        """
        if name not in self.said:
            raise unknown("feature that people can act on", name, self.said)
        return replace(self, said={**self.said, name: replace(self.said[name], **parts)})

    def as_json(self, features: FeatureTable) -> dict[str, Any]:
        """Return what :func:`~recourse_arena.elicitation.interviews.wishes_file.read_wishes` reads to the same wishes.

        Arguments:
            features: The features, of which bounds on levels are written by name.
        """
        answers = {name: self._plain(features[name], wish) for name, wish in self.said.items()}
        return {"scheme": self.scheme, "answers": answers}

    def save(self, path: Path, features: FeatureTable) -> None:
        """Write them to a JSON file, from which they can be read and changed by hand.

        Raises:
            ArenaError: If it cannot be written.
        """
        write_json(path, self.as_json(features))

    def _plain(self, feature: Feature, wish: Wish) -> Any:
        answer = wish.level if wish.level <= self.levels else "no"
        bounds = {
            end: feature.levels[int(bound)] if feature.levels and bound == int(bound) else _number(bound)
            for end, bound in (("at_least", wish.at_least), ("at_most", wish.at_most))
            if math.isfinite(bound)
        }
        return {"answer": answer, **bounds} if bounds else answer

    def actionability(self, features: FeatureTable) -> Actionability:
        """Return the scores of this one person."""
        import torch

        from recourse_arena.problem.actionability import Actionability

        never = self.levels + 1
        scores = [[self.said[f.name].level if f.role is Role.ACTIONABLE else never for f in features]]
        return Actionability.validated(torch.tensor(scores), self.levels, features, ordered=self.ordered)

    def box(self, features: FeatureTable) -> Box:
        """Return the personal bounds of this one person, infinite where they gave none."""
        import torch

        from recourse_arena.people.box import Box

        free = Wish(0)
        own = [self.said.get(feature.name, free) for feature in features]
        lower, upper = [wish.at_least for wish in own], [wish.at_most for wish in own]
        return Box(torch.tensor([lower]), torch.tensor([upper]))


def everything_possible(features: FeatureTable) -> Wishes:
    """Return the wishes of somebody who can do all that people can, everything as easily."""
    return Wishes("binary", 1, False, {one.name: Wish(1) for one in features if one.role is Role.ACTIONABLE})


def _number(bound: float) -> float | int:
    return int(bound) if bound == int(bound) and abs(bound) < 1e15 else bound
