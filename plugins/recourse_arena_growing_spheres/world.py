"""The space that one batch of people is searched in, and what decides there."""

from __future__ import annotations

__all__ = ["World", "layer_radii"]

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Generator, Tensor

from recourse_arena import Asking


@dataclass(frozen=True)
class World(Asking):
    """People who ask, and how far they go: features are numbers, the cost a sum of squares."""

    @cached_property
    def unit(self) -> Tensor:
        """Change of each feature that alone has a weighted cost of 1, `(people, features)`."""
        return self.request.prices.rsqrt()

    @cached_property
    def reach(self) -> Tensor:
        """Distance of the farthest corner of each person's box, `(people,)`."""
        request = self.request
        farthest = torch.maximum(request.box.upper - request.factual, request.factual - request.box.lower)
        return torch.where(request.actionable, farthest.clamp(min=0) / self.unit, 0.0).norm(dim=1)

    def distance(self, values: Tensor) -> Tensor:
        """Return how far points `(..., people, features)` are from the factual, `(..., people)`."""
        return torch.where(self.request.actionable, (values - self.request.factual) / self.unit, 0.0).norm(dim=-1)

    def change(self, values: Tensor) -> Tensor:
        """Return how far each feature alone is from the factual, shaped like `values`."""
        return ((values - self.request.factual) / self.unit).abs()

    def points(self, draws: Sequence[Generator], samples: int, inner: Tensor, outer: Tensor) -> Tensor:
        """Return feasible points of layers around the people, `(samples, people, features)`."""
        request, unit = self.request, self.unit
        width, dtype = len(request.features), request.factual.dtype
        shares = torch.stack([torch.rand(samples, generator=own, dtype=dtype) for own in draws], 1)
        normal = torch.stack([torch.randn(samples, width, generator=own, dtype=dtype) for own in draws], 1)
        direction = torch.nn.functional.normalize(torch.where(request.actionable, normal, 0.0), dim=-1)
        radii = layer_radii(shares, inner, outer, request.actionable.sum(1))
        return request.snap(request.factual + radii[..., None] * direction * unit)


def layer_radii(shares: Tensor, inner: Tensor, outer: Tensor, dimensions: Tensor) -> Tensor:
    """Return radii at which uniform `shares` of a layer's volume are reached, so that points fill it evenly.

    Example:
        >>> layer_radii(torch.tensor([0.0, 0.5, 1.0]), torch.tensor(0.0), torch.tensor(1.0), torch.tensor(1))
        tensor([0.0000, 0.5000, 1.0000])
    """
    ratio = torch.where(outer > 0, inner / outer, 0.0) ** dimensions  # relative to the outer radius: no underflow
    return outer * (ratio + shares * (1 - ratio)) ** (1 / dimensions)
