"""Changes of ReLU networks."""

from __future__ import annotations

__all__ = ["OfNetworks"]

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from recourse_arena.interfaces.change import Change, FittedDecision

if TYPE_CHECKING:
    from torch import Tensor

    from recourse_arena.models.decision.relu import ReluClassifier
    from recourse_arena.problem.model_protocols import Decisions


class OfNetworks(Change):
    """A change of ReLU networks that leads to a network of the same shape, which is kept by its weights."""

    def _network(self, fitted: FittedDecision) -> ReluClassifier:
        from recourse_arena.models.changes.training.student import network_of

        return network_of(fitted, self.name)

    def state(self, fitted: FittedDecision, model: Any) -> Mapping[str, Tensor]:
        """Return its weights and scale."""
        state: Mapping[str, Tensor] = model.state_dict()
        return state

    def restore(self, fitted: FittedDecision, state: Mapping[str, Tensor]) -> Decisions:
        """Return the network with weights that were kept."""
        import copy

        model = copy.deepcopy(self._network(fitted))
        model.load_state_dict(dict(state))
        return model
