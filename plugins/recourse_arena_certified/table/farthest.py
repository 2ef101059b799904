"""How far the logits of two networks are apart at most, over all that a person of a table can do: exactly.

The difference of two ReLU networks is a ReLU network: both side by side, the logit of one less that of the other. Moves
are split into parts as for the cheapest one, and what is left undecided there is a mixed-integer linear program.
"""

from __future__ import annotations

__all__ = ["Farthest", "farthest"]

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena import NotApplicable, Problem, Request, generator
from recourse_arena_certified.backend import Status
from recourse_arena_certified.table.moves import Moves, Network
from recourse_arena_certified.table.program import TableProgram
from recourse_arena_certified.table.search import TableSearch
from recourse_arena_certified.table.splitting import Parts, Splitter

_BATCH, _FEW = 512, 12
"""How many parts are bounded at once, and so few neurons of both on either side of 0 are left to a program."""

_GAP = 1e-4
"""How far the bound is above what is attained, relative to it."""

_TRIFLE = 1e-7
"""A difference that rounding may make."""


@dataclass(frozen=True)
class Farthest:
    """How far two logits are apart at most.

    Arguments:
        attained: As far as they are somewhere that a person can get to.
        bound: No further anywhere; infinite if time ran out.

    Example:
        >>> Farthest(0.5, 0.50005).proved
        True
    """

    attained: float
    bound: float

    @property
    def proved(self) -> bool:
        """Whether nothing that matters is left between both."""
        return self.bound <= self.attained * (1 + 10 * _GAP) + 10 * _TRIFLE


def farthest(problem: Problem, first: Network, second: Network, request: Request, *, seconds: float) -> list[Farthest]:
    """Return how far two networks are apart for each person, over all moves that keep the rules, and over staying.

    Arguments:
        problem: The problem.
        first: Weight and bias of each layer of a network, the first on data units with a column for each level.
        second: Those of another one with as many layers.
        request: Who asks.
        seconds: Time for each person.

    Raises:
        NotApplicable: If one has more layers than the other.
    """
    if len(first) != len(second):
        raise NotApplicable(f"two networks are compared layer by layer; one has {len(first)}, the other {len(second)}")
    found = []
    for i in range(len(request)):
        one, draws = request[i : i + 1], generator(0, "certified", "farthest")
        found.append(_of_one(TableSearch(problem, one), first, second, draws, time.monotonic() + seconds))
    return found


def _of_one(search: TableSearch, first: Network, second: Network, draws: torch.Generator, deadline: float) -> Farthest:
    one = search.one
    moves = Moves.of(one, math.inf)
    tried = torch.cat([one.factual, *(search.far(draws) for _ in range(2))])
    moved = one.actionable & (tried != one.factual)
    tried = torch.where(moved, one.snap(tried), one.factual)
    tried = tried[~one.features.broken_rules(one.factual, tried).any(-1)]
    best = float(_differences(one, tried, first, second).abs().amax()) if len(tried) else 0.0
    bound = 0.0
    for sign in (1.0, -1.0) if len(moves) else ():
        looking = _Search(moves, _difference(first, second, sign), deadline)
        best, never = looking.most(best)
        bound = max(bound, never)
    return Farthest(best, max(bound, _more(best)))


def _more(best: float) -> float:
    """Return what is enough more than the best known for a search to go on."""
    return best * (1 + _GAP) + _TRIFLE


class _Search:
    """The search for a network's greatest output over a person's moves."""

    def __init__(self, moves: Moves, network: Network, deadline: float) -> None:
        self.moves, self.network, self.deadline = moves, network, deadline
        self.weights = moves.first_layer(network)

    def most(self, best: float) -> tuple[float, float]:
        """Return the greatest output, or `best` if there is no greater one, and what none is above."""
        splitter, above = _Anywhere(self.moves, self.network, 0.0), 0.0
        parts = splitter.root()
        while len(parts):
            if time.monotonic() >= self.deadline:
                return best, math.inf
            splitter.margin = _more(best)
            bounded = splitter.bounded(parts[:_BATCH], math.inf)
            few = bounded.undecided <= _FEW
            for place in few.nonzero()[:, 0].tolist():
                best, never = self._in_part(bounded[place : place + 1], best)
                above = max(above, never)
            parts = splitter.halves(bounded[~few]).joined(parts[_BATCH:])
        return best, max(above, _more(best))

    def _in_part(self, part: Parts, best: float) -> tuple[float, float]:
        limits = [(lower[0].numpy(), upper[0].numpy()) for lower, upper in part.limits]
        program = TableProgram(self.moves, self.network, limits, margin=_more(best))
        program.narrow(part.lower[0].numpy(), part.upper[0].numpy(), part.stays[0].numpy())
        greatest = self._interval(limits)
        program.ask_for_most(greatest)
        answer = program.minimum(self.deadline - time.monotonic(), 0.0)
        if answer.status is Status.INFEASIBLE:
            return best, 0.0
        if answer.values is not None:
            best = max(best, self._output(answer.values[: len(self.moves)]))
        return best, greatest - answer.bound if answer.status is not Status.TROUBLE else math.inf

    def _interval(self, limits: Sequence[tuple[np.ndarray, np.ndarray]]) -> float:
        """Return what the output is never above, by the last layer alone."""
        weight, bias = self.network[-1]
        if not limits:
            effect, start = self.weights
            return float(start[0] + (effect[0] * self.moves.upper).clip(min=0).sum())
        least, greatest = (end.clip(min=0) for end in limits[-1])
        return float(bias[0] + (weight[0].clip(min=0) @ greatest) + (weight[0].clip(max=0) @ least))

    def _output(self, moves: np.ndarray) -> float:
        moves = np.where(self.moves.whole | (self.moves.sign == 0), moves.round(), moves)
        signal = self.weights[0] @ moves + self.weights[1]
        for weight, bias in self.network[1:]:
            signal = weight @ signal.clip(min=0) + bias
        return float(signal[0])


class _Anywhere(Splitter):
    """Parts of moves whatever they cost."""

    def _most(self, parts: Parts, slope: Tensor, offset: Tensor, most: float) -> Tensor:
        return offset + self._greatest(parts, slope)

    def _floor(self, parts: Parts, slope: Tensor, offset: Tensor) -> Tensor:
        possible = self._greatest(parts, slope) + offset >= self.margin - _TRIFLE / 2
        return torch.where(possible, 0.0, torch.inf)[:, 0].to(slope)


def _difference(first: Network, second: Network, sign: float) -> Network:
    """Return the network that gives the logit of the second less that of the first, times a sign."""
    layers = []
    for place, ((one, bias), (other, shift)) in enumerate(zip(first, second, strict=True)):
        last = place == len(first) - 1
        one, bias, other, shift = (-sign * one, -sign * bias, sign * other, sign * shift) if last else (
            one, bias, other, shift,
        )  # fmt: skip
        if place == 0:
            weight, both = np.vstack([one, other]), np.concatenate([bias, shift])
        else:
            weight = np.block([
                [one, np.zeros((one.shape[0], other.shape[1]))],
                [np.zeros((other.shape[0], one.shape[1])), other],
            ])  # fmt: skip
            both = np.concatenate([bias, shift])
        layers.append((weight.sum(0, keepdims=True), both.sum(keepdims=True)) if last else (weight, both))
    return layers


def _differences(one: Request, x: Tensor, first: Network, second: Network) -> Tensor:
    """Return by how much the second gives more, `(people,)`."""
    features, columns = one.features, list[Tensor]()
    for j, feature in enumerate(features):
        codes = feature.alphabetical if bool(features.categorical[j]) else ()
        columns += [(x[:, j] == code).double() for code in codes] or [x[:, j].double()]
    found = []
    for network in (first, second):
        signal = torch.stack(columns, 1)
        for place, (weight, bias) in enumerate(network):
            signal = signal.clamp(min=0) if place else signal
            signal = signal @ torch.from_numpy(weight).T + torch.from_numpy(bias)
        found.append(signal[:, 0])
    return found[1] - found[0]
