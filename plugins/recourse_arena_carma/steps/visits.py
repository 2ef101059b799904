"""People who are visited in training, with preferences drawn anew for every visit."""

from __future__ import annotations

__all__ = ["Visit", "Visits"]

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Generator, Tensor

from recourse_arena import PROFILES, Actionability
from recourse_arena_carma.objective import logistic
from recourse_arena_carma.people import Everybody
from recourse_arena_carma.preferences import Preferences
from recourse_arena_carma.settings import Settings
from recourse_arena_carma.steps.frozen import Frozen


class Visit(NamedTuple):
    """Visits of some people; of features only those that somebody can act on, in the order of the frozen models.

    Arguments:
        seen: What the networks see, a row a person.
        constants: What the frozen models need, a row a person.
        log_density: Of the factual, `(people,)`.
        mask: What each can act on, 1.0 or 0.0, `(actionable, people)`.
        weights: Cost weights, `(actionable, people)`.
        prior_odds: Log odds of the priors, `(actionable, people)`.
        noise: Of the choice, `(actionable, people)`.
    """

    seen: Tensor
    constants: Tensor
    log_density: Tensor
    mask: Tensor
    weights: Tensor
    prior_odds: Tensor
    noise: Tensor


class Visits:
    """Batches of people without end, with preferences and a profile drawn anew for every visit.

    What training needs of a person lies in one row of one table.

    Arguments:
        people: Who is visited.
        frozen: The frozen models.
        individual: Whether people have preferences.
        settings: Size of a batch, and the priors.
        draws: Where all that is drawn comes from.
    """

    def __init__(
        self, people: Everybody, frozen: Frozen, individual: bool, settings: Settings, draws: Generator
    ) -> None:
        self.frozen, self.individual, self.settings, self.draws = frozen, individual, settings, draws
        parts = [people.described, people.log_density[:, None], frozen.constants(people.x)]
        self.table, self.widths = torch.cat(parts, 1), [part.shape[1] for part in parts]

    def __iter__(self) -> Iterator[Visit]:
        """Yield batches."""
        size = self.settings.batch
        while True:
            preferences = self._drawn()
            told = preferences.told() if self.individual else preferences.mask[:, :0]
            noise = logistic(preferences.mask.shape, self.table.dtype, self.draws)
            parts = (preferences.mask, preferences.weights, preferences.prior_odds, noise)
            terms = torch.stack([part.T for part in parts])
            order = torch.randperm(len(self.table), generator=self.draws)
            for rows, answers, each in zip(order.split(size), told.split(size), terms.split(size, 2), strict=True):
                described, density, constants = self.table[rows].split(self.widths, 1)
                yield Visit(torch.cat([described, answers], 1), constants, density[:, 0], *each)

    def _drawn(self) -> Preferences:
        """Return preferences about what is actionable, a row for each visit."""
        problem, people, columns = self.frozen.problem, len(self.table), self.frozen.actionable
        if not self.individual:
            everything = Preferences.of_everybody(problem.features, people, self.settings)
            return Preferences(*(part[:, columns] for part in (everything.mask, everything.weights, everything.priors)))
        answers = problem.draw(people, self.draws)
        answers = Actionability(answers.scores[:, columns], answers.levels, answers.ordered)
        return Preferences.mixed(answers, tuple(PROFILES.values()), self.settings, self.draws)
