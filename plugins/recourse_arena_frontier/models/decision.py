"""The logit and its slopes: of a ReLU network by hand, of anything else by autograd."""

from __future__ import annotations

__all__ = ["AnyScore", "NetworkLogit", "Score", "decision_of"]

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from recourse_arena import Encoding, Problem
from recourse_arena_frontier.models.folding import RELU, Folded, Layer
from recourse_arena_frontier.models.moving import Moving


class Score(Protocol):
    """A number of each person that changes as moving features do."""

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what is needed of people `factual` `(features, people)`, in double precision or that of the people."""
        ...

    def value(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the number `(rows,)` after moving features changed by `change` `(moving, rows)`."""
        ...

    def slopes(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the number `(rows,)` and its slopes `(moving, rows)`."""
        ...


@dataclass(frozen=True)
class NetworkLogit:
    """The logit of a ReLU network.

    Arguments:
        network: The network, folded.
        encoding: How people look to it where there are categories, numbers in their own units.
    """

    network: Folded
    encoding: Encoding | None = None

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what is needed of people `factual` `(features, people)`."""
        return self.network.constants(factual if self.encoding is None else self.encoding.encode(factual.T).T)

    def value(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the logit `(rows,)`."""
        return self.network(change, constants)[0][0]

    def slopes(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the logit `(rows,)` and its slopes `(moving, rows)`."""
        found, hidden = self.network(change, constants)
        return found[0], self.network.back(torch.ones_like(found), hidden)


@dataclass(frozen=True)
class AnyScore:
    """Any differentiable function of people, by autograd.

    Arguments:
        function: The function, of people `(rows, features)`.
        moving: What moves.
    """

    function: Callable[[Tensor], Tensor]
    moving: Moving

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return the people."""
        return (factual,)

    def value(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the number `(rows,)`."""
        return self.function(self.moving.whole(constants[0], change)).detach()

    @torch.enable_grad()
    def slopes(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the number `(rows,)` and its slopes `(moving, rows)`."""
        change = change.detach().requires_grad_()
        found = self.function(self.moving.whole(constants[0], change))
        if not found.requires_grad:
            return found, torch.zeros_like(change)
        return found.detach(), torch.autograd.grad(found.sum(), change)[0]


def decision_of(problem: Problem, moving: Moving) -> Score:
    """Return the logit of a problem's classifier: by hand where its layers can be read and say the same."""
    people = problem.training.x[:64]
    other = AnyScore(problem.classifier.logit, moving)
    maps = getattr(problem.classifier, "affine_maps", None)
    features = problem.features
    if maps is None or bool(features.categorical[moving.columns].any()):
        return other
    layers = [Layer(weight, bias, torch.ones_like(weight, dtype=torch.bool)) for weight, bias in maps]
    columns, encoding = moving.columns, None
    if features.mixed:
        encoding = Encoding(features, torch.zeros(len(features)), torch.ones(len(features)))
        columns = torch.cat([(encoding.owner == column).nonzero()[:, 0] for column in columns.tolist()] or [columns])
    mine = NetworkLogit(Folded.of(layers, RELU, columns, torch.arange(1), people), encoding)
    return mine if same(mine, other, people, moving) else other


def same(mine: Score, other: Score, people: Tensor, moving: Moving) -> bool:
    """Return whether two scores agree about people `(people, features)` and how they would be as the next of them."""
    change = (people.roll(1, 0) - people)[:, moving.columns].T.contiguous()
    factual = people.T.contiguous()
    one, two = (each.value(change, tuple(c.to(people) for c in each.constants(factual))) for each in (mine, other))
    return bool(torch.isclose(one, two, rtol=1e-3, atol=1e-3).all())
