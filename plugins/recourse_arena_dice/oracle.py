"""The classifier as DiCE asks it: an object with scikit-learn's methods, or a network on encoded features."""

from __future__ import annotations

__all__ = ["Decider", "Encoded", "OutOfCalls"]

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from torch import Tensor, nn

from recourse_arena import Kind, Problem
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
        factual: Who asks, `(1, features)`: people who break rules that this one keeps count as refused.
    """

    def __init__(self, problem: Problem, table: Table, calls: int, factual: Tensor | None = None) -> None:
        self._decisions, self._table, self._asked = problem.decisions, table, _Counted(calls)
        self._factual = factual

    def predict(self, frame: pd.DataFrame) -> NDArray[np.int64]:
        """Return 1 for who is accepted and 0 for the others, `(people,)`."""
        self._asked()
        people = self._table.tensor(frame)
        accepted = self._decisions.accepts(people)
        if self._factual is not None and self._table.features.rules:
            accepted &= ~self._table.features.broken_rules(self._factual, people).any(-1)
        return accepted.long().numpy()

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
        relaxed = hasattr(problem.classifier, "encoded_logit") and problem.features.mixed
        self._logit = problem.classifier.encoded_logit if relaxed else problem.classifier.logit  # type: ignore[attr-defined]
        weight, offset = (_to_columns if relaxed else _to_features)(problem, table, encoding)
        self.register_buffer("weight", weight)
        self.register_buffer("offset", offset)

    def forward(self, encoded: Tensor) -> Tensor:
        """Return the probability of acceptance `(..., 1)` of encoded people `(..., columns)`."""
        self._asked()
        x = encoded.to(self.weight.dtype) @ self.weight + self.offset
        return self._logit(x).sigmoid()[..., None]


def _to_features(problem: Problem, table: Table, encoding: list[str]) -> tuple[Tensor, Tensor]:
    """Return weight and offset that turn what DiCE encodes into features; between two codes a category is a number."""
    x, numbers = problem.training.x, set(table.continuous)
    weight, offset = x.new_zeros(len(encoding), len(table.names)), x.new_zeros(len(table.names))
    for row, column in enumerate(encoding):
        name, _, level = column.partition("_")
        j = table.names.index(name)
        if name in numbers:
            weight[row, j], offset[j] = x[:, j].max() - x[:, j].min(), x[:, j].min()
        else:
            weight[row, j] = float(table.code(table.features.features[j], int(level)))
    return weight, offset


def _to_columns(problem: Problem, table: Table, encoding: list[str]) -> tuple[Tensor, Tensor]:
    """Return weight and offset that turn what DiCE encodes into the classifier's columns, one for each level."""
    ours = problem.classifier.encoding  # type: ignore[attr-defined]
    features, offset = _to_features(problem, table, encoding)
    weight = ours.spread(features) / ours.spread(ours.sd)
    offset = ours.spread(offset - ours.mean) / ours.spread(ours.sd)
    for row, column in enumerate(encoding):
        name, _, level = column.partition("_")
        feature = table.features.features[table.names.index(name)]
        if feature.kind is Kind.CATEGORICAL:
            own = ours.columns_of(feature.name)
            weight[row, own], offset[own] = 0.0, 0.0
            weight[row, own[int(level)]] = 1.0
    return weight, offset
