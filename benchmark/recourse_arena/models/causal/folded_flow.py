"""A causal flow of which only some features are set, with what those cannot reach worked out once for each person."""

from __future__ import annotations

__all__ = ["FoldedFlow", "Stage", "parameters_of"]

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from recourse_arena.models.causal.flow import CausalFlow
from recourse_arena.models.networks.folding import ELU, AffineLayer, Folded


@dataclass(frozen=True)
class Stage:
    """Features that are computed at once, since none of them causes another.

    Arguments:
        places: Their places among all that move; those before are of earlier stages.
        network: What gives the parameters of their maps, feature after feature.
    """

    places: slice
    network: Folded

    @property
    def sizes(self) -> list[int]:
        """How many numbers of a person each constant of the network is; without outputs, if all of them move."""
        found = [len(units) for units in self.network.units]
        return found if self._moves else [*found, len(self.network.outputs)]

    def constants(self, z: Tensor) -> tuple[Tensor, ...]:
        """Return the constants of people `z` `(features, people)` as the network sees them."""
        return self.network.constants(z)[: len(self.sizes)]

    def parameters(self, change: Tensor, constants: list[Tensor]) -> Tensor:
        """Return the parameters of the maps, given how far the features of earlier stages have moved."""
        return self.network.differentiable(change, constants) if len(self.network.moving) else constants[-1]

    @property
    def _moves(self) -> bool:
        return len(self.network.moving) == len(self.network.outputs)


@dataclass(frozen=True)
class FoldedFlow:
    """A causal flow as a function of the noise of some features, for many actions of the same people.

    Only features that can move appear: those whose noise may be set, and what follows from them. Inputs, hidden units
    and outputs of the flow's network that none of them reaches are constants of a person
    (:class:`~recourse_arena.models.networks.folding.Folded`). Features are rows here, and people are columns.

    Arguments:
        flow: The flow.
        columns: The features that can move, causes first.
        settable: The places among them of those whose noise may be set, indices.
        stages: What is computed at once, causes first.

    Example:
        >>> from recourse_arena import CausalGraph, Feature, FeatureTable, FlowRecipe
        >>> features = FeatureTable((Feature("age"), Feature("income"), Feature("savings")))
        >>> graph = CausalGraph(features.names, {"income": ("age",), "savings": ("income",)})
        >>> folded = FoldedFlow.of(CausalFlow(features, graph, FlowRecipe()), torch.tensor([False, True, False]))
        >>> folded.columns.tolist(), folded.settable.tolist()
        ([1, 2], [0])
        >>> constants = folded.constants(torch.tensor([[40.0, 3.0, 1.0]]))
        >>> after, wanted, density = folded.shifted(constants, torch.zeros(1, 1))
        >>> torch.allclose(after, torch.tensor([[3.0], [1.0]]), atol=1e-5)
        True
    """

    flow: CausalFlow
    columns: Tensor
    settable: Tensor
    stages: tuple[Stage, ...]

    @classmethod
    def of(cls, flow: CausalFlow, settable: Tensor) -> FoldedFlow:
        """Return the flow folded for actions on features `settable`, bool `(features,)`."""
        graph = flow.graph
        names = [name for name, can in zip(graph.names, settable.tolist(), strict=True) if can]
        behind = graph.layers_behind(names)
        first = settable.index_fill(0, torch.cat([torch.arange(0), *behind]), False).nonzero()[:, 0]
        columns, stages = torch.arange(0), []
        for features in (first, *behind):
            places = slice(len(columns), len(columns) + len(features))
            stages.append(Stage(places, parameters_of(flow, columns, features)))
            columns = torch.cat([columns, features])
        return cls(flow, columns, settable[columns].nonzero()[:, 0], tuple(stages))

    def constants(self, x: Tensor) -> Tensor:
        """Return what is needed of people `x` `(people, features)`: `(numbers, people)`, in their precision.

        It is worked out in double precision. A caller may take some columns, each as often as there are actions.
        """
        flow, wide = self.flow, x.detach().double().T
        mean, sd, midpoint = (each.double()[:, None] for each in (flow.mean, flow.sd, flow.midpoint))
        z = (wide + midpoint - mean) / sd
        everything = torch.arange(len(z))
        maps = _maps(flow, parameters_of(flow, everything[:0], everything).constants(z)[-1])
        u, log_slope = maps.call_and_ladj(z)
        density = (log_slope - 0.5 * u.square()).index_fill(0, self.columns, 0.0) - sd.log()
        still = density.sum(0, keepdim=True) - 0.5 * len(z) * math.log(2 * math.pi)
        stages = [each for stage in self.stages for each in stage.constants(z)]
        return torch.cat([still, wide[self.columns], u[self.columns], *stages]).to(x)

    def split(self, constants: Tensor) -> tuple[Tensor, Tensor, Tensor, list[list[Tensor]]]:
        """Return the parts of constants `(numbers, people)`.

        Returns:
            The part of the log-density that does not move, `(people,)`, features that can move as they are and their
            noise, `(moving features, people)`, and the constants of each stage.
        """
        moving = len(self.columns)
        sizes = [1, moving, moving, *(size for stage in self.stages for size in stage.sizes)]
        still, factual, noise, *others = constants.split(sizes)
        parts = iter(others)
        return still[0], factual, noise, [[next(parts) for _ in stage.sizes] for stage in self.stages]

    @property
    def scale(self) -> tuple[Tensor, Tensor]:
        """What a standardised value of 0 is, and what 1 adds to it, of features that can move, `(features, 1)` each."""
        flow = self.flow
        return (flow.mean - flow.midpoint)[self.columns, None], flow.sd[self.columns, None]

    def shifted(
        self, constants: Tensor, shift: Tensor, feasible: Callable[[Tensor, slice], Tensor] = lambda wanted, _: wanted
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return what follows if the noise of settable features moves by `shift`, in causal order, with its density.

        It is what :meth:`~recourse_arena.models.causal.flow.CausalFlow.latent_intervention_with_density` returns, but
        for rounding: features that nothing moves are computed anew, too. Gradients pass to the shift.

        Arguments:
            constants: Of the person of each action, `(numbers, actions)`.
            shift: How far the noise moves, `(settable features, actions)`.
            feasible: Maps wanted values of some features, `(features, actions)`, to feasible ones before their effects
                are computed, given the places of these features among all that move.

        Returns:
            The moving features as they end up, and as they were wanted before `feasible`, both
            `(moving features, actions)`, and the log-density of the counterfactual, in nats and data units,
            `(actions,)`.
        """
        flow = self.flow
        density, factual, noise, others = self.split(constants)
        u = noise.index_add(0, self.settable, shift)
        offset, sd = self.scale
        wanted: list[Tensor] = []
        after: list[Tensor] = []
        for stage, known in zip(self.stages, others, strict=True):
            here = stage.places
            change = torch.cat(after) - factual[: here.start] if after else factual[:0]
            maps = _maps(flow, stage.parameters(change, known))
            wanted.append(maps.inv(u[here]) * sd[here] + offset[here])
            after.append(feasible(wanted[-1], here))
            ends, log_slope = maps.call_and_ladj((after[-1] - offset[here]) / sd[here])
            density = density + (log_slope - 0.5 * ends.square()).sum(0)
        return torch.cat(after), torch.cat(wanted), density


def parameters_of(flow: CausalFlow, moving: Tensor, features: Tensor) -> Folded:
    """Return what gives the parameters of the maps of `features`, where those `moving` move, in data units."""
    autoregressive = flow.network.transform.transforms[0]
    layers = [
        AffineLayer(layer.weight.detach().double(), layer.bias.detach().double(), layer.mask.bool())
        for layer in list(autoregressive.hyper)[::2]
    ]
    outputs = (features[:, None] * autoregressive.total + torch.arange(autoregressive.total)).flatten()
    return Folded.of(layers, ELU, moving, outputs, flow.sd).scaled(1 / flow.sd[moving])


def _maps(flow: CausalFlow, parameters: Tensor) -> Any:
    """Return zuko's elementwise maps of the parameters `(features * parameters, people)` of each feature in turn."""
    total = flow.network.transform.transforms[0].total
    return flow._univariate(parameters.unflatten(0, (-1, total)).movedim(1, -1))
