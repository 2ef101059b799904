"""The terms of the objective, and the multiplier that enforces validity."""

from __future__ import annotations

__all__ = ["Multiplier", "choose", "divergence", "excess", "hinge", "logistic", "lost_density"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional


def divergence(log_odds: Tensor, prior_odds: Tensor, mask: Tensor, along: int = 1) -> Tensor:
    """Return `KL(q || prior)` of independent choices, summed over what is actionable, `(people,)`.

    Arguments:
        log_odds: Of acting, so that `q` is their sigmoid.
        prior_odds: The same of the priors.
        mask: 1.0 where actionable.
        along: Which dimension is that of features.
    """
    # With log(q / (1 - q)) = log_odds: q log(q / p) + (1 - q) log((1 - q) / (1 - p)), without ever taking log 0.
    each = log_odds.sigmoid() * (log_odds - prior_odds)
    each = each - functional.softplus(log_odds) + functional.softplus(prior_odds)
    return (each * mask).sum(along)


def hinge(logit: Tensor, margin: float) -> Tensor:
    """Return `max(0, margin - (2p - 1))` for the log odds `logit` of a positive decision, `(people,)`."""
    return (margin - torch.tanh(logit / 2)).clamp(min=0)


def lost_density(factual: Tensor, counterfactual: Tensor, margin: float = 0.0, saturation: float = 0.0) -> Tensor:
    """Return `max(0, margin + log p(x^F) - log p(x^CF))`, `(people,)`.

    With a `saturation` it counts only logarithmically beyond that many nats.
    """
    lost = (margin + factual - counterfactual).clamp(min=0)
    return saturation * torch.log1p(lost / saturation) if saturation else lost


def choose(log_odds: Tensor, noise: Tensor, mask: Tensor, temperature: float) -> Tensor:
    """Return a hard choice per feature with straight-through gradients, times the actionability `mask`.

    The difference of two Gumbel variables is logistic, so this is the hard Gumbel-softmax on two logits per
    feature (Jang et al., ICLR 2017); `noise` is a draw of :func:`logistic`.
    """
    soft = torch.sigmoid((log_odds + noise) / temperature)
    return ((soft > 0.5).to(soft) - soft.detach() + soft) * mask


def logistic(shape: Sequence[int], dtype: torch.dtype, draws: Generator) -> Tensor:
    """Return draws from the standard logistic distribution."""
    return torch.rand(shape, generator=draws, dtype=dtype).clamp(1e-6, 1 - 1e-6).logit()


def excess(wanted: Tensor, lower: Tensor, upper: Tensor, mask: Tensor, along: int = 1) -> Tensor:
    """Return how far wanted values lie outside the box in units of its width, summed over the mask, `(people,)`."""
    outside = (wanted - upper).clamp(min=0) + (lower - wanted).clamp(min=0)
    return torch.where(mask, outside / (upper - lower), 0.0).sum(along)


@dataclass
class Multiplier:
    """Lagrangian multiplier of the validity constraint, with damping (Platt and Barr, NeurIPS 1987).

    The damping adds to the penalty while the constraint is broken; CARMA's released code subtracts it.

    Arguments:
        rate: Step size of dual ascent.
        damping: Quadratic share of the penalty.
        limit: Largest value.
        value: The multiplier.

    Example:
        >>> multiplier = Multiplier(rate=1.0, damping=1.0, limit=0.75)
        >>> violation = torch.tensor(0.5)
        >>> multiplier.penalty(violation).item()
        0.25
        >>> multiplier.ascend(violation)
        >>> multiplier.penalty(violation).item()
        0.5
        >>> multiplier.ascend(violation)
        >>> multiplier.value
        0.75
    """

    rate: float
    damping: float
    limit: float
    value: float = 0.0

    def weight(self, violation: Tensor) -> Tensor:
        """Return what a mean violation `()` is multiplied with."""
        return self.value + self.damping * violation.detach()

    def penalty(self, violation: Tensor) -> Tensor:
        """Return the penalty of a mean violation `()`."""
        return self.weight(violation) * violation

    def ascend(self, violation: Tensor) -> None:
        """Take a step of dual ascent; the value stays between 0 and the limit."""
        self.value = min(max(0.0, self.value + self.rate * violation.item()), self.limit)
