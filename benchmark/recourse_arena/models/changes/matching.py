"""Thresholds moved until a changed model accepts as many people as before."""

from __future__ import annotations

__all__ = ["Thresholded", "matched", "score_of"]

from collections.abc import Callable

import torch
from torch import Tensor

from recourse_arena.models.changes.networks import ClippedNetwork, moved
from recourse_arena.models.decision.relu import ReluClassifier
from recourse_arena.problem.model_protocols import Decisions

_LOGITS = ("logit", "log_odds")

_ALIKE = 1e-6
"""People whose scores differ by less, relatively, are accepted together or not at all."""


def score_of(model: object) -> Callable[[Tensor], Tensor] | None:
    """Return what says how sure a model is of people: its logit, else its probability; none if it has neither.

    Log odds that have no gradient are called `log_odds`.
    """
    return next((getattr(model, name) for name in (*_LOGITS, "probability") if hasattr(model, name)), None)


def matched(model: Decisions, accepted: int, x: Tensor) -> Decisions | None:
    """Return a model with the threshold at which it accepts so many of some people, or as nearly as it can.

    The threshold lies half way between two people. A model that accepts so many as it is stays as it is.

    Arguments:
        model: The model.
        accepted: How many are to be accepted.
        x: The people, `(people, features)`.

    Returns:
        The model; none if it says nothing but yes or no, and accepts another number.
    """
    mine, score = int(model.accepts(x).sum()), score_of(model)
    if mine == accepted:
        return model
    if score is None:
        return None
    with torch.no_grad():
        ordered = score(x).double().sort(descending=True).values
    ends = torch.cat([ordered[:1] + 1, ordered, ordered[-1:] - 1])
    apart = ends[:-1] - ends[1:] > _ALIKE * (1 + ends[1:].abs())  # else rounding would decide
    counts = apart.nonzero()[:, 0]
    best = int(counts[(counts - accepted).abs().argmin()])
    if abs(best - accepted) >= abs(mine - accepted):
        return model
    threshold = float((ends[best] + ends[best + 1]) / 2)
    if isinstance(model, (ReluClassifier, ClippedNetwork)):
        return moved(model, -threshold)
    return Thresholded(model, threshold)


class Thresholded:
    """A model with a threshold of its own.

    Arguments:
        model: The model.
        threshold: Least score of those whom it accepts, of its logit if it has one, else of its probability.
    """

    def __init__(self, model: object, threshold: float) -> None:
        score = score_of(model)
        assert score is not None
        self._score, self._threshold = score, threshold
        for name in _LOGITS:
            if hasattr(model, name):
                setattr(self, name, lambda x: score(x) - threshold)

    def accepts(self, x: Tensor) -> Tensor:
        """Return who is decided positively, bool `(...,)`."""
        with torch.no_grad():
            return self._score(x) >= self._threshold
