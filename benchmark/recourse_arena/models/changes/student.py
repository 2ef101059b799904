"""A copy of a network in training: from where it is, with quantizers in between, on labels or on what it said."""

from __future__ import annotations

__all__ = ["Loss", "Student", "distilling", "faithful", "network_of", "on_labels", "taught_by_recourse", "trained"]

from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Generator, Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, linear

from recourse_arena.base.errors import NotApplicable
from recourse_arena.base.progress_hook import ProgressHook, silent
from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.changes.networks import linear_layers
from recourse_arena.models.changes.quantizers import Full, Quantizer
from recourse_arena.models.decision.offers import Relu
from recourse_arena.models.decision.relu import ReluClassifier

_BATCH = 256
_RATE, _DECAY, _CLIP = 1e-3, 1e-4, 10.0

Loss = Callable[["Student", Tensor], Tensor]
"""The loss of a student on some training people, by their places `(batch,)`."""


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


def trained(
    student: Student, people: int, loss: Loss, *, epochs: int, draws: Generator, report: ProgressHook = silent
) -> Student:
    """Return a student that was trained by AdamW (rate 1e-3, decay 1e-4, batches of 256, gradients clipped at 10).

    Arguments:
        student: The student, which is trained in place.
        people: How many training people there are.
        loss: What is made small.
        epochs: Passes over them.
        draws: In which order they come.
        report: Hears how far it is.
    """
    student.train()
    optimizer = torch.optim.AdamW(student.parameters(), lr=_RATE, weight_decay=_DECAY, fused=True)
    for epoch in range(epochs):
        for batch in torch.randperm(people, generator=draws).split(_BATCH):
            value = loss(student, batch)
            optimizer.zero_grad()
            value.backward()
            nn.utils.clip_grad_norm_(student.parameters(), _CLIP)
            optimizer.step()
        report((epoch + 1) / epochs, value.detach())
    return student.eval().requires_grad_(False)


def on_labels(fitted: FittedDecision, network: ReluClassifier) -> Loss:
    """Return the cross-entropy on true labels, as costly for unfavourable ones as when the model was trained."""
    z, y = network.encoding.encode(fitted.training.x), fitted.training.y
    unfavourable = fitted.decision.recipe.negative_weight if isinstance(fitted.decision, Relu) else 1.0
    weight = torch.where(y == 1, 1.0, unfavourable)
    return lambda student, batch: binary_cross_entropy_with_logits(student(z[batch]), y[batch], weight=weight[batch])


def distilling(fitted: FittedDecision, network: ReluClassifier, *, temperature: float, alpha: float) -> Loss:
    """Return `alpha` times what differs from the network's own softened decisions, and the rest of it on labels.

    Hinton, Vinyals and Dean, Distilling the knowledge in a neural network, arXiv 1503.02531: cross-entropy with the
    teacher's probabilities, both at a temperature, times its square.
    """
    z, labels = network.encoding.encode(fitted.training.x), on_labels(fitted, network)
    with torch.no_grad():
        soft = (network.encoded_logit(z) / temperature).sigmoid()

    def loss(student: Student, batch: Tensor) -> Tensor:
        said = binary_cross_entropy_with_logits(student(z[batch]) / temperature, soft[batch])
        return alpha * temperature**2 * said + (1 - alpha) * labels(student, batch)

    return loss


def taught_by_recourse(loss: Loss, network: ReluClassifier, points: Tensor, *, eta: float, condition: bool) -> Loss:
    """Return a loss with `eta` times the cross-entropy of acceptance where advice ends (CFQ, arXiv 2605.17160).

    Arguments:
        loss: The loss on training people.
        network: The decision model, which stays as it is: its points are found once.
        points: Whom recourse makes of each training person, encoded `(people, columns)`.
        eta: How much it counts.
        condition: Whether only those are taught whose point the decision model accepts, as released code has it; the
            text has no condition.
    """
    with torch.no_grad():
        taught = (network.encoded_logit(points) >= 0).float() if condition else points.new_ones(len(points))

    def taught_as_well(student: Student, batch: Tensor) -> Tensor:
        there, weight = student(points[batch]), taught[batch]
        accepted = binary_cross_entropy_with_logits(there, torch.ones_like(there), weight=weight, reduction="sum")
        return loss(student, batch) + eta * accepted / weight.sum().clamp(min=1)

    return taught_as_well


def faithful(fitted: FittedDecision, network: ReluClassifier, points: Tensor, *, margin: float) -> Loss:
    """Return how far logits are from those before, where people are and on both sides of where advice ends.

    Mean squares over everybody, and with half the weight over refused people whose point the network accepts: there,
    and at nine tenths of the way; with half the weight too, by how much the logit there is below a margin.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
        points: Whom recourse makes of each training person, encoded `(people, columns)`.
        margin: The margin.
    """
    z = network.encoding.encode(fitted.training.x)
    nearly = z + 0.9 * (points - z)
    with torch.no_grad():
        before, beyond, short = (network.encoded_logit(part) for part in (z, points, nearly))
    taught = ((before < 0) & (beyond >= 0)).float()

    def loss(student: Student, batch: Tensor) -> Tensor:
        weight, there = taught[batch], student(points[batch])
        sides = (there - beyond[batch]) ** 2 + (student(nearly[batch]) - short[batch]) ** 2
        lacking = (margin - there).clamp(min=0)
        near = (weight * (0.5 * sides + 0.5 * lacking)).sum() / weight.sum().clamp(min=1)
        return ((student(z[batch]) - before[batch]) ** 2).mean() + near

    return loss


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
