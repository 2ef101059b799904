"""What students are trained on: labels, what their network said before, and recourse of training people."""

from __future__ import annotations

__all__ = ["Views", "consistent", "distilling", "faithful", "hinged", "matching", "on_labels", "taught"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.changes.training.student import Loss, Student
from recourse_arena.models.changes.training.teaching import Unrolled
from recourse_arena.models.decision.offers import Relu
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.models.fairness.treatment import Treated

_SHORT, _LONG = 0.79, 1.09
"""How far on the way to the boundary, and beyond it, a faithful student is asked about."""


@dataclass(frozen=True)
class Views:
    """A loss of the logits at one or several places for each training person, all worked out at once.

    Arguments:
        at: The places, encoded `(people, places, columns)`.
        of: The loss of logits `(batch, places)` of people by their places `(batch,)`.
    """

    at: Tensor
    of: Callable[[Tensor, Tensor], Tensor]

    def __call__(self, student: Student, batch: Tensor) -> Tensor:
        """Return the loss of a student on some people."""
        return self.of(student(self.at[batch]), batch)

    def plus(self, weight: float, other: Views) -> Views:
        """Return this loss and `weight` times another one."""
        count = self.at.shape[1]

        def both(logits: Tensor, batch: Tensor) -> Tensor:
            return self.of(logits[:, :count], batch) + weight * other.of(logits[:, count:], batch)

        return Views(torch.cat([self.at, other.at], 1), both)


def on_labels(fitted: FittedDecision, network: ReluClassifier) -> Views:
    """Return the cross-entropy on true labels, as costly for unfavourable ones as when the model was trained."""
    z, y = network.encoding.encode(fitted.training.x), fitted.training.y
    kind = fitted.decision.kind if isinstance(fitted.decision, Treated) else fitted.decision
    unfavourable = kind.recipe.negative_weight if isinstance(kind, Relu) else 1.0
    weight = torch.where(y == 1, 1.0, unfavourable)

    def loss(logits: Tensor, batch: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(logits[:, 0], y[batch], weight=weight[batch])

    return Views(z[:, None], loss)


def distilling(fitted: FittedDecision, network: ReluClassifier, *, temperature: float, alpha: float) -> Views:
    """Return `alpha` times what differs from the network's own softened decisions, and the rest of it on labels.

    Hinton, Vinyals and Dean, Distilling the knowledge in a neural network, arXiv 1503.02531: cross-entropy with the
    teacher's probabilities, both at a temperature, times its square.
    """
    labels = on_labels(fitted, network)
    with torch.no_grad():
        soft = (network.encoded_logit(labels.at[:, 0]) / temperature).sigmoid()

    def loss(logits: Tensor, batch: Tensor) -> Tensor:
        said = binary_cross_entropy_with_logits(logits[:, 0] / temperature, soft[batch])
        return alpha * temperature**2 * said + (1 - alpha) * labels.of(logits, batch)

    return Views(labels.at, loss)


def taught(points: Tensor, who: Tensor) -> Views:
    """Return the cross-entropy of acceptance where advice ends (`L_valid` of CFQ, arXiv 2605.17160).

    Arguments:
        points: Whom recourse makes of each training person, encoded `(people, columns)`.
        who: Which of them count, 1 or 0 `(people,)`.
    """

    def loss(logits: Tensor, batch: Tensor) -> Tensor:
        there, weight = logits[:, 0], who[batch]
        accepted = binary_cross_entropy_with_logits(there, torch.ones_like(there), weight=weight, reduction="sum")
        return accepted / weight.sum().clamp(min=1)

    return Views(points[:, None], loss)


def hinged(points: Tensor, who: Tensor, gamma: float) -> Views:
    """Return by how much logits lack a margin `gamma` where advice ends (`L_hinge` of CFQ); arguments as `taught`'s."""

    def loss(logits: Tensor, batch: Tensor) -> Tensor:
        weight = who[batch]
        return (weight * (gamma - logits[:, 0]).clamp(min=0)).sum() / weight.sum().clamp(min=1)

    return Views(points[:, None], loss)


def consistent(network: ReluClassifier, points: Tensor) -> Views:
    """Return how far logits are from those before where advice ends, a mean square over people."""
    with torch.no_grad():
        before = network.encoded_logit(points)
    return Views(points[:, None], lambda logits, batch: ((logits[:, 0] - before[batch]) ** 2).mean())


def matching(loss: Loss, network: ReluClassifier, unrolled: Unrolled, *, weight: float, a1: float, a2: float) -> Loss:
    """Return a loss with how far the student's own recourse is from the network's (`L_match` of CFQ).

    `a1 ||d_q - d_f||_1 + a2 |c(d_q) - c(d_f)|`, a mean over people, with the gradient through all steps that lead to
    `d_q`. That `c` is the sum of what columns move by is a reading.

    Arguments:
        loss: The loss that it is added to.
        network: The decision model, whose recourse is worked out once.
        unrolled: Steps of which a gradient can be taken.
        weight: How much it counts.
        a1: How much counts where recourse goes.
        a2: How much counts what it costs.
    """
    people = torch.arange(len(unrolled.start))
    moves = torch.cat([unrolled.moves(network.encoded_logit, part).detach() for part in people.split(4096)])

    def both(student: Student, batch: Tensor) -> Tensor:
        mine, before = unrolled.moves(student, batch, through=True), moves[batch]
        where = (mine - before).abs().sum(-1)
        cost = (mine.abs().sum(-1) - before.abs().sum(-1)).abs()
        return loss(student, batch) + weight * (a1 * where + a2 * cost).mean()

    return both


def faithful(
    fitted: FittedDecision, network: ReluClassifier, ends: tuple[Tensor, Tensor], *, margin: float, draws: Generator
) -> Loss:
    """Return how far logits are from those before, where people are and around where advice ends.

    Mean squares over a batch of people, and with half the weight over as many drawn ends of advice: every second one at
    the end itself, the others from a fifth before to a tenth beyond. At the end and beyond, no less than a margin is
    asked for.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
        ends: Refused training people and who advice makes of them, both encoded `(ends, columns)`.
        margin: The margin, in standard deviations of the logit over training people.
        draws: Which ends come, and how far from them.
    """
    z, (start, end) = network.encoding.encode(fitted.training.x), ends
    with torch.no_grad():
        before = network.encoded_logit(z)
    least = margin * float(before.double().std())

    def loss(student: Student, batch: Tensor) -> Tensor:
        if not len(end):
            return ((student(z[batch]) - before[batch]) ** 2).mean()
        drawn, share = torch.randint(len(end), batch.shape, generator=draws), torch.ones(len(batch), 1)
        share[::2] = _SHORT + (_LONG - _SHORT) * torch.rand(share[::2].shape, generator=draws)
        around = start[drawn] + share * (end[drawn] - start[drawn])
        with torch.no_grad():
            there = network.encoded_logit(around)
            there = torch.where(share[:, 0] >= 1, there.clamp(min=least), there)
        logits = student(torch.cat([z[batch], around]))
        off = (logits - torch.cat([before[batch], there])) ** 2
        return off[: len(batch)].mean() + 0.5 * off[len(batch) :].mean()

    return loss
