"""A decision model on encoded columns, whatever it looks at itself."""

from __future__ import annotations

__all__ = ["Columns"]

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from recourse_arena import Encoding, NotApplicable, Problem

_AT_ONCE = 1 << 22
"""Numbers that are looked at together."""


@dataclass(frozen=True)
class Columns:
    """The decision model of a problem on encoded columns.

    Arguments:
        problem: The problem.

    Raises:
        NotApplicable: If it has no gradients, or there are categories and it has no encoded columns.
    """

    problem: Problem

    def __post_init__(self) -> None:
        classifier = self.problem.classifier
        if self.problem.features.mixed and not hasattr(classifier, "encoded_logit"):
            raise NotApplicable(f"the decision model of {self.problem.dataset} has no logit between two categories")

    @cached_property
    def encoding(self) -> Encoding:
        """How people look to the decision model; where it does not say, they are standardised."""
        found: Any = getattr(self.problem.classifier, "encoding", None)
        if found is not None:
            return found
        return Encoding(self.problem.features, self.problem.training.x.mean(0), self.problem.cost.sd)

    def encode(self, x: Tensor) -> Tensor:
        """Return people `(..., features)` as columns `(..., columns)`."""
        return self.encoding.encode(x)

    def logit(self, z: Tensor) -> Tensor:
        """Return the log odds `(...,)` of columns `(..., columns)`, also between two levels of a category."""
        classifier: Any = self.problem.classifier
        if hasattr(classifier, "encoded_logit"):
            return classifier.encoded_logit(z)
        return classifier.logit(z * self.encoding.sd.to(z.dtype) + self.encoding.mean.to(z.dtype))

    def slope(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the log odds `(rows,)` of columns `(rows, columns)` and their gradient, neither with a graph."""
        with torch.enable_grad():
            place = z.detach().requires_grad_()
            logit = self.logit(place)
            (slope,) = torch.autograd.grad(logit.sum(), place)
        return logit.detach(), slope

    def around(self, z: Tensor, noise: Tensor) -> Tensor:
        """Return the log odds `(rows, draws)` of columns `(rows, columns)` with each `noise` `(draws, columns)` added.

        Everybody has the same noise, so that nobody's depends on who else asks.
        """
        if torch.is_grad_enabled() and z.requires_grad:
            return self.logit(z[:, None] + noise)
        rows = max(1, _AT_ONCE // max(noise.numel(), 1))
        parts = [self.logit(part[:, None] + noise) for part in z.split(rows)]
        return torch.cat(parts) if parts else z.new_zeros(0, len(noise))

    def units(self, unit: str) -> Tensor:
        """Return how many encoded units one `unit` of each column is, `(columns,)`.

        Arguments:
            unit: `sd`, the encoding's own; or `range`, in which each number runs from 0 to 1 over training people.
                Columns of categories and binaries are 0 or 1 in both.
        """
        z = self.encode(self.problem.training.x)
        span = z.amax(0) - z.amin(0)
        span = torch.where((self.encoding.codes < 0) & (span > 0), span, 1.0)
        return span if unit == "range" else torch.ones_like(span)
