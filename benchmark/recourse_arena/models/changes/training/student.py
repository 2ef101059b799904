"""A copy of a network in training: from where it is, with quantizers in between, on some loss."""

from __future__ import annotations

__all__ = ["Loss", "Student", "linear_layers", "network_of", "passes", "trained"]

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import linear

from recourse_arena.base.errors import NotApplicable
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.changes.training.quantizers import Full, Quantizer
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.optimizers import Adam

_BATCH = 256
_RATE, _DECAY, _CLIP = 1e-3, 1e-4, 10.0
_LAST = 0.02
"""Share of the rate that is left at the end, where it falls."""

Loss = Callable[["Student", Tensor], Tensor]
"""The loss of a student on some training people, by their places `(batch,)`."""


def linear_layers(network: ReluClassifier) -> list[nn.Linear]:
    """Return the affine maps of a network, in order."""
    return [layer for layer in network.layers if isinstance(layer, nn.Linear)]


class Student(nn.Module):
    """A network in training.

    Arguments:
        base: The network that it begins as.
        weigh: What stands between the weights of each layer and their use; by default nothing.
        activate: The rectifier behind each hidden layer; by default the plain one.
    """

    def __init__(
        self,
        base: ReluClassifier,
        weigh: Callable[[Tensor], nn.Module] | None = None,
        activate: Callable[[], nn.Module] = nn.ReLU,
    ) -> None:
        super().__init__()
        layers = linear_layers(base)
        self.weights = nn.ParameterList(layer.weight.detach().clone() for layer in layers)
        self.biases = nn.ParameterList(layer.bias.detach().clone() for layer in layers)
        self.weigh = nn.ModuleList(Full() if weigh is None else weigh(weight) for weight in self.weights)
        self.activate = nn.ModuleList(activate() for _ in layers[1:])

    def forward(self, z: Tensor) -> Tensor:
        """Return the log odds `(...,)` of encoded columns `(..., columns)`."""
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            z = linear(z, self.weigh[k](weight), bias)
            if k < len(self.activate):
                z = self.activate[k](z)
        return z.squeeze(-1)

    def used(self) -> Sequence[Tensor]:
        """Return the weights of each layer as they are used."""
        return [weigh(weight).detach() for weigh, weight in zip(self.weigh, self.weights, strict=True)]

    def coded(self) -> list[tuple[Tensor, Tensor]]:
        """Return codes and step of the weights of each layer, where what stands in between is a quantizer."""
        pairs = zip(self.weigh, self.weights, strict=True)
        return [cast(Quantizer, weigh).codes(weight.detach()) for weigh, weight in pairs]

    def bits(self) -> list[int]:
        """Return the bits of a code of each layer."""
        return [cast(Quantizer, weigh).bits for weigh in self.weigh]


def passes(epochs: int, people: int) -> int:
    """Return how many batches there are in so many passes over people."""
    return epochs * -(-people // _BATCH)


def trained(
    student: Student,
    people: int,
    loss: Loss,
    *,
    updates: int,
    draws: Generator,
    falling: bool = False,
    before: Callable[[float], None] = lambda share: None,
    report: ProgressHook = silent,
) -> Student:
    """Return a student that was trained by AdamW (rate 1e-3, decay 1e-4, batches of 256, gradients clipped at 10).

    Arguments:
        student: The student, which is trained in place.
        people: How many training people there are.
        loss: What is made small.
        updates: How many batches.
        draws: In which order people come.
        falling: Whether the rate falls to a fiftieth, slowly at both ends.
        before: Hears before each batch which share of them was done.
        report: Hears how far it is.
    """
    student.train()
    optimizer = Adam(student.parameters(), _RATE, decay=_DECAY)
    parameters, order = list(student.parameters()), iter(_order(people, draws))
    value = torch.zeros(())
    for update in range(updates):
        share = update / updates
        batch = next(order, None)
        if batch is None:
            report(share, value.detach())
            order = iter(_order(people, draws))
            batch = next(order)
        before(share)
        if falling:
            optimizer.rate = _RATE * (1 - (1 - _LAST) * share**2 * (3 - 2 * share))
        value = loss(student, batch)
        optimizer.zero_grad()
        value.backward()
        nn.utils.clip_grad_norm_(parameters, _CLIP)
        optimizer.step()
    report(1.0, value.detach())
    return student.eval().requires_grad_(False)


def _order(people: int, draws: Generator) -> tuple[Tensor, ...]:
    return torch.randperm(people, generator=draws).split(_BATCH)


def network_of(fitted: FittedDecision, change: str) -> ReluClassifier:
    """Return the network that a decision model is.

    Raises:
        NotApplicable: If it is none.
    """
    if not isinstance(fitted.model, ReluClassifier):
        raise NotApplicable(
            f"change {change}: the decision model {fitted.decision.name} is no ReLU network; "
            "decision models relu and logistic are"
        )
    return fitted.model
