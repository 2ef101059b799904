"""Who gets which of two profiles of preferences (arXiv 2604.08030, fairness case)."""

from __future__ import annotations

__all__ = ["Assignment", "AtRandom", "ByAttribute", "ByQuantile"]

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recourse_arena.base.errors import ArenaError, unknown

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.people.features import FeatureTable
    from recourse_arena.people.people import People


@dataclass(frozen=True)
class Assignment(ABC):
    """A distribution of preferences in which each person has one of two profiles.

    Arguments:
        first: A profile, by its name in `Dataset.favoured`.
        second: The profile of everybody else.
    """

    first: str
    second: str

    @abstractmethod
    def probability(
        self, people: People, population: People, *, features: FeatureTable, attributes: FeatureTable
    ) -> Tensor:
        """Return with which probability each person has the first profile, `(people,)`.

        Arguments:
            people: The people; what one of them gets must not depend on the others.
            population: The negatively decided training people, for thresholds.
            features: What the columns of `People.x` are.
            attributes: What the columns of `People.attributes` are.

        Raises:
            ArenaError: If it needs a feature, an attribute or a level that there is not.
        """


@dataclass(frozen=True)
class AtRandom(Assignment):
    """Everybody has the first profile with the same probability.

    Arguments:
        share: That probability.
    """

    share: float = 0.5

    def probability(
        self, people: People, population: People, *, features: FeatureTable, attributes: FeatureTable
    ) -> Tensor:
        """Return the same probability for everybody, `(people,)`."""
        import torch

        return torch.full((len(people),), self.share, dtype=torch.float64)


@dataclass(frozen=True)
class ByQuantile(Assignment):
    """Whoever lies above a quantile of the population in some feature has the first profile.

    Arguments:
        feature: Name of the feature.
        quantile: The quantile; 0.75 leaves about the top quarter.
    """

    feature: str
    quantile: float

    def probability(
        self, people: People, population: People, *, features: FeatureTable, attributes: FeatureTable
    ) -> Tensor:
        """Return 1 above the threshold and 0 up to it, `(people,)`."""
        column = features.index(self.feature)
        return (people.x[:, column] > population.x[:, column].quantile(self.quantile)).double()


@dataclass(frozen=True)
class ByAttribute(Assignment):
    """Each level of an attribute has its own probability of the first profile.

    Arguments:
        attribute: Name of the attribute.
        shares: Those probabilities, by the names of its levels.
    """

    attribute: str
    shares: Mapping[str, float]

    def probability(
        self, people: People, population: People, *, features: FeatureTable, attributes: FeatureTable
    ) -> Tensor:
        """Return the probability of each person's level, `(people,)`."""
        import torch

        column = attributes.index(self.attribute)
        levels = attributes.features[column].levels
        for level in self.shares:
            if level not in levels:
                raise unknown(f"level of {self.attribute}", level, levels)
        if people.attributes is None or len(self.shares) < len(levels):
            raise ArenaError(
                f"assignment by {self.attribute}: expected people with that attribute and a share for each of "
                f"{', '.join(levels)}; got {'no attributes' if people.attributes is None else ', '.join(self.shares)}"
            )
        shares = torch.tensor([self.shares[level] for level in levels], dtype=torch.float64)
        return shares[people.attributes[:, column].long()]
