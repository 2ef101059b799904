"""What DiCE's search came to for one person, and how answers make a recommendation."""

from __future__ import annotations

__all__ = ["Answer", "recommendation"]

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recourse_arena import Outcome, Recommendation, Request

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What one person is told.

    Arguments:
        outcome: How the search ended.
        mask: Features acted upon, bool `(features,)`; none without an action.
        values: Their values, `(features,)`.
        reason: What went wrong, empty if nothing did.
    """

    outcome: Outcome
    mask: Tensor | None = None
    values: Tensor | None = None
    reason: str = ""


def recommendation(request: Request, answers: Sequence[Answer]) -> Recommendation:
    """Return the recommendation that `answers` make; failures are counted in a log message."""
    mask, values = torch.zeros_like(request.actionable), request.factual.clone()
    for i, answer in enumerate(answers):
        if answer.mask is not None and answer.values is not None:
            mask[i], values[i] = answer.mask, answer.values
    failed = [answer.reason for answer in answers if answer.outcome is Outcome.FAILED]
    if failed:
        _log.warning("DiCE failed for %d of %d people, first with %s", len(failed), len(answers), failed[0])
    outcome = torch.tensor([answer.outcome.code for answer in answers], dtype=torch.int8)
    return Recommendation(mask, values, outcome)
