"""Recourse by which a network in training is taught where advice ends; features are moved independently."""

from __future__ import annotations

__all__ = ["Unrolled", "ends_of_advice", "recourse_points"]

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from recourse_arena.interfaces.change import FittedDecision
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.people.box import Box

_STEPS, _SIZE = 3, 0.08
_ENDS = 8000
"""Ends of advice that are looked for at least, from the same people again where these are fewer."""
_ROUNDS = 4
_MOST = 3
"""Features that one advice moves at most."""
_HALVINGS = 12
_TOGETHER = 8192
"""People that are worked on at once."""


@dataclass(frozen=True)
class _Room:
    """How far people may move, encoded, and as features for decoding."""

    start: Tensor
    lower: Tensor
    upper: Tensor
    movable: Tensor
    box: Box

    @classmethod
    def of(cls, fitted: FittedDecision, network: ReluClassifier, x: Tensor) -> _Room:
        """Return the room of people `x` `(people, features)`: numbers move, categories stay as they are."""
        encoding, features = network.encoding, fitted.features
        whole = Box.spanning(fitted.training.x, features)
        box = Box(torch.minimum(whole.lower, x), torch.maximum(whole.upper, x)).directed(x, features)
        lower, upper = (
            encoding.encode(torch.where(features.categorical, x, bound)) for bound in (box.lower, box.upper)
        )
        movable = encoding.spread(features.actionable & ~features.categorical)
        return cls(encoding.encode(x), lower, upper, movable, box)


def recourse_points(
    fitted: FittedDecision,
    network: ReluClassifier,
    *,
    x: Tensor | None = None,
    steps: int = _STEPS,
    size: float = _SIZE,
    stop: bool = False,
) -> Tensor:
    """Return whom a few projected steps towards acceptance make of people, encoded `(people, columns)`.

    *When bits break recourse* (arXiv 2605.17160) takes 3 steps of 0.08 on the cross-entropy of acceptance, from where
    people are; that a step goes by the sign of the gradient, so far in each actionable column, is a reading. Whoever
    comes out is a person: within bounds and directions, whole numbers whole. Categories stay as they are: between two
    levels there is nobody, and a few short steps reach no other one.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
        x: The people, by default those it was trained on, `(people, features)`.
        steps: How many steps.
        size: How far each, in standard deviations.
        stop: Whether those go no further whom the network accepts: they end close behind the boundary, and who is
            accepted stays.
    """
    encoding, people = network.encoding, fitted.training.x if x is None else x
    room = _Room.of(fitted, network, people)
    z, going = room.start.clone(), torch.arange(len(people))

    def legal(some: Tensor) -> Tensor:
        return encoding.decode(z[some]).clamp(room.box.lower[some], room.box.upper[some])

    for _ in range(steps):
        if stop:
            going = going[~network.accepts(legal(going))]
        at = z[going].requires_grad_()
        (slope,) = torch.autograd.grad(network.encoded_logit(at).sum(), at)
        moved = (at.detach() + size * slope.sign()).clamp(room.lower[going], room.upper[going])
        z[going] = torch.where(room.movable, moved, z[going])
    return encoding.encode(legal(torch.arange(len(people))))


class Unrolled:
    """Three steps of 0.08 of which a gradient can be taken: along the slope, by its largest column, and not by signs.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
    """

    def __init__(self, fitted: FittedDecision, network: ReluClassifier) -> None:
        self._room = _Room.of(fitted, network, fitted.training.x)

    @property
    def start(self) -> Tensor:
        """Who training people are, encoded `(people, columns)`."""
        return self._room.start

    def moves(self, logit: Callable[[Tensor], Tensor], people: Tensor, *, through: bool = False) -> Tensor:
        """Return what steps towards acceptance by a model change of people `(people, columns)`.

        Arguments:
            logit: The model's logit of encoded people.
            people: Training people by their places, `(people,)`.
            through: Whether a gradient is to be taken through the steps.
        """
        room, start = self._room, self._room.start[people]
        z = start.clone().requires_grad_()
        for _ in range(_STEPS):
            (slope,) = torch.autograd.grad(logit(z).sum(), z, create_graph=through)
            slope = slope * room.movable
            step = _SIZE * slope / slope.detach().abs().amax(-1, keepdim=True).clamp(min=1e-8)
            z = torch.minimum(torch.maximum(z + step, room.lower[people]), room.upper[people])
        return z - start


@torch.no_grad()
def ends_of_advice(
    fitted: FittedDecision, network: ReluClassifier, x: Tensor, *, draws: Generator
) -> tuple[Tensor, Tensor]:
    """Return the refused of some people, several times each, and on whom advice of different kinds ends for them.

    Solvers end in different places. Here one to three features drawn at random are moved, numbers by a drawn share of
    what is left in the direction in which the logit rises, categories to the level towards which it rises most (with
    some noise); numbers are then taken back, by bisection, as far as the network still accepts.

    Arguments:
        fitted: The decision model.
        network: The network that it is.
        x: The people, `(people, features)`.
        draws: What is drawn at random.

    Returns:
        Both encoded, `(ends, columns)`; who is not accepted even at full length is left out.
    """
    x = x[~network.accepts(x)]
    rounds = max(_ROUNDS, -(-_ENDS // max(len(x), 1)))
    found = [_ends(fitted, network, part, draws) for part in x.repeat(rounds, 1).split(_TOGETHER)]
    start, end = (torch.cat(part) for part in zip(*found, strict=True))
    return network.encoding.encode(start), network.encoding.encode(end)


def _ends(fitted: FittedDecision, network: ReluClassifier, x: Tensor, draws: Generator) -> tuple[Tensor, Tensor]:
    features, encoding, room = fitted.features, network.encoding, _Room.of(fitted, network, x)
    numbers, chosen = features.actionable & ~features.categorical, _some_features(fitted, len(x), draws)
    slope = _slope(network, room.start)
    other, rising = x.clone(), x.clone()
    for j, feature in enumerate(features):
        columns = encoding.columns_of(feature.name)
        if features.categorical[j]:
            noise = 0.5 * slope[:, columns].std(correction=0) * torch.randn(len(x), len(columns), generator=draws)
            level = encoding.codes[columns][(slope[:, columns] + noise).argmax(-1)]
            other[:, j] = torch.where(chosen[:, j], level.to(x.dtype), x[:, j])
        else:
            rising[:, j] = torch.where(slope[:, columns[0]] > 0, room.box.upper[:, j], room.box.lower[:, j])
    share = torch.rand(x.shape, generator=draws) ** 3
    share = share / (share * chosen).amax(-1, keepdim=True).clamp(min=1e-6)
    reached = torch.where(chosen & numbers, x + share.clamp(max=1) * (rising - x), other)
    near, far = encoding.encode(other), encoding.encode(reached)

    def at(way: Tensor) -> Tensor:
        values = encoding.decode(near + way[:, None] * (far - near)).clamp(room.box.lower, room.box.upper)
        return torch.where(chosen & numbers, values, other)

    low, high = torch.zeros(len(x)), torch.ones(len(x))
    ok = network.accepts(at(high))
    for _ in range(_HALVINGS):
        half = (low + high) / 2
        accepted = network.accepts(at(half))
        low, high = torch.where(accepted, low, half), torch.where(accepted, half, high)
    return x[ok], at(high)[ok]


def _some_features(fitted: FittedDecision, people: int, draws: Generator) -> Tensor:
    """Return one to three actionable features of each person, bool `(people, features)`."""
    features = fitted.features
    rank = torch.where(features.actionable, torch.rand(people, len(features), generator=draws), 2.0).argsort(-1)
    count = torch.randint(1, _MOST + 1, (people, 1), generator=draws)
    return (rank.argsort(-1) < count) & features.actionable


def _slope(network: ReluClassifier, z: Tensor) -> Tensor:
    with torch.enable_grad():
        z = z.clone().requires_grad_()
        (slope,) = torch.autograd.grad(network.encoded_logit(z).sum(), z)
    return slope
