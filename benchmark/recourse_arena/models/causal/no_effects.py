"""The world in which nothing follows from anything: features are set independently of one another."""

from __future__ import annotations

__all__ = ["NoEffects"]

import torch
from torch import Generator, Tensor

from recourse_arena.base.errors import ArenaError


class NoEffects:
    """A causal model without causes: the counterfactual is the factual with the acted-upon values.

    That is what most of the literature on counterfactual explanations assumes (Karimi et al., FAccT 2021, section 2,
    call it the assumption of independently manipulable features). It has no density, and draws nobody.

    Example:
        >>> NoEffects().counterfactual(torch.zeros(1, 2), torch.tensor([[True, False]]), torch.ones(1, 2)).tolist()
        [[1.0, 0.0]]
    """

    def abduct(self, x: Tensor) -> Tensor:
        """Return the noise that explains `x`: the features themselves."""
        return x

    def predict(self, u: Tensor) -> Tensor:
        """Return the features that noise `u` leads to: the noise itself."""
        return u

    def counterfactual(self, x: Tensor, mask: Tensor, values: Tensor) -> Tensor:
        """Return `x` with the masked `values`; all arguments broadcast."""
        return torch.where(mask, values, x)

    def log_density(self, x: Tensor) -> Tensor:
        """Raise: it does not say how likely anybody is."""
        raise ArenaError("a world without effects has no density; plausibility is judged by neighbours there")

    def sample(self, people: int, generator: Generator) -> Tensor:
        """Raise: it draws nobody."""
        raise ArenaError("a world without effects draws nobody")
