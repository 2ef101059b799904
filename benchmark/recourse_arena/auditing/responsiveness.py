"""What a feature alone can do: the share of people, and of their feasible values, for whom it changes the decision.

After Cheon et al., Feature responsiveness scores: model-agnostic explanations for recourse (arXiv 2410.22598): the
responsiveness of a feature is the share of a person's feasible interventions on it alone that change the decision.
"""

from __future__ import annotations

__all__ = ["responsiveness"]

from typing import Any

import torch
from torch import Tensor

from recourse_arena.auditing.evidence import Evidence
from recourse_arena.auditing.levels import LEVELS
from recourse_arena.auditing.shares import share_of
from recourse_arena.people.features import Kind
from recourse_arena.problem.recommendation import Recommendation
from recourse_arena.problem.request import Request

POINTS = 33
"""Most values of a feature that are tried for a person, evenly spaced over what is feasible for them."""

_AT_ONCE = 20_000
"""People and values that are judged together."""


def responsiveness(evidence: Evidence) -> list[dict[str, Any]]:
    """Return for each actionable feature `feature, able` (the share of people for whom some value of it alone changes
    the decision), `value_share` (the mean share of tried values that do, over people who have any).
    """
    fitted = evidence.fitted
    request = fitted.requests.under(_wide(evidence))[torch.from_numpy(evidence.persons)]
    rows = []
    for j in fitted.problem.features.actionable.nonzero()[:, 0].tolist():
        values, feasible = grid(request, j)
        works = _works(evidence, request, j, values, feasible)
        have = feasible.any(1)
        shares = works.sum(1)[have].double() / feasible.sum(1)[have].double()
        rows.append(
            {
                "feature": fitted.problem.features.names[j],
                "able": share_of(works.any(1).numpy()),
                "value_share": float(shares.mean()) if len(shares) else None,
                "without_choice": int((~have).sum()),
            }
        )
    return sorted(rows, key=lambda row: -row["able"]["share"])


def _wide(evidence: Evidence) -> Any:
    return evidence.fitted.requests.registry.scenario(LEVELS[0].scenario)


def grid(request: Request, j: int) -> tuple[Tensor, Tensor]:
    """Return values of a feature for each person and which of them are feasible and another than theirs.

    All levels of a category; whole numbers and ranks from end to end of the person's range, all of them where they are
    no more than 33; else 33 evenly spaced values. Both `(people, values)`.
    """
    feature, lower, upper = request.features.features[j], request.box.lower[:, j], request.box.upper[:, j]
    if feature.kind is Kind.CATEGORICAL:
        values = torch.arange(float(len(feature.levels))).expand(len(request), -1)
    else:
        if feature.whole:
            lower, upper = lower.ceil(), upper.floor()
        most = int((upper - lower).max().clamp(min=0).item()) + 1 if feature.whole else POINTS
        count = min(most, POINTS)
        if feature.whole and most <= POINTS:
            values = lower[:, None] + torch.arange(float(count))
        else:
            steps = torch.linspace(0.0, 1.0, count)
            values = lower[:, None] + (upper - lower)[:, None] * steps
            values = values.minimum(upper[:, None])  # the last one may be rounded beyond it
        values = values.round() if feature.whole else values
    fresh = torch.ones(values.shape, dtype=torch.bool)
    fresh[:, 1:] = values[:, 1:] != values[:, :-1]
    inside = (values >= lower[:, None]) & (values <= upper[:, None]) & (values != request.factual[:, j, None])
    return values, inside & fresh & request.actionable[:, j, None]


def _works(evidence: Evidence, request: Request, j: int, values: Tensor, feasible: Tensor) -> Tensor:
    """Return which values change the decision, bool `(people, values)`; the judge says so."""
    works = torch.zeros(values.shape, dtype=torch.bool)
    places = feasible.nonzero()
    for chunk in places.split(_AT_ONCE):
        who, which = chunk.unbind(1)
        asked = request[who]
        mask = torch.zeros(asked.factual.shape, dtype=torch.bool)
        mask[:, j] = True
        action = asked.factual.clone()
        action[:, j] = values[who, which]
        works[who, which] = evidence.fitted.judge.look(asked, Recommendation.do(mask, action)).valid
    return works
