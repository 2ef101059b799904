"""What advice is asked to pass that is meant to last: several decision models at once, each with a margin to spare.

The least of several logits is a ReLU network again where each comes from one: `min(a, b) = a - relu(a - b)`. So whoever
reasons exactly about one network reasons about several in the same way.
"""

from __future__ import annotations

__all__ = ["Demanding", "DemandingLogits", "DemandingNetwork", "demanding", "surplus"]

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recourse_arena.base.errors import NotApplicable
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.encoding import Encoding
from recourse_arena.problem.model_protocols import AffineLayers, Classifier, EncodedClassifier, Scores

_SURE = 1e-7
"""Probabilities are taken to be at least this far from 0 and 1."""

_Maps = Sequence[tuple[Tensor, Tensor]]


def surplus(model: Any, x: Tensor, *, exact: bool = False) -> Tensor:
    """Return by how much people `x` `(..., features)` are accepted: the logit, or that of the probability, `(...,)`.

    Arguments:
        model: The model.
        x: The people.
        exact: Whether rounding must not depend on who else is asked, where that can be had.

    Raises:
        NotApplicable: If it says nothing but yes or no.
    """
    if exact and isinstance(model, ReluClassifier):
        return model.exact_logit(x)
    if isinstance(model, Classifier):
        return model.logit(x)
    if isinstance(model, Scores):
        return torch.logit(model.probability(x), eps=_SURE)
    raise NotApplicable("a margin needs a decision model with scores; this one gives decisions only")


@dataclass(frozen=True)
class Demanding:
    """A decision model that accepts whom several accept, each with a margin to spare.

    Arguments:
        models: The models; the first is the one that decides today.
        margins: Least logit that each asks for.
    """

    models: tuple[Any, ...]
    margins: tuple[float, ...]

    def accepts(self, x: Tensor) -> Tensor:
        """Return whom all accept, bool `(...,)`."""
        found = torch.ones(x.shape[:-1], dtype=torch.bool)
        with torch.no_grad():
            for model, margin in zip(self.models, self.margins, strict=True):
                found &= model.accepts(x) if margin == 0 else surplus(model, x, exact=True) >= margin
        return found

    def probability(self, x: Tensor) -> Tensor:
        """Return the probability that belongs to the least surplus, `(...,)`; half of it is what is asked for."""
        return self._least([surplus(model, x).to(x.dtype) for model in self.models]).sigmoid()

    def _least(self, logits: Sequence[Tensor]) -> Tensor:
        return torch.stack([logit - margin for logit, margin in zip(logits, self.margins, strict=True)]).amin(0)


class DemandingLogits(Demanding):
    """The same of models that have gradients on encoded people."""

    @property
    def encoding(self) -> Encoding:
        """How people look to it: as to its first model."""
        encoding: Encoding = self.models[0].encoding
        return encoding

    def logit(self, x: Tensor) -> Tensor:
        """Return the least logit above its margin, `(...,)`."""
        return self._least([model.logit(x).to(x.dtype) for model in self.models])

    def encoded_logit(self, z: Tensor) -> Tensor:
        """Return the same of encoded columns `(..., columns)`, also between two levels of a category."""
        return self._least([model.encoded_logit(self._seen_by(model, z)).to(z.dtype) for model in self.models])

    def _seen_by(self, model: Any, z: Tensor) -> Tensor:
        """Return encoded columns on the scale of another model."""
        mine, other = self.encoding, model.encoding
        if torch.equal(mine.mean, other.mean) and torch.equal(mine.sd, other.sd):
            return z
        return (z * mine.spread(mine.sd) + mine.spread(mine.mean - other.mean)) / other.spread(other.sd)


class DemandingNetwork(DemandingLogits):
    """The same of ReLU networks, whose layers can be read."""

    @property
    def affine_maps(self) -> tuple[tuple[Tensor, Tensor], ...]:
        """Weight and bias of each layer of the one network that they make, as the protocol `AffineLayers` says.

        Networks lie side by side, a shorter one passes on what it has; then pairs are compared, `min(a, b)` being
        `relu(a) - relu(-a) - relu(a - b)`.
        """
        parts = [[*model.affine_maps] for model in self.models]
        depth = max(map(len, parts))
        parts = [_deeper(maps, depth) for maps in parts]
        layers = [_side_by_side([maps[k] for maps in parts], shared=k == 0) for k in range(depth)]
        weight, bias = layers.pop()
        bias = bias - torch.tensor(self.margins, dtype=bias.dtype)
        while len(bias) > 1:
            compare, choose = _pairs(len(bias))
            layers.append((compare @ weight, compare @ bias))
            weight, bias = choose, torch.zeros(len(choose), dtype=bias.dtype)
        return (*layers, (weight, bias))


def demanding(models: Sequence[Any], margins: Sequence[float]) -> Demanding:
    """Return the model that accepts whom all models accept with their margins.

    Example:
        >>> from recourse_arena.models.decision.relu import ReluClassifier
        >>> both = demanding([ReluClassifier(3, (4,)), ReluClassifier(3, (5, 2))], [0.0, 0.5])
        >>> [tuple(weight.shape) for weight, bias in both.affine_maps]
        [(9, 3), (6, 9), (3, 6), (1, 3)]

    Raises:
        NotApplicable: If a margin is asked for of a model that says nothing but yes or no.
    """
    kinds: tuple[tuple[type[Demanding], Any], ...] = (
        (DemandingNetwork, AffineLayers), (DemandingLogits, EncodedClassifier), (Demanding, Scores),
    )  # fmt: skip
    for kind, protocol in kinds:
        if all(isinstance(model, protocol) for model in models):
            return kind(tuple(models), tuple(map(float, margins)))
    raise NotApplicable(
        "lasting advice and margins need decision models with scores; one of these gives decisions only"
    )


def _deeper(maps: _Maps, depth: int) -> list[tuple[Tensor, Tensor]]:
    """Return a network of more layers that decides alike: behind a ReLU nothing is below 0, and passes as it is.

    A single layer has no ReLU in front: its logit is split into what is above and below 0.
    """
    found = [*maps]
    if len(found) == 1 < depth:
        weight, bias = found[0]
        first = torch.cat([weight, -weight]), torch.cat([bias, -bias])
        found = [first, (weight.new_tensor([[1.0, -1.0]]), torch.zeros_like(bias))]
    while len(found) < depth:
        width = found[-1][0].shape[1]
        found.insert(-1, (torch.eye(width, dtype=found[0][0].dtype), torch.zeros(width, dtype=found[0][0].dtype)))
    return found


def _side_by_side(maps: _Maps, *, shared: bool) -> tuple[Tensor, Tensor]:
    """Return one affine map of several, of the same inputs if they are shared, else of their own."""
    weights = [weight for weight, _ in maps]
    return torch.cat(weights) if shared else torch.block_diag(*weights), torch.cat([bias for _, bias in maps])


def _pairs(count: int) -> tuple[Tensor, Tensor]:
    """Return what is compared of so many numbers, and what of that is the lesser of each pair; a last one stays."""
    compare, choose = [], []
    for first in range(0, count, 2):
        rows = torch.zeros(3 if first + 1 < count else 2, count, dtype=torch.float64)
        rows[0, first], rows[1, first] = 1.0, -1.0
        if len(rows) == 3:
            rows[2, first], rows[2, first + 1] = 1.0, -1.0
        compare.append(rows)
        choose.append(torch.tensor([[1.0, -1.0, -1.0][: len(rows)]], dtype=torch.float64))
    return torch.cat(compare), torch.block_diag(*choose)
