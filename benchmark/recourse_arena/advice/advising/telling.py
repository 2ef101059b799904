"""From tensors to what can be told: names of levels, values without noise of floating point, shares of effort."""

from __future__ import annotations

__all__ = ["Telling"]

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recourse_arena.advice.advising.alternatives import Action
from recourse_arena.advice.advising.likeliness import Likeliness
from recourse_arena.advice.analysis.case import Case
from recourse_arena.advice.analysis.ranges import Range
from recourse_arena.advice.analysis.responsiveness import Responsiveness
from recourse_arena.advice.analysis.steps import Steps
from recourse_arena.advice.content.told import Alternative, Described, Move, Reason, Value, Works
from recourse_arena.people.features import Feature, Kind
from recourse_arena.problem.model_protocols import Classifier, Scores
from recourse_arena.problem.problem import Problem


@dataclass(frozen=True)
class Telling:
    """Tells of people and actions of one problem.

    Arguments:
        problem: The problem.
        steps: In which steps values are told.
        likeliness: How likely people are.
    """

    problem: Problem
    steps: Steps
    likeliness: Likeliness

    @property
    def features(self) -> tuple[Described, ...]:
        """All features."""
        return tuple(
            Described(
                one.name, str(one.kind), str(one.role), one.levels, one.unit, str(one.direction),
                0.0 if one.levels else float(self.steps.size[j]),
            )
            for j, one in enumerate(self.problem.features)
        )  # fmt: skip

    def person(self, row: Tensor) -> dict[str, Value]:
        """Return the values of a person `(features,)` by name."""
        return {one.name: told(one, float(row[j])) for j, one in enumerate(self.problem.features)}

    def score(self, row: Tensor) -> float | None:
        """Return the decision model's score of a person `(features,)`; none where it gives none."""
        model = self.problem.decisions
        if not isinstance(model, Scores):
            return None
        with torch.no_grad():
            return round(float(model.probability(row[None])[0]), 4)

    @property
    def needed(self) -> float | None:
        """The score from which somebody is accepted, where that is known."""
        return 0.5 if isinstance(self.problem.decisions, Classifier) else None

    def alternative(
        self, case: Case, action: Action, ranges: Sequence[Range] = (), strengths: Sequence[str] = ()
    ) -> Alternative:
        """Return an action of a person as it is told."""
        request, features = case.request, self.problem.features
        parts = torch.where(
            action.mask, request.unit_cost.per_feature(case.factual, action.values) * request.weights[0], 0.0
        )
        shares = parts / parts.sum() if parts.sum() > 0 else parts
        changed = self.steps.worth_telling(case.factual, action.after) & ~action.mask
        score = None if math.isnan(action.likeliness) else action.likeliness
        return Alternative(
            moves=tuple(
                self._move(features.features[j], case.factual[j], action.values[j], float(shares[j]))
                for j in action.features
            ),
            follows=tuple(
                self._move(features.features[j], case.factual[j], action.after[j])
                for j in changed.nonzero()[:, 0].tolist()
            ),
            effort=action.effort,
            solver=action.solver,
            score=self.score(action.after),
            plausible=action.plausible,
            usual=self.likeliness.usual(action.likeliness),
            likeliness=score,
            holds=None if math.isnan(action.holds) else action.holds,
            works=tuple(self._works(one) for one in ranges),
            strengths=tuple(strengths),
        )

    def reason(self, one: Responsiveness) -> Reason:
        """Return how responsive a feature is as it is told."""
        return Reason(one.feature, round(float(one.share or 0.0), 4), one.how, int(one.count))

    def _move(self, feature: Feature, now: Tensor, then: Tensor, effort: float = 0.0) -> Move:
        return Move(feature.name, told(feature, float(now)), told(feature, float(then)), round(effort, 4))

    def _works(self, one: Range) -> Works:
        feature = self.problem.features[one.feature]
        if feature.kind is Kind.CATEGORICAL:
            names = tuple(str(feature.word(code)) for code in one.values)
            return Works(one.feature, levels=names, how=one.how, checked=one.checked)
        return Works(
            one.feature,
            low=told(feature, one.low),
            high=told(feature, one.high),
            low_is_limit=one.open_low,
            high_is_limit=one.open_high,
            how=one.how,
            checked=one.checked,
        )


def told(feature: Feature, value: float) -> Value:
    """Return a value as it is told: the name of its level, or a number with no digit that means nothing.

    Example:
        >>> told(Feature("savings"), 0.1 + 0.2)
        0.3
    """
    if feature.levels and value == round(value) and 0 <= value < len(feature.levels):
        return feature.word(value)
    number = float(str(np.float32(value)))
    return number + 0.0  # no negative zero
