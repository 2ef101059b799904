"""What recourse rules may set: one feature or two, to the middle of a bin or to a level."""

from __future__ import annotations

__all__ = ["every_rule", "with_changes"]

import itertools

import torch
from torch import Tensor

from recourse_arena import Feature, Kind, Menu, Move, Problem


def every_rule(problem: Problem, bins: int) -> Menu | None:
    """Return all rules as the actions of one menu; none where nothing can be set."""
    columns = problem.features.actionable.nonzero()[:, 0].tolist()
    values = {j: _values(problem, j, problem.features.features[j], bins) for j in columns}
    rows: list[tuple[tuple[int, float], ...]] = [((j, value),) for j in columns for value in values[j]]
    rows += [((i, a), (j, b)) for i, j in itertools.combinations(columns, 2) for a in values[i] for b in values[j]]
    if not rows:
        return None
    moves = torch.zeros(1, len(rows), len(problem.features), dtype=torch.int8)
    amounts = torch.zeros(1, len(rows), len(problem.features), dtype=torch.float64)
    for row, rule in enumerate(rows):
        for j, value in rule:
            moves[0, row, j], amounts[0, row, j] = Move.SET, value
    return Menu(moves, amounts)


def with_changes(cost: Tensor, changed: Tensor, nothing: float) -> Tensor:
    """Return costs `(actions, people)` with what changed features count, `(actions,)`; `nothing` stays what it is."""
    return torch.where(cost < nothing, (cost + changed[:, None]).clamp(max=nothing), cost)


def _values(problem: Problem, column: int, feature: Feature, bins: int) -> list[float]:
    if feature.kind is Kind.CATEGORICAL:
        return [float(code) for code in feature.alphabetical]
    low, high = float(problem.box.lower[column]), float(problem.box.upper[column])
    if feature.whole and high - low < bins:
        return torch.arange(low, high + 1).tolist()
    middle = low + (high - low) * (torch.arange(bins, dtype=torch.float64) + 0.5) / bins
    return (middle.round() if feature.whole else middle).unique().tolist()
