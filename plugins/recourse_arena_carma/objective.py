"""The terms of the objective, and the multiplier that enforces validity."""

from __future__ import annotations

__all__ = ["Multiplier", "divergence", "excess", "hinge", "lost_density"]

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional


def divergence(logits: Tensor, priors: Tensor, mask: Tensor) -> Tensor:
    """Return `KL(q || prior)` of independent choices, summed over actionable features, `(people,)`.

    Arguments:
        logits: Log odds of acting.
        priors: Prior probabilities of acting, read where actionable.
        mask: 1.0 where actionable.
    """
    priors = torch.where(mask > 0, priors, 0.5)
    prior_odds = priors.logit()
    q = logits.sigmoid()
    # log q/(1-q) = logits, so q log(q/p) + (1-q) log((1-q)/(1-p)) = q (logits - prior odds) + log((1-q)/(1-p)).
    each = q * (logits - prior_odds) - functional.softplus(logits) + functional.softplus(prior_odds)
    return (each * mask).sum(1)


def hinge(logit: Tensor, margin: float) -> Tensor:
    """Return `max(0, margin - (2p - 1))` of the decision's log odds, `(people,)`."""
    return (margin - torch.tanh(logit / 2)).clamp(min=0)


def lost_density(before: Tensor, after: Tensor, margin: float = 0.0) -> Tensor:
    """Return by how much the log-density fell, `(people,)`; 0 where it rose by `margin` at least."""
    return (margin + before - after).clamp(min=0)


def excess(wanted: Tensor, lower: Tensor, upper: Tensor, acted: Tensor) -> Tensor:
    """Return how far wanted values lie outside the box in units of its width, summed over acted features."""
    outside = (wanted - upper).clamp(min=0) + (lower - wanted).clamp(min=0)
    return (acted * outside / (upper - lower).clamp(min=1e-6)).sum(1)


@dataclass
class Multiplier:
    """Lagrangian multiplier of the validity constraint, with damping (Platt and Barr, NeurIPS 1987).

    The damping *adds* to the penalty while the constraint is broken.

    Example:
        >>> multiplier = Multiplier(rate=1.0, damping=1.0, limit=0.75)
        >>> multiplier.penalty(torch.tensor(0.5)).item()
        0.25
        >>> multiplier.update(0.5)
        >>> multiplier.penalty(torch.tensor(0.5)).item()
        0.5
        >>> multiplier.update(0.5)
        >>> multiplier.value
        0.75
    """

    rate: float
    damping: float
    limit: float
    value: float = 0.0

    def penalty(self, violation: Tensor) -> Tensor:
        """Return the penalty of a mean violation."""
        return (self.value + self.damping * violation.detach()) * violation

    def update(self, violation: float) -> None:
        """Take a step of dual ascent; the multiplier stays between 0 and its limit."""
        self.value = min(max(0.0, self.value + self.rate * violation), self.limit)
