"""Which features an action can move at all, and where each stands among them."""

from __future__ import annotations

__all__ = ["Moving"]

from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Problem


@dataclass(frozen=True)
class Moving:
    """The features that actions can move: the actionable ones, and what follows from them.

    Arguments:
        columns: Their columns, ascending.
        acted: Place of each actionable feature among them.
        after: Which of them follow from which actionable feature, bool `(actionable, moving)`; none from itself.
        layers: Places by the length of the longest path to them, those alone that have a cause among them.
        features: Number of all features.
    """

    columns: Tensor
    acted: Tensor
    after: Tensor
    layers: tuple[Tensor, ...]
    features: int

    @classmethod
    def of(cls, problem: Problem) -> Moving:
        """Return what actions on the features of a problem can move."""
        actionable, graph = problem.features.actionable, problem.graph
        reach = graph.reach & ~torch.eye(len(graph.names), dtype=torch.bool)
        moves = actionable | reach[actionable].any(0)
        columns = moves.nonzero()[:, 0]
        place = torch.full((len(graph.names),), -1)
        place[columns] = torch.arange(len(columns))
        behind = graph.layers_behind(
            [name for name, is_one in zip(graph.names, actionable.tolist(), strict=True) if is_one]
        )
        after = reach[actionable][:, columns]
        return cls(columns, place[actionable], after, tuple(place[layer] for layer in behind), len(graph.names))

    def followers(self, acted: Tensor) -> Tensor:
        """Return which features follow from acting on `acted` `(actionable, rows)`, bool `(moving, rows)`.

        What is acted upon itself does not follow.
        """
        found = (self.after.T.float() @ acted.float()) > 0
        return found.index_put((self.acted,), found[self.acted] & ~acted)

    def whole(self, factual: Tensor, change: Tensor) -> Tensor:
        """Return people `(rows, features)` whose moving features have changed by `change` `(moving, rows)`."""
        return factual.index_add(0, self.columns, change).T
