"""How far changes go, linearly and by percentiles, and which values there are to draw."""

from __future__ import annotations

__all__ = ["Scale"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import FeatureTable, Kind, Problem, Request


@dataclass(frozen=True)
class Scale:
    """Values of training people.

    Arguments:
        ordered: Each feature's values, sorted, `(features, people)`; categories as places of their names.
        span: Range of each feature, `(features,)`; 1 where there is none.
    """

    ordered: Tensor
    span: Tensor

    @classmethod
    def of(cls, problem: Problem) -> Scale:
        """Return the scale of a problem's training people."""
        x = problem.features.alphabetical(problem.training.x)
        ordered = x.double().T.sort(dim=1).values.contiguous()
        span = ordered[:, -1] - ordered[:, 0]
        return cls(ordered, torch.where(span > 0, span, 1.0))

    def linear(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return changes of numbers `(..., features)` as shares of their range, 1 at most."""
        return ((values - factual).double().abs() / self.span).clamp(max=1.0)

    def shifts(self, factual: Tensor, values: Tensor) -> Tensor:
        """Return changes of numbers `(..., features)` in percentiles, from 0 to 1."""
        return (self._share(values) - self._share(factual)).abs()

    def drawn(self, request: Request, shares: Tensor) -> Tensor:
        """Return values `(people, ..., features)` inside boxes, of training people's values at uniform `shares`."""
        shape, values = shares.shape, torch.empty_like(shares)
        box, features = request.box, request.features
        for j, feature in enumerate(features):
            share = shares[..., j].reshape(len(request), -1)
            if feature.kind is Kind.CATEGORICAL:
                found = _level(features, j, self.ordered[j], share)
            else:
                found = self._between(j, box.lower[:, j], box.upper[:, j], share)
            values[..., j] = found.reshape(shape[:-1])
        people = [slice(None), *[None] * (values.ndim - 2)]
        wide = type(box)(box.lower[tuple(people)], box.upper[tuple(people)])
        snapped = wide.snap(values.to(request.factual.dtype), features.whole)
        outside = features.categorical & ~wide.contains(values, features.whole)
        return torch.where(outside, request.factual[tuple(people)], snapped)

    def _share(self, values: Tensor) -> Tensor:
        """Return the share of training people with at most that, shaped like `values`."""
        flat = values.double().reshape(-1, values.shape[-1]).T.contiguous()
        found = torch.searchsorted(self.ordered, flat, right=True).double() / self.ordered.shape[1]
        return found.T.reshape(values.shape)

    def _between(self, column: int, lower: Tensor, upper: Tensor, share: Tensor) -> Tensor:
        """Return values of a number at shares `(people, draws)` of the training people between bounds `(people,)`."""
        ordered = self.ordered[column]
        first = torch.searchsorted(ordered, lower.double().contiguous())[:, None]
        last = torch.searchsorted(ordered, upper.double().contiguous(), right=True)[:, None]
        place = (first + share * (last - first)).floor().long()
        return ordered[torch.minimum(place, last - 1).clamp(0, len(ordered) - 1)]


def _level(features: FeatureTable, column: int, ordered: Tensor, share: Tensor) -> Tensor:
    places = ordered[(share * len(ordered)).long().clamp(max=len(ordered) - 1)]
    codes = torch.tensor(features.features[column].alphabetical, dtype=share.dtype)
    return codes[places.long()]
