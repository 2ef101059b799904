"""The worst of those who are like a person, after the same action, to first order."""

from __future__ import annotations

__all__ = ["Alike", "Reach"]

from functools import cached_property

import torch
from torch import Tensor
from torch.nn.functional import softplus

from recourse_arena import Kind
from recourse_arena_relaxed import SLACK, Aim, Columns, Criterion, Ground


class Reach(Criterion):
    """How far others may be from a person.

    Arguments:
        columns: The decision model on columns.
        far: How far in each column, `(columns,)`.
    """

    def __init__(self, columns: Columns, far: Tensor) -> None:
        super().__init__(columns)
        self.far = far


class Alike(Aim):
    """Ground on which an action has to work for everybody like the person; its criterion is a :class:`Reach`."""

    @cached_property
    def _far(self) -> Tensor:
        """How far others may be in each feature, `(features,)`, in its own units; 0 where levels are known."""
        features, encoding = self.request.features, self.encoding
        known = torch.tensor([f.kind in (Kind.BINARY, Kind.CATEGORICAL) for f in features])
        reach: Reach = self.criterion  # type: ignore[assignment]
        return torch.where(known, 0.0, reach.far[self._first] * encoding.sd)

    def objective(self, price: float, place: Tensor) -> Tensor:
        """Return the loss of acceptance of the worst of those alike and the price of distance, `(rows,)`."""
        spread = self._far_in_columns(place) if self._plain else self._spread(self.acted, self.values(place))
        return softplus(spread - self.logit(place)) + price * self.distance(place)

    def accepts(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return whose action works for everybody alike and breaks no rule, bool `(rows,)`."""
        after = self.problem.causal_model.counterfactual(self.request.factual, mask, values)
        least = self.problem.classifier.logit(after).detach() - self._spread(mask, values)
        return Ground.accepts(self, mask, values) & (least >= SLACK)

    def passes(self, place: Tensor) -> Tensor:
        """Return who would pass between two levels of a category, bool `(rows,)`."""
        spread = self._far_in_columns(place) if self._plain else self._spread(self.acted, self.values(place))
        return self.logit(place).detach() - spread >= SLACK

    @property
    def _plain(self) -> bool:
        """Whether nothing follows from anything, so that x' moves as the person does."""
        return self.problem.without_effects is not None

    def _far_in_columns(self, place: Tensor) -> Tensor:
        """Return by how much the log odds may be less for others, `(rows,)`, of places `(rows, columns)`."""
        encoding = self.encoding
        _, slope = self.criterion.columns.slope(place)
        far = torch.where(encoding.codes < 0, encoding.spread(self._far) / encoding.spread(encoding.sd), 0.0)
        return (slope * far).double().norm(dim=1).to(place.dtype)

    def _spread(self, mask: Tensor, values: Tensor) -> Tensor:
        """Return the same of actions, `(rows,)`: `||J' grad h||` with what is acted upon moved along."""
        with torch.enable_grad():
            shift = torch.zeros_like(self.request.factual).requires_grad_()
            factual, then = self.request.factual + shift, values.detach() + shift
            after = self.problem.causal_model.counterfactual(factual, mask, then)
            (slope,) = torch.autograd.grad(self.problem.classifier.logit(after).sum(), shift)
        return (slope.nan_to_num() * self._far).double().norm(dim=1).to(values.dtype)
