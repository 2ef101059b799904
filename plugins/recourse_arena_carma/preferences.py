"""What training and the networks know of people's preferences."""

from __future__ import annotations

__all__ = ["Preferences"]

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Generator, Tensor

from recourse_arena import Actionability, FeatureTable, Profile, Request
from recourse_arena_carma.settings import Settings


@dataclass(frozen=True)
class Preferences:
    """Preferences of a batch of people, each `(people, features)`.

    Arguments:
        mask: Features each can act on, 1.0 or 0.0.
        weights: Cost weights (alpha).
        priors: Prior probabilities of acting (pi); 0 where non-actionable.
    """

    mask: Tensor
    weights: Tensor
    priors: Tensor

    @property
    def prior_odds(self) -> Tensor:
        """Log odds of the priors; 0 where non-actionable."""
        return torch.where(self.mask > 0, self.priors, 0.5).logit()

    def told(self) -> Tensor:
        """Return what the networks see of it, `(people, 3 * features)`."""
        return torch.cat((self.mask, self.mask * self.weights.log(), 2 * self.priors), 1)

    def __len__(self) -> int:
        return len(self.mask)

    def __getitem__(self, people: Tensor) -> Preferences:
        return Preferences(self.mask[people], self.weights[people], self.priors[people])

    def only(self, open_: Tensor) -> Preferences:
        """Return the preferences of people who can act on nothing but `open_`, bool `(people, features)`."""
        return Preferences(self.mask * open_, self.weights, self.priors * open_)

    @classmethod
    def of(cls, request: Request, settings: Settings) -> Preferences:
        """Return the preferences of the people of `request`."""
        profile = with_range(request.profile, settings)
        priors = profile.priors(request.actionability.scores, request.actionability.levels)
        return cls(request.actionable.to(request.factual), request.weights, priors)

    @classmethod
    def of_everybody(cls, features: FeatureTable, people: int, settings: Settings) -> Preferences:
        """Return the preferences of a population: all that is globally actionable, at equal cost."""
        mask = features.actionable.float().expand(people, -1)
        return cls(mask, torch.ones_like(mask), mask * settings.prior_max)

    @classmethod
    def mixed(
        cls, answers: Actionability, profiles: Sequence[Profile], settings: Settings, draws: Generator
    ) -> Preferences:
        """Return preferences with one of the cost `profiles` drawn for each person."""
        scores, levels = answers.scores, answers.levels
        which = torch.randint(len(profiles), (len(answers),), generator=draws)
        rows = torch.arange(len(answers))
        weights = torch.stack([profile.weights(scores, levels) for profile in profiles])[which, rows]
        priors = torch.stack([with_range(profile, settings).priors(scores, levels) for profile in profiles])
        return cls(answers.mask.float(), weights, priors[which, rows])


def with_range(profile: Profile, settings: Settings) -> Profile:
    """Return the profile with the range of priors that the mask network was tuned for."""
    gamma = None if profile.gamma is None else profile.gamma**settings.prior_shape
    return replace(profile, gamma=gamma, prior_max=settings.prior_max, prior_min=settings.prior_min)
