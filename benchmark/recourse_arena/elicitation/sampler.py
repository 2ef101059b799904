"""Simulated preferences of people that a solver trains on."""

from __future__ import annotations

__all__ = ["PreferenceSampler"]

from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena.interfaces.elicitor import Elicitor
from recourse_arena.people.features import FeatureTable
from recourse_arena.problem.actionability import Actionability


@dataclass(frozen=True)
class PreferenceSampler:
    """Draws actionability of training people; it is handed to solvers and so holds nothing but what it draws from.

    Arguments:
        elicitor: How people are asked.
        features: The features.
        favoured: The pair of features that everybody prefers; or the columns of the pair of each training person,
            long `(people, 2)`, from whom people are drawn with replacement; none for no preference.
        actionable: How many features each person can act on: a number, `all` or `random`.
    """

    elicitor: Elicitor
    features: FeatureTable
    favoured: tuple[str, str] | Tensor | None = None
    actionable: str = "random"

    def __call__(self, people: int, draws: Generator) -> Actionability:
        """Return the actionability of so many people."""
        favoured = self.favoured
        if isinstance(favoured, Tensor):
            favoured = favoured[torch.randint(len(favoured), (people,), generator=draws)]
        return self.elicitor.population(
            people, self.features, actionable=self.actionable, favoured=favoured, draws=draws
        )
