"""The log-density and its slopes: of a causal flow and of Gaussian equations by hand, of anything else by autograd."""

from __future__ import annotations

__all__ = ["FlowDensity", "density_of"]

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from recourse_arena import CausalFlow, CausalModel, Problem
from recourse_arena_frontier.models.decision import AnyScore, Score, same
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


def density_of(problem: Problem, model: CausalModel, moving: Moving) -> Score:
    """Return the log-density of a causal model: by hand where it can be read and that says the same."""
    people, other = problem.training.x[:64], AnyScore(model.log_density, moving)
    if not isinstance(model, CausalFlow):
        return other
    network = FlowNetwork.of(model, moving.columns, moving.columns, people)
    if network is None:
        return other
    mine = FlowDensity(network)
    return mine if same(mine, other, people, moving) else other
