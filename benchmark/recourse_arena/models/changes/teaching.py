"""Recourse of training people, by which a network in training is taught where advice ends.

Numbers, counts and ordered levels are moved, categories stay as they are: between two levels there is nobody, and a few
short steps reach no other one. Features are moved independently; causal effects are not known here.
"""

from __future__ import annotations

__all__ = ["recourse_points"]

import torch
from torch import Tensor

from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box


def recourse_points(
    fitted: FittedDecision, network: ReluClassifier, *, steps: int = 3, size: float = 0.08, stop: bool = False
) -> Tensor:
    """Return whom a few projected steps towards acceptance make of the training people, encoded `(people, columns)`.

    *When bits break recourse* (arXiv 2605.17160) takes 3 steps of 0.08 on the cross-entropy of acceptance, from where
    people are; that a step goes by the sign of the gradient, so far in each actionable column, is a reading. Whoever
    comes out is a person: within bounds and directions, whole numbers whole.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
        steps: How many steps.
        size: How far each, in standard deviations.
        stop: Whether those go no further whom the network accepts: they end close behind the boundary, and who is
            accepted stays.
    """
    encoding, features, x = network.encoding, fitted.features, fitted.training.x
    movable = encoding.spread(features.actionable & ~features.categorical)
    box = Box.spanning(x, features).directed(x, features)
    lower, upper = (encoding.encode(torch.where(features.categorical, x, bound)) for bound in (box.lower, box.upper))
    z, going = encoding.encode(x), torch.arange(len(x))

    def legal(people: Tensor) -> Tensor:
        return encoding.decode(z[people]).clamp(box.lower[people], box.upper[people])

    for _ in range(steps):
        if stop:
            going = going[~network.accepts(legal(going))]
        at = z[going].requires_grad_()
        (slope,) = torch.autograd.grad(network.encoded_logit(at).sum(), at)
        moved = (at.detach() + size * slope.sign()).clamp(lower[going], upper[going])
        z[going] = torch.where(movable, moved, z[going])
    return encoding.encode(legal(torch.arange(len(x))))
