"""The log-density and its slopes: of a causal flow and of Gaussian equations by hand, of anything else by autograd."""

from __future__ import annotations

__all__ = ["EquationDensity", "FlowDensity", "density_of"]

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import CausalFlow, CausalModel, Problem, StructuralCausalModel
from recourse_arena_frontier.models.decision import AnyScore, Score, same
from recourse_arena_frontier.models.effects import Equations
from recourse_arena_frontier.models.flow_network import FlowNetwork
from recourse_arena_frontier.models.moving import Moving


@dataclass(frozen=True)
class FlowDensity:
    """The log-density of a causal flow, in nats and data units.

    Arguments:
        flow: Its network, folded, with the maps of all moving features.
    """

    flow: FlowNetwork

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return what is needed of people `factual` `(features, people)`.

        That is the constants of the network, moving features as they are, and what the others add.
        """
        network, flow = self.flow.network.constants(self.flow.standardised(factual)), self.flow
        still = flow.still_density(factual)
        return (*network, flow.standardised(factual)[flow.columns], still)

    def value(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the log-density `(rows,)`."""
        *network, standing, still = constants
        parameters, _ = self.flow(change, network)
        u, log_slope = self.flow.map.value(standing + change / self.flow.sd, parameters)
        return still + (log_slope - 0.5 * u.square()).sum(0)

    def slopes(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the log-density `(rows,)` and its slopes `(moving, rows)`."""
        *network, standing, still = constants
        parameters, hidden = self.flow(change, network)
        at = self.flow.map.scored(standing + change / self.flow.sd, parameters)
        slopes = at.along / self.flow.sd + self.flow.network.back(at.by.flatten(0, 1), hidden)
        return still + at.value.sum(0), slopes


@dataclass(frozen=True)
class EquationDensity:
    """The log-density of structural equations whose noise, of all that moves, is Gaussian and added.

    Arguments:
        scm: The equations.
        equations: Those of what follows, as far as causes move.
        mean: Mean of the noise of each moving feature, `(moving, 1)`.
        sd: Its standard deviation, `(moving, 1)`.
    """

    scm: StructuralCausalModel
    equations: Equations
    mean: Tensor
    sd: Tensor

    @classmethod
    def of(cls, scm: StructuralCausalModel, moving: Moving, like: Tensor) -> EquationDensity | None:
        """Return what can be read of the equations; none if they, or their noise, have another form."""
        equations = Equations.of(scm, moving)
        noises = [scm.mechanisms[scm.graph.names[column]].gaussian for column in moving.columns.tolist()]
        if equations is None or any(noise is None for noise in noises):
            return None
        mean, sd = torch.tensor([noise for noise in noises if noise]).to(like).T[:, :, None]
        return cls(scm, equations, mean, sd)

    def constants(self, factual: Tensor) -> tuple[Tensor, ...]:
        """Return of people `(features, people)` the noise and values of what moves, and what everything else adds."""
        columns, x = self.equations.moving.columns, factual.double().T
        noise = self.scm.abduct(x).T[columns] - self.mean
        still = self.scm.log_density(x) + 0.5 * (noise / self.sd).square().sum(0)
        return noise, factual[columns], still

    def value(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        """Return the log-density `(rows,)`."""
        return constants[2] - 0.5 * (self._noise(change, constants) / self.sd).square().sum(0)

    def slopes(self, change: Tensor, constants: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the log-density `(rows,)` and its slopes `(moving, rows)`."""
        noise = self._noise(change, constants)
        own = -noise / self.sd.square()
        slopes = own.clone()
        for place in self.equations.slopes:
            for cause, factor in self.equations.by(place, change, constants[1]).items():
                slopes[cause] -= own[place] * factor
        return constants[2] - 0.5 * (noise / self.sd).square().sum(0), slopes

    def _noise(self, change: Tensor, constants: Sequence[Tensor]) -> Tensor:
        noise = constants[0] + change
        for place in self.equations.slopes:
            noise[place] -= self.equations.caused(place, change, constants[1])
        return noise


def density_of(problem: Problem, model: CausalModel, moving: Moving) -> Score:
    """Return the log-density of a causal model: by hand where it can be read and that says the same."""
    people, other = problem.training.x[:64], AnyScore(model.log_density, moving)
    mine: Score | None = None
    if isinstance(model, CausalFlow):
        network = FlowNetwork.of(model, moving.columns, moving.columns, people)
        mine = None if network is None else FlowDensity(network)
    elif isinstance(model, StructuralCausalModel):
        mine = EquationDensity.of(model, moving, people)
    return mine if mine is not None and same(mine, other, people, moving) else other
