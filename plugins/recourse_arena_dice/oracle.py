"""The classifier as DiCE asks it: an object with scikit-learn's methods, or a network on encoded features."""

from __future__ import annotations

__all__ = ["Decider", "Encoded", "OutOfCalls"]

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor, nn

from recourse_arena import Problem
from recourse_arena_dice.table import Table


class OutOfCalls(Exception):
    """DiCE has asked the classifier as often as it may for one person."""


class _Counted:
    """Counts how often somebody asks.

    Arguments:
        calls: How often they may.
    """

    def __init__(self, calls: int) -> None:
        self.calls = calls

    def __call__(self) -> None:
        self.calls -= 1
        if self.calls < 0:
            raise OutOfCalls


class Decider:
    """Decisions alone, as probabilities 0 and 1 of a classifier of scikit-learn.

    Arguments:
        problem: What the solver may know.
        table: How people look to DiCE.
        calls: How often it may be asked.
    """

    def __init__(self, problem: Problem, table: Table, calls: int) -> None:
        self._decisions, self._table, self._asked = problem.decisions, table, _Counted(calls)

    def predict(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Return 1 for who is accepted and 0 for the others, `(people,)`."""
        self._asked()
        return self._decisions.accepts(self._table.tensor(frame)).long().numpy()

    def predict_proba(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Return the "probabilities" of refusal and acceptance, `(people, 2)`."""
        accepted = self.predict(frame)
        return np.stack([1.0 - accepted, accepted], 1)


class Encoded(nn.Module):
    """The probability of acceptance as a network on DiCE's inputs: one-hot categories, numbers scaled to 0..1.

    Arguments:
        problem: What the solver may know.
        table: How people look to DiCE.
        encoding: Name of each encoded column: that of a column of `table`, with `_LEVEL` behind it for a category.
        calls: How often it may be asked.
    """

    weight: Tensor
    offset: Tensor

    def __init__(self, problem: Problem, table: Table, encoding: list[str], calls: int) -> None:
        super().__init__()
        self._classifier, self._asked = problem.classifier, _Counted(calls)
        x, numbers = problem.training.x, set(table.continuous)
        weight, offset = x.new_zeros(len(encoding), len(table.names)), x.new_zeros(len(table.names))
        for row, column in enumerate(encoding):
            name, _, level = column.partition("_")
            j = table.names.index(name)
            weight[row, j] = x[:, j].max() - x[:, j].min() if name in numbers else float(level)
            offset[j] = x[:, j].min() if name in numbers else 0.0
        self.register_buffer("weight", weight)
        self.register_buffer("offset", offset)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the probability of acceptance `(..., 1)` of encoded people `(..., columns)`."""
        self._asked()
        x = encoded.to(self.weight.dtype) @ self.weight + self.offset
        return self._classifier.logit(x).sigmoid()[..., None]
