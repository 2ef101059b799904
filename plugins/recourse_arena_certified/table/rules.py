"""Rules between the features of a person, as rows of a linear program."""

from __future__ import annotations

__all__ = ["keep_rules", "refuse_rules"]

from collections.abc import Sequence

import numpy as np
import torch

from recourse_arena import AtMost, FeatureTable, Implies, Kind, NotApplicable
from recourse_arena_certified.table.milp import LinearProgram
from recourse_arena_certified.table.moves import Moves

_ROUNDING = 2e-5
"""At least what judges of a weighted sum give way by, relative to the size of its terms."""


def refuse_rules(features: FeatureTable) -> None:
    """Refuse rules that cannot be written down.

    Raises:
        NotApplicable: If there is one about the levels of a continuous feature that can be acted upon.
    """
    for rule in features.rules:
        for name in rule.names if isinstance(rule, Implies) else ():
            if features[name].kind is Kind.CONTINUOUS and features.actionable[features.index(name)]:
                raise NotApplicable(f"certified cannot keep rule {rule}: {name!r} is continuous and has no levels")


def keep_rules(program: LinearProgram, columns: Sequence[int], moves: Moves, *, loose: bool) -> None:
    """Ask for every rule that the person keeps as they are.

    Arguments:
        program: Where to.
        columns: The column of each move.
        moves: The moves.
        loose: Whether sums may be above their limits by what judges let pass.
    """
    features = moves.features
    factual = dict(zip(features.names, torch.from_numpy(moves.factual).float(), strict=True))
    levels: dict[int, dict[int, int]] = {}
    for rule in features.rules:
        if not rule.kept(factual):
            continue
        if isinstance(rule, AtMost):
            _keep_sum(program, columns, moves, rule, loose)
            continue
        asks, asked = _has(program, columns, moves, features.index(rule.feature), rule.levels, levels)
        has, given = _has(program, columns, moves, features.index(rule.other), rule.allowed, levels)
        program.row({**asks, **{column: -factor for column, factor in has.items()}}, -np.inf, given - asked)


def _keep_sum(program: LinearProgram, columns: Sequence[int], moves: Moves, rule: AtMost, loose: bool) -> None:
    terms, left, size = dict[int, float](), rule.limit, abs(rule.limit)
    for name, factor in rule.terms.items():
        j = moves.features.index(name)
        left -= factor * moves.factual[j]
        size += abs(factor * moves.factual[j])
        for m in moves.of_feature(j):
            terms[columns[m]] = factor * moves.sign[m] * moves.unit[m]
            size += abs(terms[columns[m]]) * moves.upper[m]
    program.row(terms, -np.inf, left + (_ROUNDING * size if loose else 0.0))


def _has(
    program: LinearProgram,
    columns: Sequence[int],
    moves: Moves,
    j: int,
    codes: Sequence[int],
    levels: dict[int, dict[int, int]],
) -> tuple[dict[int, float], float]:
    """Return the sum, factors by column and a constant, that is 1 if a feature has one of some levels, and else 0."""
    own, starts = moves.of_feature(j), float(moves.factual[j] in codes)
    if not own:
        return {}, starts
    if moves.features.features[j].kind is Kind.CATEGORICAL:
        return {columns[m]: float(moves.code[m] in codes) - starts for m in own}, starts
    if j not in levels:
        levels[j] = _levels(program, columns, moves, j, own)
    return {column: 1.0 for value, column in levels[j].items() if value in codes}, 0.0


def _levels(program: LinearProgram, columns: Sequence[int], moves: Moves, j: int, own: list[int]) -> dict[int, int]:
    """Return a column for each whole number that a feature can be, 1 for the one that it is and 0 for the others."""
    factual = int(moves.factual[j])
    reached = {factual} | {
        factual + int(moves.sign[m]) * step for m in own for step in range(1, int(moves.upper[m]) + 1)
    }
    found = {value: program.column(0.0, 1.0, whole=True) for value in sorted(reached)}
    program.row(dict.fromkeys(found.values(), 1.0), 1.0, 1.0)
    changes = {columns[m]: -float(moves.sign[m]) for m in own}
    program.row({**{column: float(value - factual) for value, column in found.items()}, **changes}, 0.0, 0.0)
    return found
