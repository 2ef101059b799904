"""What follows from an action, and slopes pulled back through it: by hand for equations and flows."""

from __future__ import annotations

__all__ = ["AnyEffects", "Effects", "Equations", "FlowEffects", "NoEffects", "effects_of"]

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor

from recourse_arena import CausalFlow, CausalModel, Problem, StructuralCausalModel
from recourse_arena_frontier.models.flow_network import FlowNetwork
from recourse_arena_frontier.models.moving import Moving


class Effects(Protocol):
    """How moving features change when some of them are set."""

    @property
    def tables(self) -> int:
        """How many constants of people there are."""
        ...

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what is needed of people `factual` `(features, people)`."""
        ...

    def follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Return all changes `(moving, rows)`, and what pulling back needs.

        Arguments:
            change: Changes of what is set, 0 elsewhere, `(moving, rows)`.
            follows: Which features follow, bool `(moving, rows)`.
            constants: Those of the person of each row.
        """
        ...

    def pull(self, slopes: Tensor, follows: Tensor, kept: Any) -> Tensor:
        """Return slopes `(moving, numbers, rows)` along what is set, from those along all that moves.

        Arguments:
            slopes: Of some numbers, `(moving, numbers, rows)`.
            follows: Which features follow, bool `(moving, rows)`.
            kept: What :meth:`follow` returned beside.
        """
        ...


@dataclass(frozen=True)
class Equations:
    """Structural equations that are linear in pieces along all that moves, with noise that is added.

    Arguments:
        moving: What moves.
        slopes: Factors of the causes of each follower, by places.
        hinges: Factors of the positive parts of its causes.
    """

    moving: Moving
    slopes: Mapping[int, Mapping[int, float]]
    hinges: Mapping[int, Mapping[int, float]]
    tables: ClassVar[int] = 1

    @classmethod
    def of(cls, scm: StructuralCausalModel, moving: Moving) -> Equations | None:
        """Return what can be read of the equations; none if one of another form follows from anything."""
        names = [scm.graph.names[column] for column in moving.columns.tolist()]
        slopes: dict[int, dict[int, float]] = {}
        hinges: dict[int, dict[int, float]] = {}
        for place in (int(each) for layer in moving.layers for each in layer):
            mechanism = scm.mechanisms[names[place]]
            causes = {cause for cause in scm.graph.parents.get(names[place], ()) if cause in names}
            if not mechanism.additive or not causes <= mechanism.piecewise.parents:
                return None
            slopes[place], hinges[place] = (
                {names.index(cause): factor for cause, factor in terms.items() if cause in names}
                for terms in (mechanism.piecewise.slopes, mechanism.piecewise.hinges)
            )
        return cls(moving, slopes, hinges)

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return moving features as they are."""
        return (factual[self.moving.columns],)

    def caused(self, place: int, change: Tensor, standing: Tensor) -> Tensor:
        """Return by how much the causes of a feature move it, `(rows,)`."""
        total = torch.zeros_like(change[0])
        for cause, factor in self.slopes[place].items():
            total = total + factor * change[cause]
        for cause, factor in self.hinges[place].items():
            risen = (standing[cause] + change[cause]).clamp(min=0) - standing[cause].clamp(min=0)
            total = total + factor * risen
        return total

    def by(self, place: int, change: Tensor, standing: Tensor) -> dict[int, Tensor | float]:
        """Return the slopes of that along each cause."""
        found: dict[int, Tensor | float] = dict(self.slopes[place])
        for cause, factor in self.hinges[place].items():
            found[cause] = found.get(cause, 0.0) + factor * (standing[cause] + change[cause] > 0).to(change.dtype)
        return found

    def follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Return all changes `(moving, rows)`, and what pulling back needs."""
        change = change.clone()
        for place in self.slopes:
            change[place] = torch.where(follows[place], self.caused(place, change, constants[0]), change[place])
        return change, (change, constants[0])

    def pull(self, slopes: Tensor, follows: Tensor, kept: Any) -> Tensor:
        """Return slopes `(moving, numbers, rows)` along what is set."""
        slopes = slopes.clone()
        for place in reversed(tuple(self.slopes)):
            passed = slopes[place] * follows[place]
            for cause, factor in self.by(place, *kept).items():
                slopes[cause] += passed * factor
        return slopes


@dataclass(frozen=True)
class FlowEffects:
    """What a causal flow says that follows, with everybody's own noise.

    Arguments:
        moving: What moves.
        networks: The maps of what follows, a network for each layer of causes and effects.
        model: The flow.
    """

    moving: Moving
    networks: tuple[FlowNetwork, ...]
    model: CausalFlow

    @classmethod
    def of(cls, flow: CausalFlow, moving: Moving, like: Tensor) -> FlowEffects | None:
        """Return what can be read of a flow; none if it has another form."""
        networks = [FlowNetwork.of(flow, moving.columns, moving.columns[layer], like) for layer in moving.layers]
        return cls(moving, tuple(network for network in networks if network), flow) if all(networks) else None

    @property
    def tables(self) -> int:
        """How many constants of people there are."""
        return sum(len(flow.network.weights) + 3 for flow in self.networks)

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return constants of each network, features as they are and their noise, one layer after the other."""
        found: list[Tensor] = []
        for flow in self.networks:
            z = flow.standardised(factual)
            network = flow.network.constants(z)
            standing = z[flow.columns]
            u, _ = flow.map.value(standing, network[-1].unflatten(0, (-1, flow.map.count)))
            found += [*network, standing, u]
        return tuple(found)

    def follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Return all changes `(moving, rows)`, and what pulling back needs."""
        kept: list[Any] = []
        size = len(constants) // max(len(self.networks), 1)
        for number, (flow, layer) in enumerate(zip(self.networks, self.moving.layers, strict=True)):
            if not bool(follows[layer].any()):
                kept.append(None)
                continue
            *network, standing, u = constants[number * size : (number + 1) * size]
            parameters, hidden = flow(change, network)
            z = flow.map.inverse(u, parameters)
            moved = torch.where(follows[layer], (z - standing) * flow.sd, change[layer])
            change = change.index_copy(0, layer, moved)
            kept.append((z, parameters, hidden))
        return change, kept

    def pull(self, slopes: Tensor, follows: Tensor, kept: Any) -> Tensor:
        """Return slopes `(moving, numbers, rows)` along what is set."""
        layers = zip(self.networks, self.moving.layers, kept, strict=True)
        for flow, layer, known in reversed([each for each in layers if each[2] is not None]):
            z, parameters, hidden = known
            log_slope, by = flow.map.slopes(z, parameters)
            by = by * (-flow.sd * (-log_slope).exp() * follows[layer])[:, None]
            passed = slopes[layer][:, None] * by[:, :, None]
            slopes = slopes + flow.network.back(passed.flatten(0, 1), hidden)
        return slopes


class NoEffects:
    """Nothing follows from anything."""

    tables = 0

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return nothing."""
        return ()

    def follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Return the changes as they are."""
        return change, None

    def pull(self, slopes: Tensor, follows: Tensor, kept: Any) -> Tensor:
        """Return the slopes as they are."""
        return slopes


@dataclass(frozen=True)
class AnyEffects:
    """What any causal model says that follows, by autograd.

    Arguments:
        model: The model.
        moving: What moves.
    """

    model: CausalModel
    moving: Moving
    tables: ClassVar[int] = 1

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return the people."""
        return (factual,)

    @torch.enable_grad()
    def follow(self, change: Tensor, follows: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Any]:
        """Return all changes `(moving, rows)`, and what pulling back needs."""
        start = change.detach().requires_grad_()
        factual = constants[0]
        acted = torch.zeros_like(factual, dtype=torch.bool).index_fill(0, self.moving.columns[self.moving.acted], True)
        acted[self.moving.columns] &= ~follows
        values = self.moving.whole(factual, start)
        after = self.model.counterfactual(factual.T, acted.T, values).T[self.moving.columns]
        change = torch.where(follows, after - factual[self.moving.columns], start)
        return change.detach(), (start, change)

    def pull(self, slopes: Tensor, follows: Tensor, kept: Any) -> Tensor:
        """Return slopes `(moving, numbers, rows)` along what is set."""
        start, change = kept
        found = [torch.autograd.grad(change, start, each, retain_graph=True)[0] for each in slopes.unbind(1)]
        return torch.stack(found, 1)


def effects_of(problem: Problem, moving: Moving) -> Effects:
    """Return what follows from actions by the causal model of a problem, by hand where that can be."""
    model, people = problem.causal_model, problem.training.x[:64]
    other = AnyEffects(model, moving)
    mine: Effects | None = None
    if isinstance(model, StructuralCausalModel):
        mine = Equations.of(model, moving)
    elif isinstance(model, CausalFlow):
        mine = FlowEffects.of(model, moving, people)
    return mine if mine is not None and _same(mine, other, people, moving) else other


def _same(mine: Effects, other: Effects, people: Tensor, moving: Moving) -> bool:
    """Return whether both agree what follows if people become as the next of them in what is actionable."""
    factual = people.T.contiguous()
    acted = (torch.arange(len(people)) >> torch.arange(len(moving.acted))[:, None]) % 2 == 1
    change = torch.zeros(len(moving.columns), len(people), dtype=people.dtype, device=people.device)
    set_to = (people.roll(1, 0) - people)[:, moving.columns[moving.acted]].T
    change[moving.acted] = torch.where(acted, set_to, 0.0)
    follows = moving.followers(acted)
    found = [
        each.follow(change, follows, tuple(c.to(people) for c in each.constants(factual)))[0] for each in (mine, other)
    ]
    scale = people.std(0)[moving.columns][:, None].clamp(min=1e-6)
    return bool(torch.isclose(found[0] / scale, found[1] / scale, rtol=1e-3, atol=1e-3).all())
